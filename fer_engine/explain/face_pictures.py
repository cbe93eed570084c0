"""Faces with what was found in them, as pictures: landmarks, regions, eigenfaces, signed maps. No torch here."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_engine.explain.regions import REGIONS, TITLES
from fer_engine.explain.render import face_image, heat_image, overlay, write_files

if TYPE_CHECKING:
    from fer_engine.explain.classical import BlockView, Eigenface, SvmExplanation
    from fer_engine.explain.occlusion import OcclusionMap

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


def eigenface_grid(view: "BlockView", size: int = 144, columns: int = 4) -> np.ndarray:
    """The leading eigenfaces of a block as a grid, with number and coefficient below each: uint8 RGB (height, width, 3)."""
    rows = -(-len(view.eigenfaces) // columns)
    caption = size // 4
    picture = Image.new("RGB", (columns * size, rows * (size + caption)), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size / 8)
    for place, item in enumerate(view.eigenfaces):
        left, top = place % columns * size, place // columns * (size + caption)
        picture.paste(Image.fromarray(eigenface_image(item.pixels, size)), (left, top))
        draw.text((left + size / 2, top + size + caption / 2), told_eigenface(item), fill=EDGE, font=font, anchor="mm")
    return np.asarray(picture)


def told_eigenface(item: "Eigenface") -> str:
    """An eigenface in a few signs: '3: −1.2'."""
    return f"{item.number}: {item.coefficient:+.2g}".replace("-", "\N{MINUS SIGN}")


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


def block_pictures(view: "BlockView", size: int = 384) -> dict[str, Callable[[], np.ndarray]]:
    """What draws what a block sees: 'aligned', 'rebuilt', 'eigenfaces', 'hog', 'landmarks', as far as it has them."""
    rebuilt, gradients, points = view.rebuilt, view.gradients, view.points
    found: dict[str, Callable[[], np.ndarray]] = {}
    if view.aligned:
        found["aligned"] = lambda: face_image(view.face, size)
    if rebuilt is not None:
        found["rebuilt"] = lambda: face_image(rebuilt, size)
    if view.eigenfaces:
        found["eigenfaces"] = lambda: eigenface_grid(view)
    if gradients is not None:
        found["hog"] = lambda: gradients
    if points is not None:
        found["landmarks"] = lambda: points_image(view.face, points, size)
    return found


def write_svm_explanation(explanation: "SvmExplanation", occlusion: "OcclusionMap", face: np.ndarray, out_dir: str | Path) -> Path:
    """Write what an SVM sees of a face as PNG pictures, and last of all `explanation.json`, which names them; gives its path.

    The pictures are `face.png`, `occlusion.png` and `overlay-occlusion.png`, and of each block of features
    `block<number>-<what>.png`.

    Raises:
        FerLabError: Where the folder cannot be written to.
    """
    tree, pictures = _occlusion_files(explanation.to_dict(), occlusion, face)
    for number, view in enumerate(explanation.blocks):
        made = block_pictures(view)
        named = {what: f"block{number + 1}-{what}.png" for what in made}
        pictures |= {name: made[what]() for what, name in named.items()}
        tree["blocks"][number]["files"] = named
    return write_files(Path(out_dir), pictures, tree)


def write_occlusion(told: dict, occlusion: "OcclusionMap", face: np.ndarray, out_dir: str | Path) -> Path:
    """Write an occlusion map as `face.png`, `occlusion.png`, `overlay-occlusion.png` and `explanation.json`; gives its path.

    Args:
        told: What else is told of the answer, for JSON.
        occlusion: The map.
        face: uint8 (48, 48).
        out_dir: A folder, made where there is none.

    Raises:
        FerLabError: Where the folder cannot be written to.
    """
    tree, pictures = _occlusion_files(told, occlusion, face)
    return write_files(Path(out_dir), pictures, tree)


def _occlusion_files(told: dict, occlusion: "OcclusionMap", face: np.ndarray) -> tuple[dict, dict[str, np.ndarray]]:
    """What is told, with the occlusion map and the names of its pictures, and the pictures by these names."""
    named = {"map": "occlusion.png", "overlay": "overlay-occlusion.png"}
    tree = told | {"face": "face.png", "occlusion": occlusion.to_dict() | {"files": named}}
    return tree, {
        "face.png": face,
        named["map"]: signed_image(occlusion.map),
        named["overlay"]: overlay(face, occlusion.evidence),
    }
