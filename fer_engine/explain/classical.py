"""What an SVM sees of a face: the face rebuilt from its components, its gradients, its points, and how its machines vote."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fer_engine.errors import FerLabError
from fer_engine.explain.checks import checked_face, checked_target
from fer_engine.labels import N_CLASSES, NAMES

if TYPE_CHECKING:
    from fer_engine.classical.blocks import Block
    from fer_engine.classical.machine import Machine
    from fer_engine.experiments.svm_spec import FeatureKind
    from fer_engine.predictors import Predictor
    from fer_engine.svm_predictor import SvmPredictor

LEADING = 12  # eigenfaces that are shown


@dataclass(frozen=True, eq=False)
class Eigenface:
    """A principal component of faces' pixels (Turk and Pentland, 1991).

    Attributes:
        number: From 1, by the variance of the training faces along it, largest first.
        pixels: float32 (48, 48); length 1, its sign is arbitrary.
        coefficient: How much of it this face has, in the units of the features: grey from 0 to 1, or deviations of the
            face's own pixels where these are standardised.
        share: Part of what tells this face from the mean face that lies along it, from 0 to 1.
    """

    number: int
    pixels: np.ndarray
    coefficient: float
    share: float


@dataclass(frozen=True, eq=False)
class BlockView:
    """What one block of features takes from a face.

    Attributes:
        kind: 'pixels', 'hog', 'landmarks' or 'cnn'.
        n_components: Principal components that are kept; 0 where the features themselves are.
        face: The face as the block sees it, uint8 (48, 48): aligned by its landmarks where the run says so.
        aligned: Whether it is.
        rebuilt: What the components keep of the pixels, uint8 (48, 48); None for other blocks.
        kept: Part of what tells the face's features from the mean ones that the components keep, from 0 to 1; None for
            blocks without components.
        eigenfaces: The leading ones; empty for other blocks.
        gradients: The picture of HOG, uint8 (384, 384), or None.
        points: The 68 landmarks (68, 2), x and y in pixels, or None.
        network: Name of the run whose hidden layer is read, or empty.
        layer: Name of that layer, or empty.
        width: Its units.
    """

    kind: "FeatureKind"
    n_components: int
    face: np.ndarray
    aligned: bool
    rebuilt: np.ndarray | None = None
    kept: float | None = None
    eigenfaces: tuple[Eigenface, ...] = ()
    gradients: np.ndarray | None = None
    points: np.ndarray | None = None
    network: str = ""
    layer: str = ""
    width: int = 0

    def to_dict(self) -> dict:
        """The numbers without the pictures, for JSON."""
        return {
            "kind": self.kind,
            "n_components": self.n_components,
            "aligned": self.aligned,
            "kept": self.kept,
            "eigenfaces": [{"number": item.number, "coefficient": item.coefficient, "share": item.share} for item in self.eigenfaces],
            "points": None if self.points is None else [[round(float(x), 2), round(float(y), 2)] for x, y in self.points],
            "network": self.network or None,
            "layer": self.layer or None,
        }


@dataclass(frozen=True, eq=False)
class SvmExplanation:
    """What an SVM says of a face, and what it sees of it.

    Attributes:
        run: The run's name.
        probabilities: Calibrated, (7,).
        scores: Votes with confidences, float32 (7,), as `predictor.scores` has them.
        target: The emotion that `duels` is about.
        predicted: The emotion with the highest score.
        tta: 'flip' where scores are those of the face and its mirror image together, or 'none'.
        duels: The signed distance of the machine for the target against each other emotion, by the other's name; above 0
            it votes for the target, and beyond 1 the face lies outside its margin.
        blocks: What each block of features takes from the face itself.
    """

    run: str
    probabilities: np.ndarray
    scores: np.ndarray
    target: str
    predicted: str
    tta: str
    duels: Mapping[str, float]
    blocks: tuple[BlockView, ...]

    def to_dict(self) -> dict:
        """The numbers without the pictures, for JSON."""
        return {
            "run": self.run,
            "predicted": self.predicted,
            "target": self.target,
            "probabilities": dict(zip(NAMES, map(float, self.probabilities), strict=True)),
            "scores": dict(zip(NAMES, map(float, self.scores), strict=True)),
            "tta": self.tta,
            "duels": dict(self.duels),
            "blocks": [block.to_dict() for block in self.blocks],
        }


def explain_svm(predictor: "Predictor", face: np.ndarray, *, target: str | int | None = None) -> SvmExplanation:
    """Say what an SVM makes of a face.

    Args:
        predictor: A fitted SVM.
        face: uint8 (48, 48).
        target: The emotion whose six machines are told, by name or label; the predicted one where it is None.

    Raises:
        FerLabError: For another predictor, a face of another shape or type, an unknown target, or missing landmarks.
    """
    from fer_engine.svm_predictor import SvmPredictor

    if not isinstance(predictor, SvmPredictor):
        raise FerLabError("This explains SVMs; choose a run of an SVM.")
    checked_face(face)
    distances, votes = _told(predictor, face[None])
    asked = None if target is None else checked_target(target)
    predicted = int(votes[0].argmax())
    label = predicted if asked is None else asked
    return SvmExplanation(
        run=predictor.name,
        probabilities=predictor.calibration.probabilities(votes)[0],
        scores=votes[0],
        target=NAMES[label],
        predicted=NAMES[predicted],
        tta=predictor.tta,
        duels={NAMES[other]: float(distances[0, label, other]) for other in range(N_CLASSES) if other != label},
        blocks=tuple(_view(predictor, block, features, face) for block, features in predictor.measured(face[None])),
    )


def margins(predictor: "SvmPredictor", faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each emotion's six signed distances (N, 7), float64, and the votes (N, 7), of faces (N, 48, 48)."""
    distances, votes = _told(predictor, faces)
    return distances.sum(2) / (N_CLASSES - 1), votes


