"""Faces to try without bringing one: a photograph that scikit-image ships, and seven drawn faces."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from fer_engine.errors import FerLabError

CANVAS = 1200  # drawn large, then shrunk, which smooths the edges
SIDE = 400
BACKGROUND, SHIRT, LIP, MOUTH, LASHES = (203, 213, 222), (78, 98, 130), (176, 92, 88), (70, 25, 28), (45, 28, 22)
EYE_HALF_WIDTH, EYE_HALF_HEIGHT, EYE_X, EYE_Y = 76, 36, 140, 560
MOUTH_HALF_WIDTH, MOUTH_Y = 125, 850

Color = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture that comes with FER Lab.

    Attributes:
        name: Short and unique, fit for a URL.
        title: What it shows.
        credit: Where it comes from and under which terms.
        load: Makes the picture: uint8 (H, W, 3).
    """

    name: str
    title: str
    credit: str
    load: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Expression:
    """How a drawn face differs from the neutral one, roughly after the action units of Ekman and Friesen (1978).

    Attributes:
        brow_inner: How far the inner ends of the brows go down (up if negative); 1 is a third of an eye's width.
        brow_outer: The same for the outer ends.
        eyes: How wide the eyes are open; 1 is neutral.
        smile: How far the mouth's corners go up (down if negative).
        mouth_open: How far the lips part.
        mouth_width: 1 is neutral.
        teeth: Whether the upper teeth show.
        nose_wrinkles: Whether the nose is wrinkled.
    """

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    eyes: float = 1.0
    smile: float = 0.0
    mouth_open: float = 0.0
    mouth_width: float = 1.0
    teeth: bool = False
    nose_wrinkles: bool = False


@dataclass(frozen=True)
class Palette:
    """Colours of a drawn head."""

    skin: Color
    hair: Color

    def shade(self, share: float) -> Color:
        """The skin, darkened to this share of its brightness."""
        red, green, blue = (round(channel * share) for channel in self.skin)
        return red, green, blue


EXPRESSIONS = {
    "angry": Expression(brow_inner=1.0, brow_outer=-0.5, eyes=0.8, smile=-0.35, mouth_width=0.9),
    "disgust": Expression(brow_inner=0.8, brow_outer=0.2, eyes=0.55, smile=-0.6, mouth_open=0.12, mouth_width=0.8, nose_wrinkles=True),
    "fear": Expression(brow_inner=-1.2, brow_outer=-0.3, eyes=1.25, smile=-0.4, mouth_open=0.3, mouth_width=1.05),
    "happy": Expression(eyes=0.85, smile=0.9, mouth_open=0.35, mouth_width=1.2, teeth=True),
    "sad": Expression(brow_inner=-0.9, brow_outer=0.5, eyes=0.8, smile=-0.7, mouth_width=0.9),
    "surprise": Expression(brow_inner=-1.0, brow_outer=-1.0, eyes=1.35, mouth_open=0.9, mouth_width=0.65),
    "neutral": Expression(),
}
PALETTES = (
    Palette((224, 178, 150), (70, 45, 35)),
    Palette((198, 146, 112), (35, 28, 26)),
    Palette((236, 196, 172), (120, 78, 45)),
)


def samples() -> tuple[Sample, ...]:
    """All samples, the photograph first. None needs the network or the data set."""
    photograph = Sample(
        "astronaut",
        "Eileen Collins, astronaut (photograph)",
        "NASA, 'Great Images in NASA' collection, public domain; shipped with scikit-image",
        _astronaut,
    )
    drawn = (
        Sample(f"drawn-{name}", f"Drawn face: {name}", "Drawn by FER Lab", partial(draw_face, expression, PALETTES[i % len(PALETTES)]))
        for i, (name, expression) in enumerate(EXPRESSIONS.items())
    )
    return photograph, *drawn


def get_sample(name: str) -> Sample:
    """The sample of this name.

    Raises:
        FerLabError: If there is none.
    """
    known = {sample.name: sample for sample in samples()}
    if name not in known:
        raise FerLabError(f"There is no sample '{name}'; there are {', '.join(known)}.")
    return known[name]


