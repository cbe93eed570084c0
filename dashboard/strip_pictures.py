"""A strip of answers as one picture to take away, and small bars for its cards. No Streamlit here."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dashboard.text import percent, probability
from fer_engine.labels import COLORS, NAMES

MAP = 216  # pixels of a map's side
_WIDTH, _ROW, _GAP, _PER_ROW = 470, 30, 20, 3
_INK = "#1F2430"
_LONGEST = 32  # characters of a run's name


@dataclass(frozen=True, eq=False)
class Card:
    """What the picture shows of a row.

    Attributes:
        title: The setting.
        told: Its answer and how that stands to the base, in words.
        probabilities: (7,), from 0 to 1.
        face: The face with the map over it, or alone: uint8 RGB (MAP, MAP, 3).
    """

    title: str
    told: str
    probabilities: np.ndarray
    face: np.ndarray


def shortened(name: str) -> str:
    """A run's name as it fits on a card of the picture."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def sheet(cards: Sequence[Card], title: str) -> np.ndarray:
    """The cards on white, side by side.

    Args:
        cards: At least one.
        title: The line above them.

    Returns:
        uint8 RGB (H, W, 3).
    """
    columns, height, top = min(_PER_ROW, len(cards)), MAP + 96, 60
    heading = ImageFont.load_default(26)
    width = max(columns * (_WIDTH + _GAP) + _GAP, int(heading.getlength(title)) + 2 * _GAP)
    size = (width, top + -(-len(cards) // columns) * (height + _GAP))
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.text((_GAP, 18), title, fill=_INK, font=heading)
    for number, card in enumerate(cards):
        _draw(image, draw, card, (_GAP + number % columns * (_WIDTH + _GAP), top + number // columns * (height + _GAP)))
    return np.asarray(image)


def _draw(image: Image.Image, draw: ImageDraw.ImageDraw, card: Card, corner: tuple[int, int]) -> None:
    left, top = corner
    for words, down, size in ((card.title, 0, 24), (card.told, 32, 20)):
        font = ImageFont.load_default(size)
        draw.text((left, top + down), _fitting(words, font), fill=_INK, font=font)
    image.paste(Image.fromarray(card.face), (left, top + 66))
    start, longest, font = left + MAP + 96, _WIDTH - MAP - 150, ImageFont.load_default(18)
    for number, (name, share) in enumerate(zip(NAMES, card.probabilities, strict=True)):
        middle = top + 66 + _ROW * (number + 0.5)
        end = start + max(2.0, longest * float(share))
        draw.text((start - 8, middle), name, fill=_INK, font=font, anchor="rm")
        draw.rectangle([start, middle - 10, end, middle + 10], fill=COLORS[name])
        draw.text((end + 6, middle), probability(float(share)), fill=_INK, font=font, anchor="lm")


def _fitting(words: str, font: "ImageFont.FreeTypeFont | ImageFont.ImageFont") -> str:
    """Words as they fit on a card."""
    if font.getlength(words) <= _WIDTH:
        return words
    while words and font.getlength(f"{words}…") > _WIDTH:
        words = words[:-1]
    return f"{words.rstrip()}…"


def bars_html(probabilities: np.ndarray) -> str:
    """Seven small bars as HTML, each in its emotion's colour between its name and its probability; text takes the page's colour.

    Args:
        probabilities: (7,), from 0 to 1.
    """
    told = ", ".join(f"{name} {percent(float(share))}" for name, share in zip(NAMES, probabilities, strict=True))
    rows = "".join(
        f"<span>{name}</span><i><b style='width:{max(1.0, 100 * float(share)):.1f}%;background:{COLORS[name]}'></b></i>"
        f"<span>{escape(probability(float(share)))}</span>"
        for name, share in zip(NAMES, probabilities, strict=True)
    )
    return f"<div class='fer-bars' role='img' aria-label='Probabilities: {told}'>{rows}</div>"
