"""The queue for this machine's cores and GPUs: who trains, who waits, and who is next.

Every run that trains or waits to has a ticket in one small file. Whoever holds its lock drops the tickets of processes
that are gone and lets those start that may; there is no process that keeps the queue, so none can be missing.
"""

import getpass
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.runs.files import read_json, write_json
from fer_engine.runs.processes import ProcessId, alive
from fer_engine.runs.store import Run

_LOCK_SECONDS = 30


@dataclass(frozen=True)
class Need:
    """What a run asks of the machine.

    Attributes:
        threads: Threads on the CPU; 0 for a run on a GPU, whose few are not counted.
        cores: Cores there are: the threads of all that train stay within them.
        gpus: The GPUs it takes, each for itself alone.
    """

    threads: int
    cores: int
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ticket:
    """A place in the queue.

    Attributes:
        run: The run, as `key` has it.
        process: The process that trains it, or will.
        need: What it asks for; None until the process has looked.
        started: Whether it may train.
    """

    run: str
    process: ProcessId
    need: Need | None = None
    started: bool = False


class Tickets:
    """The tickets, in order, while the queue is locked; what is changed is written when the lock is given back."""

    def __init__(self, tickets: Sequence[Ticket]) -> None:
        self.all = tuple(tickets)

    def of(self, run: Run) -> Ticket | None:
        """The ticket of a run."""
        return next((ticket for ticket in self.all if ticket.run == key(run)), None)

    def put(self, ticket: Ticket) -> Ticket:
        """Let a ticket take the place of its run's old one, or the last place; returns it."""
        if any(other.run == ticket.run for other in self.all):
            self.all = tuple(ticket if other.run == ticket.run else other for other in self.all)
        else:
            self.all = (*self.all, ticket)
        return ticket

    def remove(self, run: Run) -> None:
        """Take a run out."""
        self.all = tuple(ticket for ticket in self.all if ticket.run != key(run))

    def to_front(self, run: Run) -> None:
        """Put a run before all others."""
        ticket = self.of(run)
        if ticket:
            self.remove(run)
            self.all = (ticket, *self.all)


def key(run: Run) -> str:
    """What a run is known by here: its folder's absolute path."""
    return str(run.path.resolve())


def names(tickets: Sequence[Ticket]) -> str:
    """The runs' names, as a sentence has them."""
    return ", ".join(f"'{Path(ticket.run).name}'" for ticket in tickets)


@contextmanager
def locked() -> Iterator[Tickets]:
    """The queue, for one process at a time.

    Raises:
        FerLabError: Where the queue cannot be locked or written.
    """
    path = _path()
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except (Timeout, OSError) as error:
        raise FerLabError(f"The queue {path} could not be locked: {error}. Look which process holds it.") from error
    try:
        before = _read(path)
        tickets = Tickets(decide([ticket for ticket in before if alive(ticket.process)]))
        yield tickets
        tickets.all = decide(tickets.all)
        if tickets.all != before:
            write_json(path, [asdict(ticket) for ticket in tickets.all])
    finally:
        lock.release()


def look() -> tuple[Ticket, ...]:
    """The tickets in order, as the next to lock the queue will leave them."""
    return decide([ticket for ticket in _read(_path()) if alive(ticket.process)])


def decide(tickets: Sequence[Ticket]) -> tuple[Ticket, ...]:
    """Start every ticket that fits beside those that train, in order: none passes another that wants the same.

    So a run on the GPU need not wait behind runs that wait for the cores, and a small run does not keep a large one
    waiting for ever.
    """
    training = [ticket for ticket in tickets if ticket.started]
    waiting: list[Ticket] = []
    decided = []
    for ticket in tickets:
        if not ticket.started and not any(compete(ticket, other) for other in waiting) and _fits(ticket, training):
            ticket = replace(ticket, started=True)  # noqa: PLW2901
            training.append(ticket)
        if not ticket.started:
            waiting.append(ticket)
        decided.append(ticket)
    return tuple(decided)


def compete(one: Ticket, other: Ticket) -> bool:
    """Whether two tickets want the same: cores, or a GPU. One that has not said yet may want anything."""
    if one.need is None or other.need is None:
        return True
    return bool(one.need.threads and other.need.threads) or bool(set(one.need.gpus) & set(other.need.gpus))


def _fits(ticket: Ticket, training: Sequence[Ticket]) -> bool:
    need = ticket.need
    if need is None:
        return False
    others = [other.need for other in training if other.need and compete(ticket, other)]
    return not others or (need.threads > 0 and sum(other.threads for other in others) + need.threads <= need.cores)


def waits_for(ticket: Ticket, tickets: Sequence[Ticket]) -> tuple[Ticket, ...]:
    """Those that a waiting ticket waits for: the ones that train and those before it, where they want the same."""
    before = tickets[: [other.run for other in tickets].index(ticket.run)]
    return tuple(other for other in tickets if other.run != ticket.run and (other.started or other in before) and compete(ticket, other))


def _path() -> Path:
    """The queue's file: of this machine alone, where the cache is shared by several."""
    folder = settings.cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:  # it costs nothing to keep the queue elsewhere, and much to have none
        folder = Path(tempfile.gettempdir()) / f"fer-lab-{os.getuid() if hasattr(os, 'getuid') else getpass.getuser()}"
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"queue-{platform.node() or 'here'}.json"


def _read(path: Path) -> tuple[Ticket, ...]:
    """The tickets as kept; a queue that cannot be read is an empty one."""
    try:
        return tuple(_ticket(tree) for tree in read_json(path)) if path.exists() else ()
    except (FerLabError, TypeError, KeyError):
        return ()


def _ticket(tree: dict[str, Any]) -> Ticket:
    need = tree["need"] and Need(**tree["need"] | {"gpus": tuple(tree["need"]["gpus"])})
    return Ticket(tree["run"], ProcessId(**tree["process"]), need, bool(tree["started"]))
