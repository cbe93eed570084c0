"""How far a run can be trusted: accuracy where it may abstain, margins, and what calibration does for it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from fer_engine.evaluation.curves import Reliability, Scored, reliability


@dataclass(frozen=True, eq=False)
class Coverage:
    """Accuracy on the faces that a model answers, where it may abstain from those it is least sure of.

    Attributes:
        coverage: (K,) share of faces that are answered, rising to 1.
        accuracy: (K,) share of right answers among them.
        confidence: (K,) the least probability of an answer that is given.
    """

    coverage: np.ndarray
    accuracy: np.ndarray
    confidence: np.ndarray

    def accuracy_at(self, share: float) -> float:
        """Accuracy where at least this share of faces (from 0 to 1) is answered, the fewest that thresholds allow."""
        return float(self.accuracy[np.searchsorted(self.coverage, share - 1e-9).clip(max=len(self.coverage) - 1)])

    def coverage_for(self, accuracy: float) -> float:
        """The largest share of faces that can be answered with at least this accuracy; 0 where none can."""
        enough = np.flatnonzero(self.accuracy >= accuracy)
        return float(self.coverage[enough[-1]]) if len(enough) else 0.0


@dataclass(frozen=True, eq=False)
class Trust:
    """How sure a run is, and how rightly.

    Attributes:
        coverage: Accuracy where it may abstain.
        before: Reliability of its scores' softmax, before calibration.
        after: Reliability of its probabilities, calibrated.
        margins: (N,) the answer's probability minus that of the next, from 0 to 1, calibrated.
        right: (N,) whether the answer is the label.
    """

    coverage: Coverage
    before: Reliability
    after: Reliability
    margins: np.ndarray
    right: np.ndarray


def coverage(probabilities: np.ndarray, labels: np.ndarray) -> Coverage:
    """Accuracy against coverage of probabilities (N, 7) for labels (N,); equally sure answers are given together."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    order = np.argsort(-sure, kind="stable")
    sure, right = sure[order], right[order]
    last = np.flatnonzero(np.append(sure[1:] != sure[:-1], True))  # of each group that is equally sure
    given = last + 1
    return Coverage(given / len(labels), np.cumsum(right)[last] / given, sure[last])


def margins(probabilities: np.ndarray) -> np.ndarray:
    """The answer's probability minus that of the next, of probabilities (N, 7): (N,)."""
    highest = np.sort(probabilities, axis=1)
    return highest[:, -1] - highest[:, -2]


def trust(scored: Scored) -> Trust:
    """How sure a run is of a split, and how rightly."""
    return Trust(
        coverage=coverage(scored.probabilities, scored.labels),
        before=reliability(softmax(scored.scores, axis=1), scored.labels),
        after=reliability(scored.probabilities, scored.labels),
        margins=margins(scored.probabilities),
        right=scored.answers == scored.labels,
    )
