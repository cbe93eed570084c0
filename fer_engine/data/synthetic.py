"""The synthetic set: drawn faces whose brows, eyes and mouth follow the emotion.

It stands in for FER2013 where that is not at hand, in tests and for a first try at training. Nothing measured on it
says anything about real faces, so it is called synthetic wherever it appears.
"""

from dataclasses import fields, replace

import cv2
import numpy as np

from fer_engine.data.drawing import Expression, Looks, draw
from fer_engine.data.faceset import SIZE, FaceSet
from fer_engine.labels import N_CLASSES

DEFAULT_SIZE = 2100
MAX_SIZE = 200_000
# Of ten rounds through the classes eight are for training; the tests come early, so that small sets have them.
_SPLIT_OF_ROUND = np.array(["Training", "PublicTest", "PrivateTest", *["Training"] * 7])

# After the action units that Ekman and Friesen's manual gives for each emotion, in full strength.
_FULL = (
    Expression(-0.55, -1.0, 0.1, 0.8, 0.35, -0.5, 0.05, 0.85, 0.0, 0.1, 0.0),  # angry: 4 + 5 + 7 + 23
    Expression(-0.35, -0.4, 0.2, 0.5, 0.7, -0.45, 0.12, 0.9, 1.0, 1.0, 1.0),  # disgust: 9 + 15 + 16
    Expression(0.55, 0.85, 0.0, 1.45, 0.0, -0.35, 0.38, 1.2, 0.0, 0.0, 1.0),  # fear: 1 + 2 + 4 + 5 + 20 + 26
    Expression(0.05, 0.0, 0.4, 0.75, 0.75, 1.0, 0.3, 1.35, 0.0, 0.0, 1.0),  # happy: 6 + 12
    Expression(0.1, 1.0, 0.0, 0.62, 0.1, -1.0, 0.0, 0.85, 0.0, 0.0, 0.0),  # sad: 1 + 4 + 15
    Expression(1.0, 0.0, 0.9, 1.5, 0.0, 0.0, 1.1, 0.68, 0.0, 0.0, 0.0),  # surprise: 1 + 2 + 5 + 26
    Expression(),  # neutral
)
_REST = Expression()
# How much each part varies from face to face whatever the emotion (standard deviation).
_VARIATION = Expression(0.12, 0.12, 0.1, 0.08, 0.06, 0.09, 0.03, 0.06, 0.05, 0.05, 0.2)


def synthetic(n: int = DEFAULT_SIZE, seed: int = 0) -> FaceSet:
    """Draw a data set.

    Classes and splits follow the index (classes in turn; of every 70 faces 56 Training, 7 PublicTest, 7 PrivateTest),
    and a face depends on `seed` and its index alone: a larger set begins with the smaller one.

    Args:
        n: Number of faces, 1 to `MAX_SIZE`.
        seed: Seed, 0 or more.

    Returns:
        A FaceSet called 'synthetic'.
    """
    ids = np.arange(n, dtype=np.int64)
    labels = ids % N_CLASSES
    images = np.empty((n, SIZE, SIZE), dtype=np.uint8)
    for index in range(n):
        images[index] = draw_face(int(labels[index]), np.random.default_rng([seed, index]))
    return FaceSet(images, labels, _SPLIT_OF_ROUND[ids // N_CLASSES % 10], ids, "synthetic")


def draw_face(emotion: int, rng: np.random.Generator, size: int = SIZE, *, clean: bool = False) -> np.ndarray:
    """Draw one face.

    Args:
        emotion: Its label, 0 to 6.
        rng: Where its looks come from.
        size: Side in pixels.
        clean: Whether to draw it as a sample to look at: upright, evenly lit, in full strength, without noise.

    Returns:
        uint8 (size, size).
    """
    looks = _looks(rng)
    expression = _expression(emotion, rng, clean)
    if clean:
        looks = replace(looks, tilt=0.0, shift_x=0.0, shift_y=0.0, scale=0.78, light=0.08, gaze=0.0, glasses=False)
        return np.clip(np.rint(draw(looks, expression, size)), 0, 255).astype(np.uint8)
    return _photograph(draw(looks, expression, size), rng)


def _looks(rng: np.random.Generator) -> Looks:
    skin = rng.uniform(110, 225)
    return Looks(
        skin=skin,
        hair=min(170.0, rng.uniform(15, 0.75 * skin)),
        hair_style=int(rng.integers(3)),
        head_width=rng.uniform(0.66, 0.80),
        jaw=rng.uniform(0.72, 0.95),
        eye_distance=rng.uniform(0.29, 0.37),
        eye_size=rng.uniform(0.135, 0.175),
        nose_length=rng.uniform(0.30, 0.40),
        mouth_height=rng.uniform(0.52, 0.60),
        brow_weight=rng.uniform(0.045, 0.085),
        glasses=bool(rng.random() < 0.1),
        gaze=rng.uniform(-0.6, 0.6),
        background=(rng.uniform(10, 245), rng.uniform(10, 245)),
        background_angle=rng.uniform(0, 2 * np.pi),
        light=rng.uniform(0, 0.3),
        light_angle=rng.uniform(0, 2 * np.pi),
        scale=rng.uniform(0.80, 1.02),
        tilt=rng.normal(0, 0.08),
        shift_x=rng.uniform(-0.10, 0.10),
        shift_y=rng.uniform(-0.10, 0.10),
    )


def _expression(emotion: int, rng: np.random.Generator, clean: bool) -> Expression:
    """The emotion at some strength, each part of it varied."""
    strength = rng.uniform(0.6, 1.1)
    noise = rng.normal(size=len(fields(Expression)))
    if clean:
        strength, noise = 1.0, 0.0 * noise
    values = []
    for part, deviation in zip(fields(Expression), noise, strict=True):
        rest, full, spread = (getattr(of, part.name) for of in (_REST, _FULL[emotion], _VARIATION))
        values.append(rest + strength * (full - rest) + spread * deviation)
    return Expression(*values)


def _photograph(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur, contrast and noise of a small photograph."""
    blur = rng.uniform(0.0, 0.8)
    if blur > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    contrast, brightness, noise = rng.uniform(0.7, 1.1), rng.uniform(-25, 25), rng.uniform(1, 9)
    picture = (picture - 128) * contrast + 128 + brightness + noise * rng.standard_normal(picture.shape, dtype=np.float32)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
