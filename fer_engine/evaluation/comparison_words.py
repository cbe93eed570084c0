"""What a test comes to, in words."""

from typing import Protocol

from fer_engine.evaluation.statistics import Interval


class AccuracyTested(Protocol):
    """A test of accuracy; the difference is B minus A, shares from -1 to 1."""

    @property
    def n(self) -> int:
        """Faces."""

    @property
    def accuracy(self) -> float:
        """The difference."""

    @property
    def accuracy_interval(self) -> Interval:
        """Its 95% interval."""

    @property
    def distinguishable(self) -> bool:
        """Whether it is more than chance."""


class F1Tested(Protocol):
    """A test of macro F1, likewise."""

    @property
    def macro_f1(self) -> float:
        """The difference."""

    @property
    def macro_f1_interval(self) -> Interval:
        """Its 95% interval."""

    @property
    def macro_f1_distinguishable(self) -> bool:
        """Whether it is more than chance."""


class End(Protocol):
    """A run, or runs that differ in their seed alone."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def tta(self) -> str:
        """Its test-time augmentation: 'none' or 'flip'."""


def verdict(a: str, b: str, test: AccuracyTested) -> str:
    """A test in words: who is better and by how much, or that the faces are too few to tell."""
    if test.distinguishable:
        return _by(a, b, test.accuracy, test.accuracy_interval, "{better} is better than {other}")
    by = _by(a, b, test.accuracy, test.accuracy_interval, "{better} is ahead")
    return f"{a} and {b} are not distinguishable on {test.n:,} faces: {by}"


def verdict_f1(a: str, b: str, test: F1Tested) -> str:
    """The same of macro F1, shorter, to stand behind it."""
    if test.macro_f1_distinguishable:
        return f"In macro F1 {_by(a, b, test.macro_f1, test.macro_f1_interval, '{better} is better')}"
    return f"In macro F1 they are not distinguishable: {_by(a, b, test.macro_f1, test.macro_f1_interval, '{better} is ahead')}"


def mirrored(a: End, b: End) -> str:
    """Which of the two alone answers with the mean over a face and its mirror image; empty where both do, or neither."""
    names = [end.name for end in (a, b) if end.tta == "flip"]
    return names[0] if len(names) == 1 else ""


def marked(words: str, a: End, b: End) -> str:
    """A verdict on two runs that says so where one alone answers with mirror images."""
    name = mirrored(a, b)
    return f"{words}, {name} alone with the mirror image of each face" if name else words


def _by(a: str, b: str, difference: float, interval: Interval, words: str) -> str:
    """A difference in words, of B minus A: 'b is ahead by 1.9 points (0.6 to 3.2)'."""
    sign = 1 if difference >= 0 else -1
    better, other = (b, a) if sign > 0 else (a, b)
    low, high = sorted(100 * sign * end for end in (interval.low, interval.high))
    ends = f"({_number(low)} to {_number(high)})"
    who = words.format(better=better, other=other)
    return f"{who} by {100 * abs(difference):.1f} points {ends}" if difference else f"no difference {ends}"


def _number(value: float) -> str:
    """One digit after the point, with a minus as long as a plus, and no minus before 0.0."""
    return f"{0.0 if abs(value) < 0.05 else value:.1f}".replace("-", "−")
