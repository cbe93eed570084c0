"""Fine-tuning a run on another set: the way to the page Train, and what finished runs came to, before and after."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import resources, text
from dashboard.components import data_view, table_downloads, train_data, train_form
from dashboard.components.data_view import Opened
from dashboard.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from fer_engine.runs.store import Run

LEARNS = {"head": "head only", "all": "all layers"}


def draw(run: "Run", target: Opened | None) -> None:
    """Draw the way to fine-tune a run, and the runs that were fine-tuned from it.

    Args:
        run: The finished run.
        target: The set that is open, or None where the set is one that has to be brought first.
    """
    st.subheader("Fine-tune it", anchor="fine-tune")
    obstacle = _obstacle(run, target)
    if obstacle:
        st.caption(obstacle)
    else:
        assert target is not None
        st.caption(
            f"A new run begins with the weights of {plain(run.name)} and learns from the Training faces of {plain(target.faces.name)}. "
            "Where the head alone learns, all layers below the scores stay as they are: for a small set."
        )
        learns = st.segmented_control(
            "What learns", list(LEARNS), default="head", required=True, format_func=LEARNS.__getitem__, key="transfer-learns"
        )
        arguments = (run, learns or "head", target)
        st.button("Set it up on the page Train", key="fine-tune", icon=":material/model_training:", on_click=_go, args=arguments)
    _finished(run)


def _obstacle(run: "Run", target: Opened | None) -> str:
    """Why the run cannot be fine-tuned on the set; empty where it can."""
    if run.spec.family != "cnn":
        return "Only networks can be fine-tuned; choose the run of one."
    if target is None:
        return "To train on this set, bring it in first ('Bring a data set', above), and open it."
    missing = [split for split in ("Training", "PublicTest") if split not in target.faces.splits]
    if missing:
        return (
            f"{plain(target.faces.name)} has no {' and no '.join(missing)}, which a training learns from and chooses its epoch on. "
            "Bring the set again and hold some of each emotion out."
        )
    return ""


def _go(run: "Run", learns: str, target: Opened) -> None:
    train_data.take_place(target.name)
    train_form.fine_tune(run, learns, int((target.faces.split == "Training").sum()))
    data_view.go_to("train")


def _finished(run: "Run") -> None:
    frame = before_and_after(run, resources.finished_runs()[0])
    if frame.empty:
        st.caption("No finished run was fine-tuned from it yet.")
        return
    st.markdown("**Runs that went on from it**: accuracy on the same faces, before and after, in percent with its 95% interval")
    st.table(frame.map(lambda value: plain(str(value))), border="horizontal", hide_index=True, alt=f"Runs fine-tuned from {run.name}")
    table_downloads.draw(frame, f"{run.name}-fine-tuned", f"Accuracy (%) before and after fine-tuning {run.name}, on the split of each row")


def before_and_after(run: "Run", runs: "Sequence[Run]") -> "pd.DataFrame":
    """A row a finished run that went on from this one's weights, and measured what these answer on the same faces."""
    import pandas as pd

    tuned = [each for each in runs if each.manifest.get("before") and each.spec.family == "cnn"]
    return pd.DataFrame([_row(each) for each in tuned if each.network_spec.start == run.spec.hash])


def _row(run: "Run") -> dict[str, Any]:
    split, after = text.evaluated(run)
    before = run.manifest["before"]
    return {
        "Run": run.name,
        "Set": run.spec.data.name,
        "Learnt": LEARNS[run.network_spec.learns],
        "Split": split,
        "Faces": f"{after['n']:,}",
        "Before": _told(before),
        "After": _told(after),
        "Points": f"{100 * (after['accuracy'] - before['accuracy']):+.1f}",
    }


def _told(figures: dict[str, Any]) -> str:
    low, high = figures["accuracy_ci95"]
    return f"{100 * figures['accuracy']:.1f} ({100 * low:.1f} – {100 * high:.1f})"
