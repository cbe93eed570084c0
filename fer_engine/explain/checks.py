"""What every way of explaining refuses, in the same words."""

import numpy as np

from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES


def checked_face(face: np.ndarray) -> None:
    """Refuse what is no face.

    Raises:
        FerLabError: Where it is not uint8 (48, 48).
    """
    if face.shape != (SIZE, SIZE) or face.dtype != np.uint8:
        raise FerLabError(f"A face to explain is {SIZE}x{SIZE} pixels of 8 bits, not {face.dtype} {'x'.join(map(str, face.shape))}.")


def checked_target(target: str | int) -> int:
    """The label of an emotion that is given by name or by label.

    Raises:
        FerLabError: Where there is no such emotion.
    """
    if target in NAMES:
        return NAMES.index(str(target))
    if isinstance(target, str) and target.isascii() and target.isdigit():
        target = int(target)
    if isinstance(target, int | np.integer) and 0 <= target < len(NAMES):
        return int(target)
    raise FerLabError(f"There is no emotion '{target}'. The emotions are {', '.join(NAMES)}, or 0 to {len(NAMES) - 1}.")
