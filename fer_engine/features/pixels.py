"""The pixels themselves."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from fer_engine.features.rows import as_faces


class Pixels(TransformerMixin, BaseEstimator):
    """Pixels as rows of numbers from 0 to 1, or with mean 0 and deviation 1 in each face.

    Args:
        standardise: Take each face's own brightness and contrast out.
    """

    def __init__(self, standardise: bool = False) -> None:
        self.standardise = standardise

    def fit(self, inputs: Any, labels: Any = None) -> "Pixels":  # noqa: ARG002 - scikit-learn's contract
        """Nothing is learnt."""
        return self

    def transform(self, inputs: Any) -> np.ndarray:
        """Rows (N, 2304), float32, of faces (N, 48, 48) or rows."""
        rows = as_faces(inputs).reshape(-1, 48 * 48).astype(np.float32) / 255
        if self.standardise:
            rows -= rows.mean(1, keepdims=True)
            rows /= np.maximum(rows.std(1, keepdims=True), 1e-3)  # a blank face stays blank
        return rows

    def __sklearn_is_fitted__(self) -> bool:
        """It always is."""
        return True
