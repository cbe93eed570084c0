"""A folder that a process works on: who that is, how it is launched and ended, and what it left word of.

Searches, studies and tasks are such folders. Runs are, too, and keep more there: `fer_engine.runs.records`.
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.runs.files import read_json, write_json
from fer_engine.runs.processes import ProcessId, alive, end, spawn, this_process
from fer_engine.runs.records import HEARD_OF, JOB, LOG, PROGRESS

_LOG_BYTES = 65_536  # of the end of a log, at most
KINDLY = 8.0  # seconds that a process has to end by itself


def read_word(folder: Path, name: str) -> dict[str, Any]:
    """What a file of the folder says; nothing where it is missing, damaged or no table."""
    try:
        tree = read_json(folder / name)
    except FerLabError:
        return {}
    return tree if isinstance(tree, dict) else {}


def log_tail(folder: Path, lines: int) -> str:
    """The last lines of what a process on the folder said; empty where it said nothing, or to a terminal."""
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def worker(folder: Path) -> ProcessId | None:
    """The process that works on the folder, or did; None where nothing is known of one."""
    try:
        return ProcessId(**read_word(folder, JOB)["process"])
    except (KeyError, TypeError):
        return None


def works(folder: Path) -> bool:
    """Whether a process works on the folder: one of this machine, or of another that has lately left word of it."""
    process = worker(folder)
    return process is not None and (alive(process) or _elsewhere(folder, process))


def _elsewhere(folder: Path, process: ProcessId) -> bool:
    """Whether a process of another machine, with which the folder is shared, has lately said that it works on it."""
    if not process.elsewhere or read_word(folder, PROGRESS).get("end"):
        return False
    written = [(folder / name).stat().st_mtime for name in (PROGRESS, JOB) if (folder / name).exists()]
    return time.time() - max(written, default=0.0) < HEARD_OF


def launch(folder: Path, words: list[str], **about: str) -> None:
    """Start `python -m fer_engine` with these words to work on the folder, detached; what the last process left word of goes.

    Args:
        folder: It is there already.
        words: The command and its options.
        about: What `job.json` says beside the process.

    Raises:
        FerLabError: Where no process can be started.
    """
    for name in (PROGRESS, LOG):
        (folder / name).unlink(missing_ok=True)
    write_json(folder / JOB, {"process": asdict(spawn(words, settings.for_processes(), folder / LOG))} | about)


def sign_in(folder: Path, **about: str) -> None:
    """Say that this process works on the folder."""
    write_json(folder / JOB, {"process": asdict(this_process())} | about)


def refuse_busy(folder: Path, what: str) -> None:
    """Stop where another process works on a folder.

    Args:
        folder: The folder.
        what: What the sentence calls it.

    Raises:
        FerLabError: Naming the process.
    """
    process = worker(folder)
    if process is None or process == this_process():
        return
    if alive(process):
        raise FerLabError(f"Process {process.pid} works on {what} already. Wait for it, or stop it first.")
    if _elsewhere(folder, process):
        raise FerLabError(f"The machine {process.host} works on {what} already. Wait for it, or stop it there first.")


def end_worker(folder: Path) -> bool:
    """End the process that works on the folder, other than this one; whether there was one.

    Raises:
        FerLabError: Where it cannot be ended, or is another machine's.
    """
    process = worker(folder)
    if process and _elsewhere(folder, process):
        raise FerLabError(f"The machine {process.host} works on it. Stop it there.")
    if process is None or process == this_process() or not alive(process):
        return False
    end(process, KINDLY)
    return True
