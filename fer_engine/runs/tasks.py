"""Tasks: minutes of work that a page asks for, by processes of their own, which live on without the browser and the server.

A task is a folder of the run area. `task.json` says what is to be done, `job.json` by which process, `progress.json` how far
that is and how it ended, `log.txt` what it said. What comes out lies where the command line keeps it, in the cache or among a
run's evaluations, so that either finds what the other has done. Tasks are small: they take one thread, at a low priority,
and do not wait for trainings.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.runs import workplace
from fer_engine.runs.files import make_folder, read_json, write_json
from fer_engine.runs.processes import gone
from fer_engine.runs.records import PROGRESS

TASK = "task.json"
TASKS = ".tasks"  # the folder of the run area that holds them; no run has this name
POLL = 0.3  # seconds between two notes, at least
State = Literal["idle", "running", "stopped", "failed", "finished"]
Tell = Callable[[float, str], None]  # share done (0 to 1), what is being done
_AGAIN = "Nothing of it is kept; start it again."


@dataclass(frozen=True)
class Task:
    """Something to be done.

    Attributes:
        kind: What, as `fer_engine.cli.working` knows it.
        key: What tells it from others of its kind.
        arguments: What its process needs to know.
    """

    kind: str
    key: str
    arguments: dict[str, str]

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        digest = hashlib.blake2b(self.key.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        return settings.runs_dir() / TASKS / f"{self.kind}-{digest}"


@dataclass(frozen=True)
class TaskJob:
    """What becomes of a task.

    Attributes:
        state: 'idle' (never begun), 'running', 'stopped' (by the user), 'failed' (by an error, or its process vanished),
            or 'finished'.
        share: How much is done, from 0 to 1.
        what: What is being done, or was last.
        seconds_left: About; None where that is not known.
        sentence: What there is to say; may be empty.
        ended: When it ended, in seconds since 1970; 0 where it has not, or nobody was there to tell.
    """

    state: State
    share: float = 0.0
    what: str = ""
    seconds_left: float | None = None
    sentence: str = ""
    ended: float = 0.0


def find_job(task: Task) -> TaskJob:
    """What becomes of a task, as of now."""
    note, process = workplace.read_word(task.folder, PROGRESS), workplace.worker(task.folder)
    share, what, sentence = float(note.get("share", 0.0)), str(note.get("what", "")), str(note.get("sentence", ""))
    if note.get("end"):
        return TaskJob(note["end"], share, what, None, sentence, float(note.get("updated", 0.0)))
    if process is None:
        return TaskJob("idle")
    if workplace.works(task.folder):
        left = note.get("seconds_left")
        since = time.time() - float(note.get("updated", 0.0))
        return TaskJob("running", share, what, None if left is None else max(0.0, left - since))
    told = f" at {100 * share:.0f}%" if share else ""
    sentence = f"Its process vanished{told}: it was killed, ran out of memory, or the machine went down. {_AGAIN}"
    return TaskJob("failed", share, what, None, sentence)


def start(task: Task) -> None:
    """Start a process for a task, anew where it ended before.

    Raises:
        FerLabError: Where a process works on it already, or none can be started.
    """
    process = workplace.worker(task.folder)
    if process and workplace.read_word(task.folder, PROGRESS).get("end"):
        gone(process, workplace.KINDLY)  # it has said its last word
    workplace.refuse_busy(task.folder, "this")
    make_folder(task.folder)
    write_json(task.folder / TASK, {"kind": task.kind, "key": task.key, "arguments": task.arguments})
    workplace.launch(task.folder, ["work", str(task.folder.absolute())])


def stop(task: Task) -> None:
    """End the process of a task; does nothing where there is none.

    Raises:
        FerLabError: Where the process cannot be ended.
    """
    if not workplace.end_worker(task.folder):
        return
    note = workplace.read_word(task.folder, PROGRESS)
    if not note.get("end"):  # it was killed before it could tell
        _write(task.folder, note | {"end": "stopped", "sentence": f"Stopped. {_AGAIN}"})


def read_task(folder: Path) -> Task:
    """The task of a folder.

    Raises:
        FerLabError: Where there is none.
    """
    try:
        return Task(**read_json(folder / TASK))
    except (TypeError, json.JSONDecodeError) as error:
        raise FerLabError(f"{folder / TASK} is damaged: {error}.") from error


@contextmanager
def at_work(task: Task) -> Iterator[Tell]:
    """Work on a task: gives what is told how far it is, and leaves word of how it ended.

    A request to terminate arrives in the block as KeyboardInterrupt.

    Raises:
        FerLabError: Where another process works on it.
    """
    from fer_engine.runs.worker import termination_interrupts

    workplace.refuse_busy(task.folder, "this")
    workplace.sign_in(task.folder)
    report = _Report(task.folder)
    with termination_interrupts():
        try:
            yield report.tell
            report.ends("finished", "")
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            failed = str(error) if isinstance(error, FerLabError) else f"It failed with {type(error).__name__} ({error}). {_AGAIN}"
            report.ends("stopped" if stopped else "failed", f"Stopped. {_AGAIN}" if stopped else failed)
            raise


class _Report:
    """Keeps `progress.json`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.note = folder, {"share": 0.0, "what": "", "seconds_left": None, "end": "", "sentence": ""}
        self.written, self.mark = 0.0, (0.0, time.monotonic())  # where what is being done began: share and time
        _write(folder, self.note)

    def tell(self, share: float, what: str) -> None:
        """Note how far it is, a few times a second at most."""
        now = time.monotonic()
        if what != self.note["what"]:
            self.mark = (share, now)
        elif now - self.written < POLL:
            return
        self.note |= {"share": share, "what": what, "seconds_left": seconds_left(share, self.mark[0], now - self.mark[1])}
        self.written = now
        if not self.folder.is_dir():
            raise FerLabError(f"{self.folder} is gone.")
        _write(self.folder, self.note)

    def ends(self, end: str, sentence: str) -> None:
        """Note how it ended."""
        done = {"share": 1.0} if end == "finished" else {}
        _write(self.folder, self.note | done | {"seconds_left": None, "end": end, "sentence": sentence})


def seconds_left(share: float, before: float, seconds: float) -> float | None:
    """Seconds to the end at the pace of what is being done; None while there is too little to judge by.

    Args:
        share: How much is done, from 0 to 1.
        before: How much was when this began.
        seconds: How long that is ago.
    """
    if seconds < 1 or share - before < 0.01:
        return None
    return (1 - share) * seconds / (share - before)


def _write(folder: Path, note: dict[str, Any]) -> None:
    with suppress(FerLabError):  # a full disk ends it where something is lost by it
        write_json(folder / PROGRESS, note | {"updated": time.time()}, durable=False)
