"""What to know before reading a comparison, a sentence each: which runs are not tested against each other, and what tests are of."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from fer_engine.evaluation.comparison import Comparison
from fer_engine.evaluation.comparison_seeds import over_seeds
from fer_engine.evaluation.comparison_terms import apart
from fer_engine.evaluation.statistics import DRAWS, LEVEL

# By the fields in which terms differ: between two groups of runs, and between more.
_WHY = {
    "measured_on": ("are measured on {one} and on {other}", "are measured on different faces"),
    "faces": ("have faces with different labels or row numbers", "have faces with different labels or row numbers"),
    "trained_on": ("learnt from {one} and from {other}", "learnt from different faces"),
    "chosen_on": ("were chosen on {one} and on {other}", "were chosen on different faces"),
    "classes": ("know the emotions {one} and the emotions {other}", "know different emotions"),
}
_Sides = tuple[tuple[str, ...], tuple[str, ...]]  # names of runs that are not tested against each other


def notes(comparison: Comparison) -> tuple[str, ...]:
    """What to know before reading a comparison, a sentence each."""
    found = list(_untested(comparison))
    if any(entrant.terms.measured_on == entrant.terms.chosen_on for entrant in comparison.entrants):
        found.append("Runs were chosen on the split that they are measured on here, so that every figure is a little too good.")
    if comparison.tests > 1:
        found.append(f"p is corrected after Holm for {comparison.tests} tests. Those of accuracy and of macro F1 are corrected apart.")
    least = 2 * comparison.tests / (DRAWS + 1)
    if least >= LEVEL:
        found.append(f"Of so many pairs none can be told apart by macro F1: the least p of {DRAWS:,} draws, corrected, is {least:.2g}.")
    if over_seeds(comparison).groups:
        found.append("Intervals and tests of single runs are over faces, for the one training that each is; those over seeds stand apart.")
    else:
        found.append("Intervals and tests are over faces, for the one training that each run is; another seed can change the order.")
    return tuple(found)


def _untested(comparison: Comparison) -> tuple[str, ...]:
    """A sentence for each kind of difference in terms that keeps runs from a test, with all the runs between which it stands."""
    tested = {(pair.a.name, pair.b.name) for pair in comparison.pairs if pair.test}
    tested |= {(b, a) for a, b in tested}
    between: dict[tuple[str, ...], list[tuple[str, _Sides]]] = defaultdict(list)  # by the fields that differ: why, and who
    for group, others in combinations(comparison.groups, 2):
        one, other = group[0].terms, others[0].terms
        fields = apart(one, other)
        reasons = [_WHY[name][0].format(one=getattr(one, name), other=getattr(other, name)) for name in fields]
        for sides in _sides([item.name for item in group], [item.name for item in others], tested):
            between[fields].append((" and ".join(reasons), sides))
    told = []
    for fields, found in between.items():
        said = {reason for reason, _ in found}
        why = said.pop() if len(said) == 1 else " and ".join(_WHY[name][1] for name in fields)
        who = "; ".join(f"{', '.join(mine)} against {', '.join(theirs)}" for _, (mine, theirs) in found)
        told.append(f"Different protocols, so not tested: {who}. They {why}.")
    return tuple(told)


def _sides(group: Sequence[str], others: Sequence[str], tested: set[tuple[str, str]]) -> list[_Sides]:
    """Who of two groups is not tested against whom; those of the first that lack the same tests together."""
    sides: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in group:
        if against := tuple(other for other in others if (name, other) not in tested):
            sides[against].append(name)
    return [(tuple(mine), theirs) for theirs, mine in sides.items()]
