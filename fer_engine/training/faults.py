"""What can go wrong in a training, as sentences."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec


@contextmanager
def explained(spec: CnnSpec) -> Iterator[None]:
    """Turn what torch raises where memory ends into a sentence.

    Raises:
        FerLabError: With the fields of the spec to change.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        size = max(spec.sizes)
        raise FerLabError(
            f"The memory is not enough for batches of {spec.batch_size} faces of {size} pixels. Lower batch_size "
            "(and optimizer.lr with it), or train on another --device; what was saved before is kept."
        ) from error


@contextmanager
def damage_explained(state: Path) -> Iterator[None]:
    """Turn what reading a damaged state of an unfinished run raises into a sentence.

    Raises:
        FerLabError: With the way out.
    """
    try:
        yield
    except (SafetensorError, OSError, LookupError, ValueError, TypeError, RuntimeError) as error:
        if _is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:300]
        raise FerLabError(f"The run cannot go on from {state}: {reason}. Remove {state.parent}, and begin it anew.") from error


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = str(error)
    return "can't allocate memory" in words or "not enough memory" in words


def refuse_divergence(loss: float, epoch: int, step: int, name: str = "loss") -> None:
    """Stop where the loss is no number any more.

    Args:
        loss: The sum of the epoch's losses so far, or the mean of the validation faces.
        epoch: From 1.
        step: From 1; the last one that was made.
        name: Which loss it is.

    Raises:
        FerLabError: With the field of the spec to change.
    """
    if not math.isfinite(loss):
        raise FerLabError(f"The {name} became {loss} in epoch {epoch}, step {step}: the training diverged. Lower optimizer.lr.")
