"""Pictures that a page shows: arrays in, arrays out. No Streamlit here."""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dashboard.text import percent
from fer_engine.faces import Box, FoundFaces
from fer_engine.labels import EMOTIONS

HEIGHT, WIDTH = 288, 340  # of the pictures side by side; six pixels for each one of a face
CHOSEN, OTHER = (111, 118, 224), (236, 238, 245)


def with_boxes(found: FoundFaces, chosen: int, square: Box | None) -> np.ndarray:
    """The picture, within `WIDTH` and `HEIGHT`, with the crop's square and a thin box for each other face, numbered.

    Args:
        found: The picture and its faces.
        chosen: Position of the chosen face.
        square: The crop, or None for no boxes.

    Returns:
        uint8 RGB (H, W, 3).
    """
    width, height = found.image.size
    scale = min(HEIGHT / height, WIDTH / width)
    image = Image.fromarray(resized(found.image.rgb, (max(1, round(width * scale)), max(1, round(height * scale)))))
    if square is None:
        return np.asarray(image)
    draw = ImageDraw.Draw(image)
    for number, face in enumerate(found.faces):
        mine = number == chosen
        corners = [scale * value for value in (square if mine else face.box)]
        draw.rectangle(corners, outline="black", width=5 if mine else 3)
        inner = [corners[0] + 1, corners[1] + 1, corners[2] - 1, corners[3] - 1]
        draw.rectangle(inner, outline=CHOSEN if mine else OTHER, width=3 if mine else 1)
        if len(found.faces) > 1:
            place = (max(corners[0], 4), corners[1] - 24 if corners[1] > 24 else corners[1] + 4)
            draw.text(place, str(number + 1), fill="white", font=ImageFont.load_default(18), stroke_width=2, stroke_fill="black")
    return np.asarray(image)


def cut_out(gray: np.ndarray, square: Box) -> np.ndarray:
    """The square of a grey picture at `HEIGHT`, its border repeated beyond it: uint8 (HEIGHT, HEIGHT)."""
    height, width = gray.shape
    rows = np.clip(np.arange(square.y0, square.y1), 0, height - 1)
    columns = np.clip(np.arange(square.x0, square.x1), 0, width - 1)
    return resized(gray[np.ix_(rows, columns)], (HEIGHT, HEIGHT))


def enlarged(tile: np.ndarray) -> np.ndarray:
    """A face (48, 48) as flat squares at `HEIGHT`, without smoothing."""
    return tile.repeat(HEIGHT // 48, axis=0).repeat(HEIGHT // 48, axis=1)


def resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixels brought to (width, height)."""
    larger = size[0] > pixels.shape[1]
    small = max(pixels.shape[:2]) <= 96  # a few pixels are shown as what they are
    return cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST if small else cv2.INTER_CUBIC if larger else cv2.INTER_AREA)


def probability_picture(probabilities: np.ndarray, title: str) -> np.ndarray:
    """Seven labelled bars on white, for a download.

    Args:
        probabilities: (7,), from 0 to 1.
        title: The line above them.

    Returns:
        uint8 RGB (H, W, 3).
    """
    row, left, right, top = 52, 190, 130, 90
    image = Image.new("RGB", (1000, top + row * len(EMOTIONS) + 30), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(28)
    draw.text((30, 26), title, fill="#1F2430", font=ImageFont.load_default(32))
    for number, (emotion, share) in enumerate(zip(EMOTIONS, probabilities, strict=True)):
        middle = top + row * number + row / 2
        end = left + (image.width - left - right) * float(share)
        draw.text((left - 16, middle), emotion.name, fill="#1F2430", font=font, anchor="rm")
        draw.rectangle([left, middle - 18, max(end, left + 2), middle + 18], fill=emotion.color)
        draw.text((max(end, left + 2) + 12, middle), percent(float(share)), fill="#1F2430", font=font, anchor="lm")
    return np.asarray(image)
