"""What a network has learnt: the activations of its last hidden layer."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from fer_engine.data.augment import to_tensor

if TYPE_CHECKING:
    from fer_engine.predictors import CnnPredictor

BATCH = 256


@torch.inference_mode()
def hidden_features(predictor: "CnnPredictor", faces: np.ndarray) -> np.ndarray:
    """What the scores of a network are made of (N, D), float32, for faces uint8 (N, 48, 48).

    The mean over a face and its mirror image where the predictor's test-time augmentation is 'flip'. The scores are
    linear in it, so its head's answer of these features is that of the predictor.
    """
    model = predictor.model
    device, last = next(model.parameters()).device, model.stages[-2].name
    parts = []
    for start in range(0, len(faces), BATCH):
        tensor = to_tensor(np.asarray(faces[start : start + BATCH])).to(device)
        hidden = model.activations(tensor)[last].flatten(1)
        if predictor.tta == "flip":
            hidden = (hidden + model.activations(tensor.flip(-1))[last].flatten(1)) / 2
        parts.append(hidden.float().cpu().numpy())
    width = model.stages[-2].channels * model.stages[-2].side ** 2
    return np.concatenate(parts) if parts else np.zeros((0, width), np.float32)
