"""Holding images out of a set that says no splits, so that nothing that judges was learnt from in another guise."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from fer_engine.data.faceset import image_hashes
from fer_engine.labels import N_CLASSES, NAMES


def held_out(images: np.ndarray, labels: Sequence[int], persons: Sequence[str], share: float) -> tuple[np.ndarray, str]:
    """Which images go to PublicTest.

    All copies of an image go the same way, and a share of each emotion; where it is known who is on every image, it is a
    share of all images, and all of a person go the same way.

    Args:
        images: uint8 (N, 48, 48).
        labels: (N,).
        persons: (N,) who is on each image; empty where nobody knows.
        share: From 0 to 1; 0 holds none out.

    Returns:
        bool (N,), and a sentence on them; empty where there are none.
    """
    if not share or not len(images):
        return np.zeros(len(images), bool), ""
    held, told = _by_person(labels, persons, share) if all(persons) else _by_emotion(images, labels, share)
    words = f"{held.sum():,} of {len(held):,} images that say no split were held out as PublicTest{told}"
    return held, words if held.any() else ""


def _by_emotion(images: np.ndarray, labels: Sequence[int], share: float) -> tuple[np.ndarray, str]:
    hashes, kinds = image_hashes(images), dict[int, int]()
    for label, key in zip(labels, hashes.tolist(), strict=True):
        kinds.setdefault(key, label)  # a copy with another label goes where the first goes
    held: set[int] = set()
    for label in range(N_CLASSES):
        own = sorted(key for key, of in kinds.items() if of == label)
        held |= set(own[: max(round(share * len(own)), int(len(own) > 1))])
    return np.array([key in held for key in hashes.tolist()]), f", of each emotion {100 * share:.3g}%."


def _by_person(labels: Sequence[int], persons: Sequence[str], share: float) -> tuple[np.ndarray, str]:
    """Whole persons: of one person's images, often frames of one film, none may be learnt from where others judge."""
    images = Counter(persons)
    held: set[str] = set()
    for person in sorted(images, key=lambda name: hashlib.sha256(name.encode()).digest())[: len(images) - 1]:
        if sum(images[one] for one in held) >= share * len(persons):
            break
        held.add(person)
    chosen = np.array([person in held for person in persons])
    lacking = sorted(set(labels) - set(np.asarray(labels)[chosen].tolist()))
    without = f" They have no {', '.join(NAMES[label] for label in lacking)}." if lacking else ""
    return chosen, f": all of {len(held)} of {len(images)} persons.{without}"
