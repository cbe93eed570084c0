"""Runs side by side, from their folders alone: which differences there are, and which of them are more than chance.

Runs are tested against each other where they were trained, chosen and measured on the same faces with the same labels, or
where the faces that they learnt from are all that differs. Others are shown, and what keeps them from a test is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_engine.errors import FerLabError
from fer_engine.evaluation.comparison_terms import Terms, differ_in_training_data_alone, obstacles, remarks, terms_of
from fer_engine.evaluation.comparison_words import marked, mirrored, verdict, verdict_f1
from fer_engine.evaluation.curves import Scored, scored_splits
from fer_engine.evaluation.metrics import macro_f1
from fer_engine.evaluation.statistics import Interval, beyond_chance, bootstrap_p, holm, mcnemar, percentile_interval, resampled_sums
from fer_engine.labels import N_CLASSES

if TYPE_CHECKING:
    from fer_engine.runs.store import Run


@dataclass(frozen=True, eq=False)
class Resampled:
    """What a run scores on faces that are drawn anew, the same draws for all runs of a group. Shares from 0 to 1.

    Attributes:
        accuracy: (D,).
        macro_f1: (D,).
        recall: (D, 7); NaN where no face of the emotion was drawn.
    """

    accuracy: np.ndarray
    macro_f1: np.ndarray
    recall: np.ndarray


@dataclass(frozen=True, eq=False)
class Entrant:
    """A run in a comparison. Shares from 0 to 1.

    Attributes:
        name: What it is called here; no two have one name.
        run: The run.
        terms: What it was trained, chosen and measured on.
        scored: Its answers, by rising row.
        figures: Its metrics on this split, as `metrics.json` has them.
        accuracy: Share of right answers.
        accuracy_interval: Its 95% interval (Wilson).
        macro_f1: Mean F1 over the emotions.
        macro_f1_interval: Its 95% interval (bootstrap over faces).
        resampled: What differences to other runs are made of.
    """

    name: str
    run: "Run"
    terms: Terms
    scored: Scored
    figures: dict[str, Any]
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    resampled: Resampled

    @property
    def right(self) -> np.ndarray:
        """(N,) whether each answer is the label."""
        return self.scored.answers == self.scored.labels

    @property
    def tta(self) -> str:
        """Its test-time augmentation: 'none' or 'flip'."""
        return str(self.run.manifest["protocol"]["tta"])


@dataclass(frozen=True)
class PairTest:
    """Two runs on the same faces; differences are B minus A, shares from -1 to 1.

    Attributes:
        n: Faces.
        only_a: Faces that A alone answers right.
        only_b: Faces that B alone answers right.
        accuracy: Difference in accuracy.
        accuracy_interval: Its 95% interval (paired bootstrap over faces).
        macro_f1: Difference in macro F1.
        macro_f1_interval: Its 95% interval, likewise.
        p: McNemar's exact p of equal accuracy.
        p_holm: The same, corrected after Holm for all tests of the comparison.
        macro_f1_p: The paired bootstrap's p of equal macro F1.
        macro_f1_p_holm: The same, corrected likewise, apart from that of accuracy.
    """

    n: int
    only_a: int
    only_b: int
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    p: float
    p_holm: float
    macro_f1_p: float
    macro_f1_p_holm: float

    @property
    def distinguishable(self) -> bool:
        """Whether the accuracies differ by more than chance: the corrected p is below 0.05, and the interval leaves out 0."""
        return beyond_chance(self.p_holm, self.accuracy_interval)

    @property
    def macro_f1_distinguishable(self) -> bool:
        """Whether macro F1 differs by more than chance, by the same rule."""
        return beyond_chance(self.macro_f1_p_holm, self.macro_f1_interval)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two runs.

    Attributes:
        a: The first.
        b: The second.
        obstacles: What keeps them from a test, a sentence each; empty where they are tested.
        remarks: What to know beside the test, a sentence each.
        test: The test, or None.
    """

    a: Entrant
    b: Entrant
    obstacles: tuple[str, ...]
    remarks: tuple[str, ...]
    test: PairTest | None

    @property
    def verdict(self) -> str:
        """What comes of it, in words."""
        if self.test is None:
            return f"{self.a.name} and {self.b.name} are not tested: different protocols"
        return marked(verdict(self.a.name, self.b.name, self.test), self.a, self.b)

    @property
    def verdict_f1(self) -> str:
        """The same of macro F1; empty where no test is made."""
        return verdict_f1(self.a.name, self.b.name, self.test) if self.test else ""

    @property
    def mirrored(self) -> str:
        """Which of the two alone answers with the mean over a face and its mirror image; empty where both do, or neither."""
        return mirrored(self.a, self.b)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Some runs, side by side.

    Attributes:
        entrants: The runs, as they were given.
        groups: The same, those of equal terms together; runs of two groups are tested where their training data are all that
            differs.
        pairs: Every two of them, in their order.
    """

    entrants: tuple[Entrant, ...]
    groups: tuple[tuple[Entrant, ...], ...]
    pairs: tuple[Pair, ...]

    @property
    def tests(self) -> int:
        """How many pairs are tested."""
        return sum(pair.test is not None for pair in self.pairs)

    def pair(self, a: str, b: str) -> Pair:
        """The two runs of these names, in this order.

        Raises:
            FerLabError: Where one is not in the comparison.
        """
        for found in self.pairs:
            if (found.a.name, found.b.name) == (a, b):
                return found
            if (found.b.name, found.a.name) == (a, b):
                return _turned(found)
        raise FerLabError(f"The comparison has no pair of '{a}' and '{b}'; it has {', '.join(item.name for item in self.entrants)}.")


def compare(runs: Mapping[str, "Run"], split: str | None = None) -> Comparison:
    """Compare finished runs.

    Args:
        runs: At least two finished runs, by what to call them.
        split: What they were scored on; by default what each was scored on first, when it ended.

    Raises:
        FerLabError: Where there are too few, one is unfinished, or its folder is damaged or has no such split.
    """
    if len(runs) < 2:
        raise FerLabError("A comparison needs two runs or more. Name another one.")
    read = {name: _read(name, run, split) for name, run in runs.items()}
    terms = {name: terms_of(runs[name], scored) for name, scored in read.items()}
    groups = [[name for name in runs if terms[name] == shared] for shared in dict.fromkeys(terms.values())]
    found = {name: entrant for group in groups for name, entrant in _entrants(group, runs, terms, read).items()}
    entrants = tuple(found[name] for name in runs)
    return Comparison(entrants, tuple(tuple(found[name] for name in group) for group in groups), _pairs(entrants))


def _read(name: str, run: "Run", split: str | None) -> Scored:
    """A run's answers on a split, by rising row."""
    if not run.finished:
        raise FerLabError(f"The run '{name}' is unfinished; it can be compared when it has come to its end.")
    splits = scored_splits(run)
    wanted = next(iter(splits), None) if split is None else split
    if wanted is None or wanted not in splits:
        known = ", ".join(splits) or "none"
        raise FerLabError(f"The run '{name}' has no answers on {split or 'any split'}; it was scored on: {known}.")
    scored = splits[wanted]
    order = np.argsort(scored.ids, kind="stable")
    rows = {field: getattr(scored, field)[order] for field in ("ids", "labels", "scores", "probabilities", "ranking")}
    return replace(scored, **rows)


