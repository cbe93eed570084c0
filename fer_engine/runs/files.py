"""Writing files so that a crash, of the machine too, leaves the old one or the new one, never half of either."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fer_engine.errors import FerLabError

_READ_IN = 2.0  # seconds in which another process has read a file
_REMEDY = "Free some space or name another folder in FER_LAB_RUNS; what was saved before is kept."


@contextmanager
def replacing(path: Path, remedy: str = _REMEDY, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it there when the block ends well.

    Args:
        path: What is to be written.
        remedy: What the user can do where that fails, a sentence.
        durable: Whether it is on the disk before it takes its place, so that a power cut leaves no file of zeros. It
            takes some milliseconds; not for what is written twice a second and soon out of date.

    Raises:
        FerLabError: Where the disk is full or the folder is gone or closed to us; what was there before stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        if durable:
            _flush(temporary)
        _put_in_place(temporary, path)
    except OSError as error:
        raise FerLabError(f"{path} could not be written: {_reason(error)}. {remedy}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _put_in_place(temporary: Path, path: Path) -> None:
    """Windows refuses it while another process reads the old file, which takes a moment."""
    deadline = time.monotonic() + _READ_IN
    while True:
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        FerLabError: Where that cannot be.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FerLabError(f"The folder {path} cannot be made: {_reason(error)}. Name another run area in FER_LAB_RUNS.") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write text in one step; `durable` as `replacing` has it."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, tree: Any, *, durable: bool = True) -> None:
    """Write data as JSON in one step; `durable` as `replacing` has it."""
    write_text(path, json.dumps(tree, indent=2) + "\n", durable=durable)


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        FerLabError: Where the file is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FerLabError(f"{path} cannot be read: {error}.") from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
