"""What is known of FER2013 without having it: faces per split and emotion (Goodfellow et al., 2013), and how to tell it."""

import numpy as np

from fer_engine.data.faceset import FaceSet, seen_in_fer2013_training
from fer_engine.labels import NAMES, count_labels

_COUNTS = {
    "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "PublicTest": (467, 56, 496, 895, 653, 415, 607),
    "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
}
FER2013_COUNTS: dict[str, dict[str, int]] = {split: dict(zip(NAMES, counts, strict=True)) for split, counts in _COUNTS.items()}


def set_name(faces: FaceSet, train: FaceSet) -> str:
    """What a run calls its data: 'fer2013' for FER2013's own Training split, whatever its file is called, and for no other.

    Other images or other labels (a cleaned set, FER+) must not pass for it. A few images may differ, as copies that
    went through JPEG do.

    Args:
        faces: The data set.
        train: Its training split.
    """
    if _is_training(train):
        return "fer2013"
    return f"{faces.name}, altered" if faces.name == "fer2013" else faces.name


def is_fer2013(faces: FaceSet) -> bool:
    """Whether these are FER2013's own splits, one or more, by their labels; Training's by its images, too."""
    if any(counts != FER2013_COUNTS.get(split) for split, counts in faces.counts().items()):
        return False
    return "Training" not in faces.splits or _is_training(faces.part("Training"))


def _is_training(train: FaceSet) -> bool:
    counts_agree = count_labels(np.asarray(train.labels)) == FER2013_COUNTS["Training"]
    return counts_agree and bool(seen_in_fer2013_training(train.images).mean() > 0.95)