def _entrants(names: list[str], runs: Mapping[str, "Run"], terms: Mapping[str, Terms], read: Mapping[str, Scored]) -> dict[str, Entrant]:
    """The runs of one group, with figures."""
    resampled = resample(read[names[0]].labels, [read[name].answers for name in names])
    return {name: _entrant(name, runs[name], terms[name], read[name], drawn) for name, drawn in zip(names, resampled, strict=True)}


def _entrant(name: str, run: "Run", terms: Terms, scored: Scored, resampled: Resampled) -> Entrant:
    figures = run.metrics.get(scored.split, {})
    try:
        accuracy, (low, high), f1 = figures["accuracy"], figures["accuracy_ci95"], figures["macro_f1"]
    except (KeyError, TypeError, ValueError) as error:
        raise FerLabError(f"The metrics of the run '{name}' on {scored.split} are damaged: no {error}. Fetch or train it again.") from error
    return Entrant(name, run, terms, scored, figures, accuracy, Interval(low, high), f1, percentile_interval(resampled.macro_f1), resampled)


def resample(labels: np.ndarray, answers: list[np.ndarray], *, seed: int = 0) -> tuple[Resampled, ...]:
    """What each of some models scores on faces that are drawn anew, all on the same draws.

    Args:
        labels: (N,).
        answers: (N,) of each model.
        seed: Of the draws.
    """
    order = np.arange(N_CLASSES)
    truth = labels[:, None] == order
    columns = [truth]
    for given in answers:
        told = given[:, None] == order
        columns += [told, told & truth]
    labelled, *sums = np.split(resampled_sums(np.hstack(columns), seed=seed), 2 * len(answers) + 1, axis=1)
    found = []
    with np.errstate(invalid="ignore"):  # an emotion without faces has no recall
        for answered, right in zip(sums[::2], sums[1::2], strict=True):
            f1 = 2 * right / np.maximum(labelled + answered, 1)
            found.append(Resampled(right.sum(1) / len(labels), f1.mean(1), right / labelled))
    return tuple(found)


