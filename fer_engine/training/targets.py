"""What a face is taught as, how much it counts, and how often it is drawn."""

import numpy as np
import torch

from fer_engine import settings
from fer_engine.data.audit_votes import read_votes
from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec
from fer_engine.labels import N_CLASSES


def targets(spec: CnnSpec, train: FaceSet) -> np.ndarray:
    """What each training face is taught as: its label (N,), int64, or shares of the seven emotions (N, 7), float32.

    Where a face has no vote for any of the seven, its label is all.

    Raises:
        FerLabError: Where the spec wants FER+'s votes and there are none that fit.
    """
    labels = np.asarray(train.labels)
    if not spec.votes:
        return labels
    path = settings.votes_path()
    if path is None:
        raise FerLabError("votes wants FER+'s votes: name their file, fer2013new.csv, in FER_LAB_VOTES, or set votes to 0.")
    own = np.eye(N_CLASSES)[labels]
    counts = read_votes(path, train).counts[:, :N_CLASSES]
    total = counts.sum(1, keepdims=True)
    shares = np.where(total > 0, counts / np.maximum(total, 1), own)
    return (spec.votes * shares + (1 - spec.votes) * own).astype(np.float32)


def face_weights(spec: CnnSpec, train: FaceSet) -> np.ndarray | None:
    """What each training face's loss counts for (N,), float32, 1 on average; None where all count the same.

    'balanced' is scikit-learn's: N / (classes that there are * faces of the class).
    """
    return _balanced(np.asarray(train.labels)) if spec.class_weight == "balanced" else None


def epoch_order(spec: CnnSpec, labels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The training faces of an epoch (N,), by their places: all in a random order, or as many drawn with replacement.

    Args:
        spec: What is trained.
        labels: (N,), on any device.
        generator: Of random numbers, on the CPU.
    """
    if spec.sampling == "all":
        return torch.randperm(len(labels), generator=generator)
    chances = torch.from_numpy(_balanced(labels.cpu().numpy()))
    return torch.multinomial(chances, len(labels), replacement=True, generator=generator)


def _balanced(labels: np.ndarray) -> np.ndarray:
    counts = np.bincount(labels, minlength=N_CLASSES)
    return (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels].astype(np.float32)
