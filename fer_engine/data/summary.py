"""What a data set holds: faces per split and emotion, mean faces."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_engine.data.faceset import SIZE, FaceSet
from fer_engine.data.loaded import LoadedData
from fer_engine.labels import N_CLASSES, NAMES

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Summary:
    """What a data set holds.

    Attributes:
        name: What it is called.
        content_hash: Identifies its images and labels.
        counts: {split: {emotion: faces}}.
        skipped: Rows that were refused.
        notices: Sentences on how it was read; why rows were refused is among them.
    """

    name: str
    content_hash: str
    counts: dict[str, dict[str, int]]
    skipped: int
    notices: tuple[str, ...]

    @property
    def faces(self) -> int:
        """How many there are."""
        return sum(sum(each.values()) for each in self.counts.values())

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON can have it."""
        splits = {
            split: {
                "faces": sum(each.values()),
                "emotions": {name: {"faces": number, "share": round(number / sum(each.values()), 6)} for name, number in each.items()},
            }
            for split, each in self.counts.items()
        }
        return {
            "name": self.name,
            "content_hash": self.content_hash,
            "faces": self.faces,
            "pixels": [SIZE, SIZE],
            "megabytes": round(self.faces * SIZE * SIZE / 1e6, 1),
            "splits": splits,
            "refused": self.skipped,
            "notices": list(self.notices),
        }


def summarise(data: LoadedData) -> Summary:
    """What a data set that was opened holds."""
    return Summary(data.faces.name, data.faces.content_hash, data.faces.counts(), data.skipped, data.notices)


def class_table(counts: dict[str, dict[str, int]]) -> "pd.DataFrame":
    """A row an emotion, for each split its faces and their share in percent; the last row is the sum.

    Args:
        counts: {split: {emotion: faces}}.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for name in (*NAMES, "all"):
        row: dict[str, Any] = {"Emotion": name}
        for split, each in counts.items():
            total = sum(each.values())
            number = total if name == "all" else each[name]
            row |= {f"{split}, faces": number, f"{split}, %": round(100 * number / total, 2)}
        rows.append(row)
    return pd.DataFrame(rows)


def mean_faces(faces: FaceSet) -> dict[str, np.ndarray]:
    """The mean face uint8 (48, 48) of each emotion that has faces, by name."""
    found = {}
    for label in range(N_CLASSES):
        rows = np.flatnonzero(faces.labels == label)
        if len(rows):
            total = np.zeros((SIZE, SIZE), np.uint64)
            for start in range(0, len(rows), 4096):
                total += np.asarray(faces.images[rows[start : start + 4096]]).sum(axis=0, dtype=np.uint64)
            found[NAMES[label]] = np.rint(total / len(rows)).astype(np.uint8)
    return found
