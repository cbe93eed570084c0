"""The command line, called in the tests' own process."""

import sys
from collections.abc import Callable

import pytest

from fer_engine.__main__ import main


@pytest.fixture
def command(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run the command line; gives exit status, standard output and standard error."""
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)  # or every test would run slower than the last

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fer_engine", *words])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
