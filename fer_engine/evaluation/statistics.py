"""How sure a figure is, and how sure a difference between two."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 10_000  # resamples of a bootstrap
LEVEL = 0.05  # what p must be below for a difference to count
NORMAL_95 = 1.959963984540054  # the normal distribution's 97.5% point
_CELLS = 2_000_000  # numbers that a bootstrap holds at once


@dataclass(frozen=True)
class Interval:
    """A confidence interval, shares from 0 to 1; of a difference from -1 to 1."""

    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """Whether no difference lies within."""
        return self.low <= 0 <= self.high


def beyond_chance(p: float, interval: Interval) -> bool:
    """Whether a difference is more than chance: p is below 0.05, and its interval leaves out 0."""
    return p < LEVEL and not interval.holds_zero


def wilson_interval(correct: float, n: int) -> Interval:
    """The 95% interval of a share after Wilson (1927): of accuracy, from `correct` answers out of `n`, or the mean of several runs."""
    if n == 0:
        return Interval(0.0, 1.0)
    z = NORMAL_95
    share, spread = correct / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def mcnemar(only_a: int, only_b: int) -> float:
    """McNemar's exact two-sided p that two models are equally often right (McNemar, 1947).

    Args:
        only_a: Faces that the first model alone answers right.
        only_b: Faces that the second model alone answers right.
    """
    from scipy.stats import binomtest

    return float(binomtest(only_b, only_a + only_b).pvalue) if only_a + only_b else 1.0


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """P-values of several tests, each raised so that the chance of any false alarm stays at the level (Holm, 1979)."""
    order = np.argsort(p, kind="stable")
    raised = np.asarray(p, float)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1)
    return tuple(adjusted.tolist())


def resampled_sums(columns: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Sums of columns over rows that are drawn anew, as many as there are, with replacement (Efron, 1979).

    All columns see the same draws, so that differences of what is made of them are paired.

    Args:
        columns: (N, C), whole numbers whose sums stay below 2^24.
        draws: How often to draw.
        seed: Of the draws; the same seed gives the same sums.

    Returns:
        float64 (draws, C).
    """
    n, random = len(columns), np.random.default_rng(seed)
    table, sums = columns.astype(np.float32), np.empty((draws, columns.shape[1]))
    at_once = max(1, _CELLS // max(1, n))
    for first in range(0, draws, at_once):
        count = min(at_once, draws - first)
        places = random.integers(n, size=(count, n)) + n * np.arange(count)[:, None]
        often = np.bincount(places.ravel(), minlength=count * n).reshape(count, n)
        sums[first : first + count] = often.astype(np.float32) @ table
    return sums


def bootstrap_p(differences: np.ndarray) -> float:
    """The two-sided p of no difference, of what resamples (D,) gave: twice the smaller share on either side of zero.

    One is added to the count and to D, so that no p is 0 (Davison and Hinkley, 1997): the least is 2 / (D + 1).
    """
    values = np.round(differences, 12)  # what rounding makes of no difference is none
    side = min(int((values <= 0).sum()), int((values >= 0).sum()))
    return min(1.0, 2 * (side + 1) / (len(values) + 1))


def percentile_interval(values: np.ndarray) -> Interval:
    """The middle 95% of what resamples (D,) gave; those without a value (NaN) are left out."""
    low, high = np.nanquantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))
