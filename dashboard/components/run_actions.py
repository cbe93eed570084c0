"""What can be done with a run: take it away, go on with it elsewhere, delete it."""

from functools import partial

import streamlit as st

from dashboard import resources
from dashboard.components import run_table
from dashboard.run_listing import FINISHED, Row
from dashboard.text import plain
from fer_engine.errors import FerLabError
from fer_engine.runs.store import WEIGHTS

OUTCOME = "deleted"


def draw(row: Row) -> None:
    """Draw the buttons and links."""
    run = row.run
    finished = row.state == FINISHED
    silent = finished and not run.answers
    changed = [name for name in resources.changed_files(run) if not (silent and name == WEIGHTS)] if finished else []
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if finished:
            _take_away(row, report=not changed, whole=not changed and not silent)
        if finished and not silent:
            st.page_link("../pages/analyse.py", label="Ask it about a face", icon=":material/face:", query_params={"a": row.key})
        if not finished and not run.shipped:
            st.page_link("../pages/train.py", label="Watch and steer", icon=":material/monitoring:", query_params={"job": run.name})
        if run.spec.family == "cnn" and row.key == run.name:  # a link names a run, and of two of one name the own one
            st.page_link("../pages/train.py", label="Train one like it", icon=":material/content_copy:", query_params={"like": run.name})
        if not run.shipped:
            _delete(row)
    if silent:
        st.info(
            "It is here **without its weights**: its figures, curves and predictions are all there, but it answers for no face and cannot "
            "be taken away as a zip. The command under *Settings* trains it again.",
            icon=":material/weight:",
        )
    if changed:
        st.warning(
            f"Not as it was when the run ended: {', '.join(changed)}. Its figures may be another run's, so that it cannot be taken away. "
            "Fetch or train the run again.",
            icon=":material/warning:",
        )


def _take_away(row: Row, *, report: bool, whole: bool) -> None:
    for label, make, ending, mime, icon, offered in (
        ("Report", _report, "-report.html", "text/html", "article", report),
        ("Run as zip", _zip, ".zip", "application/zip", "folder_zip", whole),
    ):
        st.download_button(
            label,
            partial(make, row),
            f"{row.run.name}{ending}",
            mime,
            key=f"download-{row.run.name}{ending}",
            on_click="ignore",
            icon=f":material/{icon}:",
            disabled=not offered,
        )


def say_outcome() -> None:
    """Say once what became of a deletion."""
    deleted, sentence = st.session_state.pop(OUTCOME, (True, ""))
    place = st.container()  # always there, so that what stands below keeps its place, and a file in it is not let go
    if sentence:
        (place.success if deleted else place.error)(plain(sentence))


def _report(row: Row) -> bytes:
    from dashboard.report import report_html

    return report_html(row.run).encode()


def _zip(row: Row) -> bytes:
    from fer_engine.runs.package import pack

    return pack(row.run)


def _delete(row: Row) -> None:
    name = plain(row.run.name)
    with st.popover("Delete", icon=":material/delete:"):
        working = " It is being worked on, which is stopped first." if row.state in ("running", "queued") else ""
        st.markdown(f"This removes **{name}** with its weights, figures and later evaluations, and cannot be undone.{working}")
        st.button(f"Delete {name} for good", key="delete", type="primary", on_click=_remove, args=(row,))


def _remove(row: Row) -> None:
    from fer_engine.runs import jobs

    try:
        jobs.delete(row.run)
    except FerLabError as error:
        st.session_state[OUTCOME] = (False, str(error))
    else:
        st.session_state[OUTCOME] = (True, f"The run '{row.run.name}' is deleted.")
        run_table.choose(None)
