"""A run tried on another set: which emotions both have, under which names, how many it gets right, and the way to fine-tune it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources
from dashboard.components import data_view, table_downloads, task_panel, transfer_result, transfer_tuned
from dashboard.components.data_view import Opened
from dashboard.components.task_panel import Offer
from dashboard.text import plain
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.data.faceset import FaceSet
    from fer_engine.runs.store import Run

USUAL = "net5-softmax"
_ELSEWHERE, _COUNTED = "transfer-opened", "transfer-counted"


@dataclass(frozen=True, eq=False)
class Counted:
    """What a run is judged by.

    Attributes:
        faces: The faces of the split that count.
        content: Their content hash.
        left_out: Faces of each emotion that the run never learnt.
    """

    faces: "FaceSet"
    content: str
    left_out: dict[str, int]


def draw(opened: Opened) -> None:
    """Draw the choices, what both have, the result or the way to it, and the way to fine-tune."""
    st.caption(
        "How well does a run do on faces of another kind? Only emotions that both have count, so the figures stand beside no others. "
        "`python -m fer_engine evaluate RUN --data OTHER` does the same."
    )
    path = st.text_input(
        "Try it on another file or folder than the set that is open (optional)",
        placeholder="~/data/jaffe",
        key="transfer-path",
        help=f"As it lies on this machine, without bringing it. Empty for {plain(opened.faces.name)}.",
    ).strip()
    target = _elsewhere(path) if path else opened
    runs = {run.name: run for run in resources.finished_runs()[0]}
    left, right = st.columns([2, 1], gap="medium")
    names = list(runs)
    if not names:
        st.info("No run is finished yet. Train one first.", icon=":material/info:")
        return
    name = left.selectbox("Run", names, index=names.index(USUAL) if USUAL in names else 0, key="transfer-run", bind="query-params")
    split = right.selectbox("Split", target.faces.splits, index=_usual(target.faces), key=f"transfer-split-{target.name}")
    run = runs[name]
    counted = _counted(run, target.faces, split)
    _both(run, target, split, counted)
    _result(run, target, split, counted)
    transfer_tuned.draw(run, None if path else target)


def _usual(faces: "FaceSet") -> int:
    """The place of the split that is tried first: PublicTest, where there is one."""
    return faces.splits.index("PublicTest") if "PublicTest" in faces.splits else 0


def _elsewhere(path: str) -> Opened:
    """A set that is not brought, opened once a session."""
    from fer_engine.data.source import open_data

    place = str(Path(path).expanduser().absolute())
    asked = (place, resources.last_changed(place))
    if st.session_state.get(_ELSEWHERE, ("",))[0] != asked:
        with data_view.progress() as show:
            st.session_state[_ELSEWHERE] = (asked, open_data(place, skip_bad=True, progress=show))
    loaded = st.session_state[_ELSEWHERE][1]
    for notice in loaded.notices:
        st.caption(plain(notice))
    return Opened(place, loaded.faces, skip_bad=True)


def _counted(run: "Run", faces: "FaceSet", split: str) -> Counted:
    """What counts, looked for once for a choice."""
    from fer_engine.evaluation.evaluate import countable

    asked = (run.path, run.spec.hash, split)
    known = st.session_state.get(_COUNTED)
    if known is None or known[0] is not faces or known[1] != asked:
        part, left_out = countable(run, faces, split)
        st.session_state[_COUNTED] = known = (faces, asked, Counted(part, part.content_hash, left_out))
    return known[2]


def _both(run: "Run", target: Opened, split: str, counted: Counted) -> None:
    frame = label_map(run, target, split)
    both = frame.loc[frame["Counts"] == "yes", "Emotion"].tolist()
    st.subheader("Emotions that both have", anchor="both")
    st.markdown(f"**{len(both)}** of {len(NAMES)}: {', '.join(both)}. **{len(counted.faces):,}** faces of {split} count.")
    alt = f"Label map from {target.faces.name} to what {run.name} answers"
    st.table(frame.map(plain), border="horizontal", hide_index=True, width="content", alt=alt)
    table_downloads.draw(frame, f"{target.file}-{run.name}-label-map", alt)


def label_map(run: "Run", target: Opened, split: str) -> "pd.DataFrame":
    """A row an emotion: what the set calls it, its faces in the split, and whether the run learnt it; then what was left out."""
    import pandas as pd

    from fer_engine.data.label_words import label_words
    from fer_engine.evaluation.evaluate import learnt

    words = label_words(target.name)
    counts, known = target.faces.counts()[split], learnt(run)
    rows = [
        {
            "Emotion": name,
            "In the set": ", ".join(word.word for word in words if word.emotion == name) or (name if counts[name] and not words else "–"),
            "Faces": f"{counts[name]:,}",
            f"Learnt by {run.name}": "yes" if known[label] else "no",
            "Counts": "yes" if counts[name] and known[label] else "no",
        }
        for label, name in enumerate(NAMES)
    ]
    lost = [word for word in words if not word.emotion]
    if lost:
        images = sum(word.images for word in lost)
        told = {"Emotion": "left out", "In the set": ", ".join(word.word for word in lost), "Faces": f"({images:,} in all)"}
        rows.append(told | {f"Learnt by {run.name}": "–", "Counts": "no"})
    return pd.DataFrame(rows)


def _result(run: "Run", target: Opened, split: str, counted: Counted) -> None:
    from fer_engine.evaluation.evaluate import read_evaluation
    from fer_engine.evaluation.evaluate_tasks import evaluate_task

    st.subheader("How many it gets right", anchor="transfer")
    found = read_evaluation(run, counted.content, split)
    if found is not None:
        transfer_result.draw(run, found, f"{target.file}-{split}-{run.name}")
        return
    words = f"{plain(run.name)} answers {len(counted.faces):,} faces, on one thread: some milliseconds each."
    task = evaluate_task(run, target.name, counted.content, split, skip_bad=target.skip_bad)
    task_panel.draw(task, Offer("Evaluate", words, ":material/fact_check:", "evaluate-transfer"))
