"""A task that a page asks for: the button that starts it, how far it is, the button that stops it, and how it ended."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.errors import sentences
from dashboard.components.train_words import duration
from dashboard.text import plain
from fer_engine.runs import tasks

if TYPE_CHECKING:
    from fer_engine.runs.tasks import Task, TaskJob


@dataclass(frozen=True)
class Offer:
    """What is said of a task that is not done.

    Attributes:
        label: On the button.
        words: Above it, as Markdown.
        icon: On the button.
        key: Of the button; ends those of the others.
    """

    label: str
    words: str
    icon: str
    key: str


def draw(task: "Task", offer: Offer) -> None:
    """Draw a task whose result is not here: anew every second while its process lives, and the whole page once it has ended."""
    running = tasks.find_job(task).state == "running"

    @st.fragment(run_every=1 if running else None)
    def panel() -> None:
        with sentences():
            job = tasks.find_job(task)
            if (job.state == "running") != running:
                st.rerun()
            if running:
                _running(task, job, offer)
            else:
                _offered(task, job, offer)

    panel()


def _running(task: "Task", job: "TaskJob", offer: Offer) -> None:
    words = job.what or "Starting"
    left = f" · about {duration(job.seconds_left)} left" if job.seconds_left is not None else ""
    st.progress(min(job.share, 1.0), f"{plain(words)} …{left}")
    st.caption("It goes on when you leave this page, close the browser, or restart the server.")
    if st.button("Stop", icon=":material/stop:", key=f"stop-{offer.key}"):
        with st.spinner("Stopping …"):
            tasks.stop(task)
        st.rerun()


def _offered(task: "Task", job: "TaskJob", offer: Offer) -> None:
    if job.state == "failed":
        st.error(plain(job.sentence), icon=":material/error:")
    elif job.state == "stopped":
        st.info(plain(job.sentence), icon=":material/stop_circle:")
    st.caption(offer.words)
    if st.button(offer.label, key=offer.key, icon=offer.icon):
        tasks.start(task)
        st.rerun()
