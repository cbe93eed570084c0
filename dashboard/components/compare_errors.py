"""What B takes for what more often than A, and the faces behind each cell: those that it fixed, and those that it broke."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard import compare_tables, resources
from dashboard.components import compare_picker, faces_at_hand, run_gallery, table_downloads
from dashboard.components.compare_view import Compared
from dashboard.components.run_faces import pair as label_and_answer

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Pair
    from fer_engine.evaluation.comparison_faces import Moved

MATRIX = "difference"
_HELP = {
    "fixed": "wrong with A, right with B",
    "broke": "right with A, wrong with B",
    "came": "wrong with both, and so with B alone",
    "went": "wrong with both, and so with A alone",
}


def draw(compared: Compared) -> None:
    """Draw the difference of two confusion matrices and the faces of the chosen cell."""
    from dashboard import altair_charts
    from fer_engine.evaluation.comparison_faces import confusion_difference, moved_faces

    pair = compare_picker.pair(compared.comparison)
    if pair is None:
        return
    difference = confusion_difference(pair.a, pair.b)
    st.markdown(
        "Faces that B has more than A in each cell. Cells in blue speak for A, in brown for B: more right answers on the "
        "diagonal, or fewer wrong ones beside it."
    )
    st.altair_chart(
        altair_charts.confusion_difference(difference, dark=st.context.theme.type == "dark"),
        key=MATRIX,
        on_select=_cell_clicked,
        alt=f"Confusion of {pair.b.name} minus {pair.a.name}: a row a label, a column an answer. By keyboard, use the two lists.",
    )
    name = f"{pair.a.name}-to-{pair.b.name}".replace("/", "-")
    frame = compare_tables.difference_matrix(difference)
    table_downloads.draw(frame, f"{name}-confusion", f"Confusion of {pair.b.name} minus {pair.a.name}, faces of {pair.a.terms.measured_on}")
    st.subheader("The faces of a cell", anchor="cell")
    left, right, _ = st.columns([1, 1, 2], gap="medium")
    label, answer = label_and_answer(left, right)
    if label is None or answer is None:
        st.caption("Click a cell of the matrix, or choose label and answer here, to see the faces that make its difference.")
        return
    _faces(pair, moved_faces(pair.a, pair.b, label, answer), label, answer, name)


def _cell_clicked() -> None:
    cells: list[dict[str, Any]] = st.session_state[MATRIX].selection.get("cell") or []
    if cells:
        st.session_state["label"], st.session_state["answer"] = cells[0]["label"], cells[0]["answer"]
        run_gallery.first_page()


def _faces(pair: "Pair", moved: "Moved", label: str, answer: str, name: str) -> None:
    """The faces behind a cell: told, listed by row, and shown where the data set is at hand."""
    frame = compare_tables.moved(moved, pair)
    where = f"labelled **{label}**" + ("" if label == answer else f", taken for **{answer}**")
    st.markdown(f"Of the faces {where}: B fixed **{len(moved.fixed):,}** and broke **{len(moved.broke):,}**.")
    kinds = [kind for kind in compare_tables.KINDS if label != answer or kind in ("fixed", "broke")]
    counts = {kind: len(getattr(moved, kind)) for kind in kinds}
    kind = st.segmented_control(
        "Faces",
        kinds,
        default="fixed",
        required=True,
        key="what",
        bind="query-params",
        format_func=lambda kind: f"{kind} ({counts[kind]:,})",
        help="; ".join(f"{kind}: {_HELP[kind]}" for kind in kinds),
        on_change=run_gallery.first_page,
    )
    shown = frame[frame["What"] == (kind or "fixed")]
    if shown.empty:
        st.info(f"There is no face that was {_HELP[kind or 'fixed']} in this cell.", icon=":material/info:")
    else:
        st.dataframe(shown, hide_index=True, height="auto" if len(shown) < 8 else 300, alt=f"Rows of the data set: {kind}")
    table_downloads.draw(
        frame, f"{name}-{label}-{answer}", f"Faces labelled {label} that {pair.b.name} fixed or broke against {pair.a.name}"
    )
    if not shown.empty:
        _pictures(pair, shown["Row"].to_numpy())


def _pictures(pair: "Pair", rows: np.ndarray) -> None:
    """The faces themselves, with what one of the two says of them."""
    run = pair.b.run
    faces = faces_at_hand.find(run, resources.scored(run))
    if faces is None:
        return
    whose = st.segmented_control("Probabilities of", ["A", "B"], default="B", required=True, key="whose", bind="query-params")
    if whose == "A":
        run = pair.a.run
        faces = faces_at_hand.find(run, resources.scored(run))
    if faces:
        scored = resources.scored(run)
        run_gallery.draw(run, scored, faces, np.flatnonzero(np.isin(scored.ids, rows)))
