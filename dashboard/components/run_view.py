"""One run, opened: its name and state, and the section that is chosen, which the page's address keeps."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import text
from dashboard.components import (
    run_architecture,
    run_compare,
    run_data,
    run_errors,
    run_faces,
    run_measures,
    run_overview,
    run_training,
)
from dashboard.components.errors import sentences
from dashboard.run_listing import FINISHED, Row

SECTIONS: dict[str, Callable[[Row], None]] = {
    "Overview": run_overview.draw,
    "Training": run_training.draw,
    "Architecture": run_architecture.draw,
    "Errors": run_errors.draw,
    "ROC": run_measures.roc,
    "Per class": run_measures.per_class,
    "Calibration": run_measures.calibration,
    "Data": run_data.draw,
    "Faces": run_faces.draw,
}
NETWORKS = ("Training",)  # what only a network has
EARLY = ("Overview", "Training", "Architecture")  # what an unfinished run has, too
_STATES = {"running": "green", "queued": "blue", "failed": "red", "stopped": "orange", "unfinished": "orange"}


def draw(row: Row, rows: Sequence[Row]) -> None:
    """Draw the run of a row of the table, and the way to compare it with another.

    Args:
        row: Its row.
        rows: All rows.
    """
    run = row.run
    st.header(text.plain(run.name), anchor="run")
    if row.state != FINISHED:
        st.badge(row.state, color=_STATES.get(row.state, "gray"), help=text.plain(row.sentence) or None)  # type: ignore[arg-type]
    where = "ships as a row of an ablation study" if run.of_study else "ships with the project" if run.shipped else "trained here"
    st.caption(f"{text.model_words(run.spec)} · {text.plain(str(row.summary.base))} · {where}")
    run_compare.one(row, rows)
    sections = [name for name in SECTIONS if run.spec.family == "cnn" or name not in NETWORKS]
    section = st.segmented_control(
        "Section", sections, default="Overview", required=True, key="section", bind="query-params", label_visibility="collapsed"
    )
    with sentences():
        if row.state != FINISHED and section not in EARLY:
            st.info(f"'{section}' comes with the end of the training; this run is {row.state}.", icon=":material/hourglass_empty:")
        else:
            SECTIONS[section or "Overview"](row)
