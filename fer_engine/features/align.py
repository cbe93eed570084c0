"""Faces turned, scaled and shifted so that brows, eyes, nose and mouth lie at the same places in every one."""

import cv2
import numpy as np

INNER = np.arange(17, 68)  # without the jaw, which the predictor guesses at where the picture ends

# Mean of these points on FER2013's Training and its mirror images, pixels: x and y.
CANONICAL = np.array(
    [
        *((7.2, 13.0), (9.7, 10.9), (13.2, 10.3), (16.7, 10.8), (20.1, 12.2)),  # brow
        *((26.9, 12.2), (30.3, 10.8), (33.8, 10.3), (37.3, 10.9), (39.8, 13.0)),  # brow
        *((23.5, 16.7), (23.5, 20.2), (23.5, 23.6), (23.5, 27.1)),  # bridge of the nose
        *((19.4, 29.6), (21.4, 30.3), (23.5, 30.9), (25.6, 30.3), (27.6, 29.6)),  # below the nose
        *((11.0, 17.2), (13.2, 15.9), (15.9, 16.0), (18.2, 17.7), (15.7, 18.3), (13.0, 18.2)),  # eye
        *((28.8, 17.7), (31.1, 16.0), (33.8, 15.9), (36.0, 17.2), (34.0, 18.2), (31.3, 18.2)),  # eye
        *((15.9, 36.5), (18.6, 35.1), (21.5, 34.4), (23.5, 34.9), (25.5, 34.4), (28.4, 35.1), (31.1, 36.5)),  # upper lip
        *((28.5, 39.2), (25.7, 40.4), (23.5, 40.6), (21.3, 40.4), (18.4, 39.2)),  # lower lip
        *((17.0, 36.6), (21.5, 36.1), (23.5, 36.3), (25.5, 36.1), (30.0, 36.6), (25.6, 37.8), (23.5, 38.0), (21.4, 37.8)),  # between
    ]
)
_CENTRE = np.array([23.5, 24.0])  # where the mean of the points comes to lie, pixels


def aligned(faces: np.ndarray, points: np.ndarray, zoom: float = 1.0) -> np.ndarray:
    """Faces moved by the similarity that brings their points nearest to the canonical ones (least squares; Umeyama, 1991).

    Args:
        faces: uint8 (N, 48, 48).
        points: Their 68 points (N, 68, 2), pixels.
        zoom: 1 for the mean size of the points in FER2013, more for a closer crop.

    Returns:
        uint8 (N, 48, 48); beyond the picture its edge goes on.
    """
    target = (CANONICAL - CANONICAL.mean(0)) * zoom
    moved = np.empty_like(faces)
    for row, face, found in zip(moved, faces, points[:, INNER], strict=True):
        row[:] = cv2.warpAffine(face, _similarity(found, target), face.shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved


def _similarity(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The matrix (2, 3) that turns, scales and shifts points (51, 2) onto the target, which has its mean at 0."""
    centre = points.mean(0)
    level = points - centre
    size = max(float((level**2).sum()), 1e-6)
    cosine = float((level * target).sum()) / size
    sine = float((level[:, 0] * target[:, 1] - level[:, 1] * target[:, 0]).sum()) / size
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.hstack([turn, (_CENTRE - turn @ centre)[:, None]])
