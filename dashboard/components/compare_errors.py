"""What B takes for what more often than A, and the faces behind each cell: those that it fixed beside those that it broke."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import compare_tables
from dashboard.components import compare_picker, faces_at_hand, pair_gallery, table_downloads
from dashboard.components.compare_view import Compared
from dashboard.components.run_faces import pair as label_and_answer

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.evaluation.comparison import Pair
    from fer_engine.evaluation.comparison_faces import Moved

MATRIX = "difference"
_SIDE_BY_SIDE = (("fixed", "broke"), ("came", "went"))
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
    label, answer = label_and_answer(left, right, pair_gallery.first_page)
    if label is None or answer is None:
        st.caption("Click a cell of the matrix, or choose label and answer here, to see the faces that make its difference.")
        return
    _faces(pair, moved_faces(pair.a, pair.b, label, answer), label, answer, name)


def _cell_clicked() -> None:
    cells: list[dict[str, Any]] = st.session_state[MATRIX].selection.get("cell") or []
    if cells:
        st.session_state["label"], st.session_state["answer"] = cells[0]["label"], cells[0]["answer"]
        pair_gallery.first_page()


def _faces(pair: "Pair", moved: "Moved", label: str, answer: str, name: str) -> None:
    """The faces behind a cell: told, listed by row beside each other, and shown where the data set is at hand."""
    frame = compare_tables.moved(moved, pair)
    where = f"labelled **{label}**" + ("" if label == answer else f", taken for **{answer}**")
    st.markdown(f"Of the faces {where}: B fixed **{len(moved.fixed):,}** and broke **{len(moved.broke):,}**.")
    table_downloads.draw(
        frame, f"{name}-{label}-{answer}", f"Faces labelled {label} that {pair.b.name} fixed or broke against {pair.a.name}"
    )
    faces = faces_at_hand.find(pair.b.run, pair.b.scored, also=[pair.a.run]) if len(frame) else None
    if faces:
        st.caption(pair_gallery.LEGEND)
    for kinds in _SIDE_BY_SIDE:
        if kinds == _SIDE_BY_SIDE[0] or frame["What"].isin(kinds).any():
            for kind, column in zip(kinds, st.columns(2, gap="medium"), strict=True):
                with column:
                    _kind(pair, faces, frame[frame["What"] == kind], kind, f"{name}-{label}-{answer}")
    if faces:
        pair_gallery.explain_chosen(pair, faces)


def _kind(pair: "Pair", faces: "faces_at_hand.Faces | None", shown: "pd.DataFrame", kind: str, name: str) -> None:
    """One of the lists: a headline, the rows, and the faces themselves."""
    st.markdown(f"###### {kind.capitalize()}: {len(shown):,}")
    if shown.empty:
        st.caption(f"There is no face that was {_HELP[kind]} in this cell.")
        return
    st.caption(f"Faces {_HELP[kind]}")
    columns = [column for column in shown.columns if column not in ("What", "Label")]  # which the headlines say
    height: Any = "auto" if len(shown) < 6 else 230
    st.dataframe(shown[columns], hide_index=True, height=height, alt=f"Rows of the data set: {kind}")
    if faces:
        pair_gallery.draw(pair, faces, shown["Row"].to_numpy(), kind, f"{name}-{kind}")
