"""What other training data have brought: runs of one recipe on the raw and on a cleaned set, tested on the same faces."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources
from dashboard.components import compare_badges, table_downloads
from dashboard.components.data_view import Opened
from dashboard.text import plain, protocols

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

_HOW = "`python -m fer_engine train --data RECIPE.json` with the settings of a run on the raw set gives a pair."


def draw(opened: Opened) -> None:
    """Draw the pairs of finished runs that were measured on the open set's faces and differ in the training data alone."""
    st.subheader("What cleaning has brought", anchor="brought")
    runs = measured_here(opened)
    from fer_engine.evaluation.comparison_data import data_pairs, data_table

    found = data_pairs(runs)
    if not found:
        st.caption(f"No two finished runs differ in the faces that they learnt from alone. {_HOW}")
        return
    compare_badges.draw([each.pair.a for each in found])
    for each in found:
        st.markdown(f"**{plain(each.pair.verdict)}** {plain(each.pair.verdict_f1)}".rstrip())
    st.caption(
        "Runs of one recipe and one seed, measured on the same faces with the labels that the set has; no rule touched these. "
        "Tested by McNemar's exact test, intervals by a paired bootstrap over faces. Another seed can change the order."
    )
    frame = data_table(found)
    alt = "Runs that differ in their training data alone, with accuracy and macro F1"
    forms = {"Training faces": "{:,}", "n": "{:,}", "Accuracy, %": "{:.1f}", "Macro F1": "{:.3f}"}
    shown = frame.assign(**{name: frame[name].map(form.format) for name, form in forms.items()}).map(plain)
    st.table(shown, border="horizontal", hide_index=True, width="content", alt=alt)
    table_downloads.draw(frame, f"{opened.file}-cleaning", f"{alt}: {protocols(each.pair.a.run for each in found)}")


def measured_here(opened: Opened) -> "list[Run]":
    """The finished runs whose `valid` split is, by content, one of the open set's."""
    finished = resources.finished_runs(studies=True)[0]
    splits = {run.spec.data.valid for run in finished} & set(opened.faces.splits)
    contents = {split: opened.faces.part(split).content_hash for split in splits}
    return [run for run in finished if run.spec.data.valid_hash and contents.get(run.spec.data.valid) == run.spec.data.valid_hash]
