"""Beside the form: what differs from its base, how long it would take, and the launch."""

import time
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import train_resources
from dashboard.components.errors import sentences
from dashboard.components.train_draft import Draft
from dashboard.components.train_machine import PRECISIONS, changes
from dashboard.components.train_words import duration, memory
from dashboard.text import plain
from fer_engine.experiments.bases import differences, told
from fer_engine.experiments.fields import title
from fer_engine.runs import jobs, store

if TYPE_CHECKING:
    from fer_engine.experiments.spec import CnnSpec
    from fer_engine.training.estimate import Estimate


def draw(draft: Draft) -> None:
    """Draw it."""
    st.markdown(f"**What differs from {plain(repr(draft.base.title))}**")
    if draft.sentence:
        st.error(plain(draft.sentence), icon=":material/error:")
    if draft.spec:
        _differences(draft)
    _measure(draft)
    if st.button("Launch", type="primary", icon=":material/rocket_launch:", disabled=not draft.ready, key="launch", width="stretch"):
        with sentences():
            _launch(draft)
    if not draft.faces:
        st.caption("A run needs a data set to learn from.")
    if not draft.start.told:
        st.caption("Choose first what the run starts from.")


def _differences(draft: Draft) -> None:
    assert draft.spec is not None
    found = differences(draft.spec, draft.base.spec)
    lines = [f"- {title(item.field)} `{item.field}`: {plain(told(item.base))} → **{plain(told(item.value))}**" for item in found]
    others = [("Start from", draft.start.usual, draft.start.told or "not chosen yet"), *changes(draft.launch, draft.pattern)]
    lines += [f"- {what}: {plain(usual)} → **{plain(value)}**" for what, usual, value in others if value != usual]
    st.markdown("\n".join(lines) or "Nothing.")


def _measure(draft: Draft) -> None:
    st.markdown("**How long it takes here**")
    start = draft.base.starts_from
    question = (draft.spec.hash if draft.spec else "", draft.launch, start.path if start else None)
    if st.button("Measure", icon=":material/timer:", disabled=not draft.ready, key="measure", help="Trains a few batches and says."):
        st.session_state["train-measured"] = (question, _machine_is_busy(), time.monotonic_ns())
    asked, busy, click = st.session_state.get("train-measured", (None, False, 0))
    if asked != question or not draft.spec:
        st.caption("A few batches of these settings tell the time an epoch and the memory.")
        return
    with sentences():
        _figures(train_resources.estimate(draft.spec, draft.launch, start, click), draft.spec, draft)
        if busy:
            st.warning("This machine was at work on something else, so these are figures of a loaded machine. Alone, this run takes less.")


def _machine_is_busy() -> bool:
    """Whether a run trains here, or anything else takes more than half of the cores."""
    import psutil

    return any(job.state == "running" for job in jobs.list_jobs()) or psutil.cpu_percent(interval=0.2) > 50


def _figures(estimate: "Estimate", spec: "CnnSpec", draft: Draft) -> None:
    epoch, whole, size = st.columns(3)
    epoch.metric("An epoch", duration(estimate.seconds_per_epoch))
    whole.metric("Whole run", duration(estimate.total_seconds), help="Of all epochs; patience may end it sooner.")
    size.metric("Memory", memory(estimate.memory_bytes) if estimate.memory_bytes else "unknown")
    device = next(device.title for device in train_resources.devices() if device.name == draft.launch.device)
    passes = f"{spec.epochs} epoch{'s' if spec.epochs > 1 else ''}"
    precision = PRECISIONS[draft.launch.precision]
    st.caption(f"{passes} at {estimate.images_per_second:,.0f} images a second; {plain(device)}, {precision}.")
    if draft.launch.devices > 1:
        st.caption(f"Measured on one of the {draft.launch.devices} GPUs: sharing each batch, they take less time and memory each.")
    if draft.launch.compiled:
        st.caption("The minutes that compiling takes at first are not counted.")


def _launch(draft: Draft) -> None:
    """Make the run folder, start its process, and show it."""
    assert draft.spec is not None
    assert draft.faces is not None
    with st.spinner("Launching …"):
        from fer_engine.training.run import prepare

        folder = prepare(draft.spec, draft.faces, draft.name, draft.base.starts_from).folder
        jobs.start(store.Run(folder), draft.launch)
    st.query_params.pop("like", None)
    st.query_params["job"] = folder.name
    st.rerun()
