"""Drawing one parametrised face: geometry in, grey pixels out.

Coordinates are those of the face: the origin between eyes and nose, y downwards, 1 about half the height of the head.
Everything is drawn on a canvas several times too large and averaged down, so that a change of a tenth of a pixel shows.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

_SHIFT = 4  # bits behind the point in coordinates that cv2 takes
_CURVE_POINTS = 17
_ACROSS = np.linspace(-1, 1, _CURVE_POINTS)
_BOW = 1 - _ACROSS**2
_FULL = np.sqrt(_BOW)


@dataclass(frozen=True)
class Expression:
    """What the muscles do; 0 is at rest unless said otherwise.

    Attributes:
        brow_height: Brows up (positive) or down.
        brow_angle: Inner ends up (positive, grief) or down (negative, anger).
        brow_arch: How much the brows are bent.
        eye_open: Opening of the eyes; 1 is at rest.
        lower_lid: How far the lower lid is pushed up.
        mouth_curve: Corners up (positive) or down.
        mouth_open: Opening of the mouth.
        mouth_width: Width of the mouth; 1 is at rest.
        lip_raise: Upper lip drawn up, with its corners of the nose.
        nose_wrinkle: Wrinkles across the nose and folds beside it.
        teeth: How much of an open mouth the upper teeth fill.
    """

    brow_height: float = 0.0
    brow_angle: float = 0.0
    brow_arch: float = 0.3
    eye_open: float = 1.0
    lower_lid: float = 0.0
    mouth_curve: float = 0.0
    mouth_open: float = 0.0
    mouth_width: float = 1.0
    lip_raise: float = 0.0
    nose_wrinkle: float = 0.0
    teeth: float = 0.0


@dataclass(frozen=True)
class Looks:
    """What makes a face this person's and this picture's: sizes in face units, tones in 0..255, angles in radians."""

    skin: float = 190.0
    hair: float = 50.0
    hair_style: int = 0
    head_width: float = 0.74
    jaw: float = 0.85
    eye_distance: float = 0.33
    eye_size: float = 0.15
    nose_length: float = 0.36
    mouth_height: float = 0.52
    brow_weight: float = 0.055
    glasses: bool = False
    gaze: float = 0.0
    background: tuple[float, float] = (90.0, 130.0)
    background_angle: float = 0.8
    light: float = 0.12
    light_angle: float = 0.6
    scale: float = 0.80
    tilt: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0


class _Canvas:
    """A grey picture on which shapes are drawn in face coordinates."""

    def __init__(self, side: int, looks: Looks) -> None:
        self.side = side
        first, second = looks.background
        slope = _slope(side // 3, looks.background_angle) / 1.5
        background = ((first + second) / 2 + (second - first) / 2 * slope).clip(0, 255).astype(np.uint8)
        self.pixels = cv2.resize(background, (side, side), interpolation=cv2.INTER_LINEAR)
        self._unit = looks.scale * side / 2
        turn = np.array([[np.cos(looks.tilt), np.sin(looks.tilt)], [-np.sin(looks.tilt), np.cos(looks.tilt)]])
        self._turn = turn * self._unit * (1 << _SHIFT)
        self._origin = np.array([1 + looks.shift_x, 0.94 + looks.shift_y]) * (side / 2 * (1 << _SHIFT))

    def _place(self, points: np.ndarray) -> np.ndarray:
        return (points @ self._turn + self._origin).astype(np.int32)

    def fill(self, points: np.ndarray, tone: float) -> None:
        cv2.fillPoly(self.pixels, [self._place(points)], _tone(tone), cv2.LINE_AA, _SHIFT)

    def line(self, points: np.ndarray, tone: float, width: float, closed: bool = False) -> None:
        thickness = max(1, round(width * self._unit))
        cv2.polylines(self.pixels, [self._place(points)], closed, _tone(tone), thickness, cv2.LINE_AA, _SHIFT)

    def fill_within(self, frame: np.ndarray, shapes: list[tuple[np.ndarray, float]]) -> None:
        """Fill shapes, but only where they lie inside the polygon `frame`."""
        mask = np.zeros_like(self.pixels)
        cv2.fillPoly(mask, [self._place(frame)], 255, cv2.LINE_8, _SHIFT)
        above = self.pixels.copy()
        for points, tone in shapes:
            cv2.fillPoly(above, [self._place(points)], _tone(tone), cv2.LINE_AA, _SHIFT)
        cv2.copyTo(above, mask, self.pixels)


def _tone(value: float) -> int:
    return min(255, max(0, round(value)))


def _slope(side: int, angle: float) -> np.ndarray:
    """A plane over the picture that rises by 1 from its middle to its edge towards `angle`: float32 (side, side)."""
    steps = _steps(side)
    return np.float32(np.cos(angle)) * steps[None, :] + np.float32(np.sin(angle)) * steps[:, None]


@cache
def _steps(side: int) -> np.ndarray:
    return np.linspace(-1, 1, side, dtype=np.float32)


@cache
def _arc(start: float, end: float) -> np.ndarray:
    """Points on the unit circle, from angle to angle in units of pi."""
    angles = np.linspace(start * np.pi, end * np.pi, 2 * _CURVE_POINTS)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _ellipse(x: float, y: float, across: float, down: float, start: float = 0.0, end: float = 2.0) -> np.ndarray:
    return _arc(start, end) * (across, down) + (x, y)


def _curve(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    points = np.empty((len(x), 2))
    points[:, 0], points[:, 1] = x, y
    return points


def _between(x: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """The outline of what lies between two curves."""
    return np.concatenate([_curve(x, upper), _curve(x, lower)[::-1]])


def draw(looks: Looks, expression: Expression, size: int) -> np.ndarray:
    """Draw a face.

    Args:
        looks: The person and the picture.
        expression: What the muscles do.
        size: Side of the picture in pixels.

    Returns:
        float32 (size, size), 0 to 255, before noise.
    """
    side = 3 * size if size <= 64 else 2 * size
    canvas = _Canvas(side, looks)
    _draw_head(canvas, looks)
    _draw_nose(canvas, looks, expression)
    _draw_mouth(canvas, looks, expression)
    for which in (-1, 1):
        _draw_eye(canvas, looks, expression, which)
        _draw_brow(canvas, looks, expression, which)
    if looks.glasses:
        _draw_glasses(canvas, looks)
    picture = cv2.resize(canvas.pixels, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    return picture * (1 + np.float32(looks.light) * _slope(size, looks.light_angle))


def _head_outline(looks: Looks) -> np.ndarray:
    """An ellipse whose lower half narrows towards the chin."""
    x, y = _arc(0.0, 2.0).T
    narrowing = 1 - (1 - looks.jaw) * y.clip(0, 1) ** 1.5
    return _curve(looks.head_width * x * narrowing, 0.97 * y)


def _draw_head(canvas: _Canvas, looks: Looks) -> None:
    skin, hair, width = looks.skin, looks.hair, looks.head_width
    if looks.hair_style == 2:  # long
        top = _ellipse(0, -0.12, width * 1.22, 1.02, 1.0, 2.0)
        canvas.fill(np.concatenate([top, [[width * 1.2, 1.45], [-width * 1.2, 1.45]]]), hair)
    canvas.fill(np.array([[-0.3, 0.6], [0.3, 0.6], [0.36, 1.15], [1.1, 1.5], [-1.1, 1.5], [-0.36, 1.15]]), 0.78 * skin)
    for which in (-1, 1):
        canvas.fill(_ellipse(which * width, 0.03, 0.1, 0.19), 0.86 * skin)
    outline = _head_outline(looks)
    canvas.fill(outline, skin)
    canvas.line(outline, 0.72 * skin, 0.025, closed=True)
    if looks.hair_style:
        crown = _ellipse(0, -0.1, width * 1.07, 0.98, 1.0, 2.0)
        hairline = _ellipse(0, -0.1, width * 0.98, 0.58 if looks.hair_style == 1 else 0.5, 2.0, 1.0)
        canvas.fill(np.concatenate([crown, hairline]), hair)
    else:  # cropped: a shade on the skull
        crown = _ellipse(0, -0.05, width * 1.0, 0.94, 1.08, 1.92)
        canvas.fill(np.concatenate([crown, _ellipse(0, -0.1, width * 0.9, 0.68, 1.92, 1.08)]), 0.5 * (hair + skin))


def _draw_nose(canvas: _Canvas, looks: Looks, expression: Expression) -> None:
    skin, wrinkle = looks.skin, max(0.0, expression.nose_wrinkle)
    tip = looks.nose_length - 0.05 * wrinkle
    shade = 0.62 * skin
    canvas.line(np.array([[-0.05, 0.02], [-0.07, 0.6 * tip], [-0.13, tip - 0.04]]), 0.8 * skin, 0.03)
    x, wave = 0.13 * _ACROSS, np.cos(np.pi * _ACROSS)
    canvas.line(_curve(x, tip + 0.035 * wave), shade, 0.035)
    if wrinkle <= 0.05:
        return
    tone = skin * (1 - 0.5 * min(1.0, wrinkle))
    for level in (-0.06, 0.02, 0.10):
        canvas.line(_curve(0.75 * x, level - 0.03 * wave), tone, 0.025)
    for which in (-1, 1):
        canvas.line(np.array([[which * 0.15, tip - 0.1], [which * 0.27, tip + 0.02], [which * 0.36, tip + 0.2]]), tone, 0.035)


def _draw_mouth(canvas: _Canvas, looks: Looks, expression: Expression) -> None:
    width = 0.28 * expression.mouth_width
    opening = max(0.0, expression.mouth_open)
    x = width * _ACROSS
    middle = looks.mouth_height + expression.mouth_curve * (0.16 * _BOW - 0.10)
    raised = 0.09 * expression.lip_raise * np.exp(-(((np.abs(_ACROSS) - 0.35) / 0.3) ** 2))
    upper = middle - 0.10 * opening * _FULL - raised
    lower = middle + 0.24 * opening * _FULL + 0.3 * raised
    canvas.fill(_between(x, upper - 0.045 * _FULL, lower + 0.06 * _FULL), 0.70 * looks.skin)
    depth = float((lower - upper).max())
    if depth > 0.035:
        gap = _between(x, upper, lower)
        shapes = [(gap, 25.0)]
        if expression.teeth > 0.2:
            shapes.append((_between(x, upper - 0.1, upper + min(0.10, 0.75 * depth) * _FULL), 225.0))
        canvas.fill_within(gap, shapes)
        canvas.line(gap, 0.35 * looks.skin, 0.025, closed=True)
    else:
        canvas.line(_curve(x, (upper + lower) / 2), 0.28 * looks.skin, 0.045)
    if expression.mouth_curve > 0.45:  # the folds of a smile
        fold = _ellipse(width + 0.05, looks.mouth_height - 0.06, 0.05, 0.13, -0.4, 0.4)
        for which in (-1, 1):
            canvas.line(fold * (which, 1), 0.76 * looks.skin, 0.025)


def _draw_eye(canvas: _Canvas, looks: Looks, expression: Expression, which: int) -> None:
    width = looks.eye_size
    x = which * looks.eye_distance
    opening = 0.62 * width * max(0.06, expression.eye_open)
    points = x + width * _ACROSS
    droop = 0.10 * width * max(0.0, expression.brow_angle) * _ACROSS * which  # grief lowers the outer corners
    upper = droop - opening * _BOW
    below = 0.55 * width * max(0.05, 1 - 0.8 * expression.lower_lid) * min(1.0, 0.4 + 0.6 * expression.eye_open)
    lower = droop + below * _BOW
    frame = _between(points, upper, lower)
    iris_x, iris = x + 0.35 * width * looks.gaze, 0.46 * width
    white, glint = min(250.0, looks.skin * 0.25 + 185), _ellipse(iris_x + 0.3 * iris, -0.35 * iris, 0.22 * iris, 0.22 * iris)
    discs = [(_ellipse(iris_x, 0.0, iris, iris), 55.0), (_ellipse(iris_x, 0.0, 0.5 * iris, 0.5 * iris), 10.0)]
    canvas.fill_within(frame, [(frame, white), *discs, (glint, 250.0)])
    canvas.line(_curve(points, upper), 0.25 * looks.skin, 0.035)
    canvas.line(_curve(points, lower), 0.55 * looks.skin, 0.02)
    if expression.lower_lid > 0.3:
        canvas.line(_curve(points, lower + 0.08 * _BOW + 0.01), 0.78 * looks.skin, 0.022)


def _draw_brow(canvas: _Canvas, looks: Looks, expression: Expression, which: int) -> None:
    inward = (1 + _ACROSS) / 2  # from the outer end to the inner
    x = looks.eye_distance + looks.eye_size * (1.25 - 2.3 * inward)
    height = 0.25 + 0.15 * expression.brow_height
    tilt = 0.17 * expression.brow_angle * (inward - 0.45)
    arch = 0.11 * expression.brow_arch * (1 - (2 * inward - 0.8) ** 2)
    tone = min(0.6 * looks.hair, 0.5 * looks.skin)
    canvas.line(_curve(which * x, -(height + tilt + arch)), tone, looks.brow_weight)
    if expression.brow_angle < -0.35:  # the frown between the brows
        top = -(height + 0.02)
        canvas.line(np.array([[which * 0.06, top], [which * 0.05, top + 0.15]]), 0.6 * looks.skin, 0.025)
    if expression.brow_height > 0.6:  # raised brows fold the forehead
        canvas.line(_curve(0.32 * _ACROSS, -0.56 - 0.02 * _BOW), 0.82 * looks.skin, 0.022)


def _draw_glasses(canvas: _Canvas, looks: Looks) -> None:
    for which in (-1, 1):
        canvas.line(_ellipse(which * looks.eye_distance, 0.02, 0.24, 0.2), 40.0, 0.03, closed=True)
    edge = looks.eye_distance - 0.24
    canvas.line(np.array([[-edge, 0.0], [edge, 0.0]]), 40.0, 0.03)
