"""Processes that outlive the one that starts them: who they are, whether they live, and how they end."""

import os
import platform
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from fer_engine import settings
from fer_engine.errors import FerLabError

_POLL = 0.05  # seconds
_KILLED = 60.0  # seconds within which a killed process is gone, at a low priority on a busy machine too
_children: dict[int, subprocess.Popen] = {}  # ours to reap: an ended child stays a zombie until its parent looks


@dataclass(frozen=True)
class ProcessId:
    """A process and no other: numbers are given again, a number with its start time is not.

    Attributes:
        pid: Its number.
        started: When it started, in words that are the same for everyone who asks.
        host: The machine's name; a run area may be shared by several.
    """

    pid: int
    started: str
    host: str = field(default_factory=platform.node)

    @property
    def elsewhere(self) -> bool:
        """Whether it is another machine's, about which this one knows nothing."""
        return self.host != platform.node()


def this_process() -> ProcessId:
    """The process that asks."""
    return ProcessId(os.getpid(), _start_time(psutil.Process()))


def _start_time(process: psutil.Process) -> str:
    """The boot and the ticks since then; on systems without /proc the time of day.

    psutil's time of day moves on Linux when the clock is set, as it is after a virtual machine was paused.
    """
    if sys.platform.startswith("linux"):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        ticks = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        return f"{boot}:{ticks}"
    return f"{process.create_time():.2f}"


# Windows knows no sessions: there a process is kept from its console's Ctrl-C and end by these.
_DETACHED = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "DETACHED_PROCESS", 0)


def alive(process: ProcessId) -> bool:
    """Whether this very process is there and has not ended.

    Of another machine's processes nothing is known here; they count as ended.

    One that was killed is alive until the last of its threads is gone: until then they hold its locks.
    """
    if process.elsewhere:
        return False
    child = _children.get(process.pid)
    if child and child.poll() is not None:
        _children.pop(process.pid, None)
    try:
        found = psutil.Process(process.pid)
        ended = found.status() == psutil.STATUS_ZOMBIE and found.num_threads() <= 1
        return not ended and _start_time(found) == process.started
    except (psutil.Error, OSError):
        return False


def spawn(words: list[str], environment: dict[str, str], log: Path) -> ProcessId:
    """Start `python -m fer_engine` with these words, detached: it lives on when this process and its terminal end.

    Args:
        words: The command and its options.
        environment: What is set besides this process's own environment.
        log: Where its output is appended.

    Raises:
        FerLabError: Where the log cannot be written or the system starts no process.
    """
    try:
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-u", "-m", "fer_engine", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=settings.PROJECT_ROOT,
                env=os.environ | environment,
                start_new_session=True,
                creationflags=_DETACHED,
            )
    except OSError as error:
        raise FerLabError(f"No process could be started for {log.parent}: {error}.") from error
    _children[child.pid] = child
    return ProcessId(child.pid, _start_time(psutil.Process(child.pid)))


def end(process: ProcessId, patience: float) -> None:
    """End a process: ask it, wait for `patience` seconds, then kill it, and its group where it leads a session.

    Raises:
        FerLabError: Where the process belongs to someone else, or cannot be killed.
    """
    if not alive(process):
        return
    if not hasattr(os, "getsid"):  # Windows knows no sessions, and no asking
        with suppress(psutil.Error):
            psutil.Process(process.pid).terminate()
        gone(process, patience)
        return
    try:
        leads = os.getsid(process.pid) == process.pid
        os.kill(process.pid, signal.SIGTERM)
        if not gone(process, patience):
            os.kill(process.pid, signal.SIGKILL)
        if leads:  # what it started itself and left behind
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:
        raise FerLabError(f"Process {process.pid} belongs to another user, who alone can stop it.") from None
    if not gone(process, _KILLED):
        raise FerLabError(f"Process {process.pid} does not end, though it was killed. Look what holds it, or restart the machine.")


def gone(process: ProcessId, seconds: float) -> bool:
    """Wait for a process to end, so long at most; returns whether it has."""
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
