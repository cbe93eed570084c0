"""The one place where device, precision and threads are chosen."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from lightning_fabric import Fabric

from fer_engine.errors import FerLabError
from fer_engine.training.hardware import Hardware
from fer_engine.training.memory import keep_freed_memory
from fer_engine.training.neighbour import cores, threads_for


def cpu_gains_from_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself: in tiles (AMX), or in AVX-512's vectors (AVX512_BF16).

    On an AMD EPYC with the latter (family 25, model 17; two threads) bfloat16 autocast trains net2, net5, net12 and res8
    1.7 to 1.8 times as fast as float32. Without either it is many times slower.
    """
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def best_precision(device: str) -> str:
    """The fastest precision on 'cpu' or 'cuda' that trains as well as float32 does."""
    if device == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    return "bf16-mixed" if cpu_gains_from_bf16() else "32-true"


def settle(hardware: Hardware) -> Hardware:
    """Hardware with what 'auto' and a thread number of 0 stand for on this machine.

    Raises:
        FerLabError: Where this machine has no such device, or not so many.
    """
    if hardware.device == "auto":
        hardware = replace(hardware, device="cuda" if torch.cuda.is_available() else "cpu")
    _refuse_missing(hardware)
    precision = best_precision(hardware.device) if hardware.precision == "auto" else hardware.precision
    return replace(hardware, precision=precision, threads=threads_for(hardware.threads, hardware.devices))


def open_fabric(hardware: Hardware) -> Fabric:
    """Set up lightning-fabric on the hardware, and the number of CPU threads.

    With more than one device, each has a process: lightning-fabric starts those of this machine by repeating the
    command line, unless `torchrun` has started them. They average their gradients (DDP).

    Raises:
        FerLabError: As `settle`.
    """
    hardware = settle(hardware)
    device, precision = hardware.device, cast(Any, hardware.precision)
    torch.set_num_threads(hardware.threads)
    if device == "cpu":
        keep_freed_memory()
    strategy = "ddp" if hardware.devices * hardware.nodes > 1 else "auto"
    fabric = Fabric(accelerator=device, devices=hardware.devices, num_nodes=hardware.nodes, strategy=strategy, precision=precision)
    fabric.launch()
    torch.set_num_threads(hardware.threads)  # which the launch of several processes shares out by itself
    if strategy == "ddp":
        atexit.register(_leave)
    return fabric


@contextmanager
def by_the_first(fabric: Fabric) -> Iterator[bool]:
    """For what one of several processes does alone: gives whether this is the one, and fails in all of them where it fails.

    Without that the others would wait for one that is gone, and hold their devices.

    Raises:
        FerLabError: In the others, where the first failed.
    """
    error: Exception | None = None
    try:
        yield fabric.is_global_zero
    except Exception as caught:
        error = caught
    if fabric.world_size > 1:
        failed = torch.tensor(float(error is not None), device=fabric.device)
        if float(cast(torch.Tensor, fabric.all_reduce(failed, reduce_op="sum"))) and error is None:
            error = FerLabError("Another process of this training failed; what that one says tells why.")
    if error is not None:
        raise error


def _leave() -> None:
    """Close the connections to the other processes: their threads abort an interpreter that ends before them."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _refuse_missing(hardware: Hardware) -> None:
    if hardware.device == "cuda" and not torch.cuda.is_available():
        raise FerLabError("torch finds no CUDA device here. Say --device cpu.")
    if hardware.device == "cuda" and hardware.devices > torch.cuda.device_count():
        raise FerLabError(f"devices is {hardware.devices}, but torch finds {torch.cuda.device_count()} CUDA devices here.")


@dataclass(frozen=True)
class Device:
    """A device that this machine has.

    Attributes:
        name: 'cuda' or 'cpu', as `Hardware` takes it.
        title: What people call it.
        precisions: What it trains in, best first.
        count: How many of it there are.
    """

    name: str
    title: str
    precisions: tuple[str, ...]
    count: int = 1


def devices_here() -> tuple[Device, ...]:
    """What this machine has to train on, best first."""
    number = cores()
    found = [Device("cpu", f"processor, {number} core{'s' if number > 1 else ''}", _best_first("cpu", "32-true", "bf16-mixed"))]
    if torch.cuda.is_available():
        precisions = _best_first("cuda", "bf16-mixed", "16-mixed", "32-true")
        found.insert(0, Device("cuda", torch.cuda.get_device_name(), precisions, torch.cuda.device_count()))
    return tuple(found)


def _best_first(device: str, *precisions: str) -> tuple[str, ...]:
    return tuple(sorted(precisions, key=lambda precision: precision != best_precision(device)))