def _told(predictor: "SvmPredictor", faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distances (N, 7, 7), of each emotion against each other, and votes (N, 7), as test-time augmentation asks."""
    from fer_engine.svm_predictor import mirrored

    sides = [faces, mirrored(faces)] if predictor.spec.tta == "flip" else [faces]
    answers = []
    for side in sides:
        rows = predictor.features(side)
        answers.append((_pairs(predictor.machine, rows), predictor.machine.scores(rows)))
    distances, votes = (np.mean([answer[part] for answer in answers], axis=0) for part in (0, 1))
    return distances, votes


def _pairs(machine: "Machine", rows: np.ndarray) -> np.ndarray:
    """The 21 decisions as a table (N, 7, 7), the lower half with its sign turned, the diagonal 0."""
    table = np.zeros((len(rows), N_CLASSES, N_CLASSES))
    first, second = np.triu_indices(N_CLASSES, 1)
    table[:, first, second] = machine.decisions(rows)
    return table - table.transpose(0, 2, 1)


def _view(predictor: "SvmPredictor", block: "Block", features: np.ndarray, face: np.ndarray) -> BlockView:
    """What a block with the features (1, D) takes from a face (48, 48)."""
    spec = block.spec
    points = _points(face) if spec.align or spec.kind == "landmarks" else None
    seen = _aligned(face, points, spec.align) if points is not None and spec.align else face
    view = BlockView(spec.kind, spec.n_components, seen, bool(spec.align), kept=_kept(block, features))
    if spec.kind == "pixels":
        return replace(view, rebuilt=_rebuilt(block, features, seen), eigenfaces=_eigenfaces(block, features))
    if spec.kind == "hog":
        from fer_engine.features.hog import Hog, hog_picture

        return replace(view, gradients=hog_picture(seen, Hog(cell=spec.cell, block=spec.block, orientations=spec.orientations)))
    if spec.kind == "landmarks":
        return replace(view, points=points)
    assert predictor.network is not None
    stage = predictor.network.model.stages[-2]
    return replace(view, network=predictor.network.name, layer=stage.name, width=stage.channels * stage.side**2)


def _points(face: np.ndarray) -> np.ndarray:
    from fer_engine.features.landmarks import landmarks

    return landmarks(face[None])[0]


def _aligned(face: np.ndarray, points: np.ndarray, zoom: float) -> np.ndarray:
    from fer_engine.features.align import aligned

    return aligned(face[None], points[None], zoom)[0]


def _kept(block: "Block", features: np.ndarray) -> float | None:
    """Part of the squared distance to the mean features that the components keep; None without components."""
    if block.components is None:
        return None
    whole = float(((features - block.mean) ** 2).sum())
    lost = float(((features - block.rebuilt(block.coefficients(features))) ** 2).sum())
    return 1 - lost / whole if whole > 0 else None


def _rebuilt(block: "Block", features: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The pixels that the components keep, in the grey of the face."""
    pixels = block.rebuilt(block.coefficients(features))[0].reshape(seen.shape)
    if block.spec.standardise:  # from deviations of its own pixels back to grey
        pixels = pixels * max(float(seen.std()) / 255, 1e-3) + float(seen.mean()) / 255
    return np.clip(np.rint(255 * pixels), 0, 255).astype(np.uint8)


def _eigenfaces(block: "Block", features: np.ndarray) -> tuple[Eigenface, ...]:
    """The leading components with this face's coefficients."""
    if block.components is None:
        return ()
    coefficients = block.coefficients(features)[0]
    whole = max(float(((features - block.mean) ** 2).sum()), 1e-12)
    return tuple(
        Eigenface(number + 1, axis.reshape(48, 48), float(value), float(value) ** 2 / whole)
        for number, (axis, value) in enumerate(zip(block.components[:LEADING], coefficients, strict=False))
    )
