"""How the images of a data set are exposed and focused, which of them show nothing, and in which no face is found."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fer_engine.data.faceset import FaceSet
from fer_engine.faces import NO_DETECTION, face_score, sharpness

# FER2013 has 12 images of one grey and one of three greys beside each other (0.6); the next darkest scrap has 4.1.
BLANK_BELOW = 2.0  # standard deviation of the pixels, grey levels
# Of the FER2013 images that no FER+ annotator calls 'no face' 3.6% score below this, of the 161 that most of them do 66%. The
# latter are so few that eleven of twelve images below are faces all the same.
FACELESS_BELOW = -0.9
_AT_ONCE = 4096  # images
_PROGRESS_EVERY = 100


@dataclass(frozen=True)
class Quality:
    """Exposure and focus of each image.

    Attributes:
        brightness: (N,) mean of the pixels, grey levels from 0 to 255.
        contrast: (N,) their standard deviation, grey levels.
        sharpness: (N,) variance of the Laplacian over the variance of the pixels; about 0.7 in FER2013.
    """

    brightness: np.ndarray
    contrast: np.ndarray
    sharpness: np.ndarray

    @property
    def blank(self) -> np.ndarray:
        """(N,) whether an image is of one grey, or nearly."""
        return self.contrast < BLANK_BELOW


def brightness_and_contrast(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the pixels of images uint8 (N, 48, 48), grey levels: (N,) each."""
    means, deviations = np.empty(len(images)), np.empty(len(images))
    for start in range(0, len(images), _AT_ONCE):
        block = images[start : start + _AT_ONCE].reshape(-1, images[0].size).astype(np.float32)
        means[start : start + _AT_ONCE], deviations[start : start + _AT_ONCE] = block.mean(1), block.std(1)
    return means, deviations


def blank_images(images: np.ndarray) -> np.ndarray:
    """Which images uint8 (N, 48, 48) are of one grey, or nearly: bool (N,)."""
    return brightness_and_contrast(images)[1] < BLANK_BELOW


def measure_quality(images: np.ndarray) -> Quality:
    """Measure images uint8 (N, 48, 48)."""
    means, deviations = brightness_and_contrast(images)
    return Quality(means, deviations, np.array([sharpness(image) for image in images]))


def face_scores(faces: FaceSet, progress: Callable[[float], None] = lambda _: None) -> np.ndarray:
    """The detector's score of each image (N,), `NO_DETECTION` where it sees no face; kept in the cache.

    It takes some eight milliseconds an image the first time. A low score is a hint and no proof: the detector knows
    frontal faces, and hands, hair and tight crops hide them from it.

    Args:
        faces: The data set.
        progress: Called with the fraction done.
    """
    from fer_engine.features.cache import cached

    def compute() -> np.ndarray:
        found = np.full(len(faces), NO_DETECTION)
        for place, image in enumerate(faces.images):
            found[place] = face_score(np.ascontiguousarray(image))
            if place % _PROGRESS_EVERY == 0:
                progress(place / len(faces))
        return found

    return cached(_scores_kept_by(faces), faces, compute)


def kept_face_scores(faces: FaceSet) -> np.ndarray | None:
    """The scores of `face_scores` as it kept them; None where it was not asked yet."""
    from fer_engine.features.cache import kept

    return kept(_scores_kept_by(faces), faces)


def _scores_kept_by(faces: FaceSet) -> dict[str, str]:
    return {"kind": "face scores", "order": faces_in_order(faces)}


def faces_in_order(faces: FaceSet) -> str:
    """A hash of the images in their order, by which what is known of each row is kept."""
    import hashlib

    from fer_engine.data.faceset import image_hashes

    return hashlib.sha256(image_hashes(faces.images).tobytes() + np.asarray(faces.labels).tobytes()).hexdigest()[:24]
