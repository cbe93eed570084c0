"""Predictors: any finished run as one thing that takes faces and gives scores and probabilities."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from fer_engine.data.augment import to_tensor
from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError
from fer_engine.evaluation.calibration import Calibration
from fer_engine.experiments.spec import CnnSpec
from fer_engine.labels import NAMES
from fer_engine.models import registry
from fer_engine.models.convnet import ConvNet
from fer_engine.runs import store
from fer_engine.runs.files import write_bytes

if TYPE_CHECKING:
    from fer_engine.faces import Box
    from fer_engine.images import ImageSource

BATCH = 512


@dataclass(frozen=True)
class FaceAnswer:
    """What a model says of one face.

    Attributes:
        box: Left, top, right and bottom of the face in the upright image, pixels.
        label: The emotion with the highest score.
        probabilities: Calibrated probability of each emotion, by name.
    """

    box: tuple[int, int, int, int]
    label: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Prediction:
    """What a model says of an image.

    Attributes:
        image: Its name.
        size: Width and height of the upright image, pixels.
        faces: An answer per face, the largest first; empty where none was found.
        notices: What the user should know, as sentences.
    """

    image: str
    size: tuple[int, int]
    faces: tuple[FaceAnswer, ...]
    notices: tuple[str, ...]


class Predictor(ABC):
    """What every family of models offers. Faces are uint8 (N, 48, 48)."""

    class_order: tuple[str, ...] = NAMES
    tta: str  # test-time augmentation: 'flip' for a mean over a face and its mirror image
    input_shape: tuple[int, int] = (SIZE, SIZE)  # height and width of a face, pixels
    calibration: Calibration

    @abstractmethod
    def scores(self, faces: np.ndarray) -> np.ndarray:
        """Scores (N, 7), float32; the highest is the answer."""

    def probabilities(self, faces: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (N, 7)."""
        return self.calibration.probabilities(self.scores(faces))

    def predict(self, image: "ImageSource", *, whole_image: bool = False) -> Prediction:
        """Find the faces of an image and say what each expresses.

        Args:
            image: A path, the bytes of an image file, a PIL image, or an array uint8 (H, W) or (H, W, 3 or 4).
            whole_image: Take the image itself for the face, without looking for one.

        Raises:
            FerLabError: Where it is no image, or too large a one.
        """
        from fer_engine.faces import find_faces

        found = find_faces(image, whole_image=whole_image)
        notices = list(found.notices)
        answers = []
        for number, face in enumerate(found.faces, start=1):
            probabilities = self.probabilities(face.tile[None])[0]
            answers.append(_answer(face.box, probabilities))
            which = f"Face {number}: " if len(found.faces) > 1 else ""
            notices += [f"{which}{notice}" for notice in face.notices]
        return Prediction(found.image.name, found.image.size, tuple(answers), tuple(notices))


def _answer(box: "Box", probabilities: np.ndarray) -> FaceAnswer:
    by_name = {name: round(float(p), 6) for name, p in zip(NAMES, probabilities, strict=True)}
    return FaceAnswer(box.as_tuple(), NAMES[int(probabilities.argmax())], by_name)


@dataclass
class CnnPredictor(Predictor):
    """A trained network.

    Attributes:
        model: The network, in evaluation mode, float32 on the CPU or wherever it was put.
        calibration: How its scores become probabilities.
        tta: 'flip' for the mean score of a face and its mirror image, or 'none'.
        name: The run's name.
    """

    model: ConvNet
    calibration: Calibration
    tta: str = "none"
    name: str = field(default="", kw_only=True)

    def scores(self, faces: np.ndarray) -> np.ndarray:
        """Scores (N, 7) of faces uint8 (N, 48, 48)."""
        return network_scores(self.model, faces, self.tta)


@torch.inference_mode()
def network_scores(model: torch.nn.Module, faces: np.ndarray, tta: str) -> np.ndarray:
    """Scores (N, 7), float32, of faces uint8 (N, 48, 48), in batches; a few faces take no memory for many."""
    device = next(model.parameters()).device
    parts = [np.zeros((0, len(NAMES)), np.float32)]
    for batch in _batches(faces):
        tensor = to_tensor(batch).to(device)
        scores = model(tensor)
        if tta == "flip":
            scores = (scores + model(tensor.flip(-1))) / 2
        parts.append(scores.float().cpu().numpy())
    return np.concatenate(parts)


def _batches(faces: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(faces), BATCH):
        yield faces[start : start + BATCH]


def load_network(spec: CnnSpec, weights: Path) -> ConvNet:
    """The network of a spec with the weights of a file, float32 and in evaluation mode.

    Raises:
        FerLabError: Where the file is missing or damaged, or holds another network's weights.
    """
    model = registry.build(spec.model, spec.config)
    try:
        tensors = load_file(weights)
        model.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise FerLabError(f"The weights {weights} cannot be read: {reason} Fetch or train the run again.") from error
    return model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def save_weights(weights: dict[str, torch.Tensor], path: Path) -> None:
    """Write weights in half precision and in one step; running counts stay whole numbers."""
    write_bytes(path, save({name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}))


def load_predictor(run: store.Run) -> Predictor:
    """The predictor of a finished run.

    Raises:
        FerLabError: Where its weights cannot be read.
    """
    if isinstance(run.spec, CnnSpec):
        return CnnPredictor(load_network(run.spec, run.weights), run.calibration, run.spec.tta, name=run.name)
    from fer_engine.svm_predictor import load_svm

    return load_svm(run)
