"""How a training shares the machine: cores, priority and waiting, chosen here and nowhere else.

- **Cores**: on up to four all of them; above that one is left free, for the dashboard and whatever else goes on.
- **Priority**: niceness 10, or what `FER_LAB_NICENESS` says (0 to 19), unless the command was given with one below 0.
  What is at the usual priority, such as the dashboard, goes first, and a training alone on the machine loses nothing.
  A detached run has a session of its own, and Linux by default weighs whole sessions against each other, so the session
  gets the same niceness: of a core shared with a busy process of another session, one with niceness 10 alone took half
  (0.68 of 1.38 s), with its session's a seventh.
- **Waiting**: OpenMP's threads sleep while they wait for one another. By default they spin: two trainings on the same
  cores, or one beside another busy process, were measured up to twenty times slower so.

Nothing here imports torch, so that a run that waits for its turn stays small.
"""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

from fer_engine.errors import FerLabError
from fer_engine.runs.queue import Need

NICENESS = 10
FEW_CORES = 4  # with so many or fewer, one core is too much to leave idle


def wait_asleep() -> None:
    """Have OpenMP's threads sleep while they wait, unless the user says otherwise. It must stand before torch comes in."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def cores() -> int:
    """Processor cores that this process may use, by its affinity and by its container's quota."""
    import joblib

    return int(joblib.cpu_count())


def threads_for(asked: int, processes: int = 1) -> int:
    """CPU threads of each process of a run.

    Args:
        asked: What the user asks for; 0 for what suits this machine.
        processes: How many processes share the machine's cores.
    """
    if asked:
        return asked
    there = cores()
    return max(1, (there if there <= FEW_CORES else there - 1) // processes)


def need(device: str, threads: int, devices: int = 1) -> Need:
    """What a run asks of the queue.

    Args:
        device: 'auto', 'cpu' or 'cuda'.
        threads: CPU threads of each process; 0 for what suits this machine.
        devices: GPUs, or processes on the CPU.
    """
    if device == "cuda" or (device == "auto" and has_cuda()):
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        gpus = visible.split(",") if visible else [str(index) for index in range(devices)]
        return Need(threads=0, cores=cores(), gpus=tuple(gpus[:devices]))
    return Need(threads=devices * threads_for(threads, devices), cores=cores())


def has_cuda() -> bool:
    """Whether torch finds a CUDA device; where there is no driver, torch is not asked."""
    try:
        ctypes.CDLL("libcuda.so.1" if os.name == "posix" else "nvcuda.dll")
    except OSError:
        return False
    import torch

    return torch.cuda.is_available()


def niceness() -> int:
    """The niceness that a training takes: `FER_LAB_NICENESS`, by default 10.

    Raises:
        FerLabError: Where that is no niceness.
    """
    value = os.environ.get("FER_LAB_NICENESS", "").strip() or str(NICENESS)
    if not (value.isascii() and value.isdigit() and int(value) <= 19):
        raise FerLabError(f"FER_LAB_NICENESS is '{value}'; it goes from 0 (as everything else) to 19 (after everything else).")
    return int(value)


def be_kind() -> None:
    """Let everything else on the machine go first.

    Raises:
        FerLabError: As `niceness`.
    """
    wanted = niceness()
    if not hasattr(os, "nice") or os.nice(0) < 0:
        return
    os.nice(max(0, wanted - os.nice(0)))
    if os.getsid(0) == os.getpid():  # or it would be the whole terminal; see sched(7) on autogroups
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(wanted), encoding="ascii")
