"""What a finished run's figures are drawn from: confusion matrix, ROC curves, reliability. All from its predictions alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import auc, roc_curve
from sklearn.metrics import confusion_matrix as count_pairs

from fer_engine.errors import FerLabError
from fer_engine.evaluation.calibration import expected_calibration_error
from fer_engine.labels import N_CLASSES, NAMES

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

MICRO, MACRO = "micro average", "macro average"


@dataclass(frozen=True)
class Scored:
    """A split as a run scored it.

    Attributes:
        split: The split.
        ids: (N,) rows of the data set.
        labels: (N,).
        scores: (N, 7), float64; the highest is the answer.
        probabilities: (N, 7), calibrated.
        ranking: (N, 7), what tells an emotion from the other six by one threshold for all faces: the scores of an svm
            head, whose seven machines were each trained for that, and of an SVM, whose scores are votes of its machines,
            one for each two emotions; and the probabilities of a softmax head, whose scores say something within one face
            alone (a constant added to all seven changes nothing).
    """

    split: str
    ids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray
    ranking: np.ndarray

    @property
    def answers(self) -> np.ndarray:
        """(N,) the emotion with the highest score."""
        return self.scores.argmax(1)


@dataclass(frozen=True)
class RocCurve:
    """One ROC curve: one emotion against the rest, or an average.

    Attributes:
        name: The emotion, 'micro average' or 'macro average'.
        fpr: (P,) false positive rates, rising from 0 to 1; empty where there is no curve.
        tpr: (P,) true positive rates.
        auc: Area under the curve, or None.
        missing: Why there is no curve, as a sentence; empty where there is one.
    """

    name: str
    fpr: np.ndarray
    tpr: np.ndarray
    auc: float | None
    missing: str = ""


@dataclass(frozen=True)
class Roc:
    """The ROC curves of a split.

    Attributes:
        emotions: Seven curves, in class order.
        micro: All 7 N decisions pooled.
        macro: The mean of the emotions' curves, over those that have one.
    """

    emotions: tuple[RocCurve, ...]
    micro: RocCurve
    macro: RocCurve

    @property
    def all(self) -> tuple[RocCurve, ...]:
        """The emotions' curves, then the averages."""
        return (*self.emotions, self.micro, self.macro)


@dataclass(frozen=True)
class Reliability:
    """Confidence against accuracy, in bins of equal width.

    Attributes:
        edges: (bins + 1,) from 0 to 1; a bin holds its lower edge, the last one its upper edge too.
        confidence: (bins,) mean probability of the answer; NaN in a bin without faces.
        accuracy: (bins,) share of right answers; NaN likewise.
        count: (bins,) faces.
        error: Expected calibration error, from 0 to 1 (Naeini et al., 2015).
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray
    error: float


def scored_splits(run: "Run") -> dict[str, Scored]:
    """What a finished run said of every face it was scored on, by split.

    Raises:
        FerLabError: Where its predictions cannot be read.
    """
    try:
        table = run.predictions()
        return {str(split): _scored(run, str(split), rows) for split, rows in table.groupby("split", sort=False)}
    except (OSError, ValueError, KeyError) as error:
        raise FerLabError(f"The predictions of the run '{run.name}' cannot be read: {error}. Fetch or train the run again.") from error


def _scored(run: "Run", split: str, rows: Any) -> Scored:
    scores = rows[list(NAMES)].to_numpy(np.float64)
    probabilities = run.calibration.probabilities(scores)
    ranking = probabilities if run.spec.head == "softmax" else scores
    return Scored(split, rows["id"].to_numpy(), rows["label"].to_numpy(np.int64), scores, probabilities, ranking)


def confusion_matrix(labels: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Counts (7, 7) of labels (N,) and answers (N,): a row a label, a column an answer."""
    return count_pairs(labels, answers, labels=np.arange(N_CLASSES))


def roc(scores: np.ndarray, labels: np.ndarray) -> Roc:
    """The ROC curves of scores (N, 7) for labels (N,), one emotion against the rest.

    Scores need no scale, but one threshold must mean the same for every face: see `Scored.ranking`.
    """
    truth = labels[:, None] == np.arange(N_CLASSES)
    emotions = tuple(_curve(name, truth[:, k], scores[:, k]) for k, name in enumerate(NAMES))
    return Roc(emotions, _curve(MICRO, truth.ravel(), scores.ravel()), _mean(emotions))


def _curve(name: str, truth: np.ndarray, scores: np.ndarray) -> RocCurve:
    positives = int(truth.sum())
    if positives in (0, len(truth)):
        what = f"no face is labelled {name}" if positives == 0 else f"all faces are labelled {name}"
        return RocCurve(name, np.empty(0), np.empty(0), None, f"There is no ROC curve for {name}: {what}.")
    fpr, tpr, _ = roc_curve(truth, scores)
    return RocCurve(name, fpr, tpr, float(auc(fpr, tpr)))


def _mean(curves: tuple[RocCurve, ...]) -> RocCurve:
    known = [curve for curve in curves if curve.auc is not None]
    if not known:
        return RocCurve(MACRO, np.empty(0), np.empty(0), None, "There is no mean ROC curve: no emotion has one.")
    fpr = np.unique(np.concatenate([curve.fpr for curve in known]))
    tpr = np.mean([np.interp(fpr, curve.fpr, curve.tpr) for curve in known], axis=0)
    # Interpolation takes the upper end of the first step alone; every curve begins at the origin all the same.
    fpr, tpr = np.concatenate([[0.0], fpr]), np.concatenate([[0.0], tpr])
    return RocCurve(MACRO, fpr, tpr, float(np.mean([curve.auc for curve in known])))


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> Reliability:
    """How often the answers are right, by how sure they are: of probabilities (N, 7) for labels (N,)."""
    confidence = probabilities.max(1)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    right = np.bincount(bin_of, weights=probabilities.argmax(1) == labels, minlength=bins)
    sure = np.bincount(bin_of, weights=confidence, minlength=bins)
    some = np.where(count, count, np.nan)  # an empty bin has no mean
    return Reliability(
        edges=np.linspace(0, 1, bins + 1),
        confidence=sure / some,
        accuracy=right / some,
        count=count,
        error=expected_calibration_error(probabilities, labels, bins),
    )
