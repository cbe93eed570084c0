"""The queue: who trains, who waits, in which order; and the runs that are not finished and wait for nobody."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.errors import sentences
from dashboard.components.train_words import STATES, duration
from dashboard.text import plain
from fer_engine.runs import jobs

if TYPE_CHECKING:
    from fer_engine.runs.jobs import Job


def draw() -> None:
    """Draw it, anew every other second while there is something in it."""
    live = bool(_in_order())

    @st.fragment(run_every=2 if live else None)
    def panel() -> None:
        with sentences():
            _panel()

    panel()


def _panel() -> None:
    waiting = _in_order()
    st.caption(
        "Runs that want the same cores or GPU wait for one another, because side by side they would stall each other. The queue is kept by "
        "the runs themselves: close the browser or restart this server, and they go on."
    )
    if not waiting:
        st.markdown("No run trains or waits.")
    for job in waiting:
        _row(job)
    rest = [job for job in jobs.list_jobs() if job.state in ("stopped", "failed", "unfinished")]
    if rest:
        st.markdown("**Not finished, and not in the queue**")
    for job in rest:
        _row(job)


def _in_order() -> list["Job"]:
    """Those that train, then those that wait, the next one first."""
    live = [job for job in jobs.list_jobs() if job.state in ("queued", "running")]
    return sorted(live, key=lambda job: (job.state == "queued", job.place or 0, job.run.name))


def _row(job: "Job") -> None:
    word, color, icon = STATES[job.state]
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small", key=f"queue-{job.run.name}"):
        st.badge(f"{word}, {job.place}." if job.place else word, icon=icon, color=color)  # type: ignore[arg-type]
        st.markdown(f"**{plain(job.run.name)}**", width="content")
        st.caption(_words(job), width="stretch")
        if st.button("Watch", key=f"watch-{job.run.name}", type="tertiary", icon=":material/visibility:"):
            st.query_params["job"] = job.run.name
            st.rerun()
        if job.state == "queued":
            _waiting(job)


def _waiting(job: "Job") -> None:
    first = job.place == 1
    if st.button("To the front", key=f"front-{job.run.name}", type="tertiary", icon=":material/vertical_align_top:", disabled=first):
        with sentences():
            jobs.advance(job.run)
            st.rerun()
    if st.button("Cancel", key=f"cancel-{job.run.name}", type="tertiary", icon=":material/close:"):
        with sentences():
            jobs.stop(job.run)
            st.rerun()


def _words(job: "Job") -> str:
    progress = job.progress
    if job.state != "running" or not progress:
        return plain(job.sentence)
    words = f"epoch {progress.epoch} of {progress.epochs}" if progress.epoch else progress.phase
    return f"{words}, about {duration(progress.seconds_left)} left" if progress.seconds_left is not None else words
