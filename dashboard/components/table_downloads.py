"""Taking a table away: CSV for a spreadsheet, Markdown for a note, LaTeX for a paper. Made when clicked, not before."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd


def draw(frame: "pd.DataFrame", name: str, caption: str) -> None:
    """Draw the three buttons.

    Args:
        frame: The table as it is to be taken away; its index is left out.
        name: Of the files, without an ending; no two tables of a page share one.
        caption: What the table shows, for Markdown and LaTeX; of figures it says the protocol.
    """

    def markdown() -> bytes:
        from dashboard.markdown_table import markdown_table

        return markdown_table(frame, caption).encode()

    def latex() -> bytes:
        from dashboard.latex import latex_table

        return latex_table(frame, caption, "tab:" + re.sub(r"[^A-Za-z0-9]+", "-", name)).encode()

    with st.container(horizontal=True, gap="small"):
        _button("CSV", lambda: frame.to_csv(index=False).encode(), f"{name}.csv", "text/csv")
        _button("Markdown", markdown, f"{name}.md", "text/markdown")
        _button("LaTeX", latex, f"{name}.tex", "application/x-tex")


def _button(kind: str, make: Callable[[], bytes], file: str, mime: str) -> None:
    st.download_button(
        kind,
        make,
        file,
        mime,
        key=f"download-{file}",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        help=f"Save as {file}",
    )