def draw_face(expression: Expression, palette: Palette = PALETTES[0]) -> np.ndarray:
    """Draw a head with shoulders, in proportions that a detector of photographs knows.

    Returns:
        uint8 (400, 400, 3).
    """
    image = _head(palette)
    draw = ImageDraw.Draw(image)
    for side in (-1, 1):
        _eye(image, expression, palette, side)
        _brow(draw, expression, palette, side)
    _nose(draw, expression, palette)
    _mouth(draw, expression)
    return np.array(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _astronaut() -> np.ndarray:
    import skimage.data

    return skimage.data.astronaut()


def _ellipse(center_x: float, center_y: float, radius_x: float, radius_y: float) -> tuple[float, float, float, float]:
    """The bounding box of an ellipse, as Pillow draws one."""
    return center_x - radius_x, center_y - radius_y, center_x + radius_x, center_y + radius_y


def _head(palette: Palette) -> Image.Image:
    """Shoulders, hair, ears and a shaded face without features."""
    image = Image.new("RGB", (CANVAS, CANVAS), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((200, 1050, 1000, 1500), 160, fill=SHIRT)
    draw.rectangle((490, 900, 710, 1090), fill=palette.shade(0.86))
    draw.ellipse(_ellipse(600, 520, 350, 400), fill=palette.hair)
    for side in (-1, 1):
        draw.ellipse(_ellipse(600 + side * 312, 600, 48, 80), fill=palette.shade(0.86))
    face = _ellipse(600, 610, 310, 390)
    draw.ellipse(face, fill=palette.skin)
    draw.pieslice((270, 190, 930, 760), 180, 360, fill=palette.hair)
    draw.ellipse(_ellipse(600, 500, 285, 170), fill=palette.skin)
    image = image.filter(ImageFilter.GaussianBlur(5))
    image.paste(Image.new("RGB", image.size, palette.shade(0.72)), mask=_shadows(face))
    return image


def _shadows(face: tuple[float, float, float, float]) -> Image.Image:
    """Where the face lies in shadow: eye sockets, cheeks, nose and chin. Without these edges no detector finds a face."""
    shadows = Image.new("L", (CANVAS, CANVAS), 0)
    draw = ImageDraw.Draw(shadows)
    for side in (-1, 1):
        draw.ellipse(_ellipse(600 + side * EYE_X, 540, 95, 55), fill=95)
        draw.ellipse(_ellipse(600 + side * 270, 730, 60, 170), fill=80)
        draw.polygon([(600 + side * 25, 560), (600 + side * 50, 720), (600 + side * 15, 720)], fill=90)
    draw.ellipse(_ellipse(600, 745, 80, 30), fill=110)
    draw.ellipse(_ellipse(600, 952, 80, 22), fill=70)
    inside = Image.new("L", shadows.size, 0)
    ImageDraw.Draw(inside).ellipse(face, fill=255)
    black = Image.new("L", shadows.size, 0)
    return Image.composite(shadows.filter(ImageFilter.GaussianBlur(22)), black, inside)


def _eye(image: Image.Image, expression: Expression, palette: Palette, side: int) -> None:
    """One eye; the lids hide what of the iris reaches beyond them."""
    x, half_height = 600 + side * EYE_X, EYE_HALF_HEIGHT * expression.eyes
    opening = _ellipse(x, EYE_Y, EYE_HALF_WIDTH, half_height)
    eyeball = Image.new("RGB", image.size, (248, 246, 242))
    draw = ImageDraw.Draw(eyeball)
    draw.ellipse(_ellipse(x, EYE_Y, 34, 34), fill=(80, 60, 45))
    draw.ellipse(_ellipse(x, EYE_Y, 17, 17), fill=(15, 12, 10))
    draw.ellipse(_ellipse(x - 10, EYE_Y - 12, 8, 8), fill=(255, 255, 255))
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).ellipse(opening, fill=255)
    image.paste(eyeball, mask=mask)
    draw = ImageDraw.Draw(image)
    draw.arc(_ellipse(x, EYE_Y, EYE_HALF_WIDTH + 2, half_height + 4), 180, 360, fill=LASHES, width=12)
    draw.arc(opening, 10, 170, fill=palette.shade(0.72), width=5)


def _brow(draw: ImageDraw.ImageDraw, expression: Expression, palette: Palette, side: int) -> None:
    """One brow: an arch, thinner towards its outer end."""
    along = np.linspace(0, 1, 20)
    x = 600 + side * (EYE_X - 80 + 170 * along)
    slope = expression.brow_inner * (1 - along) + expression.brow_outer * along
    y = 462 + 38 * slope - 22 * np.sin(np.pi * along)
    thickness = 30 * (1 - 0.6 * along)
    draw.polygon(_points(x, y) + _points(x, y + thickness)[::-1], fill=palette.hair)


def _nose(draw: ImageDraw.ImageDraw, expression: Expression, palette: Palette) -> None:
    """Nostrils and tip, wrinkles, and the folds that a smile makes."""
    dark = palette.shade(0.72)
    draw.arc((535, 690, 665, 770), 25, 155, fill=dark, width=9)
    for side in (-1, 1):
        draw.ellipse(_ellipse(600 + side * 32, 745, 17, 10), fill=palette.shade(0.4))
        if expression.nose_wrinkles:
            draw.line([(600 + side * 30, 600), (600 + side * 55, 640)], fill=dark, width=9)
            draw.line([(600 + side * 75, 720), (600 + side * 150, 810)], fill=dark, width=10)
        if expression.smile > 0.5:
            fold = (270, 350) if side > 0 else (190, 270)
            draw.arc(_ellipse(600 + side * 160, 810, 70, 90), *fold, fill=dark, width=9)


def _mouth(draw: ImageDraw.ImageDraw, expression: Expression) -> None:
    """Lips around an opening whose corners follow the smile."""
    along = np.linspace(-1, 1, 41)
    arch = np.sqrt(1 - along**2)
    x = 600 + MOUTH_HALF_WIDTH * expression.mouth_width * along
    middle = MOUTH_Y + 48 * expression.smile * (0.5 - along**2)
    upper = middle - 36 * expression.mouth_open * arch
    lower = middle + 75 * expression.mouth_open * arch
    draw.polygon(_points(x, upper - 20 * arch - 2) + _points(x, lower + 28 * arch + 2)[::-1], fill=LIP)
    draw.polygon(_points(x, upper - 4 * arch) + _points(x, lower + 4 * arch)[::-1], fill=MOUTH)
    if expression.teeth:
        draw.polygon(_points(x, upper) + _points(x, np.minimum(lower, upper + 22))[::-1], fill=(245, 240, 235))


def _points(x: np.ndarray, y: np.ndarray) -> list[Point]:
    return list(zip(x.tolist(), y.tolist(), strict=True))
