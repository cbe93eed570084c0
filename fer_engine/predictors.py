"""Predictors: any finished run as one thing that takes faces and gives scores and probabilities."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from fer_engine.data.augment import to_tensor
from fer_engine.data.faceset import SIZE
from fer_engine.evaluation.calibration import Calibration
from fer_engine.experiments.spec import CnnSpec
from fer_engine.labels import NAMES
from fer_engine.models import registry
from fer_engine.models.convnet import ConvNet
from fer_engine.runs import store

BATCH = 512


class Predictor(ABC):
    """What every family of models offers. Faces are uint8 (N, 48, 48)."""

    class_order: tuple[str, ...] = NAMES
    input_shape: tuple[int, int] = (SIZE, SIZE)
    calibration: Calibration

    @abstractmethod
    def scores(self, faces: np.ndarray) -> np.ndarray:
        """Scores (N, 7), float32; the highest is the answer."""

    def probabilities(self, faces: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (N, 7)."""
        return self.calibration.probabilities(self.scores(faces))


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
    """The network of a spec with the weights of a file, float32 and in evaluation mode."""
    model = registry.build(spec.model, spec.config)
    model.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in load_file(weights).items()})
    return model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def load_predictor(run: store.Run) -> CnnPredictor:
    """The predictor of a finished run."""
    return CnnPredictor(load_network(run.spec, run.path / store.WEIGHTS), run.calibration, run.spec.tta, name=run.name)
