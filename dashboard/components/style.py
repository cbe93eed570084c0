"""The few rules of style that the theme cannot express, and the two formats that figures are saved in."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).resolve().parents[1]
_SHEET, _FORMATS = _HERE / "style.css", _HERE / "figure_formats.js"


def apply() -> None:
    """Apply them to the page."""
    st.html(_SHEET)
    # Plotly's one button saves in one format; Streamlit passes it no button of ours.
    with st.container(key="figure-formats"):
        st.components.v2.component("fer_lab.figure_formats", js=_FORMATS.read_text(encoding="utf-8"))(key="figure-formats-script")
