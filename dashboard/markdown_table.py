"""Tables as Markdown, for a README or a note. No Streamlit here."""

from typing import TYPE_CHECKING

from dashboard.latex import reads_as_numbers

if TYPE_CHECKING:
    import pandas as pd


def markdown_table(frame: "pd.DataFrame", caption: str = "") -> str:
    """A table as GitHub's Markdown reads it; the index is left out.

    Args:
        frame: The table as it is to be read; floats are given to three digits after the point, missing values as a dash.
        caption: What it shows and by which protocol, as a paragraph above; empty for none.
    """
    heads = [_cell(str(name)) for name in frame.columns]
    rules = ["---:" if reads_as_numbers(frame[name]) else "---" for name in frame.columns]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows)]
    return "\n".join([*([caption, ""] if caption else []), *lines]) + "\n"


def _cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "–"
    told = f"{value:.3f}" if isinstance(value, float) else str(value)
    return " ".join(told.replace("\\", "\\\\").replace("|", "\\|").split())
