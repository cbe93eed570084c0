"""Studies by processes of their own, as runs are trained: they live on without the browser, and are stopped from anywhere.

The process of a study trains its runs one after the other; each run waits for its turn, and is a job of its own.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fer_engine.ablations import catalogue
from fer_engine.ablations.pace import Pace, cost
from fer_engine.ablations.work import Task, share_done
from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import from_json
from fer_engine.runs import workplace
from fer_engine.runs.files import make_folder, write_json
from fer_engine.runs.processes import ProcessId, gone, this_process
from fer_engine.runs.records import JOB, PROGRESS, absolute_data

POLL = 0.5  # seconds between two notes, at least
State = Literal["idle", "running", "stopped", "failed", "ended"]
_KEPT = "What was trained is kept; go on at any time."


@dataclass
class StudyProgress:
    """How far the process of a study is.

    Attributes:
        done: Runs that it trained, or gave up.
        total: Runs that were missing when it began.
        current: The run that is trained; empty before the first and where others do the work.
        seconds_left: Of all of them, about; None where that is not known yet.
        failed: Why runs failed, by their names.
    """

    done: int = 0
    total: int = 0
    current: str = ""
    seconds_left: float | None = None
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyJob:
    """What becomes of a study's process.

    Attributes:
        state: 'idle' (never begun), 'running', 'stopped', 'failed', or 'ended' (all its runs were tried).
        progress: How far it is, or was.
        sentence: What there is to say; may be empty.
        data: The data set that it was launched on; empty where that is not known.
    """

    state: State
    progress: StudyProgress | None = None
    sentence: str = ""
    data: str = ""


def find_job(name: str) -> StudyJob:
    """What becomes of the process of the study of that name, as of now."""
    note, record, progress = _read(name, PROGRESS), _read(name, JOB), None
    with suppress(KeyError, TypeError):
        progress = StudyProgress(**note["progress"])
    data, sentence, process = str(record.get("data", "")), str(note.get("sentence", "")), workplace.worker(catalogue.folder_of(name))
    if note.get("end"):
        return StudyJob(note["end"], progress, sentence, data)
    if process is None:
        return StudyJob("idle")
    if workplace.works(catalogue.folder_of(name)):
        return StudyJob("running", progress, sentence, data)
    words = workplace.log_tail(catalogue.folder_of(name), 1).strip() if progress is None else ""
    if words:
        return StudyJob("failed", None, f"It did not begin: {words}", data)
    return StudyJob("failed", progress, f"Its process vanished: it was killed, or the machine went down. {_KEPT}", data)


def start(name: str, data: str | None, *, seeds: int = 0, only: str = "", skip_bad: bool = False) -> None:
    """Start a process that trains what a study lacks.

    Args:
        name: The study.
        data: The data set, as `fer_engine.data.source.open_data` takes it.
        seeds: Runs of each setting; 0 for as many as the study asks for.
        only: A row's key; empty for all.
        skip_bad: Whether to leave rows of the data out that cannot be read.

    Raises:
        FerLabError: Where there is no such study or row, or a process works on it already.
    """
    study = catalogue.find_study(name)
    _await_end(name)
    refuse_busy(name)
    data = absolute_data(data)
    words = ["ablate", name, "--data", data, "--seeds", str(seeds)]
    words += ["--only", study.row(only).key] if only else []
    words += ["--skip-bad"] if skip_bad else []
    make_folder(catalogue.folder_of(name))
    workplace.launch(catalogue.folder_of(name), words, data=data)


def stop(name: str) -> None:
    """End the process of a study, other than this one; its finished runs stay, and the one that is trained can go on.

    Raises:
        FerLabError: Where the process cannot be ended.
    """
    if _read(name, PROGRESS).get("end") or not workplace.end_worker(catalogue.folder_of(name)):
        return
    note = _read(name, PROGRESS)
    if not note.get("end"):
        progress = note.get("progress") or asdict(StudyProgress())
        write_json(catalogue.folder_of(name) / PROGRESS, {"progress": progress, "end": "stopped", "sentence": f"Stopped. {_KEPT}"})


def refuse_busy(name: str) -> None:
    """Stop where another process works on a study.

    Raises:
        FerLabError: Naming it.
    """
    workplace.refuse_busy(catalogue.folder_of(name), f"the study '{name}'")


@contextmanager
def at_work(name: str, todo: Sequence[Task]) -> "Iterator[Report]":
    """Work on a study: leave word of how far it is, and of how it ended. A request to terminate arrives as KeyboardInterrupt.

    Args:
        name: The study.
        todo: What is trained.

    Raises:
        FerLabError: Where another process works on it already.
    """
    from fer_engine.runs.worker import termination_interrupts

    refuse_busy(name)
    folder = catalogue.folder_of(name)
    make_folder(folder)
    data = todo[0].launch.data if todo else str(_read(name, JOB).get("data", ""))
    workplace.sign_in(folder, data=data)
    report = Report(name, todo)
    with termination_interrupts():
        try:
            yield report
            report.over("ended", "")
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            told = str(error) if isinstance(error, FerLabError) else f"It failed with {type(error).__name__} ({error})."
            report.over("stopped" if stopped else "failed", f"{'Stopped.' if stopped else told} {_KEPT}")
            raise


def nothing_to_do(name: str) -> None:
    """Leave word that a study lacks nothing, where this process was started to train what it lacks."""
    if workplace.worker(catalogue.folder_of(name)) == this_process():
        with at_work(name, []):
            pass


def study_of(process: ProcessId) -> str:
    """The study that a process works on; empty where it works on none."""
    return next((name for name in catalogue.names() if workplace.worker(catalogue.folder_of(name)) == process), "")


class Report:
    """Keeps a study's `progress.json`; a `Watcher`."""

    def __init__(self, name: str, todo: Sequence[Task]) -> None:
        self.name, self.progress, self.note = name, StudyProgress(total=len(todo)), {"end": "", "sentence": ""}
        self.specs = {task.name: from_json(task.spec) for task in todo}
        self.costs = {run: cost(spec) for run, spec in self.specs.items()}
        self.pace, self.written, self.training = Pace(list(self.costs.values())), 0.0, False
        self._write()

    def begins(self, task: Task) -> None:
        """Note whose turn it is."""
        self.progress.current, self.training = task.name, False
        self._write()

    def waits(self, sentence: str) -> None:
        """Note for whom the run waits."""
        self.note["sentence"] = sentence
        self._write()

    def batch(self, epoch: int, step: int, steps: int, _images_per_second: float) -> None:
        """Note a step, at most twice a second."""
        run = self.progress.current
        share = share_done(self.specs[run], epoch, step, steps)
        if not self.training:
            self.training, self.note["sentence"] = True, ""
            self.pace.begins(share)
        self.pace.reaches(share)
        if time.monotonic() - self.written >= POLL:
            self.progress.seconds_left = self.pace.seconds_left(self.costs[run])
            self._write()

    def epoch(self, row: Any, epochs: int) -> None:
        """The steps have told it already."""

    def measuring(self) -> None:
        """The run's last seconds."""

    def ended(self, task: Task, sentence: str) -> None:
        """Note that a run is over, and why it failed where it did."""
        untrained = self.progress.current == task.name and not self.training  # an SVM, or another process has done it
        (self.pace.fails if sentence or untrained else self.pace.ends)(self.costs[task.name])
        self.progress.done += 1
        self.progress.current, self.training = "", False
        self.progress.seconds_left = self.pace.seconds_left()
        if sentence:
            self.progress.failed[task.name] = sentence
        self._write()

    def over(self, state: State, sentence: str) -> None:
        """Note how the process ends."""
        self.progress.current, self.progress.seconds_left = "", None
        self.note = {"end": state, "sentence": sentence}
        self._write()

    def _write(self) -> None:
        self.written = time.monotonic()
        with suppress(FerLabError):  # a full disk ends a run where something is lost by it
            write_json(catalogue.folder_of(self.name) / PROGRESS, {"progress": asdict(self.progress)} | self.note)


def _await_end(name: str) -> None:
    """Give a process that has said its last word the moment that it takes to be gone."""
    process = workplace.worker(catalogue.folder_of(name))
    if process and process != this_process() and _read(name, PROGRESS).get("end"):
        gone(process, workplace.KINDLY)


def _read(name: str, file: str) -> dict[str, Any]:
    return workplace.read_word(catalogue.folder_of(name), file)
