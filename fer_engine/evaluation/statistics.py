"""How sure a figure is."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A confidence interval, shares from 0 to 1."""

    low: float
    high: float


def wilson_interval(correct: int, n: int) -> Interval:
    """The 95% interval of a share after Wilson (1927): of accuracy, from `correct` answers out of `n`."""
    if n == 0:
        return Interval(0.0, 1.0)
    z = 1.959963984540054  # the normal distribution's 97.5% point
    share, spread = correct / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
