"""Faces with what was found in them, as pictures: landmarks, regions, eigenfaces, signed maps. No torch here."""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_engine.explain.regions import REGIONS, TITLES
from fer_engine.explain.render import face_image, heat_image

AGAINST = (86, 180, 233)  # what speaks against; of Okabe and Ito, told from the heat with any colour vision
POINT, EDGE = (255, 255, 255), (20, 20, 24)


def signed_image(values: np.ndarray, size: int = 384) -> np.ndarray:
    """A signed map as about `size` x `size` pixels of flat squares, uint8 RGB.

    What is above 0 has the colours of heat maps, brightest at the maximum; what is below 0 is blue, on the same scale.

    Args:
        values: (side, side).
        size: Side of the result, about.
    """
    most = float(np.abs(values).max()) or 1.0
    scale = max(1, round(size / len(values)))
    warm = heat_image(np.maximum(values, 0) / most).astype(np.float32)
    cold = np.maximum(-values, 0)[..., None] / most * np.array(AGAINST, np.float32)
    picture = np.where(values[..., None] < 0, cold, warm)
    return np.rint(picture).astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)


def eigenface_image(pixels: np.ndarray, size: int = 96) -> np.ndarray:
    """A component (48, 48) as a grey picture, uint8 (size, size): mid grey is 0, its largest value is black or white."""
    most = float(np.abs(pixels).max()) or 1.0
    grey = np.rint(127.5 + 127.5 * pixels / most).astype(np.uint8)
    return cv2.resize(grey, (size, size), interpolation=cv2.INTER_NEAREST)


def points_image(face: np.ndarray, points: np.ndarray, size: int = 384) -> np.ndarray:
    """A face uint8 (48, 48) with its points (68, 2) as dots, uint8 RGB (size, size, 3)."""
    picture = Image.fromarray(face_image(face, size))
    draw, scale = ImageDraw.Draw(picture), size / len(face)
    radius = max(1.5, size / 160)
    for x, y in (points + 0.5) * scale:  # a pixel's centre
        draw.ellipse([x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1], fill=EDGE)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=POINT)
    return np.asarray(picture)


def regions_image(face: np.ndarray, regions: np.ndarray, points: np.ndarray | None = None, size: int = 432) -> np.ndarray:
    """A face with the borders of its regions, each one named, and its points: uint8 RGB (size, size, 3).

    Args:
        face: uint8 (48, 48).
        regions: uint8 (48, 48), as `fer_engine.explain.regions.region_map` gives it.
        points: The 68 points (68, 2), or None.
        size: Side of the result; a multiple of 48.
    """
    canvas = (face_image(face, size) if points is None else points_image(face, points, size)).copy()
    large = regions.repeat(size // 48, axis=0).repeat(size // 48, axis=1)
    for number in range(len(REGIONS)):
        outlines, _ = cv2.findContours((large == number).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, outlines, -1, EDGE, 2)
        cv2.drawContours(canvas, outlines, -1, POINT, 1)
    picture = Image.fromarray(canvas)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size / 26)
    for number, name in enumerate(REGIONS):
        if (large == number).any():
            draw.text(_inside(large == number), TITLES[name], fill=POINT, font=font, anchor="mm", stroke_width=2, stroke_fill=EDGE)
    return np.asarray(picture)


def _inside(mask: np.ndarray) -> tuple[float, float]:
    """The place of a mask that is farthest from its border, x and y, but far enough from the picture's for a word."""
    distance = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(distance.argmax()), mask.shape)
    edge = len(mask) / 6
    return float(np.clip(column, edge, len(mask) - edge)), float(np.clip(row, len(mask) / 30, len(mask) * 29 / 30))
