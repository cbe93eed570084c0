"""What a run takes for what: the confusion matrix, and the faces behind each of its cells."""

from typing import Any

import streamlit as st

from dashboard import resources, text
from dashboard.components import faces_at_hand, protocol_badge, run_gallery, table_downloads
from dashboard.components.run_faces import pair
from dashboard.face_tiles import ordered
from dashboard.run_listing import Row
from dashboard.run_tables import confusions

MATRIX = "confusion"
UNITS = {"faces": False, "share of the label": True}


def draw(row: Row) -> None:
    """Draw the confusion matrix and the faces of the chosen cell."""
    import numpy as np

    from dashboard import altair_charts

    run = row.run
    _, figures = text.evaluated(run)
    counts = np.array(figures["confusion_matrix"])
    protocol_badge.draw(run)
    unit = st.segmented_control("Numbers", list(UNITS), default="faces", required=True, key="unit", bind="query-params")
    st.altair_chart(
        altair_charts.confusion_matrix(counts, shares=UNITS[unit or "faces"], dark=st.context.theme.type == "dark"),
        key=MATRIX,
        on_select=_cell_clicked,
        alt=f"Confusion matrix of {run.name}: rows are labels, columns answers. By keyboard choose a cell with the two lists below.",
    )
    table_downloads.draw(
        confusions(figures["confusion_matrix"]), f"{run.name}-confusion", f"Confusion matrix of {run.name}: {text.protocol(run)}"
    )
    st.subheader("The faces of a cell", anchor="cell")
    left, right, _ = st.columns([1, 1, 2], gap="medium")
    label, answer = pair(left, right)
    if label is None and answer is None:
        st.caption("Click a cell of the matrix, or choose label and answer here, to see its faces.")
        return
    scored = resources.scored(run)
    positions = ordered(scored, right=None, label=label, answer=answer, surest_first=True)
    st.markdown(f"**{len(positions):,}** faces labelled **{label or 'anything'}**, answered **{answer or 'anything'}**, surest first.")
    faces = faces_at_hand.find(run, scored)
    if faces:
        run_gallery.draw(run, scored, faces, positions)


def _cell_clicked() -> None:
    cells: list[dict[str, Any]] = st.session_state[MATRIX].selection.get("cell") or []
    if cells:
        st.session_state["label"], st.session_state["answer"] = cells[0]["label"], cells[0]["answer"]
        run_gallery.first_page()
