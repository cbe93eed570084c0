"""The process of a study: launched, watched, stopped and gone on with."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components import train_data
from dashboard.components.errors import sentences
from dashboard.components.train_words import PHASES, STATES, duration
from dashboard.text import plain
from fer_engine.ablations import jobs
from fer_engine.runs import jobs as run_jobs
from fer_engine.runs import store

if TYPE_CHECKING:
    from fer_engine.ablations.jobs import StudyJob
    from fer_engine.ablations.ledger import Cell
    from fer_engine.experiments.parts import DataSpec
    from fer_engine.experiments.studies import Study

LAUNCHED = "ablation-launched"  # the data of the last launch, whose first run may not be there yet
NEXT = "ablation-next"  # what the pickers are to show from the next run of the page on; drawn widgets cannot be set
_KNOWN = "ablation-data"  # a data set, and how specs know it
_ALL = "All that are missing"
_WORDS = {**STATES, "ended": ("All tried", "green", ":material/check_circle:")}


def draw(study: "Study", cells: "Sequence[Cell]", seeds: int) -> None:
    """Draw its process, anew every second while it lives, and the form that starts one.

    Args:
        study: The study.
        cells: The runs that are asked for, on the data whose results are shown.
        seeds: Runs of each setting.
    """
    job = jobs.find_job(study.name)
    running, done = job.state == "running", job.progress.done if job.progress else 0

    @st.fragment(run_every=1 if running else None)
    def panel() -> None:
        with sentences():
            now = jobs.find_job(study.name)
            if now.state != "idle":
                _process(study.name, now)
            if (now.state == "running") != running or (now.progress.done if now.progress else 0) != done:
                st.rerun()  # the table has a new row

    panel()
    if not running:
        _form(study, cells, seeds)


def data_labels(there: "Iterable[DataSpec]") -> "dict[str, DataSpec]":
    """Data sets by what they are chosen by: the name, and what tells one from others of that name."""
    by_hashes: dict[tuple[str, str], DataSpec] = {}
    for data in there:
        by_hashes.setdefault(_hashes(data), data)
    short = Counter(map(_short_label, by_hashes.values()))
    found = {}
    for data in by_hashes.values():
        label = _short_label(data)
        # Sets that share Training, as one does whose PublicTest was cleaned, are all told by both.
        found[label if short[label] == 1 else f"{label[:-1]}, {data.valid} {data.valid_hash[:6]})"] = data
    return found


def _short_label(data: "DataSpec") -> str:
    return f"{data.name} ({data.train_hash[:6] or 'no runs'})"


def labelled_data() -> "dict[str, DataSpec]":
    """The data of runs that there are, and that was just launched on, by what they are chosen by."""
    from fer_engine.ablations.ledger import known_data
    from fer_engine.experiments.parts import DataSpec

    launched = st.session_state.get(LAUNCHED)
    return data_labels((*known_data(), *([launched] if launched else ())) or (DataSpec(),))


def data_label(data: "DataSpec") -> str:
    """What a data set is chosen by, among all that there are."""
    there = labelled_data()
    return next((label for label, known in there.items() if _hashes(known) == _hashes(data)), next(iter(data_labels([data]))))


def _process(name: str, job: "StudyJob") -> None:
    word, color, icon = _WORDS[job.state]
    st.badge(word, icon=icon, color=color)  # type: ignore[arg-type]
    if job.sentence:
        (st.error if job.state == "failed" else st.info)(plain(job.sentence))
    progress = job.progress
    if progress and progress.total:
        words = f"{progress.done} of {progress.total} runs"
        words += f" · about {duration(progress.seconds_left)} left in all" if progress.seconds_left is not None else ""
        st.progress(min(progress.done / progress.total, 1.0), words)
    elif job.state == "running":
        st.progress(0.0, "Starting …")
    for run, sentence in (progress.failed if progress else {}).items():
        st.warning(f"**{plain(run)}** failed: {plain(sentence)}")
    if job.state == "running":
        if progress and progress.current:
            _current(progress.current)
        if st.button("Stop", icon=":material/stop:", key="stop-study", help="Finished runs stay; the one that trains can go on."):
            with st.spinner("Stopping …"):
                jobs.stop(name)
            st.rerun()


def _current(name: str) -> None:
    """The run that is trained."""
    progress = run_jobs.find_job(store.find_run(name)).progress
    words = [f"**{plain(name)}**"]
    if progress:
        words.append(PHASES[progress.phase])
        words += [f"epoch {progress.epoch} of {progress.epochs}"] if progress.epoch else []
        words += [f"{progress.images_per_second:,.0f} images a second"] if progress.images_per_second else []
    st.markdown(" · ".join(words))


def _form(study: "Study", cells: "Sequence[Cell]", seeds: int) -> None:
    missing = [cell for cell in cells if cell.state != "finished"]
    begun = [cell.name for cell in missing if cell.state == "unfinished"]
    shown = plain(cells[0].spec.data.name)
    if missing:
        again = f" Begun, and going on where they are: {plain(', '.join(begun))}." if begun else ""
        st.markdown(f"{len(missing)} of {len(cells)} runs are missing on {shown}. They are trained one after the other.{again}")
    else:
        st.markdown(f"All of its runs on {shown} are finished.")
    data = train_data.choose()
    if data.loaded and _hashes(_identity(data)) != _hashes(cells[0].spec.data):
        st.warning("These are other data than those of the table above: runs on them are new ones, with a table of their own.")
    rows = {_ALL: ""} | {row.title: row.key for row in study.rows}
    chosen = st.selectbox("Rows to train", list(rows), key=f"ablation-rows-{study.name}")
    if st.button("Train", type="primary", icon=":material/play_arrow:", key="launch-study", disabled=not data.loaded):
        with sentences(), st.spinner("Launching …"):
            _launch(study, data, seeds, rows[chosen])


def _hashes(data: "DataSpec") -> tuple[str, str]:
    return data.train_hash, data.valid_hash


def _identity(data: train_data.Data) -> "DataSpec":
    """The data as specs know it; found once for a data set, since that takes a moment."""
    from fer_engine.ablations.ledger import data_of

    assert data.loaded is not None
    faces = data.loaded.faces
    known = st.session_state.get(_KNOWN)
    if known is None or known[0] is not faces:
        st.session_state[_KNOWN] = known = (faces, data_of(faces))
    return known[1]


def _launch(study: "Study", data: train_data.Data, seeds: int, only: str) -> None:
    jobs.start(study.name, data.name, seeds=seeds, only=only, skip_bad=data.skip_bad)
    st.session_state[LAUNCHED] = launched = _identity(data)
    st.session_state[NEXT] = {"on": data_label(launched)}
    st.rerun()
