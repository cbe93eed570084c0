"""The FER+ votes (Barsoum et al., 2016): what ten annotators said of each FER2013 face, brought to the faces at hand."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_engine import settings
from fer_engine.data.faceset import SPLITS, FaceSet
from fer_engine.errors import FerLabError
from fer_engine.labels import N_CLASSES, NAMES
from fer_engine.runs.files import file_hash

if TYPE_CHECKING:
    import pandas as pd

NO_FACE = "no face"
CHOICES = (*NAMES, "contempt", "unknown", NO_FACE)
_COLUMNS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt", "unknown", "NF")
_USAGE = "Usage"
# Seven of ten FER2013 labels have the most votes; rows in another order have them by chance alone, one in five at most.
_LEAST_AGREEMENT = 0.4


@dataclass(frozen=True)
class Votes:
    """What the annotators said of each face.

    Attributes:
        counts: (N, 10) votes for each of `CHOICES`.
    """

    counts: np.ndarray

    @property
    def agreement(self) -> np.ndarray:
        """(N,) share of the votes that the most voted choice has, from 0 to 1."""
        return self.counts.max(1) / np.maximum(self.counts.sum(1), 1)

    @property
    def agreeing(self) -> np.ndarray:
        """(N,) how many of ten annotators chose what most of them chose: the agreement in tenths, rounded."""
        return np.rint(10 * self.agreement).astype(np.int64)

    @property
    def majority(self) -> np.ndarray:
        """(N,) the most voted of `CHOICES`; of equal ones the first."""
        return self.counts.argmax(1)

    def support(self, labels: np.ndarray) -> np.ndarray:
        """Share (N,) of the votes that labels (N,) have, from 0 to 1."""
        return self.counts[np.arange(len(labels)), labels] / np.maximum(self.counts.sum(1), 1)

    def differs(self, labels: np.ndarray) -> np.ndarray:
        """Where (N,) another choice than the label has the most votes; a label that shares the first place does not differ."""
        return self.counts[np.arange(len(labels)), labels] < self.counts.max(1)

    def by_label(self, labels: np.ndarray) -> np.ndarray:
        """Mean share (7, 10) of the votes of the faces of each label (N,) that each of `CHOICES` has; NaN for a label without votes."""
        shares = self.counts / np.maximum(self.counts.sum(1, keepdims=True), 1)
        voted = self.counts.sum(1) > 0
        groups = [shares[(labels == label) & voted] for label in range(N_CLASSES)]
        return np.array([group.mean(0) if len(group) else np.full(len(CHOICES), np.nan) for group in groups])

    def take(self, rows: np.ndarray) -> "Votes":
        """The votes of the faces at these places, in this order."""
        return Votes(self.counts[rows])


def votes_hash() -> str:
    """Begins the SHA-256 of the table that `FER_LAB_VOTES` names: what a run that learns from it is known by.

    Raises:
        FerLabError: Where no table is named, or it cannot be read.
    """
    path = settings.votes_path()
    if path is None:
        raise FerLabError("votes wants FER+'s votes: name their file, fer2013new.csv, in FER_LAB_VOTES, or set votes to 0.")
    try:
        return file_hash(path)[:16]
    except OSError as error:
        raise FerLabError(f"The votes {path} cannot be read: {error.strerror or error}. FER_LAB_VOTES names them.") from error


def read_votes(path: Path, faces: FaceSet) -> Votes:
    """Read `fer2013new.csv` for the faces at hand.

    Its rows follow `fer2013.csv`: Training, PublicTest, PrivateTest. A face has the votes of its row; where the splits
    of row and face differ, faces and votes of each split are matched in their order, if there are as many.

    Raises:
        FerLabError: Where the file is no such table, or its rows are not those of the faces.
    """
    table = _read(path)
    usage, counts = table[_USAGE].to_numpy(str), table[list(_COLUMNS)].to_numpy(np.int64)
    rows = _rows(usage, faces)
    if rows is None:
        raise FerLabError(
            f"{path} has votes for {_told(usage)}, and the data set has {_told(faces.split)} in another order: they cannot be matched. "
            "Open FER2013's CSV file itself, whose rows the votes follow."
        )
    votes = Votes(counts[rows])
    agrees = 1 - float(votes.differs(np.asarray(faces.labels)).mean())
    if agrees < _LEAST_AGREEMENT:
        raise FerLabError(
            f"{path} does not fit this data set: the label has the most votes in {100 * agrees:.0f}% of the faces only, as of rows in "
            "another order. Open FER2013's CSV file itself, whose rows the votes follow."
        )
    return votes


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except FileNotFoundError as error:
        raise FerLabError(f"There is no file {path}. FER+ hands its votes out as fer2013new.csv.") from error
    except (OSError, ValueError) as error:
        raise FerLabError(f"{path} cannot be read as FER+ votes ({str(error).splitlines()[0]}).") from error
    missing = [column for column in (_USAGE, *_COLUMNS) if column not in table.columns]
    if missing:
        raise FerLabError(f"{path} is not FER+'s fer2013new.csv: it has no column {' and no column '.join(missing[:3])}.")
    numbers = table[list(_COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = np.flatnonzero((numbers.isna() | (numbers < 0) | (numbers % 1 != 0)).any(axis=1))
    if len(bad):
        raise FerLabError(f"{path}, line {bad[0] + 2}: votes must be whole numbers of 0 and more.")
    return table.assign(**{column: numbers[column] for column in _COLUMNS})


def _rows(usage: np.ndarray, faces: FaceSet) -> np.ndarray | None:
    """The row of the votes for each face (N,); None where they cannot be told."""
    ids = np.asarray(faces.ids)
    if len(ids) and ids.max() < len(usage) and (usage[ids] == faces.split).all():
        return ids
    rows = np.zeros(len(faces), np.int64)
    for split in faces.splits:
        own, theirs = np.flatnonzero(faces.split == split), np.flatnonzero(usage == split)
        if len(own) != len(theirs):
            return None
        rows[own[np.argsort(ids[own], kind="stable")]] = theirs
    return rows


def _told(splits: np.ndarray) -> str:
    counts = {split: int((splits == split).sum()) for split in SPLITS}
    return ", ".join(f"{count:,} {split}" for split, count in counts.items() if count) or "no row of FER2013"


def votes_counts(votes: Votes, faces: FaceSet) -> dict[str, object]:
    """The figures of the votes by name, as JSON can have them."""
    labels = np.asarray(faces.labels)
    return {
        "votes_mean_agreement": float(votes.agreement.mean()),
        "votes_label_has_most": 1 - float(votes.differs(labels).mean()),
        "votes_no_face": int((votes.majority == CHOICES.index(NO_FACE)).sum()),
        "votes_outside_the_seven": int((votes.majority >= N_CLASSES).sum()),
    }
