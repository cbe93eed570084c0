"""Runs of one recipe by several seeds: what it scores on average, and which recipes differ by more than faces and seeds explain.

The variance of a mean difference over seeds is that over faces, taken as if there were no difference, as McNemar's test has
it, plus that over seeds; its degrees of freedom are Satterthwaite's. One face to either side is allowed for (Edwards, 1948), since
answers come in whole faces: where few faces differ, the test says no more than the exact one would.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, takewhile
from typing import TYPE_CHECKING

import numpy as np

from fer_engine.evaluation.comparison import Comparison, Entrant, Pair
from fer_engine.evaluation.comparison_terms import Terms
from fer_engine.evaluation.comparison_words import marked, verdict
from fer_engine.evaluation.statistics import NORMAL_95, Interval, beyond_chance, holm, wilson_interval
from fer_engine.experiments.parts import spec_hash
from fer_engine.runs.begun import earlier_runs
from fer_engine.runs.store import list_runs

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

_SURE = 0.975  # of a distribution: the upper end of a two-sided 95% interval


@dataclass(frozen=True, eq=False)
class SeedGroup:
    """Networks whose specs differ in the seed alone, and that were trained, chosen and measured alike. Shares from 0 to 1.

    Attributes:
        name: What its runs' names have in common, or the first of these.
        entrants: Two runs or more, by rising seed.
        seeds: Their seeds.
        accuracy: Mean of their accuracies.
        interval: Its 95% interval, over faces and seeds.
        lowest: The least of their accuracies.
        highest: The greatest.
    """

    name: str
    entrants: tuple[Entrant, ...]
    seeds: tuple[int, ...]
    accuracy: float
    interval: Interval
    lowest: float
    highest: float

    @property
    def n(self) -> int:
        """Faces that each run was measured on."""
        return len(self.entrants[0].scored.labels)

    @property
    def tta(self) -> str:
        """The test-time augmentation of its runs: 'none' or 'flip'."""
        return self.entrants[0].tta


@dataclass(frozen=True)
class SeedTest:
    """Two recipes by the same seeds on the same faces; the difference is B minus A, from -1 to 1.

    Attributes:
        n: Faces.
        seeds: The seeds that both have.
        accuracy: Mean difference in accuracy, seed by seed.
        accuracy_interval: Its 95% interval, over faces and seeds.
        p: Of no difference (Student's t).
        p_holm: The same, corrected after Holm for all pairs of recipes in the comparison.
    """

    n: int
    seeds: tuple[int, ...]
    accuracy: float
    accuracy_interval: Interval
    p: float
    p_holm: float

    @property
    def distinguishable(self) -> bool:
        """Whether the accuracies differ by more than chance: the corrected p is below 0.05, and the interval leaves out 0."""
        return beyond_chance(self.p_holm, self.accuracy_interval)


@dataclass(frozen=True, eq=False)
class SeedPair:
    """Two recipes.

    Attributes:
        a: The first.
        b: The second.
        obstacle: What keeps them from a test, the end of a sentence; empty where they are tested.
        test: The test, or None.
    """

    a: SeedGroup
    b: SeedGroup
    obstacle: str
    test: SeedTest | None

    @property
    def verdict(self) -> str:
        """What comes of it, in words."""
        if self.test is None:
            return f"{self.a.name} and {self.b.name} are not tested over seeds: {self.obstacle}"
        return f"Over {len(self.test.seeds)} seeds {marked(verdict(self.a.name, self.b.name, self.test), self.a, self.b)}"


@dataclass(frozen=True, eq=False)
class OverSeeds:
    """What a comparison comes to over seeds; empty where no recipe has two.

    Attributes:
        groups: Recipes with two seeds or more, by their first run.
        pairs: Every two of them.
    """

    groups: tuple[SeedGroup, ...]
    pairs: tuple[SeedPair, ...]


@dataclass(frozen=True)
class MeanDifference:
    """A mean over seeds of a difference in accuracy, from -1 to 1.

    Attributes:
        value: The mean.
        interval: Its 95% interval, over faces and seeds.
        p: Of no difference (Student's t).
    """

    value: float
    interval: Interval
    p: float


def over_seeds(comparison: Comparison) -> OverSeeds:
    """The recipes that a comparison has by two seeds or more, each with mean and spread, and tests between them.

    A classical SVM is in none, for there is no chance in its fit. Of runs that have even the seed in common the first counts.
    """
    alike: dict[tuple[str, Terms], dict[int, Entrant]] = defaultdict(dict)
    for entrant in comparison.entrants:
        spec = entrant.run.spec
        if spec.family == "cnn":
            alike[_recipe(entrant.run), entrant.terms].setdefault(spec.seed, entrant)
    groups: list[SeedGroup] = []
    for members in alike.values():
        if len(members) > 1:
            groups.append(_group(members, [group.name for group in groups]))
    pairs = [_pair(comparison, a, b) for a, b in combinations(groups, 2)]
    adjusted = iter(holm([pair.test.p for pair in pairs if pair.test]))
    tested = tuple(replace(pair, test=replace(pair.test, p_holm=next(adjusted))) if pair.test else pair for pair in pairs)
    return OverSeeds(tuple(groups), tested)


def _recipe(run: "Run") -> str:
    """What a run's spec comes to without its seed; of one that goes on from another run without that one's seed, too."""
    spec = replace(run.spec, seed=0)
    if spec.start and (before := earlier_runs(run, list_runs(studies=True))):
        spec = replace(spec, start=_recipe(before[0]))
    return spec_hash(spec)


def _group(members: Mapping[int, Entrant], taken: Sequence[str]) -> SeedGroup:
    seeds = tuple(sorted(members))
    entrants = tuple(members[seed] for seed in seeds)
    accuracies = [entrant.accuracy for entrant in entrants]
    interval = mean_interval(accuracies, len(entrants[0].scored.labels))
    name = _in_common([entrant.name for entrant in entrants], taken)
    return SeedGroup(name, entrants, seeds, float(np.mean(accuracies)), interval, min(accuracies), max(accuracies))


def _in_common(names: Sequence[str], taken: Sequence[str]) -> str:
    """What runs are called together: 'base' of 'base-s0' and 'base-s1', else by the first of them."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    shared = re.sub(r"[-_. /]+((s|seed)[-_. ]?\d*)?$", "", "".join(letters[0] for letters in alike))
    return shared if shared and shared not in taken else f"{names[0]} ({len(names)} seeds)"


def _pair(comparison: Comparison, a: SeedGroup, b: SeedGroup) -> SeedPair:
    shared = tuple(seed for seed in a.seeds if seed in b.seeds)
    pairs = [comparison.pair(a.entrants[a.seeds.index(seed)].name, b.entrants[b.seeds.index(seed)].name) for seed in shared]
    if any(pair.test is None for pair in pairs):
        return SeedPair(a, b, "different protocols", None)
    if len(shared) < 2:
        have = f"seed {shared[0]} alone" if shared else "no seed"
        return SeedPair(a, b, f"they have {have} in common, and two are needed", None)
    mean = mean_difference(pairs)
    return SeedPair(a, b, "", SeedTest(a.n, shared, mean.value, mean.interval, mean.p, mean.p))


def mean_difference(pairs: Sequence[Pair]) -> MeanDifference:
    """The mean difference in accuracy, B minus A, of two tested pairs or more, one of each seed."""
    return mean_of([pair.b.right.astype(float) - pair.a.right for pair in pairs])


def mean_of(by_seed: Sequence[np.ndarray], most: float = 1.0) -> MeanDifference:
    """The mean of a difference over faces and seeds.

    Args:
        by_seed: Of each seed, two or more, the difference (N,) that each face makes; the faces are the same.
        most: What one face can make at most, to either side.
    """
    from scipy import stats

    values = [float(faces.mean()) for faces in by_seed]
    over_both = np.mean(by_seed, axis=0)
    value, n = float(over_both.mean()), len(over_both)
    half, error, freedom = half_width(float((over_both**2).mean()) / n, values)
    step = 1 / n  # Edwards' correction for continuity
    p = 2 * float(stats.t.sf(max(0.0, abs(value) - step) / error, freedom)) if error else 1.0
    return MeanDifference(value, Interval(max(-most, value - half - step), min(most, value + half + step)), p)


def mean_interval(accuracies: Sequence[float], n: int) -> Interval:
    """The 95% interval of the mean accuracy of several runs on the same faces, over faces and seeds.

    Centre and variance over faces are those of Wilson's interval of a single run of that accuracy, which the mean's cannot
    exceed; so it does not shrink to nothing where no answer is right, or every one.

    Args:
        accuracies: Of two runs or more, from 0 to 1.
        n: Faces.
    """
    faces = wilson_interval(float(np.mean(accuracies)) * n, n)
    centre, error = (faces.low + faces.high) / 2, (faces.high - faces.low) / (2 * NORMAL_95)
    half = half_width(error**2, accuracies)[0]
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def half_width(over_faces: float, values: Sequence[float]) -> tuple[float, float, float]:
    """Half of the 95% interval of a mean over seeds, its standard error, and the degrees of freedom (Satterthwaite, 1946).

    Args:
        over_faces: Variance of the mean over faces.
        values: One of each seed, two or more.
    """
    from scipy import stats

    over_seeds = float(np.var(values, ddof=1)) / len(values)
    error = math.sqrt(over_faces + over_seeds)
    freedom = (len(values) - 1) * (over_faces + over_seeds) ** 2 / over_seeds**2 if over_seeds else math.inf
    return float(stats.t.ppf(_SURE, freedom)) * error, error, freedom
