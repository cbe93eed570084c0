"""How long the rest of a study takes, judged by what its runs took so far."""

import time
from collections.abc import Callable, Sequence

from fer_engine.experiments.spec import CnnSpec, RunSpec
from fer_engine.models.config import stages


def cost(spec: RunSpec) -> float:
    """Multiplications that a run makes for each training face, over all its epochs: a measure of time, in no unit.

    An SVM's fit takes minutes where a network takes hours, and counts for nothing.
    """
    if not isinstance(spec, CnnSpec):
        return 0.0
    per_size = [sum(stage.parameters * stage.side**2 for stage in stages(spec.config, size)) for size in spec.sizes]
    return spec.epochs * sum(per_size) / len(per_size)


class Pace:
    """Time left of several runs, of which one is trained after the other, or several at once elsewhere.

    A run that stopped early counts as whole: the next ones probably stop early, too.
    """

    def __init__(self, costs: Sequence[float], clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.left, self.done, self.seconds = clock, float(sum(costs)), 0.0, 0.0
        self.since, self.first, self.now = clock(), 0.0, 0.0  # of the run that is trained: when it began, its first and last share

    def begins(self, share: float = 0.0) -> None:
        """A run begins to train.

        Args:
            share: How much of it was done before.
        """
        self.since, self.first, self.now = self.clock(), share, share

    def reaches(self, share: float) -> None:
        """So much of the run is done, from 0 to 1."""
        self.now = share

    def ends(self, cost: float) -> None:
        """A run is over."""
        self.seconds += self.clock() - self.since
        self.done += cost * (1 - self.first)
        self.left -= cost
        self.begins()

    def fails(self, cost: float) -> None:
        """A run is given up, or was not trained here: what it took tells nothing of the others."""
        self.left -= cost
        self.begins()

    def seconds_left(self, cost: float = 0.0) -> float | None:
        """About so many seconds to the end; None while there is too little to judge by.

        Args:
            cost: Of the run that is trained.
        """
        seconds = self.seconds + (self.clock() - self.since if cost else 0.0)
        done = self.done + cost * (self.now - self.first)
        if seconds < 1 or done <= 0:
            return None
        return max(0.0, self.left - cost * self.now) * seconds / done
