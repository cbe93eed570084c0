"""Occlusion maps: hide one place after the other, and see what the answer loses (Zeiler and Fergus, 2014, section 4.2).

They need nothing but a model's answers, so that networks and SVMs are asked in the same way.

What is measured is a score that keeps moving where a probability stands still: a face that is happy at 99.9% stays so
whatever patch is hidden. Of a network it is the log-odds of the calibrated probability, which counts the other emotions in.
Of an SVM it is the mean of the emotion's six signed distances: its scores are votes, which stay or jump by one. The drop of
the calibrated probability is kept beside it, as it is what people can read.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np

from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError
from fer_engine.explain.activations import evaluating
from fer_engine.explain.checks import checked_face, checked_target
from fer_engine.explain.gradcam import ClassMap, Grid
from fer_engine.labels import NAMES
from fer_engine.predictors import CnnPredictor, Predictor

Fill = Literal["blur", "mean"]
Unit = Literal["log-odds", "margin"]
PATCH, STRIDE = 8, 4  # an eye or the mouth's height is about a sixth of a face's side; 11x11 positions
_LEAST = 1e-30  # of a probability, before its logarithm


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """What hiding each place of a face takes from one emotion.

    Attributes:
        run: The run's name.
        target: The emotion.
        predicted: The answer for the whole face.
        unit: What the score is: 'log-odds' of the calibrated probability, nats, or the 'margin' of an SVM.
        score: The emotion's score for the whole face.
        probability: Its calibrated probability for the whole face.
        map: float32 (side, side): the score for the whole face minus that with the place hidden. Below 0 where the face
            would be taken for the emotion rather without that place.
        map_48: float32 (48, 48): `map` between the centres of the patches, bilinear.
        probability_drops: float32 (side, side): the same of the probability.
        grid: Where the centres of the patches lie.
        patch: Side of the patch, pixels.
        fill: What it shows: 'blur' or 'mean'.
    """

    run: str
    target: str
    predicted: str
    unit: Unit
    score: float
    probability: float
    map: np.ndarray
    map_48: np.ndarray
    probability_drops: np.ndarray
    grid: Grid
    patch: int
    fill: Fill

    @property
    def evidence(self) -> ClassMap:
        """The positive part of the map in the form of a class activation map.

        It is divided by the map's largest value of either sign, so that faint evidence beside strong counter-evidence looks
        faint; the highest value is 1 or less.
        """
        most = float(np.abs(self.map).max()) or 1.0
        positive, spread = np.maximum(self.map, 0), np.maximum(self.map_48, 0)
        return ClassMap("occlusion", positive / most, np.clip(spread / most, 0, 1), self.grid)

    @property
    def largest_probability_drop(self) -> float:
        """The drop of the probability where the score drops most."""
        return float(self.probability_drops.ravel()[self.map.argmax()])

    def to_dict(self) -> dict:
        """All figures, for JSON."""
        return {
            "target": self.target,
            "predicted": self.predicted,
            "unit": self.unit,
            "score": self.score,
            "probability": self.probability,
            "patch": self.patch,
            "stride": self.grid.step,
            "fill": self.fill,
            "peak": self.evidence.peak,
            "largest_drop": float(self.map.max()),
            "largest_probability_drop": self.largest_probability_drop,
            "drops": [[round(float(value), 5) for value in row] for row in self.map],
        }


def occlusion_map(
    predictor: Predictor,
    face: np.ndarray,
    *,
    target: str | int | None = None,
    patch: int = PATCH,
    stride: int = STRIDE,
    fill: str = "blur",
) -> OcclusionMap:
    """Slide a patch over a face and measure what each place takes from the score of an emotion.

    By default the patch shows the blurred face (a Gaussian of half the patch's side): what is hidden is the detail, not the
    brightness. The grey patch of Zeiler and Fergus, here of the face's mean, draws four edges of its own, which HOG and
    the first layers of a network count as much as the face's.

    The model stays as it was: a network in training mode is put into evaluation mode for the while.

    Args:
        predictor: Any model.
        face: uint8 (48, 48).
        target: The emotion, by name or label; the predicted one where it is None.
        patch: Side of the patch, pixels.
        stride: Steps of the patch, pixels; they must bring it from one border to the other.
        fill: 'blur' or 'mean'.

    Raises:
        FerLabError: For a face of another shape or type, an unknown target or fill, or a patch or stride that does not fit.
    """
    checked_face(face)
    label = None if target is None else checked_target(target)
    grid = patch_grid(patch, stride)
    views = np.concatenate([face[None], occluded(face, patch, stride, fill)])
    with untouched(predictor):
        unit, scores, probabilities = class_scores(predictor, views)
    predicted = int(probabilities[0].argmax())
    label = predicted if label is None else label
    score, probability = scores[:, label], probabilities[:, label]
    drops = (score[0] - score[1:]).reshape(grid.side, grid.side)
    return OcclusionMap(
        run=getattr(predictor, "name", ""),
        target=NAMES[label],
        predicted=NAMES[predicted],
        unit=unit,
        score=float(score[0]),
        probability=float(probability[0]),
        map=drops.astype(np.float32),
        map_48=grid.spread(drops).astype(np.float32),
        probability_drops=(probability[0] - probability[1:]).reshape(grid.side, grid.side).astype(np.float32),
        grid=grid,
        patch=patch,
        fill=checked_fill(fill),
    )


def patch_grid(patch: int, stride: int) -> Grid:
    """Where the centres of the patches lie.

    Raises:
        FerLabError: For a patch or a stride that does not fit the face.
    """
    if not 1 <= patch <= SIZE // 2:
        raise FerLabError(f"The patch is {patch} pixels wide; it goes from 1 to {SIZE // 2}.")
    if not 1 <= stride <= patch or (SIZE - patch) % stride:
        fitting = [step for step in range(1, patch + 1) if (SIZE - patch) % step == 0]
        raise FerLabError(
            f"The stride is {stride} pixels. A patch of {patch} comes from border to border of a face of {SIZE}, hiding "
            f"every pixel, in steps of {', '.join(map(str, fitting))}."
        )
    return Grid((SIZE - patch) // stride + 1, (patch - 1) / 2, stride)


def checked_fill(name: str) -> Fill:
    """The fill of that name.

    Raises:
        FerLabError: Where there is none.
    """
    for fill in get_args(Fill):
        if fill == name:
            return fill
    raise FerLabError(f"A patch cannot be filled with '{name}'; there are {' and '.join(get_args(Fill))}.")


def occluded(face: np.ndarray, patch: int = PATCH, stride: int = STRIDE, fill: str = "blur") -> np.ndarray:
    """A face (48, 48) with one place hidden in each copy, row by row: uint8 (side * side, 48, 48)."""
    side = patch_grid(patch, stride).side
    if checked_fill(fill) == "blur":
        instead = cv2.GaussianBlur(face, (0, 0), patch / 2, borderType=cv2.BORDER_REPLICATE)
    else:
        instead = np.full_like(face, round(float(face.mean())))
    views = np.repeat(face[None], side * side, axis=0)
    for number, view in enumerate(views):
        top, left = (stride * place for place in divmod(number, side))
        place = np.s_[top : top + patch, left : left + patch]
        view[place] = instead[place]
    return views


def class_scores(predictor: Predictor, faces: np.ndarray) -> tuple[Unit, np.ndarray, np.ndarray]:
    """What the scores are, the score of each emotion (N, 7) and its calibrated probability (N, 7), float64."""
    if not isinstance(predictor, CnnPredictor):
        from fer_engine.explain.classical import margins
        from fer_engine.svm_predictor import SvmPredictor

        if isinstance(predictor, SvmPredictor):
            found, votes = margins(predictor, faces)
            return "margin", found, predictor.calibration.probabilities(votes.astype(np.float64))
    probabilities = np.asarray(predictor.probabilities(faces), np.float64)
    others = probabilities @ (1 - np.eye(len(NAMES)))  # 1 - p would lose what is left beside a p of nearly 1
    return "log-odds", np.log(np.maximum(probabilities, _LEAST)) - np.log(np.maximum(others, _LEAST)), probabilities


@contextmanager
def untouched(predictor: Predictor) -> Iterator[None]:
    """Put the network of a predictor, or that which an SVM reads, into evaluation mode, and back afterwards."""
    network = predictor if isinstance(predictor, CnnPredictor) else getattr(predictor, "network", None)
    with evaluating(network.model) if isinstance(network, CnnPredictor) else nullcontext():
        yield
