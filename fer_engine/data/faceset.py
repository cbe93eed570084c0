"""FaceSet: faces with labels and splits, the one form in which data reaches everything else."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from fer_engine.errors import FerLabError
from fer_engine.labels import count_labels

SIZE = 48  # FER2013's faces are 48x48 pixels
SPLITS = ("Training", "PublicTest", "PrivateTest")
TRAINING_HASHES_FILE = Path(__file__).with_name("fer2013_training_hashes.npy")


@dataclass(frozen=True)
class FaceSet:
    """Grey faces with their labels.

    Attributes:
        images: uint8 (N, 48, 48).
        labels: int64 (N,), 0 to 6 in the order of `fer_engine.labels`.
        split: str (N,), each one of `SPLITS`.
        ids: int64 (N,), the row (from 0) in the source; what predictions are keyed by.
        name: What the set is called, for example 'fer2013' or 'synthetic'.
    """

    images: np.ndarray
    labels: np.ndarray
    split: np.ndarray
    ids: np.ndarray
    name: str = "fer2013"

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have rows here, in FER2013's order."""
        present = set(np.unique(self.split).tolist())
        return tuple(split for split in SPLITS if split in present)

    def part(self, split: str) -> "FaceSet":
        """The rows of one split.

        Raises:
            FerLabError: Where the set has no row of it.
        """
        rows = np.flatnonzero(self.split == split)
        if not len(rows):
            raise FerLabError(f"The data set '{self.name}' has no {split} rows; it has {', '.join(self.splits) or 'no rows at all'}.")
        return self.take(rows)

    def take(self, rows: np.ndarray) -> "FaceSet":
        """The rows at these positions, in this order."""
        return replace(self, images=self.images[rows], labels=self.labels[rows], split=self.split[rows], ids=self.ids[rows])

    def counts(self) -> dict[str, dict[str, int]]:
        """Faces per split and emotion."""
        return {split: count_labels(self.labels[self.split == split]) for split in self.splits}

    @cached_property
    def content_hash(self) -> str:
        """Sixteen hexadecimal digits that identify images and labels, whatever their order, file or path.

        The same faces out of the CSV file and out of a folder of PNG files are the same data.
        """
        keys = np.sort(image_hashes(self.images) + self.labels.astype(np.uint64))
        return hashlib.sha256(keys.tobytes()).hexdigest()[:16]


def iter_digests(images: np.ndarray) -> Iterator[bytes]:
    """Eight bytes of BLAKE2b of each image's pixels."""
    for image in np.ascontiguousarray(images):
        yield hashlib.blake2b(image.tobytes(), digest_size=8).digest()


def image_hashes(images: np.ndarray) -> np.ndarray:
    """Hash each image by its pixels: uint64 (N,); equal for pixel-identical images."""
    return np.frombuffer(b"".join(iter_digests(images)), dtype="<u8")


def seen_in_fer2013_training(images: np.ndarray) -> np.ndarray:
    """Which images stand, pixel for pixel, in FER2013's Training split too: bool (N,).

    The hashes of Training's 28,709 images ship with the engine, so that this needs no data set.
    """
    return np.isin(image_hashes(images), np.load(TRAINING_HASHES_FILE))
