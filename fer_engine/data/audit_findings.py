"""What is found of each image when one looks further than at its pixels: votes, faces, likely label errors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_engine.data.audit import TRAINING, Audit, copy_numbers
from fer_engine.data.audit_labels import LabelCheck, check_labels, kept_out_of_fold, out_of_fold, ranking_precision
from fer_engine.data.audit_quality import FACELESS_BELOW, face_scores
from fer_engine.data.audit_votes import CHOICES, Votes, read_votes, votes_counts
from fer_engine.data.faceset import FaceSet
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.data.audit_groups import Groups

Progress = Callable[[float, str], None]


@dataclass(frozen=True, eq=False)
class TrainingCheck:
    """The labels of Training against the quick model.

    Attributes:
        rows: (M,) places of Training's faces in the data set.
        check: What was found of them.
    """

    rows: np.ndarray
    check: LabelCheck

    @property
    def suspects(self) -> np.ndarray:
        """Places in the data set of the likely label errors, the likeliest first."""
        return self.rows[self.check.ranked]


@dataclass(frozen=True, eq=False)
class Further:
    """What was looked for beside copies; None what was not.

    Attributes:
        votes: The FER+ votes of all faces.
        scores: (N,) scores of the face detector.
        training: The check of Training's labels.
    """

    votes: Votes | None = None
    scores: np.ndarray | None = None
    training: TrainingCheck | None = None

    @property
    def faceless(self) -> np.ndarray:
        """(N,) images in which no face was found."""
        assert self.scores is not None
        return self.scores < FACELESS_BELOW

    def counts(self, found: Audit) -> dict[str, Any]:
        """The figures by name, as JSON can have them."""
        counts: dict[str, Any] = {}
        if self.votes:
            counts |= votes_counts(self.votes, found.faces)
        if self.scores is not None:
            counts["faceless_images"] = int(self.faceless.sum())
        if self.training:
            counts["suspect_labels_in_training"] = len(self.training.suspects)
            if self.votes:
                counts |= against_votes(self.training.rows, self.training.check, self.votes, np.asarray(found.faces.labels))
        return counts

    def table(self, found: Audit) -> "pd.DataFrame":
        """A row an image, with a column for each thing that was looked for."""
        import pandas as pd

        faces, names = found.faces, np.array(NAMES)
        columns: dict[str, Any] = {"row": faces.ids, "split": faces.split, "label": names[faces.labels]}
        columns["copies_group"] = _numbers(found.exact, len(faces))
        if found.near is not None:
            columns["near_copies_group"] = _numbers(found.near, len(faces))
        columns["blank"] = found.blank
        if self.votes:
            columns["votes_majority"] = np.array(CHOICES)[self.votes.majority]
            columns["votes_agreement"] = self.votes.agreement.round(4)
            columns["votes_for_label"] = self.votes.support(np.asarray(faces.labels)).round(4)
        if self.scores is not None:
            columns["face_score"] = self.scores.round(4)
        if self.training:
            rows, check = self.training.rows, self.training.check
            quality, proposed = np.full(len(faces), np.nan), np.full(len(faces), "", dtype=object)
            quality[rows] = check.quality.round(4)
            proposed[rows] = np.where(check.suspect, names[check.proposed], "")
            columns |= {"label_quality": quality, "proposed_label": proposed}
        return pd.DataFrame(columns)


def _numbers(groups: "Groups", n: int) -> np.ndarray:
    """The number (n,) of each image's group, from 1; 0 where it has none."""
    found = np.zeros(n, np.int64)
    for number, group in enumerate(groups.groups, start=1):
        found[list(group.rows)] = number
    return found


def look_further(found: Audit, *, votes: Path | None, faceless: bool, labels: bool, progress: Progress) -> Further:
    """Look for what is asked for beside copies.

    Args:
        found: The audit of the images, with near copies.
        votes: FER+'s votes, or None.
        faceless: Whether to look for images without a face.
        labels: Whether to look for likely label errors in Training.
        progress: Called with the fraction done of each step and what it is.

    Raises:
        FerLabError: Where the votes do not fit, or Training has too few faces of an emotion.
    """
    read = read_votes(votes, found.faces) if votes else None
    scores = face_scores(found.faces, lambda share: progress(share, "Looking for faces")) if faceless else None
    checked = check_training(found, lambda share: progress(share, "Checking labels")) if labels else None
    return Further(read, scores, checked)


def check_training(found: Audit, progress: Callable[[float], None] = lambda _: None) -> TrainingCheck:
    """Check the labels of Training by a model that saw neither a face nor a copy of it.

    Raises:
        FerLabError: Where there is no Training, or too few faces of an emotion.
    """
    part = found.faces.part(TRAINING)
    rows = np.flatnonzero(found.faces.split == TRAINING)
    probabilities = out_of_fold(part, copy_numbers(found)[rows], progress)
    return TrainingCheck(rows, check_labels(np.asarray(part.labels), probabilities))


def kept_training_check(faces: FaceSet) -> TrainingCheck | None:
    """What `check_training` found of these faces and kept; None where it was not asked yet."""
    rows = np.flatnonzero(faces.split == TRAINING)
    part = faces.take(rows)
    probabilities = kept_out_of_fold(part) if len(rows) else None
    return None if probabilities is None else TrainingCheck(rows, check_labels(np.asarray(part.labels), probabilities))


def against_votes(rows: np.ndarray, check: LabelCheck, votes: Votes, labels: np.ndarray) -> dict[str, float]:
    """How well a check finds the faces whose FER+ majority differs from the label.

    Args:
        rows: (M,) places of the checked faces.
        check: What was found of them.
        votes: Of all N faces.
        labels: (N,).

    Returns:
        The average precision of ranking them by the quality of their label, what chance would give, and the share of
        the suspects, and of the hundred likeliest, whose majority differs.
    """
    differs = votes.take(rows).differs(labels[rows])
    ranked = check.ranked
    return {
        "label_ranking_average_precision": ranking_precision(differs, check.quality) if differs.any() else float("nan"),
        "label_ranking_chance": float(differs.mean()),
        "suspects_confirmed_by_votes": float(differs[ranked].mean()) if len(ranked) else float("nan"),
        "first_hundred_confirmed_by_votes": float(differs[ranked[:100]].mean()) if len(ranked) else float("nan"),
    }
