"""Fetching a data set from Kaggle or the Hugging Face Hub, by the visitor's own token, which is not kept."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.components.data_view import progress

FETCHED = "bring-fetched"
HINTS = {
    "kaggle": "FER2013 is handed out by a Kaggle competition, whose rules you accept on its page with your own account; copies "
    "are data sets named OWNER/NAME.",
    "hf": "A data set of the Hugging Face Hub, OWNER/NAME, in parquet, CSV or images.",
}
TOKENS = {"kaggle": "kaggle.com, Settings, API", "hf": "huggingface.co, Settings, Access Tokens"}


@dataclass(frozen=True)
class Fetched:
    """What was fetched: where it lies, and what the hub calls it."""

    path: Path
    name: str


def draw(hub: str) -> Fetched | None:
    """Draw the form; what was fetched with it in this session, or None."""
    from fer_engine.data.fetching import COMPETITION, fetch, to_bring

    st.caption(HINTS[hub])
    with st.form(f"fetch-{hub}", border=False):
        name = st.text_input(
            "Name", value=COMPETITION if hub == "kaggle" else "", placeholder="OWNER/NAME", key=f"fetch-name-{hub}"
        ).strip()
        token = st.text_input(
            "Token (empty: the one of this machine)",
            type="password",
            key=f"fetch-token-{hub}",
            help=f"From {TOKENS[hub]}. It is used for this download and kept nowhere.",
        ).strip()
        asked = st.form_submit_button("Fetch", icon=":material/cloud_download:", key=f"fetch-go-{hub}")
    if asked:
        st.session_state.pop(FETCHED, None)
        with progress() as show:
            folder = fetch(hub, name, show, token)
        own = "fer2013" if name == COMPETITION else name.split("/")[-1]
        st.session_state[FETCHED] = (hub, Fetched(to_bring(folder), own))
    kept = st.session_state.get(FETCHED)
    return kept[1] if kept and kept[0] == hub else None


def forget() -> None:
    """Let go of what was fetched; it is in."""
    st.session_state.pop(FETCHED, None)
