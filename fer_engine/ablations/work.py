"""Training what a study lacks: one run after the other here, or several at once on a cluster that shares the run area."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fer_engine.ablations.ledger import Cell
from fer_engine.distribution import Workers
from fer_engine.errors import BusyError, FerLabError
from fer_engine.experiments.spec import CnnSpec, RunSpec, SvmSpec, from_json, to_json
from fer_engine.runs import store
from fer_engine.runs.files import make_folder, write_text
from fer_engine.runs.processes import this_process
from fer_engine.runs.records import Launch, keep_faces, keep_launch, read_record, refuse_busy

if TYPE_CHECKING:
    from fer_engine.data.faceset import FaceSet
    from fer_engine.runs.worker import Report
    from fer_engine.training.fit import EpochRow

POLL = 0.5  # seconds between two looks at a run that another process works on
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A run to be trained, in words that other machines understand.

    Attributes:
        folder: Its run folder, absolute.
        spec: Its spec as JSON.
        launch: On what it is trained.
        wait: Whether it waits for other runs on its machine.
    """

    folder: str
    spec: str
    launch: Launch
    wait: bool = True

    @property
    def name(self) -> str:
        """The run's name."""
        return Path(self.folder).name


class Watcher(Protocol):
    """Who is told what happens in this process; beyond these, what `fer_engine.training.fit.Listener` is told."""

    def begins(self, task: Task) -> None:
        """A run's turn has come in the study."""

    def waits(self, sentence: str) -> None:
        """It waits for other runs."""

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """A step of an epoch (both from 1) is done."""

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        """An epoch is done."""

    def measuring(self) -> None:
        """Training is over; what was saved is measured."""


def tasks(cells: Sequence[Cell], launch: Launch, *, wait: bool = True) -> tuple[Task, ...]:
    """What is left to train: a task for each spec that has no finished run, in the order of the cells.

    Args:
        cells: The runs that are asked for.
        launch: On what they are trained; the data set by an absolute path.
        wait: Whether each waits for other runs on its machine.
    """
    found: dict[str, Task] = {}
    for cell in cells:
        if cell.state != "finished" and cell.spec.hash not in found:
            folder = cell.run.path if cell.run else store.run_path(cell.name)
            # An unfinished run goes on by its own spec, which may call the same data something else.
            spec = cell.run.spec if cell.run else cell.spec
            found[cell.spec.hash] = Task(str(folder.absolute()), to_json(spec), launch, wait)
    return tuple(found.values())


def train_missing(
    todo: Sequence[Task], workers: Workers, ended: Callable[[Task, str], None], watcher: Watcher | None = None
) -> dict[str, str]:
    """Train what is left; one run's failure does not keep the others from it.

    Args:
        todo: What to train.
        workers: Who does the work. With several at once nobody but `ended` is told.
        ended: Told of each run when it is over, with why it failed, or with nothing.
        watcher: Told of each step, where the work is done in this process.

    Returns:
        Why runs failed, a sentence each, by their names.
    """
    failed: dict[str, str] = {}
    here = watcher if workers.backend == "loky" and workers.jobs == 1 else None
    for place, sentence in workers.results(train_one, [(task, here) for task in todo]):
        if sentence:
            failed[todo[place].name] = sentence
        ended(todo[place], sentence)
    return failed


def train_one(task: Task, watcher: Watcher | None = None) -> str:
    """Train a run in its turn, or go on with it; gives nothing, or a sentence that says why it failed."""
    watcher = watcher or _Nobody()
    try:
        _train(task, watcher)
    except FerLabError as error:
        return str(error)
    except Exception as error:
        logger.exception("The run %s failed.", task.name)
        return f"It failed with {type(error).__name__} ({error}); the log says where."
    return ""


def _train(task: Task, watcher: Watcher) -> None:
    run = _begun(task)
    watcher.begins(task)
    while True:
        _await_others(run, watcher)
        if run.finished:  # by another process, in the meantime
            return
        try:
            _work_on(run, task, watcher)
            return
        except BusyError:  # another one was a moment quicker
            continue


def _work_on(run: store.Run, task: Task, watcher: Watcher) -> None:
    from fer_engine.runs.worker import at_work
    from fer_engine.training import neighbour

    launch = as_begun(run, task.launch)
    is_svm = run.spec.family == "svm"
    need = neighbour.need("cpu", 0) if is_svm else neighbour.need(launch.device, launch.threads)  # an SVM's fit takes all cores
    with at_work(run, launch, need, wait=task.wait, on_wait=lambda sentence: watcher.waits(sentence.partition(" --")[0])) as report:
        faces = _faces(launch.data, launch.skip_bad)
        if is_svm:
            report.phase("training")
            _fit_svm(run, faces)
        else:
            _train_network(run, faces, launch, _Both(report, watcher))


