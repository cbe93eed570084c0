"""What faults of the data cost: a run's accuracy on faces with copies in Training, on clear and unclear faces, on suspects."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_engine.data.audit import TRAINING, Audit
from fer_engine.data.audit_labels import check_labels
from fer_engine.data.audit_votes import Votes
from fer_engine.errors import FerLabError
from fer_engine.evaluation.statistics import wilson_interval

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.evaluation.curves import Scored
    from fer_engine.runs.store import Run

CLEAR, UNCLEAR = 0.8, 0.5  # share of the votes that one choice has
ALL, UNSEEN, LEAKED, NEAR = "all faces", "without a copy in Training", "with a copy in Training", "with a near copy in Training alone"
AGREED, SPLIT = "8 of 10 annotators or more agree", "fewer than 5 of 10 agree"
TRUSTED, SUSPECT = "label not suspected", "label suspected"


@dataclass(frozen=True)
class Cost:
    """A run's accuracy on some of the faces.

    Attributes:
        run: The run's name.
        faces: Which faces.
        n: How many.
        accuracy: Share of right answers, by the labels of the data set; None where there is no such face.
        low: Lower end of its 95% interval (Wilson).
        high: Upper end.
    """

    run: str
    faces: str
    n: int
    accuracy: float | None
    low: float
    high: float


def places_in(found: Audit, run: "Run", scored: "Scored") -> np.ndarray:
    """Where in the data set the faces of a run's predictions are (M,).

    Raises:
        FerLabError: Where the data set is not the one that the run was scored on.
    """
    faces = found.faces
    own = np.flatnonzero(faces.split == scored.split)
    order = own[np.argsort(faces.ids[own], kind="stable")]
    places = order[np.searchsorted(faces.ids[order], scored.ids).clip(max=len(order) - 1)] if len(order) else order
    same = len(places) == len(scored.ids) and np.array_equal(faces.ids[places], scored.ids)
    if not (same and np.array_equal(faces.labels[places], scored.labels)):
        raise FerLabError(f"The run '{run.name}' was scored on the {scored.split} of another data set, or of these faces in another order.")
    return places


def run_costs(
    name: str, right: np.ndarray, places: np.ndarray, found: Audit, votes: Votes | None, suspect: np.ndarray | None
) -> list[Cost]:
    """A run's accuracy on each of the kinds of faces.

    Args:
        name: The run's.
        right: (M,) whether it is right.
        places: (M,) the faces' places in the data set.
        found: The data set's audit.
        votes: The FER+ votes of the whole data set, or None.
        suspect: (M,) whether the label is suspected by others than this run, or None.
    """
    kinds = {ALL: np.ones(len(places), bool)}
    split = str(found.faces.split[places[0]]) if len(places) else TRAINING
    if split != TRAINING:
        leaked = np.isin(places, found.leaked(split))
        kinds |= {UNSEEN: ~leaked, LEAKED: leaked}
        if found.near is not None:
            kinds[NEAR] = np.isin(places, found.near.twins(split, TRAINING)) & ~leaked
    if votes:
        agreement = votes.agreement[places]
        kinds |= {AGREED: agreement >= CLEAR - 1e-9, SPLIT: agreement < UNCLEAR - 1e-9}
    if suspect is not None:
        kinds |= {TRUSTED: ~suspect, SUSPECT: suspect}
    return [_cost(name, kind, right[chosen]) for kind, chosen in kinds.items()]


def by_agreement(name: str, right: np.ndarray, places: np.ndarray, votes: Votes) -> list[Cost]:
    """A run's accuracy by how many of ten FER+ annotators chose the same: all faces, then every number that occurs, from 10 down.

    Args:
        name: The run's.
        right: (M,) whether it is right, by the data set's label.
        places: (M,) the faces' places in the data set.
        votes: The FER+ votes of the whole data set.
    """
    agree = votes.agreeing[places]
    rows = [_cost(name, ALL, right)]
    return rows + [_cost(name, f"{number} of 10 agree", right[agree == number]) for number in range(10, -1, -1) if (agree == number).any()]


def _cost(name: str, kind: str, right: np.ndarray) -> Cost:
    interval = wilson_interval(int(right.sum()), len(right))
    return Cost(name, kind, len(right), float(right.mean()) if len(right) else None, interval.low, interval.high)


def costs(found: Audit, runs: Sequence["Run"], scored: Sequence["Scored"], votes: Votes | None) -> list[Cost]:
    """The accuracy of runs on each of the kinds of faces.

    A label counts as suspected for a run by what the most accurate run of another model says, for its own mistakes
    would be suspects by nature; an SVM that reads a network is no other model to it.

    Args:
        found: The data set's audit.
        runs: Finished runs that were scored on the same split of it.
        scored: Their predictions.
        votes: The FER+ votes of the whole data set, or None.

    Raises:
        FerLabError: Where a run was scored on other faces.
    """
    rows = []
    for run, own in zip(runs, scored, strict=True):
        places = places_in(found, run, own)
        judge = _judge(run, own, runs, scored)
        suspect = None
        with suppress(FerLabError):  # of a set that lacks an emotion nothing can be told
            suspect = check_labels(own.labels, judge.probabilities).suspect if judge else None
        rows += run_costs(run.name, own.answers == own.labels, places, found, votes, suspect)
    return rows


def _judge(run: "Run", own: "Scored", runs: Sequence["Run"], scored: Sequence["Scored"]) -> "Scored | None":
    """The predictions of the most accurate run of another model, on another network, on the same faces, or None."""
    rivals = [
        other
        for rival, other in zip(runs, scored, strict=True)
        if not _akin(rival, run) and other.split == own.split and np.array_equal(other.ids, own.ids)
    ]
    return max(rivals, key=lambda other: float((other.answers == other.labels).mean()), default=None)


def _akin(a: "Run", b: "Run") -> bool:
    """Whether two runs are of one model, or one goes on from the other's network or reads it, or both do so with a third's."""
    return a.spec.model == b.spec.model or (a.spec.start or a.spec.hash) == (b.spec.start or b.spec.hash)


def costs_table(rows: Sequence[Cost]) -> "pd.DataFrame":
    """A row a run and kind of faces, accuracy and interval in percent."""
    import pandas as pd

    def cells(row: Cost) -> dict[str, object]:
        accuracy = None if row.accuracy is None else round(100 * row.accuracy, 2)
        interval = "" if row.accuracy is None else f"{100 * row.low:.1f} – {100 * row.high:.1f}"
        return {"Run": row.run, "Faces": row.faces, "n": row.n, "Accuracy, %": accuracy, "95% interval": interval}

    return pd.DataFrame([cells(row) for row in rows])
