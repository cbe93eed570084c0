"""The buttons of a run: stop, resume, duplicate, delete; and where to go when it is finished."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.errors import sentences
from dashboard.text import plain
from fer_engine.ablations.jobs import study_of
from fer_engine.runs import jobs
from fer_engine.runs.jobs import Launch
from fer_engine.runs.records import read_record

if TYPE_CHECKING:
    from fer_engine.runs.jobs import Job


def draw(job: "Job") -> None:
    """Draw what can be done with a run in its state."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if job.state == "finished":
            st.page_link("../pages/runs.py", label="Open in Runs", icon=":material/table_view:", query_params={"run": job.run.name})
            if job.run.answers:
                st.page_link("../pages/analyse.py", label="Ask it in Analyse", icon=":material/face:", query_params={"a": job.run.name})
        elif job.state in ("queued", "running"):
            label, study = "Cancel" if job.state == "queued" else "Stop", _study(job)
            if study:
                st.caption(f"The study **{plain(study)}** trains this run. To stop it stops the study with all that it would train next.")
            if st.button(label, icon=":material/stop:", key="stop", help="What is saved stays; it can be resumed."):
                with sentences(), st.spinner("Stopping …"):
                    jobs.stop(job.run)
                    st.rerun()
        elif st.button("Resume", icon=":material/play_arrow:", key="resume", type="primary"):
            with sentences(), st.spinner("Starting …"):
                jobs.start(job.run, _launch(job))
                st.rerun()
        if job.run.spec.family == "cnn" and st.button(
            "Duplicate with changes", icon=":material/content_copy:", key="duplicate", help="Fills the form from this run."
        ):
            del st.query_params["job"]
            st.query_params["like"] = job.run.name
            st.rerun()
        if not job.run.shipped:
            _delete(job)


def _study(job: "Job") -> str:
    """The study whose process trains the run; empty where it has a process of its own."""
    record = read_record(job.run)
    return study_of(record.process) if record else ""


def _launch(job: "Job") -> Launch:
    """How the run was launched before; one begun in a terminal goes on with the data set at hand."""
    return job.launch or Launch("synthetic" if job.run.spec.data.name == "synthetic" else "")


def _delete(job: "Job") -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"The folder of **{plain(job.run.name)}** goes, with its weights, history and figures. This cannot be undone.")
        if st.button("Delete it for good", key="delete", type="primary"):
            with sentences(), st.spinner("Deleting …"):
                jobs.delete(job.run)
                st.query_params.pop("job", None)
                st.rerun()
