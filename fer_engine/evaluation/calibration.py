"""Calibration: scores to probabilities that mean what they say."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax


@dataclass(frozen=True)
class Calibration:
    """A softmax over scores times a scale fitted on held-out faces: temperature scaling (Guo et al., 2017).

    It serves both heads: the svm head's one-vs-all scores too are ranked alike before and after, so that the label
    is always that of the highest score.

    Attributes:
        scale: What scores are multiplied by, the inverse of the temperature.
        split: The split that it was fitted on.
        n: Its number of faces.
        nll: Mean negative log-likelihood there, nats, after calibration.
        nll_before: The same with a scale of 1.
        ece: Expected calibration error there with 15 bins of equal width, after calibration.
        ece_before: The same with a scale of 1.
    """

    scale: float
    split: str
    n: int
    nll: float
    nll_before: float
    ece: float
    ece_before: float

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities (N, 7) of scores (N, 7)."""
        return softmax(self.scale * scores, axis=1)

    def to_dict(self) -> dict:
        """The fields by name, for `calibration.json`."""
        return {"method": "temperature", **asdict(self)}

    @classmethod
    def from_dict(cls, tree: dict) -> "Calibration":
        """The inverse of `to_dict`."""
        return cls(**{key: value for key, value in tree.items() if key != "method"})


def fit_calibration(scores: np.ndarray, labels: np.ndarray, split: str) -> Calibration:
    """Find the scale that makes held-out labels likeliest.

    Args:
        scores: (N, 7).
        labels: (N,).
        split: Their split, for the record.
    """

    def nll(log_scale: float) -> float:
        return float(-log_softmax(np.exp(log_scale) * scores, axis=1)[np.arange(len(labels)), labels].mean())

    found = minimize_scalar(nll, bounds=(-5, 5), method="bounded")
    scale = float(np.exp(found.x))
    return Calibration(
        scale=scale,
        split=split,
        n=len(labels),
        nll=nll(found.x),
        nll_before=nll(0.0),
        ece=expected_calibration_error(softmax(scale * scores, axis=1), labels),
        ece_before=expected_calibration_error(softmax(scores, axis=1), labels),
    )


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over bins of equal width, weighted by their faces (Naeini et al., 2015)."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    weights = np.bincount(bin_of, minlength=bins)
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / max(1, weights.sum()))
