"""Searches by processes of their own, as runs are trained: they wait for their turn and live on without the browser."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fer_engine.classical.search import Search, SearchProgress
from fer_engine.errors import FerLabError
from fer_engine.runs import queue, workplace
from fer_engine.runs.files import write_json
from fer_engine.runs.processes import this_process
from fer_engine.runs.records import JOB, PROGRESS, absolute_data
from fer_engine.runs.store import Run
from fer_engine.runs.worker import await_turn, termination_interrupts

State = Literal["running", "stopped", "failed", "finished"]


@dataclass(frozen=True)
class SearchJob:
    """A search and what becomes of it.

    Attributes:
        search: Its folder.
        state: 'running' (or waiting for its turn), 'stopped', 'failed' or 'finished'.
        progress: How far it is; None where nothing is known.
        sentence: What there is to say, such as for whom it waits or why it failed; may be empty.
    """

    search: Search
    state: State
    progress: SearchProgress | None = None
    sentence: str = ""


def find_job(search: Search) -> SearchJob:
    """What becomes of a search, as of now."""
    if search.finished:
        return SearchJob(search, "finished")
    note, progress = workplace.read_word(search.path, PROGRESS), None
    with suppress(KeyError, TypeError):
        progress = SearchProgress(**note["progress"])
    if note.get("end"):
        return SearchJob(search, note["end"], progress, note.get("sentence", ""))
    if workplace.works(search.path):
        return SearchJob(search, "running", progress, note.get("sentence", ""))
    return SearchJob(search, "stopped", progress, "No process works on it. Every fold that was done is kept; go on with it at any time.")


def start(search: Search, data: str | None, jobs: int = 0, *, skip_bad: bool = False) -> None:
    """Start a process for a prepared search, or go on with one that was stopped.

    Args:
        search: An own search.
        data: The data set that it was prepared on.
        jobs: Folds at once; 0 for as many as there are cores.
        skip_bad: Whether rows that cannot be read are left out, as they were when it was prepared.

    Raises:
        FerLabError: Where it is finished or at work, or ships with the project.
    """
    _refuse_shipped(search)
    if search.finished:
        raise FerLabError(f"The search '{search.name}' is finished; there is nothing to go on with.")
    refuse_busy(search)
    words = ["svm", "search", "--name", search.name, "--resume", "--data", absolute_data(data), "--jobs", str(jobs)]
    words += ["--skip-bad"] if skip_bad else []
    workplace.launch(search.path, words, data=absolute_data(data), skip_bad="yes" if skip_bad else "")


def data_of(search: Search) -> str:
    """The data set that an unfinished search was launched on, as far as is known; empty for the usual one."""
    return str(workplace.read_word(search.path, JOB).get("data") or ("synthetic" if search.about["data"]["name"] == "synthetic" else ""))


def skips_bad(search: Search) -> bool:
    """Whether an unfinished search was launched on a data set of which rows that cannot be read are left out."""
    return bool(workplace.read_word(search.path, JOB).get("skip_bad"))


def stop(search: Search) -> None:
    """End the process of a search; the folds that are done stay.

    Raises:
        FerLabError: Where the process cannot be ended.
    """
    if workplace.end_worker(search.path):
        with queue.locked() as tickets:
            tickets.remove(Run(search.path))


def delete(search: Search) -> None:
    """Remove an own search; stops it first.

    Raises:
        FerLabError: Where it ships with the project, or something keeps it.
    """
    _refuse_shipped(search)
    stop(search)
    try:
        shutil.rmtree(search.path)
    except OSError as error:
        raise FerLabError(f"The search '{search.name}' could not be removed: {error}.") from error


@contextmanager
def at_work(search: Search, threads: int, *, wait: bool) -> "Iterator[_Report]":
    """Work on a search: wait for the cores first, leave word of how far it is, and of how it ended if it did not finish.

    Args:
        search: An unfinished search.
        threads: Cores that it takes here; 0 where others do the work.
        wait: Whether to wait for runs that train; else it begins beside them.

    Raises:
        FerLabError: Where another process works on it already.
    """
    from fer_engine.training.neighbour import cores

    refuse_busy(search)
    workplace.sign_in(search.path, data=data_of(search), skip_bad="yes" if skips_bad(search) else "")
    report = _Report(search)
    ticket = queue.Ticket(queue.key(Run(search.path)), this_process(), queue.Need(min(threads, cores()), cores()), started=not wait)
    with termination_interrupts():
        try:
            if threads:
                with queue.locked() as tickets:
                    tickets.put(ticket)
                await_turn(Run(search.path), ticket, report.waits)
            yield report
            for name in (JOB, PROGRESS):
                (search.path / name).unlink(missing_ok=True)
        except BaseException as error:
            report.ends(error)
            raise
        finally:
            with suppress(FerLabError), queue.locked() as tickets:
                tickets.remove(Run(search.path))


class _Report:
    """Keeps `progress.json`."""

    def __init__(self, search: Search) -> None:
        self.search, self.note = search, {"progress": asdict(SearchProgress(0, 0)), "end": "", "sentence": ""}

    def tell(self, progress: SearchProgress) -> None:
        """Note how far it is."""
        self._write({"progress": asdict(progress), "sentence": ""})

    def waits(self, sentence: str) -> None:
        """Note for whom it waits."""
        self._write({"sentence": sentence.partition(" --")[0]})

    def ends(self, error: BaseException) -> None:
        """Note how it ended."""
        kept = "Every fold that was done is kept; go on with it at any time."
        stopped = isinstance(error, KeyboardInterrupt)
        reason = (
            "Stopped." if stopped else f"{error}" if isinstance(error, FerLabError) else f"It failed: {type(error).__name__} ({error})."
        )
        self._write({"end": "stopped" if stopped else "failed", "sentence": f"{reason} {kept}"})

    def _write(self, changes: dict[str, Any]) -> None:
        self.note |= changes
        with suppress(FerLabError, OSError):  # a full disk ends the search where something is lost by it
            write_json(self.search.path / PROGRESS, self.note | {"updated": time.time()}, durable=False)


def refuse_busy(search: Search) -> None:
    """Stop where another process works on a search.

    Raises:
        FerLabError: Naming it.
    """
    workplace.refuse_busy(search.path, f"the search '{search.name}'")


def _refuse_shipped(search: Search) -> None:
    if search.shipped:
        raise FerLabError(f"The search '{search.name}' ships with the project and cannot be changed.")
