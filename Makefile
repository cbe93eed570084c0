# FER Lab: `make run` and `make test` need Python 3.11 to 3.14 and nothing else; each makes its own environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.DEFAULT_GOAL := help
.PHONY: help run test lint clean

help:  ## Show what there is to make
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run  ## Start the dashboard at http://127.0.0.1:8501 (another port: make run PORT=8600)
	@echo "FER Lab: http://127.0.0.1:$(PORT)  (Ctrl-C ends it)"
	@$(BIN)/python -m streamlit run dashboard/Home.py --server.port $(PORT)

test: $(VENV)/.dev  ## Run all tests
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev  ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

clean:  ## Remove the environment; runs and caches stay
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
		{ echo "FER Lab needs Python 3.11 to 3.14, which its packages are made for; '$(PYTHON)' is another or missing. Name another: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "The environment could not be made. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/.run: requirements.txt pyproject.toml $(VENV)/bin/python
	@echo "Installing FER Lab into $(VENV) (a few minutes, the first time alone)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
