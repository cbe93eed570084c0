"""What a run's accuracy costs: seconds of training, milliseconds a face; and which runs no other beats on both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_engine.errors import FerLabError
from fer_engine.runs.begun import earlier_runs

if TYPE_CHECKING:
    from fer_engine.runs.store import Run


@dataclass(frozen=True)
class Cost:
    """What a run took.

    Attributes:
        seconds: Of its training, with that of the runs that it starts from.
        own_seconds: Of its own training alone.
        starts_from: Names of the runs that are counted with it, the nearest first.
        unknown: Whether it starts from a run that is not at hand, so that `seconds` is too low.
        milliseconds: A face, one at a time on one thread, test-time augmentation included.
        machine: What it was measured on: processor, device and threads of the training.
    """

    seconds: float
    own_seconds: float
    starts_from: tuple[str, ...]
    unknown: bool
    milliseconds: float
    machine: str

    def told(self, name: str) -> str:
        """What the seconds of the run of that name are made of, as a sentence; empty where they are its own alone."""
        if self.unknown:
            return f"{name} starts from a run that is not at hand, so that its seconds of training leave that run's out."
        if not self.starts_from:
            return ""
        others = " and ".join(self.starts_from)
        return f"The seconds of {name} hold those of {others}, from which it starts; its own are {self.own_seconds:,.0f}."


def cost(run: "Run", known: Sequence["Run"]) -> Cost:
    """What a finished run took.

    Args:
        run: The run.
        known: Finished runs among which those that it starts from may be.

    Raises:
        FerLabError: Where a manifest does not tell the time.
    """
    chain, own = earlier_runs(run, known), _number(run, "seconds")
    seconds = own + sum(_number(item, "seconds") for item in chain)
    names, unknown = tuple(item.name for item in chain), bool((run, *chain)[-1].spec.start)
    return Cost(seconds, own, names, unknown, _number(run, "milliseconds_per_face"), _machine(run))


def _number(run: "Run", field: str) -> float:
    try:
        return float(run.manifest[field])
    except (KeyError, TypeError, ValueError) as error:
        raise FerLabError(f"The manifest of the run '{run.name}' is damaged: it has no sound {field}. Fetch or train it again.") from error


def _machine(run: "Run") -> str:
    told = run.manifest.get("machine", {})
    words = [str(told[key]) for key in ("processor", "device") if told.get(key)]
    threads = told.get("threads")
    return ", ".join([*words, f"{threads} thread{'' if threads == 1 else 's'}"] if threads else words) or "unknown machine"


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> np.ndarray:
    """Which of some points no other beats: none costs as little and gains as much, one of both strictly better; bool (N,).

    Of equal points all stay.
    """
    low, high = np.asarray(costs, float), np.asarray(gains, float)
    no_worse = (low[:, None] <= low) & (high[:, None] >= high)
    better = (low[:, None] < low) | (high[:, None] > high)
    return np.asarray(~(no_worse & better).any(0))
