"""Taking a run in: a zip that is checked before it joins the table."""

import streamlit as st

from dashboard.components import run_table
from dashboard.text import plain
from fer_engine.errors import FerLabError

FILE, WAITING, OUTCOME = "zip", "zip-waiting", "zip-outcome"
LARGEST = 500  # MB, as `fer_engine.runs.package` and the server's configuration have it


def draw() -> None:
    """Draw the place for the zip, take in what was dropped there, and say what became of it."""
    with st.expander("Load a run", icon=":material/upload_file:"):
        file = st.file_uploader(
            "A finished run's folder as a zip, as 'Run as zip' gives it",
            type=["zip"],
            key=FILE,
            max_upload_size=LARGEST,
            on_change=_dropped,
            help="It is checked first: every file's hash, weights, figures, classes. Nothing in it is run.",
        )
    place = st.container()  # always there, so that what stands below keeps its place
    if st.session_state.pop(WAITING, False) and file is not None:
        with place, st.spinner("Checking the run …"):
            _take(file.name, file.getvalue())
    taken, sentence = st.session_state.get(OUTCOME, (True, ""))
    if sentence:
        (place.success if taken else place.error)(plain(sentence))


def _dropped() -> None:
    st.session_state[WAITING] = True
    st.session_state.pop(OUTCOME, None)


def _take(name: str, data: bytes) -> None:
    from fer_engine.runs.package import unpack

    try:
        run = unpack(data)
    except FerLabError as error:
        st.session_state[OUTCOME] = (False, f"{name} was not taken in. {error}")
    else:
        st.session_state[OUTCOME] = (True, f"The run '{run.name}' is taken in, and open below.")
        run_table.choose(run.name)
