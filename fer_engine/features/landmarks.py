"""The 68 points of a face, by dlib's predictor (Kazemi and Sullivan, 2014).

The predictor's file comes inside the package `face_recognition_models`. It was trained on iBUG 300-W, whose licence
excludes commercial use.
"""

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_engine.errors import FerLabError
from fer_engine.features.rows import FaceTransformer, as_faces
from fer_engine.runs.files import file_hash

N_POINTS = 68
FILE = "shape_predictor_68_face_landmarks.dat"
SETTING = "FER_LAB_LANDMARKS"
# The points are looked for in the face at this many times its size. On 800 faces of PublicTest those of a face and of its
# mirror image are then 0.75 pixels apart (without the jaw); 0.87 as it is, 0.81 at twice, no less at six or eight times.
UPSCALE = 4

# The points in the order of iBUG's 68-point annotation.
REGIONS: dict[str, tuple[int, ...]] = {
    "jaw": tuple(range(17)),
    "brows": tuple(range(17, 27)),
    "nose": tuple(range(27, 36)),
    "eyes": tuple(range(36, 48)),
    "mouth": tuple(range(48, 68)),
}
_MIRRORED = np.array(
    [
        *range(16, -1, -1),
        *range(26, 16, -1),
        *range(27, 31),
        *range(35, 30, -1),
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
        *range(54, 47, -1),
        *range(59, 54, -1),
        *range(64, 59, -1),
        *range(67, 64, -1),
    ]
)
# Pairs whose distance says something: opening of eyes and mouth, height of brows, width of mouth, frown.
_PAIRS = np.array(
    [
        *((37, 41), (38, 40), (43, 47), (44, 46), (62, 66), (51, 57), (48, 54), (60, 64), (21, 22), (17, 36), (19, 37), (21, 39)),
        *((26, 45), (24, 44), (22, 42), (33, 51), (48, 36), (54, 45), (48, 33), (54, 33), (8, 57), (31, 35), (39, 42), (30, 8)),
    ]
)
# Triples whose angle, at the middle point, says something: corners of the mouth and of the eyes, brows, chin.
_TRIPLES = np.array(
    [
        *((51, 48, 57), (51, 54, 57), (48, 51, 54), (48, 57, 54), (37, 36, 41), (44, 45, 46), (17, 19, 21), (22, 24, 26)),
        *((36, 48, 54), (45, 54, 48), (19, 27, 24), (48, 33, 54), (48, 8, 54)),
    ]
)


def predictor_file() -> Path:
    """Where the predictor's file lies: what `FER_LAB_LANDMARKS` names, or in `face_recognition_models`.

    Raises:
        FerLabError: Where it is in neither.
    """
    named = os.environ.get(SETTING, "").strip()
    if named:
        path = Path(named).expanduser()
        if path.is_file():
            return path
        raise FerLabError(f"{SETTING} names {path}, which is no file. Let it name dlib's {FILE}, or unset it.")
    found = find_spec("face_recognition_models")  # found, not imported: its import needs a module that setuptools dropped
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "models" / FILE
        if path.is_file():
            return path
    raise FerLabError(
        f"Facial landmarks need dlib's {FILE}. Install it (pip install face_recognition_models), or name it in {SETTING}. "
        "HOG alone works without it."
    )


def available() -> bool:
    """Whether the predictor's file is here."""
    try:
        predictor_file()
    except FerLabError:
        return False
    return True


def predictor_hash() -> str:
    """The SHA-256 of the predictor's file: with another one, points and all that is learnt of them differ.

    Raises:
        FerLabError: As `predictor_file`.
    """
    return _hash(str(predictor_file()))


@lru_cache(maxsize=1)
def _hash(path: str) -> str:
    return file_hash(Path(path))


@lru_cache(maxsize=1)
def _predictor(path: str) -> Any:
    import dlib

    try:
        return dlib.shape_predictor(path)
    except RuntimeError as error:
        raise FerLabError(f"{path} is no predictor of dlib's ({error}). Install face_recognition_models again, or name another.") from None


def landmarks(faces: np.ndarray) -> np.ndarray:
    """The 68 points (N, 68, 2), float32, x and y in pixels of the face, of faces uint8 (N, 48, 48).

    The whole face is the box, enlarged four times.

    Raises:
        FerLabError: Where the predictor's file is missing or damaged.
    """
    import dlib

    predictor, side = _predictor(str(predictor_file())), 48 * UPSCALE
    box = dlib.rectangle(0, 0, side - 1, side - 1)
    points = np.empty((len(faces), N_POINTS, 2), np.float32)
    for row, face in zip(points, faces, strict=True):
        large = cv2.resize(np.ascontiguousarray(face), (side, side), interpolation=cv2.INTER_CUBIC)
        row[:] = [(point.x, point.y) for point in predictor(large, box).parts()]
    return (points + 0.5) / UPSCALE - 0.5  # centres of pixels


def normalised(points: np.ndarray) -> np.ndarray:
    """Points (N, 68, 2) with their mean at 0, the eyes level, and the sum of squares 1: position, tilt and scale are gone."""
    centred = points - points.mean(1, keepdims=True)
    eyes = centred[:, 42:48].mean(1) - centred[:, 36:42].mean(1)
    length = np.maximum(np.linalg.norm(eyes, axis=1), 1e-6)
    cosine, sine = eyes[:, 0] / length, eyes[:, 1] / length
    turn = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], 1)  # (N, 2, 2), by minus the tilt
    level = np.einsum("nij,nkj->nki", turn, centred)
    size = np.sqrt((level**2).sum((1, 2), keepdims=True))
    return (level / np.maximum(size, 1e-6)).astype(np.float32)


def mirrored_points(points: np.ndarray, side: int = 48) -> np.ndarray:
    """The points (N, 68, 2) as they lie in the mirror image, left and right points exchanged."""
    turned = points[:, _MIRRORED].copy()
    turned[..., 0] = side - 1 - turned[..., 0]
    return turned


class Landmarks(FaceTransformer):
    """The points of a face as numbers.

    Args:
        forms: Any of 'coordinates' (136, normalised), 'distances' (24 of normalised points) and 'angles' (13, radians).
    """

    def __init__(self, forms: tuple[str, ...] = ("coordinates",)) -> None:
        self.forms = forms

    def transform(self, inputs: Any) -> np.ndarray:
        """Features (N, D), float32, of faces (N, 48, 48) or rows (N, 2304)."""
        return from_points(landmarks(as_faces(inputs)), tuple(self.forms))


def from_points(points: np.ndarray, forms: tuple[str, ...]) -> np.ndarray:
    """Features (N, D), float32, of points (N, 68, 2).

    Raises:
        FerLabError: For an unknown form.
    """
    ways = {"coordinates": lambda p: p.reshape(len(p), -1), "distances": _distances, "angles": _angles}
    unknown = [form for form in forms if form not in ways]
    if unknown or not forms:
        raise FerLabError(f"forms has {', '.join(unknown) or 'nothing in it'}; there are {', '.join(ways)}.")
    level = normalised(points)
    return np.hstack([ways[form](level) for form in forms]).astype(np.float32)


def _distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, _PAIRS[:, 0]] - points[:, _PAIRS[:, 1]], axis=2)


def _angles(points: np.ndarray) -> np.ndarray:
    first = points[:, _TRIPLES[:, 0]] - points[:, _TRIPLES[:, 1]]
    second = points[:, _TRIPLES[:, 2]] - points[:, _TRIPLES[:, 1]]
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    return np.abs(np.arctan2(cross, (first * second).sum(-1)))
