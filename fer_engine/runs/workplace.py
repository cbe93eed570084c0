"""A folder that a process works on: who that is, how it is launched and ended, and what it left word of.

Searches, studies and tasks are such folders. Runs are, too, and keep more there: `fer_engine.runs.records`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.runs.files import read_json, write_json
from fer_engine.runs.processes import ProcessId, alive, end, spawn, this_process
from fer_engine.runs.records import JOB, LOG, PROGRESS

KINDLY = 8.0  # seconds that a process has to end by itself


def read_word(folder: Path, name: str) -> dict[str, Any]:
    """What a file of the folder says; nothing where it is missing, damaged or no table."""
    try:
        tree = read_json(folder / name)
    except FerLabError:
        return {}
    return tree if isinstance(tree, dict) else {}


def worker(folder: Path) -> ProcessId | None:
    """The process that works on the folder, or did; None where nothing is known of one."""
    try:
        return ProcessId(**read_word(folder, JOB)["process"])
    except (KeyError, TypeError):
        return None


def launch(folder: Path, words: list[str], **about: str) -> None:
    """Start `python -m fer_engine` with these words to work on the folder, detached; what the last process left word of goes.

    Args:
        folder: It is there already.
        words: The command and its options.
        about: What `job.json` says beside the process.

    Raises:
        FerLabError: Where no process can be started.
    """
    (folder / PROGRESS).unlink(missing_ok=True)
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
    if process and process != this_process() and alive(process):
        raise FerLabError(f"Process {process.pid} works on {what} already. Wait for it, or stop it first.")


def end_worker(folder: Path) -> bool:
    """End the process that works on the folder, other than this one; whether there was one.

    Raises:
        FerLabError: Where it cannot be ended.
    """
    process = worker(folder)
    if process is None or process == this_process() or not alive(process):
        return False
    end(process, KINDLY)
    return True
