"""What is known of FER2013 without having it: faces per split and emotion (Goodfellow et al., 2013)."""

from fer_engine.labels import NAMES

_COUNTS = {
    "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "PublicTest": (467, 56, 496, 895, 653, 415, 607),
    "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
}
FER2013_COUNTS: dict[str, dict[str, int]] = {split: dict(zip(NAMES, counts, strict=True)) for split, counts in _COUNTS.items()}
