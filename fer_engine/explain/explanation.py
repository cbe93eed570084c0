"""Explaining one answer: probabilities, activations of every layer, class activation maps, in one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from fer_engine.data.augment import to_tensor
from fer_engine.errors import FerLabError
from fer_engine.explain.activations import LayerActivation, evaluating, layer_activation
from fer_engine.explain.checks import checked_face, checked_target
from fer_engine.explain.gradcam import ClassMap, Method, checked_method, class_map, conv_grids, default_layer
from fer_engine.labels import NAMES
from fer_engine.models.config import Stage
from fer_engine.predictors import CnnPredictor, Predictor


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a network says of a face, and why.

    Attributes:
        run: The run's name.
        probabilities: Calibrated, (7,), as `predictor.probabilities` has them.
        scores: float32 (7,), as `predictor.scores` has them.
        target: The emotion that the maps explain.
        predicted: The emotion with the highest score.
        method: How the maps' weights were found.
        tta: 'flip' where scores and maps are of the face and its mirror image together, or 'none'.
        activations: The output of each stage for the face itself, by the stage's name, in order.
        cams: The map of each convolutional layer asked for, by its name, in order.
        default_layer: The layer whose map to show first, one of `cams`.
    """

    run: str
    probabilities: np.ndarray
    scores: np.ndarray
    target: str
    predicted: str
    method: Method
    tta: str
    activations: Mapping[str, LayerActivation]
    cams: Mapping[str, ClassMap]
    default_layer: str

    def to_dict(self) -> dict:
        """The numbers without the arrays, for JSON; what is not defined is None."""
        return {
            "run": self.run,
            "predicted": self.predicted,
            "target": self.target,
            "probabilities": dict(zip(NAMES, map(float, self.probabilities), strict=True)),
            "scores": dict(zip(NAMES, map(float, self.scores), strict=True)),
            "method": self.method,
            "tta": self.tta,
            "default_layer": self.default_layer,
            "layers": [self._layer(name) for name in self.activations],
        }

    def _layer(self, name: str) -> dict:
        activation, cam = self.activations[name], self.cams.get(name)
        return {
            "name": name,
            "kind": activation.stage.kind,
            "shape": list(activation.values.shape),
            "share_zero": activation.share_zero,
            "concentration": None if np.isnan(activation.concentration) else activation.concentration,
            "cam_resolution": cam.resolution if cam else None,
            "cam_peak": cam.peak if cam else None,
        }


def explain(
    predictor: Predictor,
    face: np.ndarray,
    *,
    target: str | int | None = None,
    layers: Sequence[str] | None = None,
    method: str = "gradcam++",
) -> Explanation:
    """Say what a network makes of a face and which places speak for a class.

    One forward pass, and one backward pass from the class's score to the convolutional layers, whatever their number.
    For the svm head, too, it is the score that is explained. With test-time flip the score is the mean over the face and
    its mirror image, and so is a sum over both passes: their maps are the two halves of one layer of twice as many
    channels, those of the mirror image mirrored back, with the gradients of the mean score. This explains exactly the score
    that is given. Where a stride or a pooling leaves rows of pixels over, mirroring back moves the
    second half by less than a position.

    Nothing is left on the model: no hooks are used, parameters receive no gradient, and a model in training mode is put
    into evaluation mode for the while. Threads may share a model that is in evaluation mode.

    Args:
        predictor: A trained network.
        face: uint8 (48, 48).
        target: The emotion to explain, by name or label; the predicted one where it is None.
        layers: Names of the convolutional layers whose maps to make; all where it is None.
        method: 'gradcam++' or 'gradcam'.

    Raises:
        FerLabError: For a predictor that is no network, a face of another shape or type, an unknown target, layer or method.
    """
    if not isinstance(predictor, CnnPredictor):
        raise FerLabError("Only networks have layers to explain; choose a run of a network.")
    checked_face(face)
    way = checked_method(method)
    model = predictor.model
    names = _layer_names(model.stages, layers)
    asked = None if target is None else checked_target(target)
    # A caller's inference mode would forbid the gradient; parameters may be frozen, hence the face asks for one.
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        views = _views(predictor, face).requires_grad_()
        outputs = model.activations(views)
        scores = outputs["scores"].mean(0)
        label = int(scores.argmax()) if asked is None else asked
        gradients = torch.autograd.grad(scores[label], [outputs[name] for name in names])
    grids = conv_grids(model.config, model.stages)
    default = default_layer(model.stages)
    final = _array(scores)
    return Explanation(
        run=predictor.name,
        probabilities=predictor.calibration.probabilities(final[None])[0],
        scores=final,
        target=NAMES[label],
        predicted=NAMES[int(final.argmax())],
        method=way,
        tta=predictor.tta,
        activations={stage.name: layer_activation(stage, _array(outputs[stage.name][0])) for stage in model.stages},
        cams={
            name: class_map(name, grids[name], _joined(outputs[name]), _joined(gradient), way)
            for name, gradient in zip(names, gradients, strict=True)
        },
        default_layer=default if default in names else names[-1],
    )


def _views(predictor: CnnPredictor, face: np.ndarray) -> torch.Tensor:
    """The passes whose mean score the predictor gives, as one batch (1 or 2, 1, 48, 48)."""
    tensor = to_tensor(face[None]).to(next(predictor.model.parameters()).device)
    return torch.cat([tensor, tensor.flip(-1)]) if predictor.tta == "flip" else tensor


def _joined(maps: torch.Tensor) -> np.ndarray:
    """The maps of all views (views, channels, side, side) as those of one layer, in the face's own orientation."""
    upright = torch.cat([maps[:1], maps[1:].flip(-1)])
    return _array(upright.flatten(0, 1))


def _array(tensor: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())


def _layer_names(stages: Sequence[Stage], layers: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(stage.name for stage in stages if stage.kind == "conv")
    if layers is None:
        return names
    unknown = [layer for layer in layers if layer not in names]
    if unknown or not layers:
        wrong = f"'{unknown[0]}' is no convolutional layer of this network." if unknown else "No layer is named."
        raise FerLabError(f"{wrong} Class activation maps can be made for {', '.join(names)}.")
    return tuple(name for name in names if name in layers)
