"""The direction of imports: pages -> dashboard -> fer_engine, never back; and what is light stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def imported(path: Path) -> set[str]:
    """The top-level names of everything that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", files("fer_engine"), ids=lambda path: str(path.relative_to(ROOT)))
def test_engine_knows_neither_dashboard_nor_its_libraries(path):
    assert not imported(path) & {"streamlit", "plotly", "altair", "dashboard", "pages"}


@pytest.mark.parametrize("path", files("dashboard") + files("pages"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_is_imported(path):
    assert "pages" not in imported(path)


def test_charts_know_no_streamlit():
    assert "streamlit" not in imported(ROOT / "dashboard" / "charts.py")


LIGHT = ["fer_engine", "fer_engine.runs.store", "fer_engine.experiments.lab", "fer_engine.labels", "fer_engine.cli.app"]


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_bring_in_no_heavy_library(module):
    code = f"import sys, {module}; print([m for m in ('torch', 'sklearn', 'dlib', 'pandas', 'cv2') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
