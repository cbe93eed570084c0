"""The classification report: precision, recall and F1 of each emotion, and their averages (the paper's Fig. 6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from fer_engine.labels import N_CLASSES, NAMES


@dataclass(frozen=True)
class ReportRow:
    """One line of the report. Shares from 0 to 1.

    Attributes:
        name: The emotion, 'macro average' or 'weighted average'.
        precision: Of the faces answered so, the share labelled so; 0 where none was answered so.
        recall: Of the faces labelled so, the share answered so; 0 where none is labelled so.
        f1: Their harmonic mean; 0 where both are 0.
        support: Faces labelled so; of all emotions in an average.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationReport:
    """The report of one split.

    Attributes:
        emotions: Seven rows, in class order.
        accuracy: Share of right answers, from 0 to 1.
        macro: The plain mean over all seven emotions, those without faces too.
        weighted: The mean weighted by support.
    """

    emotions: tuple[ReportRow, ...]
    accuracy: float
    macro: ReportRow
    weighted: ReportRow

    @property
    def rows(self) -> tuple[ReportRow, ...]:
        """The emotions, then the averages."""
        return (*self.emotions, self.macro, self.weighted)


def classification_report(labels: np.ndarray, answers: np.ndarray) -> ClassificationReport:
    """The report of answers (N,) for labels (N,), N at least 1."""
    order = np.arange(N_CLASSES)
    columns = precision_recall_fscore_support(labels, answers, labels=order, zero_division=0)
    emotions = tuple(ReportRow(name, float(p), float(r), float(f1), int(n)) for name, p, r, f1, n in zip(NAMES, *columns, strict=True))

    def average(kind: str) -> ReportRow:
        p, r, f1, _ = precision_recall_fscore_support(labels, answers, labels=order, average=kind, zero_division=0)
        return ReportRow(f"{kind} average", float(p), float(r), float(f1), len(labels))

    return ClassificationReport(emotions, float((labels == answers).mean()), average("macro"), average("weighted"))


def report_of_counts(confusion_matrix: Sequence[Sequence[int]] | np.ndarray) -> ClassificationReport:
    """The report of a confusion matrix (7, 7), a row a label and a column an answer, of which alone it is made."""
    counts = np.asarray(confusion_matrix)
    labels, answers = (places.ravel().repeat(counts.ravel()) for places in np.indices(counts.shape))
    return classification_report(labels, answers)
