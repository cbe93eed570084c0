"""From an image to 48x48 faces: detection by dlib, crops like FER2013's own, and a word on what may mislead a model."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from fer_engine.data.faceset import SIZE
from fer_engine.images import DecodedImage, ImageSource, read_image

# FER2013's tiles are face crops themselves. 400 of them, drawn at random, enlarged 4 to 4.8 times in six steps (dlib's pyramid
# knows few sizes, so one size alone is coarse) and framed with replicated borders: dlib finds a face in 76% of them in four
# steps or more. Of these the tile's side is 1.19 times the box's (median; quartiles 1.12 and 1.26), and the centre of the
# box lies 0.08 of the box's side below the tile's (quartiles 0.03 and 0.11), sideways 0.00.
MARGIN = 1.19
SHIFT = (0.0, -0.08)

WHOLE_IMAGE_SIDE = 96  # up to here a nearly square image is a face crop rather than a photograph
WHOLE_IMAGE_ASPECT = 1.1

# The detector sees faces of 80 pixels and more. The first look finds those of a ninth of the image's longer side and
# more, also where they fill the image: with a frame of an eighth on each side dlib finds 75 to 81% of 150 enlarged FER2013
# tiles, without it 66 to 73%. The finer look takes three times as long.
LOOK_SIDE, LOOK_FRAME = 720, 0.125
FINE_SIDE = 1600
MAX_ENLARGEMENT = 4.0
# On a photograph of one face, at ten scales and mirrored, what else the detector reported (cloth) scored up to 0.16, the face 0.76
# and more.
SURE_SCORE = 0.2
NO_DETECTION = -1.0  # below the score of any detection that `face_score` knows

# Of 4,000 FER2013 tiles under 1% lie below this; after a Gaussian blur of one pixel (of 48) over 99% do.
SHARPNESS_MIN = 0.2
# About the outer hundredths of FER2013's tiles.
DARK_MEAN, BRIGHT_MEAN, CONTRAST_MIN = 55.0, 205.0, 24.0

NO_FACE = (
    "No face was found. If the image shows a face all the same, take the whole image as one: "
    "--whole-image on the command line, 'Whole image' on the page."
)
_DETECTOR_LOCK = threading.Lock()  # dlib's detectors keep state while they run


@dataclass(frozen=True)
class Box:
    """A box in pixels of the upright image.

    Attributes:
        x0: First column.
        y0: First row.
        x1: Column after the last.
        y1: Row after the last.
        score: The detector's confidence; 0 is its threshold, faces seen clearly reach 1 and more.
        view: Which of dlib's five filters answered: 0 frontal, 1 turned to the image's left, 2 to its right, 3 tilted
            counter-clockwise, 4 clockwise. (Mirrored faces swap 1 with 2 and 3 with 4, checked on FER2013; rotations of
            20 degrees and more bring 3 and 4.)
    """

    x0: int
    y0: int
    x1: int
    y1: int
    score: float = 0.0
    view: int = 0

    @property
    def side(self) -> int:
        """The longer side."""
        return max(self.x1 - self.x0, self.y1 - self.y0)

    @property
    def center(self) -> tuple[float, float]:
        """The centre (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def as_tuple(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1)."""
        return self.x0, self.y0, self.x1, self.y1

    def __iter__(self) -> Iterator[int]:
        return iter(self.as_tuple())

    def clipped(self, width: int, height: int) -> "Box":
        """The part of the box that lies in an image of this size."""
        x0, x1 = (min(max(x, 0), width) for x in (self.x0, self.x1))
        y0, y1 = (min(max(y, 0), height) for y in (self.y0, self.y1))
        return Box(x0, y0, x1, y1, self.score, self.view)


@dataclass(frozen=True, eq=False)
class Face:
    """One face of an image.

    Attributes:
        box: The face, within the image.
        detected: The same as the detector gave it, which may reach past the border; what crops are made from.
        crop: The square that became the tile; it may reach past the border, where the border's pixels are repeated.
        tile: uint8 (48, 48), what the models see.
        notices: Sentences about what may mislead a model: a small, blurred, dark, bright, flat, turned or tilted face.
    """

    box: Box
    detected: Box
    crop: Box
    tile: np.ndarray
    notices: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The detector's confidence, 0 where none was asked."""
        return self.box.score


@dataclass(frozen=True, eq=False)
class FoundFaces:
    """What an image holds.

    Attributes:
        image: The image, upright.
        faces: Its faces, the largest first; empty if there is none.
        notices: Sentences about the image as a whole.
    """

    image: DecodedImage
    faces: tuple[Face, ...]
    notices: tuple[str, ...] = ()

    @property
    def tiles(self) -> np.ndarray:
        """All tiles, uint8 (N, 48, 48)."""
        return np.stack([face.tile for face in self.faces]) if self.faces else np.empty((0, SIZE, SIZE), np.uint8)


def find_faces(source: ImageSource, name: str | None = None, *, whole_image: bool = False) -> FoundFaces:
    """Find the faces of an image and bring each to 48x48.

    A nearly square image (sides within 10%) of at most 96 pixels is taken as one face without asking the detector, which finds
    nothing in images that small.

    Args:
        source: Bytes of an image file, path, array or Pillow image (see `read_image`).
        name: What messages call it.
        whole_image: Take the largest centred square of the image as the face instead of looking for one.

    Raises:
        FerLabError: If the image cannot be read.
    """
    image = read_image(source, name)
    width, height = image.size
    if max(width, height) <= WHOLE_IMAGE_SIDE and max(width, height) <= WHOLE_IMAGE_ASPECT * min(width, height):
        notice = f"The image is small and nearly square ({width} x {height}): it was taken whole as one face."
        return FoundFaces(image, (_whole_face(image.gray, Box(0, 0, width, height)),), (notice,))
    if whole_image:
        square = _centered_square(width, height)
        what = "The whole image" if width == height else f"The centred square of {square.side} x {square.side} pixels"
        return FoundFaces(image, (_whole_face(image.gray, square),), (f"{what} was taken as one face; no face was looked for.",))
    faces = tuple(_face(image.gray, box) for box in detect_faces(image.gray))
    return FoundFaces(image, faces, _image_notices(faces))


def detect_faces(gray: np.ndarray) -> tuple[Box, ...]:
    """Find faces with dlib's frontal detector (HOG and a linear SVM, after Dalal and Triggs, 2005).

    The first look sees faces from about a ninth of the longer side. Where it finds none, or several (a group photograph holds
    small faces), a finer look follows. Doubtful detections count only if there is no clear one, and then only the best.

    Args:
        gray: uint8 (H, W).

    Returns:
        Boxes in pixels of `gray`, which may reach past its border; the largest first.
    """
    boxes = _look(gray, LOOK_SIDE, LOOK_FRAME)
    if len(boxes) != 1 and max(gray.shape) * MAX_ENLARGEMENT > LOOK_SIDE:
        fine = _look(gray, FINE_SIDE, 0.0)
        boxes = fine + [box for box in boxes if not any(_overlap(box, other) > 0.3 for other in fine)]
    boxes.sort(key=lambda box: box.side, reverse=True)
    if not any(box.score >= SURE_SCORE for box in boxes):
        return tuple(sorted(boxes, key=lambda box: -box.score)[:1])
    return tuple(box for box in boxes if box.score >= SURE_SCORE)


def crop_square(box: Box, *, margin: float = MARGIN, shift: tuple[float, float] = SHIFT) -> Box:
    """The square to cut for a face.

    Args:
        box: The detected face.
        margin: Side of the square, as a multiple of the box's longer side.
        shift: How far (right, down) its centre moves from the box's, as a share of the box's longer side.
    """
    side = max(1, round(margin * box.side))
    center_x, center_y = box.center
    x0 = round(center_x + shift[0] * box.side - side / 2)
    y0 = round(center_y + shift[1] * box.side - side / 2)
    return Box(x0, y0, x0 + side, y0 + side, box.score, box.view)


def crop_face(gray: np.ndarray, box: Box, *, margin: float = MARGIN, shift: tuple[float, float] = SHIFT) -> np.ndarray:
    """Cut a face out of an image as FER2013's faces are cut, by default.

    Beyond the image its border is repeated. Shrinking is by area averaging, enlarging by cubic interpolation.

    Args:
        gray: uint8 (H, W).
        box: The detected face.
        margin: See `crop_square`.
        shift: See `crop_square`.

    Returns:
        uint8 (48, 48).
    """
    return _cut(gray, crop_square(box, margin=margin, shift=shift))


def quality_notices(tile: np.ndarray, box: Box) -> tuple[str, ...]:
    """Sentences about what may mislead a model in a face.

    Args:
        tile: uint8 (48, 48).
        box: The face in the image.
    """
    notices = []
    pixels = tile.astype(np.float64)
    mean, deviation = float(pixels.mean()), float(pixels.std())
    if box.side < SIZE:
        notices.append(f"The face is small ({box.side} pixels; the models see {SIZE}): it holds little detail.")
    if deviation < CONTRAST_MIN:
        notices.append("The face has little contrast; more even light, or a background that differs from it, may help.")
    elif box.side >= SIZE and sharpness(tile) < SHARPNESS_MIN:  # a small face is blurred by being enlarged: said above
        notices.append("The face is blurred; its expression may be misread.")
    if mean < DARK_MEAN:
        notices.append("The face is darker than nearly all that the models learnt from.")
    elif mean > BRIGHT_MEAN:
        notices.append("The face is brighter than nearly all that the models learnt from.")
    if box.view in (1, 2):
        notices.append("The face seems turned to the side; the models know mostly frontal faces.")
    elif box.view in (3, 4):
        notices.append("The head seems tilted; holding it upright may help.")
    return tuple(notices)


def sharpness(tile: np.ndarray) -> float:
    """Variance of the Laplacian over the variance of the pixels, so that low contrast does not pass for blur.

    Args:
        tile: uint8 (48, 48).

    Returns:
        About 0.7 for FER2013's faces (median), 0.07 after a Gaussian blur of one pixel; 0 for an even tile.
    """
    variance = float(tile.astype(np.float64).var())
    return float(cv2.Laplacian(tile, cv2.CV_64F).var()) / variance if variance else 0.0


def face_score(tile: np.ndarray) -> float:
    """How sure the detector is that a tile out of a data set shows a face, its threshold lowered by one.

    Args:
        tile: uint8 (48, 48).

    Returns:
        The score of the best detection: clear faces reach 1 and more, 0 is the detector's usual threshold; `NO_DETECTION`
        where there is none at all.
    """
    side = round(SIZE * MAX_ENLARGEMENT)
    pad = round(LOOK_FRAME * side)
    scaled = cv2.resize(tile, (side, side), interpolation=cv2.INTER_LINEAR)
    scaled = cv2.copyMakeBorder(scaled, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    with _DETECTOR_LOCK:
        _, scores, _ = _detector().run(scaled, 0, NO_DETECTION)
    return max((float(score) for score in scores), default=NO_DETECTION)


@cache
def _detector() -> Any:
    """The frontal detector; importing dlib and unpacking it take a moment, so it is made once, when needed."""
    import dlib

    return dlib.get_frontal_face_detector()


def _look(gray: np.ndarray, longest_side: int, frame: float) -> list[Box]:
    """Run the detector on the image scaled to this longer side, with a frame (share of that side) of repeated border around it."""
    height, width = gray.shape
    scale = min(longest_side / max(height, width), MAX_ENLARGEMENT)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    pad = round(frame * max(size))
    scaled = cv2.copyMakeBorder(scaled, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    with _DETECTOR_LOCK:
        rectangles, scores, views = _detector().run(scaled, 0, 0.0)
    boxes = []
    for r, score, view in zip(rectangles, scores, views, strict=True):
        x0, y0, x1, y1 = (round((value - pad) / scale) for value in (r.left(), r.top(), r.right() + 1, r.bottom() + 1))
        if 0 <= (x0 + x1) / 2 <= width and 0 <= (y0 + y1) / 2 <= height:
            boxes.append(Box(x0, y0, x1, y1, float(score), int(view)))
    return boxes


def _overlap(a: Box, b: Box) -> float:
    """Area that two boxes share, over the area of the smaller."""
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(0, width) * max(0, height) / max(1, min(a.side, b.side) ** 2)


def _face(gray: np.ndarray, box: Box) -> Face:
    crop = crop_square(box)
    tile = _cut(gray, crop)
    height, width = gray.shape
    return Face(box.clipped(width, height), box, crop, tile, quality_notices(tile, box))


def _whole_face(gray: np.ndarray, box: Box) -> Face:
    tile = _to_tile(gray[box.y0 : box.y1, box.x0 : box.x1])
    return Face(box, box, box, tile, quality_notices(tile, box))


def _cut(gray: np.ndarray, square: Box) -> np.ndarray:
    """The square of the image, its border repeated beyond it, as a tile."""
    height, width = gray.shape
    rows = np.clip(np.arange(square.y0, square.y1), 0, height - 1)
    columns = np.clip(np.arange(square.x0, square.x1), 0, width - 1)
    return _to_tile(gray[np.ix_(rows, columns)])


def _to_tile(pixels: np.ndarray) -> np.ndarray:
    if pixels.shape == (SIZE, SIZE):
        return pixels.copy()
    enlarge = min(pixels.shape) < SIZE  # area averaging would repeat pixels as blocks
    return cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC if enlarge else cv2.INTER_AREA)


def _centered_square(width: int, height: int) -> Box:
    side = min(width, height)
    x0, y0 = (width - side) // 2, (height - side) // 2
    return Box(x0, y0, x0 + side, y0 + side)


def _image_notices(faces: tuple[Face, ...]) -> tuple[str, ...]:
    if not faces:
        return (NO_FACE,)
    if len(faces) > 1:
        return (f"{len(faces)} faces were found; the largest comes first.",)
    if faces[0].score < SURE_SCORE:
        return (f"The detector is not sure that this is a face (score {faces[0].score:.2f}; clear faces reach 1).",)
    return ()
