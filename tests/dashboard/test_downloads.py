"""What a page shows can be taken away: every figure as SVG and PNG, every table as CSV, Markdown and LaTeX."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")])


def calls(tree: ast.AST, owner: str, *names: str) -> list[ast.Call]:
    """Calls such as `st.table(...)`."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in names
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == owner
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_plotly_figure_is_named_for_its_file_and_told_in_words(path):
    for call in calls(ast.parse(path.read_text(encoding="utf-8")), "st", "plotly_chart"):
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert "charts.download_config(" in given.get("config", ""), f"{path.name}:{call.lineno}"
        assert "alt" in given, f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_table_has_its_downloads_beside_it(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tables = calls(tree, "st", "table", "dataframe")
    assert len(tables) <= len(calls(tree, "table_downloads", "draw")) + SHOWN_IN_PART.get(path.stem, 0), f"{path.name} has a table without"


# Tables that are a part of another one beside them, which can be taken away.
SHOWN_IN_PART = {"run_overview": 1}


@pytest.mark.parametrize("name", ["altair_charts", "live_charts"])
def test_every_vega_figure_is_drawn_as_vectors(name):
    import numpy as np
    import pandas as pd

    from dashboard import altair_charts, live_charts

    history = pd.DataFrame({"epoch": [1, 2], "seconds": [1.0, 1.0], "learning_rate": [0.1, 0.2]})
    history = history.assign(**{f"{split}_{what}": [0.1, 0.2] for split in ("train", "valid") for what in ("loss", "accuracy")})
    counts = np.eye(7, dtype=int)
    drawn = {
        "altair_charts": [altair_charts.confusion_matrix(counts, shares=False), altair_charts.confusion_difference(counts)],
        "live_charts": [live_charts.curves(history, "loss", chosen=1), live_charts.learning_rate(history)],
    }[name]
    for chart in drawn:
        assert chart.to_dict()["usermeta"] == {"embedOptions": {"renderer": "svg"}}


def test_every_page_mounts_the_script_that_saves_figures(open_page):
    for path in sorted((ROOT / "pages").glob("*.py")):
        assert "style.apply()" in path.read_text(encoding="utf-8"), path.name
    app = open_page("home")
    assert len(app.get("bidi_component")) == 1
