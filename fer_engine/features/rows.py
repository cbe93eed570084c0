"""Faces in either of the shapes that the transformers take."""

from typing import Any

import numpy as np

from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError


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