def as_begun(run: store.Run, launch: Launch) -> Launch:
    """The launch, on the hardware that an unfinished run was begun on: on another it would end in other figures."""
    record = read_record(run)
    if record is None or not (run.path / store.RESUME).exists():
        return launch
    begun = record.launch
    if begun.devices > 1:
        raise FerLabError(f"It was begun on {begun.devices} devices. Go on with it: python -m fer_engine train --name {run.name} --resume")
    return replace(launch, device=begun.device, precision=begun.precision, threads=begun.threads, compiled=begun.compiled)


def begun_otherwise(task: Task, asked: Launch) -> str:
    """What a begun run keeps of its hardware although another was asked for, a sentence; empty where there is nothing of it."""
    usual = Launch("")
    try:
        kept = as_begun(store.Run(Path(task.folder)), asked)
    except FerLabError:  # which is said when its turn comes
        return ""
    told = [
        f"{name} {getattr(kept, name)}, not {getattr(asked, name)}"
        for name in ("device", "precision", "threads")
        if getattr(asked, name) not in (getattr(usual, name), getattr(kept, name))
    ]
    return f"{task.name} goes on as it was begun: {'; '.join(told)}." if told else ""


def _await_others(run: store.Run, watcher: Watcher) -> None:
    """Sleep while another process works on the run, as one does for another study that has the same row."""
    told = False
    while True:
        record = read_record(run)
        if record is None or record.process == this_process():
            return
        try:
            refuse_busy(run)
            return
        except BusyError as error:
            if not told:
                watcher.waits(f"{str(error).partition('.')[0]}; this study goes on when that is over.")
                told = True
        time.sleep(POLL)


def _begun(task: Task) -> store.Run:
    """The run's folder, with its spec in it."""
    folder = Path(task.folder)
    if not folder.parent.is_dir():
        try:
            make_folder(folder.parent)
        except FerLabError as error:
            raise FerLabError(f"The run area {folder.parent} is not there on this machine: workers must see the same one.") from error
    run = store.Run(folder)
    if not (folder / store.SPEC).exists():
        make_folder(folder)
        write_text(folder / store.SPEC, task.spec)
    elif run.spec.hash != from_json(task.spec).hash:
        raise FerLabError(f"There is a run '{run.name}' of another spec. Rename or remove {folder}.")
    return run


def _train_network(run: store.Run, faces: "FaceSet", launch: Launch, listener: "_Both") -> None:
    from fer_engine.training import neighbour
    from fer_engine.training.device import settle
    from fer_engine.training.hardware import Hardware
    from fer_engine.training.run import reopen, train_run

    hardware = settle(Hardware(launch.device, launch.precision, neighbour.threads_for(launch.threads), compiled=launch.compiled))
    keep_launch(run, replace(launch, device=hardware.device, precision=hardware.precision, threads=hardware.threads))
    keep_faces(run, len(faces.part(run.spec.data.valid)))
    train_run(reopen(run, faces), faces, hardware, listener)


def _fit_svm(run: store.Run, faces: "FaceSet") -> None:
    from fer_engine.classical.fitting import fit_run, settle_svm

    spec = run.spec
    assert isinstance(spec, SvmSpec)
    if settle_svm(spec, faces).hash != spec.hash:
        raise FerLabError(f"The run '{run.name}' was begun on other data. Give it what it was begun with, or remove {run.path}.")
    fit_run(spec, run, faces)


@lru_cache(maxsize=1)
def _faces(data: str, skip_bad: bool) -> "FaceSet":
    """The data set, opened once for all runs of a process."""
    from fer_engine.data.source import open_data

    return open_data(data or None, skip_bad=skip_bad).faces


def share_done(spec: RunSpec, epoch: int, step: int, steps: int) -> float:
    """How much of a run is done, from 0 to 1, when a step of an epoch (both from 1) is."""
    return (epoch - 1 + step / steps) / spec.epochs if isinstance(spec, CnnSpec) else 0.0


class _Nobody:
    """A watcher that does nothing."""

    def begins(self, task: Task) -> None:
        pass

    def waits(self, sentence: str) -> None:
        pass

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        pass

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        pass

    def measuring(self) -> None:
        pass


class _Both:
    """Tells the run's folder and a watcher."""

    def __init__(self, report: "Report", watcher: Watcher) -> None:
        self.report, self.watcher = report, watcher

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Pass a step on."""
        self.report.batch(epoch, step, steps, images_per_second)
        self.watcher.batch(epoch, step, steps, images_per_second)

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        """Pass an epoch on."""
        self.report.epoch(row, epochs)
        self.watcher.epoch(row, epochs)

    def measuring(self) -> None:
        """Pass it on."""
        self.report.measuring()
        self.watcher.measuring()
