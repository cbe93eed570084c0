"""Which faces make the difference between runs that were measured on the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_engine.errors import FerLabError
from fer_engine.evaluation.comparison import Entrant, Pair
from fer_engine.evaluation.curves import confusion_matrix
from fer_engine.evaluation.statistics import Interval, holm, mcnemar, percentile_interval
from fer_engine.labels import N_CLASSES, NAMES


@dataclass(frozen=True, eq=False)
class Moved:
    """The faces that make the difference in one cell of two confusion matrices, by their rows in the data set.

    In a cell off the diagonal B has `broke` and `came` more than A, and `fixed` and `went` fewer; in a cell on the
    diagonal it has `fixed` more and `broke` fewer, and the other two are empty.

    Attributes:
        fixed: Faces that A answered wrong, as the cell says, and B right.
        broke: Faces that A answered right, and B wrong, as the cell says. On the diagonal: wrong in any way, for both.
        came: Faces that both answered wrong, and B alone as the cell says.
        went: Faces that both answered wrong, and A alone as the cell says.
    """

    fixed: np.ndarray
    broke: np.ndarray
    came: np.ndarray
    went: np.ndarray


@dataclass(frozen=True)
class RecallChange:
    """What becomes of one emotion's faces from A to B. Shares from 0 to 1; of a difference from -1 to 1.

    Attributes:
        emotion: The emotion.
        support: Faces labelled so.
        a: Share of them that A answers right; None where there is none.
        b: Share that B answers right; None likewise.
        difference: B minus A; None likewise.
        interval: Its 95% interval (paired bootstrap over all faces); None likewise, and where the runs are not tested.
        fixed: Faces that B alone answers right.
        broke: Faces that A alone answers right.
        p_holm: McNemar's exact p of equal recall, corrected after Holm for the seven emotions; None where the runs are not
            tested.
    """

    emotion: str
    support: int
    a: float | None
    b: float | None
    difference: float | None
    interval: Interval | None
    fixed: int
    broke: int
    p_holm: float | None


@dataclass(frozen=True, eq=False)
class Missed:
    """The faces that no run answers right.

    Attributes:
        ids: (M,) their rows in the data set.
        labels: (M,).
        answers: (M, R), each run's.
        unanimous: (M,) whether all runs give one and the same wrong answer: the label may be what is wrong.
    """

    ids: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    unanimous: np.ndarray


def refuse_strangers(*entrants: Entrant) -> None:
    """Stop where runs were not measured on the same faces.

    Raises:
        FerLabError: Naming two.
    """
    first = entrants[0]
    for other in entrants[1:]:
        if (other.terms.measured_on, other.terms.faces) != (first.terms.measured_on, first.terms.faces):
            raise FerLabError(f"{first.name} and {other.name} were not measured on the same faces. Compare runs of one data set and split.")


def on_same_faces(entrants: Sequence[Entrant]) -> tuple[tuple[Entrant, ...], ...]:
    """The runs, those together that were measured on the same faces, whatever they learnt from and were chosen on."""
    found: dict[tuple[str, str], list[Entrant]] = {}
    for entrant in entrants:
        found.setdefault((entrant.terms.measured_on, entrant.terms.faces), []).append(entrant)
    return tuple(map(tuple, found.values()))


def confusion_difference(a: Entrant, b: Entrant) -> np.ndarray:
    """Faces (7, 7) that each cell of B's confusion matrix holds more than A's: a row a label, a column an answer.

    Raises:
        FerLabError: As `refuse_strangers`.
    """
    refuse_strangers(a, b)
    return confusion_matrix(b.scored.labels, b.scored.answers) - confusion_matrix(a.scored.labels, a.scored.answers)


def moved_faces(a: Entrant, b: Entrant, label: str, answer: str) -> Moved:
    """The faces behind a cell of `confusion_difference`.

    Raises:
        FerLabError: As `refuse_strangers`.
    """
    refuse_strangers(a, b)
    ids, mine = a.scored.ids, a.scored.labels == NAMES.index(label)
    if label == answer:
        none = ids[:0]
        return Moved(ids[mine & ~a.right & b.right], ids[mine & a.right & ~b.right], none, none)
    said_a, said_b = a.scored.answers == NAMES.index(answer), b.scored.answers == NAMES.index(answer)
    return Moved(
        fixed=ids[mine & said_a & b.right],
        broke=ids[mine & a.right & said_b],
        came=ids[mine & ~a.right & ~said_a & said_b],
        went=ids[mine & said_a & ~said_b & ~b.right],
    )


def recall_changes(pair: Pair) -> tuple[RecallChange, ...]:
    """What becomes of each emotion's faces from A to B, in class order; runs that are not tested have no intervals and no p.

    Raises:
        FerLabError: As `refuse_strangers`.
    """
    a, b = pair.a, pair.b
    refuse_strangers(a, b)
    members = [a.scored.labels == k for k in range(N_CLASSES)]
    counts = [(int((mine & b.right & ~a.right).sum()), int((mine & a.right & ~b.right).sum())) for mine in members]
    adjusted = holm([mcnemar(broke, fixed) for fixed, broke in counts])
    drawn = b.resampled.recall - a.resampled.recall
    rows = []
    for k, (mine, (fixed, broke)) in enumerate(zip(members, counts, strict=True)):
        p = adjusted[k] if pair.test else None
        if not mine.any():
            rows.append(RecallChange(NAMES[k], 0, None, None, None, None, 0, 0, p))
            continue
        recall_a, recall_b, difference = float(a.right[mine].mean()), float(b.right[mine].mean()), (fixed - broke) / int(mine.sum())
        interval = percentile_interval(drawn[:, k]) if pair.test else None
        rows.append(RecallChange(NAMES[k], int(mine.sum()), recall_a, recall_b, difference, interval, fixed, broke, p))
    return tuple(rows)


def agreement(entrants: Sequence[Entrant]) -> np.ndarray:
    """Share of faces (R, R) to which two runs give the same answer, right or wrong, from 0 to 1.

    Raises:
        FerLabError: As `refuse_strangers`.
    """
    refuse_strangers(*entrants)
    answers = np.stack([item.scored.answers for item in entrants])
    return (answers[:, None] == answers).mean(2)


def missed_by_all(entrants: Sequence[Entrant]) -> Missed:
    """The faces that no run answers right, by rising row.

    Raises:
        FerLabError: As `refuse_strangers`.
    """
    refuse_strangers(*entrants)
    scored = entrants[0].scored
    missed = ~np.any([item.right for item in entrants], axis=0)
    answers = np.stack([item.scored.answers for item in entrants], 1)[missed]
    return Missed(scored.ids[missed], scored.labels[missed], answers, (answers == answers[:, :1]).all(1))
