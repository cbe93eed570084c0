"""What is measured of scores against labels."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from fer_engine.evaluation.statistics import wilson_interval
from fer_engine.labels import N_CLASSES, NAMES


@dataclass(frozen=True)
class Metrics:
    """The figures of one split. Shares from 0 to 1; averages weighted by support, as the paper's, unless 'macro'.

    Attributes:
        n: Faces.
        accuracy: Share of faces whose highest score is that of their label.
        accuracy_ci95: Its 95% interval (Wilson), low and high.
        top2: Share of faces whose label has one of the two highest scores.
        macro_f1: Mean F1 over classes.
        weighted_precision: Mean precision.
        weighted_recall: Mean recall; equal to accuracy.
        weighted_f1: Mean F1.
        per_class: {emotion: {precision, recall, f1, support}}.
        confusion_matrix: Counts, a row a label and a column an answer.
        n_deduplicated: Faces that stand neither in FER2013's Training nor, where that was at hand, in what the run learnt from.
        accuracy_deduplicated: Accuracy on these.
    """

    n: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    top2: float
    macro_f1: float
    weighted_precision: float
    weighted_recall: float
    weighted_f1: float
    per_class: dict[str, dict[str, float]]
    confusion_matrix: list[list[int]]
    n_deduplicated: int
    accuracy_deduplicated: float | None


def measure(scores: np.ndarray, labels: np.ndarray, leaked: np.ndarray) -> Metrics:
    """Measure scores (N, 7) against labels (N,); `leaked` (N,) marks the faces that stand in Training too."""
    answers = scores.argmax(1)
    right = answers == labels
    order = np.arange(N_CLASSES)
    precision, recall, f1, support = precision_recall_fscore_support(labels, answers, labels=order, zero_division=0)
    weights = support / support.sum()
    interval = wilson_interval(int(right.sum()), len(labels))
    rows = zip(NAMES, precision, recall, f1, support, strict=True)
    return Metrics(
        n=len(labels),
        accuracy=float(right.mean()),
        accuracy_ci95=(interval.low, interval.high),
        top2=float((np.argsort(scores, axis=1)[:, -2:] == labels[:, None]).any(1).mean()),
        macro_f1=float(f1.mean()),
        weighted_precision=float(weights @ precision),
        weighted_recall=float(weights @ recall),
        weighted_f1=float(weights @ f1),
        per_class={name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)} for name, p, r, f, s in rows},
        confusion_matrix=confusion_matrix(labels, answers, labels=order).tolist(),
        n_deduplicated=int((~leaked).sum()),
        accuracy_deduplicated=float(right[~leaked].mean()) if (~leaked).any() else None,
    )


def macro_f1(labels: np.ndarray, answers: np.ndarray) -> float:
    """Mean F1 over the seven classes, of answers (N,) against labels (N,)."""
    return float(f1_score(labels, answers, labels=np.arange(N_CLASSES), average="macro", zero_division=0))
