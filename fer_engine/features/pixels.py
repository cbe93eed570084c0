"""The pixels themselves."""

from typing import Any

import numpy as np

from fer_engine.features.rows import FaceTransformer, as_faces


class Pixels(FaceTransformer):
    """Pixels as rows of numbers from 0 to 1, or with mean 0 and deviation 1 in each face.

    Args:
        standardise: Take each face's own brightness and contrast out.
    """

    def __init__(self, standardise: bool = False) -> None:
        self.standardise = standardise

    def transform(self, inputs: Any) -> np.ndarray:
        """Rows (N, 2304), float32, of faces (N, 48, 48) or rows."""
        rows = as_faces(inputs).reshape(-1, 48 * 48).astype(np.float32) / 255
        if self.standardise:
            rows -= rows.mean(1, keepdims=True)
            rows /= np.maximum(rows.std(1, keepdims=True), 1e-3)  # a blank face stays blank
        return rows
