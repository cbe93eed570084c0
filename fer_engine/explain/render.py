"""Explanations as pictures. No torch here, so that a page can draw what another process has explained.

Both colour maps, viridis for activations and inferno for heat, rise evenly in lightness, so that they read the same with
any colour vision and in print. Gaps are a mid grey, which shows on light and on dark pages.
"""

import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from PIL import Image

from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.explain.activations import LayerActivation
    from fer_engine.explain.explanation import Explanation
    from fer_engine.explain.gradcam import ClassMap

ACTIVATION_COLORS = cv2.COLORMAP_VIRIDIS
HEAT_COLORS = cv2.COLORMAP_INFERNO
GAP_GREY = 128
GRID_WIDTH = 768  # pixels that a grid is scaled up to about, if nothing else is said
Scaling = Literal["channel", "layer"]


def activation_grid(
    activation: "LayerActivation",
    *,
    columns: int | None = None,
    most_active_first: bool = True,
    upscale: int | None = None,
    scaling: Scaling = "layer",
    limit: int | None = None,
) -> np.ndarray:
    """All channels of a layer as a grid of tiles; of a fully connected stage, a tile a unit.

    Args:
        activation: A layer's output for one face.
        columns: Tiles a row; about as many as rows where it is None.
        most_active_first: Order by mean activation rather than by number.
        upscale: Pixels per position, without smoothing; None for a grid of about 768 pixels.
        scaling: 'layer' gives all tiles one scale, from 0 to the layer's maximum, so that tiles can be compared and silent
            channels look silent. 'channel' gives each tile its own, from 0 to its maximum, so that faint patterns can be
            seen. Units always share one. Scores, which may be negative, begin at their minimum.
        limit: Draw no more channels than this.

    Returns:
        uint8 RGB (height, width, 3).
    """
    order = activation.order if most_active_first else np.arange(len(activation.values))
    order = order[:limit]
    values = activation.values if activation.values.ndim == 3 else activation.values[:, None, None]
    tiles = _unit_range(values, per_tile=scaling == "channel" and activation.values.ndim == 3)[order]
    columns = min(columns or math.ceil(math.sqrt(len(tiles))), len(tiles))
    side = tiles.shape[1]
    scale = upscale or max(1, round(GRID_WIDTH / (columns * (side + 1))))
    gap = 1 if scale * side < 24 else 2
    cell = side * scale + gap
    rows = math.ceil(len(tiles) / columns)
    canvas = np.full((rows * cell + gap, columns * cell + gap, 3), GAP_GREY, np.uint8)
    for number, tile in enumerate(_colored(tiles.reshape(-1, side), ACTIVATION_COLORS).reshape(-1, side, side, 3)):
        top, left = (number // columns) * cell + gap, (number % columns) * cell + gap
        canvas[top : top + side * scale, left : left + side * scale] = _enlarged(tile, scale)
    return canvas


def channel_image(activation: "LayerActivation", channel: int, *, upscale: int | None = None) -> np.ndarray:
    """One channel by its number in the layer, uint8 RGB, from 0 to its own maximum; of a fully connected stage, one colour."""
    values = activation.values[channel : channel + 1].reshape(1, activation.stage.side, activation.stage.side)
    scale = upscale or max(1, GRID_WIDTH // 2 // activation.stage.side)
    return _enlarged(_colored(_unit_range(values, per_tile=True)[0], ACTIVATION_COLORS), scale)


def cam_image(cam: "ClassMap", size: int = 384) -> np.ndarray:
    """A map at its own resolution as about `size` x `size` pixels of flat squares, uint8 RGB: what the layer really tells apart."""
    scale = max(1, round(size / cam.resolution))
    return _enlarged(_colored(cam.map, HEAT_COLORS), scale)


def heat_image(values: np.ndarray) -> np.ndarray:
    """Values (height, width) in [0, 1] in the colours of heat maps, uint8 RGB (height, width, 3)."""
    return _colored(values, HEAT_COLORS)


def overlay(face: np.ndarray, cam: "ClassMap", opacity: float = 0.6, size: int = 384) -> np.ndarray:
    """The heat of a map over the grey face, uint8 RGB (size, size, 3).

    A pixel's colour covers the face by `opacity` times its heat, so that the face stays as it is where the map is 0, and
    the expression can be read under the colours.

    Args:
        face: uint8 (48, 48).
        cam: A class activation map.
        opacity: From 0 for the face alone to 1 for full colour at the map's maximum.
        size: Side of the result, pixels.

    Raises:
        FerLabError: For an opacity outside 0 to 1.
    """
    if not 0 <= opacity <= 1:
        raise FerLabError(f"The opacity is {opacity}; it goes from 0 to 1.")
    grey = face_image(face, size).astype(np.float32)
    heat = np.clip(cv2.resize(cam.map_48, (size, size), interpolation=cv2.INTER_LINEAR), 0, 1)
    share = opacity * heat[:, :, None]
    return np.rint((1 - share) * grey + share * _colored(heat, HEAT_COLORS)).astype(np.uint8)


def face_image(face: np.ndarray, size: int = 384) -> np.ndarray:
    """A face uint8 (48, 48) enlarged, uint8 RGB (size, size, 3)."""
    return cv2.cvtColor(cv2.resize(face, (size, size), interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB)


def to_png(rgb: np.ndarray) -> bytes:
    """A picture uint8 (height, width, 3) or (height, width) as the bytes of a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format="PNG", compress_level=3)  # half the time of the default, a fifth larger
    return buffer.getvalue()


def write_explanation(explanation: "Explanation", face: np.ndarray, out_dir: str | Path) -> Path:
    """Write an explanation as files: pictures of the face and of every layer, and last of all `explanation.json`.

    The pictures are `face.png`, `activations-<layer>.png`, and `cam-<layer>.png` and `overlay-<layer>.png` of each layer
    that has a map.

    Args:
        explanation: What `explain` gave.
        face: The face that it was given, uint8 (48, 48); `face.png` has it unscaled.
        out_dir: A folder, made where there is none; files of these names in it are replaced.

    Returns:
        The path of `explanation.json`, which has the numbers and names the files.

    Raises:
        FerLabError: Where the folder cannot be written to.
    """
    folder = Path(out_dir)
    tree = explanation.to_dict() | {"face": "face.png"}
    pictures = {"face.png": face}
    for layer in tree["layers"]:
        name = layer["name"]
        pictures[f"activations-{name}.png"] = activation_grid(explanation.activations[name])
        layer["files"] = {"activations": f"activations-{name}.png"}
        if name in explanation.cams:
            pictures[f"cam-{name}.png"] = cam_image(explanation.cams[name])
            pictures[f"overlay-{name}.png"] = overlay(face, explanation.cams[name])
            layer["files"] |= {"cam": f"cam-{name}.png", "overlay": f"overlay-{name}.png"}
    return write_files(folder, pictures, tree)


def write_files(folder: Path, pictures: dict[str, np.ndarray], tree: dict) -> Path:
    """Write pictures by their file names, and last of all `explanation.json`; gives its path.

    Raises:
        FerLabError: Where the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures.items():
            (folder / name).write_bytes(to_png(picture))
        target = folder / "explanation.json"
        target.write_text(json.dumps(tree, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise FerLabError(f"The explanation cannot be written to {folder}: {error.strerror}. Choose another folder.") from error
    return target


def _unit_range(values: np.ndarray, *, per_tile: bool) -> np.ndarray:
    """Values (n, side, side) brought to [0, 1], from their minimum or 0, whichever is lower; those without a range to 0."""
    axes = (1, 2) if per_tile else None
    low = np.minimum(values.min(axis=axes, keepdims=True), 0)
    high = values.max(axis=axes, keepdims=True)
    return np.divide(values - low, high - low, out=np.zeros(values.shape, np.float32), where=high > low)


def _enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    """Each pixel as a square of `scale` x `scale`."""
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def _colored(values: np.ndarray, colors: int) -> np.ndarray:
    """Values (height, width) in [0, 1] through a colour map of OpenCV, as uint8 RGB."""
    levels = np.rint(np.asarray(values, np.float32) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, colors), cv2.COLOR_BGR2RGB)
