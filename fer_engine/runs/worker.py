"""The training process's own side of a job: it signs in, waits for its turn, tells how far it is and how it ended."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec, RunSpec
from fer_engine.runs import queue, store
from fer_engine.runs.processes import this_process
from fer_engine.runs.records import (
    JOB,
    PROGRESS,
    End,
    Launch,
    LiveProgress,
    Note,
    Phase,
    Record,
    how_it_goes_on,
    read_record,
    refuse_busy,
    write_note,
    write_record,
)

if TYPE_CHECKING:
    from fer_engine.training.fit import EpochRow

POLL = 0.5  # seconds between two looks at the queue, and at least between two notes of the progress


class Pace:
    """How long the rest of a run takes, judged by this epoch and the one before.

    An epoch of faces of s pixels is taken to cost (s / 48)^2 of one at full size.
    """

    def __init__(self, spec: RunSpec) -> None:
        self.costs = [(size / 48) ** 2 for size in spec.sizes_by_epoch] if isinstance(spec, CnnSpec) else []
        self.marks: list[tuple[int, float, float]] = []  # epoch, time, cost done: where this epoch and the one before began

    def seconds_left(self, epoch: int, share: float, now: float) -> float | None:
        """Seconds to the end, about; None while there is too little to judge by.

        Args:
            epoch: The epoch that is trained, from 1.
            share: How much of it is done.
            now: A clock's time, in seconds.
        """
        done = sum(self.costs[: epoch - 1]) + share * self.costs[epoch - 1]
        if not self.marks or self.marks[-1][0] != epoch:
            self.marks = [*self.marks[-1:], (epoch, now, done)]
        _, since, before = self.marks[0]
        if now - since < 1 or done <= before:
            return None
        return (sum(self.costs) - done) * (now - since) / (done - before)


class Report:
    """Keeps `progress.json`; is told of steps and epochs as `fer_engine.training.fit.Listener` says."""

    def __init__(self, run: store.Run) -> None:
        self.run = run
        self.pace = Pace(run.spec)
        self.progress = LiveProgress("loading", epochs=run.spec.epochs)
        self.written = 0.0

    def phase(self, phase: Phase) -> None:
        """Note what the process is at."""
        self._note(replace(self.progress, phase=phase, images_per_second=0.0, seconds_left=None, updated=time.time()))

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Note a step, at most twice a second."""
        now = time.monotonic()
        if now - self.written < POLL:
            return
        left = self.pace.seconds_left(epoch, step / steps, now)
        progress = LiveProgress("training", epoch, self.run.spec.epochs, step, steps, images_per_second, left, time.time())
        self._note(progress)

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        """The steps have told it already."""

    def measuring(self) -> None:
        """Note that the training is over."""
        self.phase("measuring")

    def end(self, end: End, sentence: str) -> None:
        """Note how the process ends."""
        with suppress(FerLabError):  # the folder may be gone, and the sentence is said all the same
            write_note(self.run, Note(self.progress, end, sentence))

    def _note(self, progress: LiveProgress) -> None:
        self.progress, self.written = progress, time.monotonic()
        if not self.run.path.is_dir():
            raise FerLabError(f"{self.run.path} is gone.")
        with suppress(FerLabError):  # a full disk ends the run where something is lost by it
            write_note(self.run, Note(progress))


@contextmanager
def at_work(
    run: store.Run, launch: Launch, need: queue.Need, *, wait: bool = True, on_wait: Callable[[str], None] = lambda _: None
) -> Iterator[Report]:
    """Work on a run: wait for the device first, leave word of how far it is, and of how it ended if it did not finish.

    A request to terminate arrives in the block as KeyboardInterrupt, as Ctrl-C does.

    Args:
        run: An unfinished run.
        launch: How it is trained.
        need: What it asks of the machine.
        wait: Whether to wait for others that train; else it begins beside them.
        on_wait: Told once, in a sentence, for whom it waits.

    Raises:
        FerLabError: Where another process works on the run already, or its folder is gone.
    """
    ticket = _sign_in(run, launch, need, wait)
    report = Report(run)
    with termination_interrupts():
        try:
            await_turn(run, ticket, on_wait)
            report.phase("loading")
            yield report
            _sign_off(run)
        except BaseException as error:
            report.end(*_last_words(run, error))
            if isinstance(error, Exception) and not run.path.is_dir():  # whatever it was, it came of that
                raise FerLabError(f"The run folder {run.path} is gone, and the training with it. Begin the run anew.") from error
            raise
        finally:
            with suppress(FerLabError), queue.locked() as tickets:  # a ticket without a process counts for nothing
                tickets.remove(run)


def _sign_in(run: store.Run, launch: Launch, need: queue.Need, wait: bool) -> queue.Ticket:
    """Say who works on the run, and take a place in the queue, or the one that was kept."""
    me = this_process()
    with queue.locked() as tickets:
        record = read_record(run)
        if record is None or record.process != me:
            refuse_busy(run)
            write_record(run, Record(launch, me, detached=False, faces=record.faces if record else 0))
            write_note(run, Note(LiveProgress("loading", epochs=run.spec.epochs, updated=time.time())))
        return tickets.put(queue.Ticket(queue.key(run), me, need, started=not wait))


def await_turn(run: store.Run, ticket: queue.Ticket, on_wait: Callable[[str], None]) -> None:
    """Sleep until the queue lets the run start.

    Args:
        run: The run, or whatever else has a folder.
        ticket: Its place in the queue.
        on_wait: Told once, in a sentence, for whom it waits.

    Raises:
        FerLabError: Where its folder is gone.
    """
    told = False
    while True:
        with queue.locked() as tickets:
            mine = tickets.of(run) or tickets.put(ticket)  # someone may have emptied the cache, and the queue with it
            others = queue.waits_for(mine, tickets.all)
        if mine.started:
            return
        if others and not told:
            on_wait(f"{run.name} waits for {queue.names(others)}, and starts by itself. --no-wait trains at once, beside others.")
            told = True
        time.sleep(POLL)
        if not run.path.is_dir():
            raise FerLabError(f"{run.path} is gone.")


def _sign_off(run: store.Run) -> None:
    """Remove what is of no use any more; a detached job is still known as one."""
    record = read_record(run)
    for name in (PROGRESS,) if record and record.detached else (PROGRESS, JOB):
        (run.path / name).unlink(missing_ok=True)


def _last_words(run: store.Run, error: BaseException) -> tuple[End, str]:
    if isinstance(error, FerLabError):
        return "failed", str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped", f"Stopped. {how_it_goes_on(run)}"
    return "failed", f"The program failed with {type(error).__name__} ({error}); the log says where. {how_it_goes_on(run)}"


@contextmanager
def termination_interrupts() -> Iterator[None]:
    """Let the first SIGTERM raise KeyboardInterrupt, and those after it do nothing."""
    if threading.current_thread() is not threading.main_thread():  # which alone may set handlers
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
