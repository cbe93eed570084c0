"""The one place where device, precision and threads are chosen."""

import os
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric

from fer_engine.errors import FerLabError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")


@dataclass(frozen=True)
class Hardware:
    """What a run may use.

    Attributes:
        device: 'auto', 'cpu' or 'cuda'.
        precision: 'auto', or lightning-fabric's '32-true', 'bf16-mixed' or '16-mixed'.
        threads: Threads on the CPU; 0 for one per core.
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int = 0


def cpu_gains_from_bf16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; without, autocast is many times slower than float32."""
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def best_precision(device: str) -> str:
    """The fastest precision on 'cpu' or 'cuda' that trains as well as float32 does."""
    if device == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    return "bf16-mixed" if cpu_gains_from_bf16() else "32-true"


def open_fabric(hardware: Hardware) -> Fabric:
    """Set up lightning-fabric on the hardware, and the number of CPU threads.

    Raises:
        FerLabError: Where there is no such device or precision, or the number of threads is negative.
    """
    _refuse_unknown(hardware)
    device = hardware.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(hardware.threads or available_cores())
    precision: Any = best_precision(device) if hardware.precision == "auto" else hardware.precision
    return Fabric(accelerator=device, devices=1, precision=precision)


def _refuse_unknown(hardware: Hardware) -> None:
    if hardware.device not in DEVICES:
        raise FerLabError(f"There is no device '{hardware.device}'; there are {', '.join(DEVICES)}.")
    if hardware.device == "cuda" and not torch.cuda.is_available():
        raise FerLabError("torch finds no CUDA device here. Leave --device out, or say --device cpu.")
    if hardware.precision not in PRECISIONS:
        raise FerLabError(f"There is no precision '{hardware.precision}'; there are {', '.join(PRECISIONS)}.")
    if hardware.threads < 0:
        raise FerLabError(f"threads is {hardware.threads}; it is a number of CPU threads, or 0 for one per core.")


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
