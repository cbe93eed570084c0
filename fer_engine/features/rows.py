"""Faces in either of the shapes that the transformers take."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError


class FaceTransformer(TransformerMixin, BaseEstimator):
    """What turns faces into features without having learnt anything; parameters are those of its `__init__`.

    Its tags tell scikit-learn that it takes pictures: `check_estimator` then leaves out the checks that feed tables of
    some columns, which are no faces.
    """

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's contract
        """Nothing is learnt."""
        return self

    def __sklearn_tags__(self) -> Tags:
        """Pictures, and no need to be fitted."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        """It always is."""
        return True


def as_faces(inputs: Any) -> np.ndarray:
    """Faces uint8 (N, 48, 48) out of (N, 48, 48), or out of rows of pixels (N, 2304); numbers are from 0 to 255.

    Raises:
        FerLabError: Where they have another shape.
    """
    array = np.asarray(inputs)
    if array.ndim == 2 and array.shape[1] == SIZE * SIZE:
        array = array.reshape(-1, SIZE, SIZE)
    if array.ndim != 3 or array.shape[1:] != (SIZE, SIZE):
        raise FerLabError(f"Faces must have the shape (N, {SIZE}, {SIZE}) or (N, {SIZE * SIZE}), not {array.shape}.")
    return array if array.dtype == np.uint8 else np.clip(np.rint(array), 0, 255).astype(np.uint8)