def _pairs(entrants: tuple[Entrant, ...]) -> tuple[Pair, ...]:
    pairs = []
    for a, b in combinations(entrants, 2):
        against = _obstacles(a, b)
        beside = () if against else remarks(a.name, a.run, b.name, b.run)
        pairs.append(Pair(a, b, against, beside, None if against else _test(a, b)))
    return corrected(pairs)


def corrected(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Pairs with p corrected after Holm for all tests among them, of accuracy and of macro F1 apart."""
    tests = [pair.test for pair in pairs if pair.test]
    adjusted = zip(holm([test.p for test in tests]), holm([test.macro_f1_p for test in tests]), strict=True)
    told = []
    for pair in pairs:
        if pair.test:
            p, macro_f1_p = next(adjusted)
            told.append(replace(pair, test=replace(pair.test, p_holm=p, macro_f1_p_holm=macro_f1_p)))
        else:
            told.append(pair)
    return tuple(told)


def _obstacles(a: Entrant, b: Entrant) -> tuple[str, ...]:
    """What keeps two runs from a test; other training data do not where nothing else differs, for then they are what is tested."""
    tested = b.terms
    if differ_in_training_data_alone(a.run.spec, b.run.spec):
        tested = replace(tested, trained_on=a.terms.trained_on)
    return obstacles(a.name, a.terms, b.name, tested)


def _test(a: Entrant, b: Entrant) -> PairTest:
    only_a, only_b = int((a.right & ~b.right).sum()), int((b.right & ~a.right).sum())
    p, drawn = mcnemar(only_a, only_b), b.resampled.macro_f1 - a.resampled.macro_f1
    macro_f1_p = bootstrap_p(drawn)
    return PairTest(
        n=len(a.right),
        only_a=only_a,
        only_b=only_b,
        accuracy=(only_b - only_a) / len(a.right),
        accuracy_interval=percentile_interval(b.resampled.accuracy - a.resampled.accuracy),
        macro_f1=macro_f1(b.scored.labels, b.scored.answers) - macro_f1(a.scored.labels, a.scored.answers),
        macro_f1_interval=percentile_interval(drawn),
        p=p,
        p_holm=p,
        macro_f1_p=macro_f1_p,
        macro_f1_p_holm=macro_f1_p,
    )


def _turned(pair: Pair) -> Pair:
    """The pair with its runs exchanged."""
    test = pair.test
    if test:
        accuracy, f1 = test.accuracy_interval, test.macro_f1_interval
        test = replace(
            test,
            only_a=test.only_b,
            only_b=test.only_a,
            accuracy=-test.accuracy,
            accuracy_interval=Interval(-accuracy.high, -accuracy.low),
            macro_f1=-test.macro_f1,
            macro_f1_interval=Interval(-f1.high, -f1.low),
        )
    return Pair(pair.b, pair.a, pair.obstacles, pair.remarks, test)
