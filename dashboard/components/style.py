"""The few rules of style that the theme cannot express."""

from pathlib import Path

import streamlit as st

_SHEET = Path(__file__).resolve().parents[1] / "style.css"


def apply() -> None:
    """Apply them to the page."""
    st.html(_SHEET)
