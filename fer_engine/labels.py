"""The seven emotions: their order, names and colours. Everything that lists emotions reads this."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Emotion:
    """One class of FER2013.

    Attributes:
        index: Its label in FER2013 (Goodfellow et al., 2013), 0 to 6.
        name: Its name in lower case, as every table, file and chart here spells it.
        color: Hexadecimal colour, the same in every chart.
    """

    index: int
    name: str
    color: str


# Six hues of Okabe and Ito (2008), which people with any colour vision deficiency tell apart,
# and a grey for neutral; their yellow is left out, as it does not show on white.
EMOTIONS = (
    Emotion(0, "angry", "#D55E00"),
    Emotion(1, "disgust", "#009E73"),
    Emotion(2, "fear", "#CC79A7"),
    Emotion(3, "happy", "#E69F00"),
    Emotion(4, "sad", "#0072B2"),
    Emotion(5, "surprise", "#56B4E9"),
    Emotion(6, "neutral", "#8A8A8A"),
)
NAMES = tuple(emotion.name for emotion in EMOTIONS)
COLORS = {emotion.name: emotion.color for emotion in EMOTIONS}
N_CLASSES = len(EMOTIONS)


def count_labels(labels: np.ndarray) -> dict[str, int]:
    """Count how often each emotion occurs in `labels` (N,), as {name: count} in class order."""
    counts = np.bincount(labels, minlength=N_CLASSES)
    return {name: int(count) for name, count in zip(NAMES, counts, strict=True)}
