"""Jobs: runs that are trained by processes of their own, which live on when the browser or the server does not.

A job is its run folder. Beside what the training keeps there, `job.json` says how it was launched and by which process
it is worked on, `progress.json` how far that is, and `log.txt` what it said. Nothing is held in memory: whoever reads
the folder and asks the system for the process knows all there is to know.
"""

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from filelock import FileLock, Timeout

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.runs import queue, store
from fer_engine.runs.processes import alive, end, gone, spawn
from fer_engine.runs.records import (
    JOB,
    LOG,
    Launch,
    LiveProgress,
    Note,
    Record,
    absolute_data,
    how_it_goes_on,
    read_note,
    read_record,
    refuse_busy,
    works_elsewhere,
    write_note,
    write_record,
)
from fer_engine.runs.workplace import log_tail

KINDLY = 8.0  # seconds that a process has to end by itself

__all__ = ["Job", "Launch", "LiveProgress", "State", "advance", "delete", "find_job", "list_jobs", "start", "stop"]
State = Literal["queued", "running", "stopped", "failed", "finished", "unfinished"]


@dataclass(frozen=True)
class Job:
    """A run and what becomes of it.

    Attributes:
        run: Its folder.
        state: 'queued' (its process waits for the device), 'running', 'stopped' (by the user), 'failed' (by an error,
            or its process vanished), 'finished', or 'unfinished' (begun in a script or by an earlier version, so that
            nothing is known of its process).
        place: Its place among those that wait, from 1; None where it does not wait.
        sentence: What there is to say, such as for whom it waits or why it failed; may be empty.
        progress: How far it is, or was when it ended; None where nothing is known.
        launch: How it was launched; None where nothing is known.
    """

    run: store.Run
    state: State
    place: int | None = None
    sentence: str = ""
    progress: LiveProgress | None = None
    launch: Launch | None = None

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of what its process said; empty where it said nothing, or to a terminal."""
        return log_tail(self.run.path, lines)


def start(run: store.Run, launch: Launch) -> Job:
    """Start a process for a prepared run, or go on with an unfinished one. It waits for its turn by itself.

    Args:
        run: An own run that `fer_engine.training.run.prepare` made, or that was begun before.
        launch: On what to train it.

    Raises:
        FerLabError: Where the run is finished, ships with the project, or a process works on it already.
    """
    _refuse_foreign(run, "trained")
    if run.finished:
        raise FerLabError(f"The run '{run.name}' is finished; there is nothing to go on with.")
    _await_end(run)
    with queue.locked() as tickets:
        refuse_busy(run)
        launch = replace(launch, data=absolute_data(launch.data))
        write_note(run, Note(LiveProgress("loading", epochs=run.spec.epochs, updated=time.time())))
        words = ["train", "--name", run.name, "--resume", "--data", launch.data]
        words += ["--skip-bad"] if launch.skip_bad else []
        if run.spec.family == "cnn":
            words += ["--device", launch.device, "--precision", launch.precision, "--threads", str(launch.threads)]
            words += ["--devices", str(launch.devices), "--compile" if launch.compiled else "--no-compile"]
        process = spawn(words, settings.for_processes(), run.path / LOG)
        before = read_record(run)
        write_record(run, Record(launch, process, detached=True, faces=before.faces if before else 0))
        tickets.remove(run)
        tickets.put(queue.Ticket(queue.key(run), process))
    return find_job(run)


def _await_end(run: store.Run) -> None:
    """Give a process that has said its last word the moment that it takes to be gone."""
    note, record = read_note(run), read_record(run)
    if note and note.end and record:
        gone(record.process, KINDLY)


def stop(run: store.Run) -> None:
    """End the process of a run, or take the run out of the queue; what is saved stays, and `start` goes on with it.

    The process is asked, and killed where it has not ended within some seconds. Does nothing where there is none.

    Raises:
        FerLabError: Where the process cannot be ended.
    """
    record = read_record(run)
    if record and works_elsewhere(run, record):
        raise FerLabError(f"The machine {record.process.host} works on the run '{run.name}'. Stop it there.")
    if record is None or not alive(record.process):
        return
    end(record.process, KINDLY)
    with queue.locked() as tickets:
        tickets.remove(run)
    note = read_note(run) or Note(LiveProgress("loading", updated=time.time()))
    if not run.finished and not note.end and run.path.is_dir():
        write_note(run, replace(note, end="stopped", sentence=f"Stopped. {how_it_goes_on(run)}"))


def delete(run: store.Run) -> None:
    """Remove an own run with all that belongs to it; stops it first.

    Raises:
        FerLabError: Where the run ships with the project, lies elsewhere, or something keeps it.
    """
    _refuse_foreign(run, "removed")
    stop(run)
    lock = run.path.with_name(f".{run.name}.lock")
    try:
        with FileLock(lock, timeout=0):
            shutil.rmtree(run.path)
    except Timeout:
        raise FerLabError(f"The run '{run.name}' is being trained by another process. Stop that first.") from None
    except OSError as error:
        raise FerLabError(f"The run '{run.name}' could not be removed: {error}.") from error
    with suppress(OSError):
        lock.unlink(missing_ok=True)


def advance(run: store.Run) -> None:
    """Let a waiting run be the next; does nothing where it does not wait."""
    with queue.locked() as tickets:
        tickets.to_front(run)


def find_job(run: store.Run) -> Job:
    """What becomes of a run, as of now."""
    return _job(run, queue.look())


def list_jobs() -> tuple[Job, ...]:
    """The jobs of all own runs that are not finished or were launched as jobs, by name."""
    tickets = queue.look()
    own = [run for run in store.list_runs() if not run.shipped]
    return tuple(_job(run, tickets) for run in own if not run.finished or (run.path / JOB).exists())


def _job(run: store.Run, tickets: Sequence[queue.Ticket]) -> Job:
    note, record = read_note(run), read_record(run)
    launch, progress = record.launch if record else None, note.progress if note else None
    if run.finished:
        return Job(run, "finished", progress=None, launch=launch)
    if record is None:
        return Job(run, "unfinished", sentence=f"It was begun in a terminal or a script and has not finished. {how_it_goes_on(run)}")
    if note and note.end:
        return Job(run, note.end, sentence=note.sentence, progress=progress, launch=launch)
    if alive(record.process):
        return _live_job(Job(run, "running", progress=progress, launch=launch), tickets)
    if works_elsewhere(run, record):
        return Job(run, "running", sentence=f"The machine {record.process.host} works on it.", progress=progress, launch=launch)
    where = f" in epoch {progress.epoch} of {progress.epochs}" if progress and progress.epoch else ""
    sentence = f"Its process vanished{where}: it was killed, ran out of memory, or the machine went down. {how_it_goes_on(run)}"
    return Job(run, "failed", sentence=sentence, progress=progress, launch=launch)


def _live_job(job: Job, tickets: Sequence[queue.Ticket]) -> Job:
    """A job whose process lives: it trains, or waits for others."""
    waiting = [ticket for ticket in tickets if not ticket.started]
    mine = next((ticket for ticket in waiting if ticket.run == queue.key(job.run)), None)
    others = queue.waits_for(mine, tickets) if mine else ()
    if mine is None or not others:
        return job
    progress = replace(job.progress, phase="waiting") if job.progress else None
    sentence = f"It waits for {queue.names(others)}, and starts by itself."
    return replace(job, state="queued", place=waiting.index(mine) + 1, sentence=sentence, progress=progress)


def _refuse_foreign(run: store.Run, what: str) -> None:
    if run.shipped:
        raise FerLabError(f"The run '{run.name}' ships with the project and cannot be {what}.")
    area = settings.runs_dir().resolve()
    if run.path.resolve().parent != area or run.name == store.SHIPPED:
        raise FerLabError(f"{run.path} lies outside the run area {area} and cannot be {what} from here.")
