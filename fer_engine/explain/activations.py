"""What every layer makes of a face, and how sparse and how local that is.

The paper (section VII, Fig. 16) says that activations are dense at first and become sparser and more local with depth.
Two figures per layer put this to the test: the share of zeros, and the Gini index of where the activation lies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_engine.models.config import Stage, StageKind

if TYPE_CHECKING:
    from torch import nn

    from fer_engine.predictors import CnnPredictor

FACES_AT_ONCE = 64  # keeps the activations of net5, 2.5 MB a face, within 160 MB


@dataclass(frozen=True, eq=False)
class LayerActivation:
    """What leaves one stage of a network for one face.

    Attributes:
        stage: Its name, kind and shape.
        values: float32 (channels, side, side), or (units,) of a fully connected stage and of the scores. After the ReLU,
            where the stage has one.
        share_zero: Share of `values` that are exactly zero.
        concentration: As `concentrations` defines it; NaN for the scores and where nothing is active.
    """

    stage: Stage
    values: np.ndarray
    share_zero: float
    concentration: float

    @property
    def channel_means(self) -> np.ndarray:
        """Mean activation of each channel (channels,); of units their values."""
        return self.values.reshape(len(self.values), -1).mean(1)

    @property
    def order(self) -> np.ndarray:
        """Channels by mean activation, the most active first; equal ones stay in their order."""
        return np.argsort(-self.channel_means, kind="stable")


@dataclass(frozen=True)
class LayerSummary:
    """How sparse and how local one stage is, as a mean over faces.

    Attributes:
        name: The stage's name.
        kind: What it is.
        depth: The layers with weights up to and with it, as the paper counts them: 1 to 12 in net12.
        channels: Its maps or units.
        side: Height and width of its maps; 1 for units.
        share_zero: Mean share of zeros.
        concentration: Mean concentration over the faces for which anything is active.
        n: Number of faces.
    """

    name: str
    kind: StageKind
    depth: int
    channels: int
    side: int
    share_zero: float
    concentration: float
    n: int


def gini(values: np.ndarray) -> np.ndarray:
    """The Gini index of non-negative values along the last axis.

    With the n values in ascending order v_1, ..., v_n and their sum V it is 1 - 2 * sum over k of
    (v_k / V) * (n - k + 1/2) / n (Hurley and Rickard, 2009, equation 5): 0 where all are equal, 1 - p where a share p of
    them is equal and the rest zero. Of the fifteen measures compared there it alone meets all six criteria of
    sparsity. One of these, that copying every value changes nothing, lets maps of different sizes be compared.

    Args:
        values: (..., n), non-negative.

    Returns:
        (...), from 0 to below 1; NaN where all values are zero.
    """
    n = values.shape[-1]
    ascending = np.sort(values, axis=-1)
    ranks = (n - np.arange(1, n + 1) + 0.5) / n
    total = ascending.sum(-1, dtype=np.float64)
    weighted = ascending @ ranks
    return 1 - 2 * np.divide(weighted, total, out=np.full(total.shape, np.nan), where=total > 0)


def zero_shares(values: np.ndarray) -> np.ndarray:
    """Share of values (N, ...) that are exactly zero, per face: (N,)."""
    return (values == 0).reshape(len(values), -1).mean(1)


def concentrations(kind: StageKind, values: np.ndarray) -> np.ndarray:
    """How few places hold the activation of each face.

    For maps: the Gini index over a map's positions, as a mean over the maps that are active anywhere. A map whose
    activation is spread evenly has 0, one whose activation lies in a tenth of its positions about 0.9. For fully
    connected units, which have no places: the Gini index over the units.

    Args:
        kind: What the stage is.
        values: Its output for N faces, (N, channels, side, side) or (N, units); what is negative, as where a projected
            shortcut is added, counts as not active.

    Returns:
        (N,); NaN where nothing is active, and for scores, which may be negative.
    """
    if kind == "scores":
        return np.full(len(values), np.nan)
    values = np.maximum(values, 0)
    if values.ndim == 2:
        return gini(values)
    per_map = gini(values.reshape(*values.shape[:2], -1))
    active = ~np.isnan(per_map)
    count = active.sum(1)
    return np.divide(np.nansum(per_map, axis=1), count, out=np.full(len(values), np.nan), where=count > 0)


def layer_activation(stage: Stage, values: np.ndarray) -> LayerActivation:
    """The activation of one face, (channels, side, side) or (units,), with its two figures."""
    batch = values[None]
    return LayerActivation(stage, values, float(zero_shares(batch)[0]), float(concentrations(stage.kind, batch)[0]))


def depth_summary(predictor: "CnnPredictor", faces: np.ndarray) -> tuple[LayerSummary, ...]:
    """How sparse and local each stage is for these faces (not their mirror images), in the order of the stages.

    Args:
        predictor: A trained network.
        faces: uint8 (N, 48, 48), N at least 1; `face[None]` for one.
    """
    import torch

    from fer_engine.data.augment import to_tensor

    model = predictor.model
    device = next(model.parameters()).device
    figures: dict[str, list[np.ndarray]] = {stage.name: [] for stage in model.stages}
    with evaluating(model), torch.inference_mode():
        for start in range(0, len(faces), FACES_AT_ONCE):
            outputs = model.run(to_tensor(faces[start : start + FACES_AT_ONCE]).to(device))
            for stage, (_, output) in zip(model.stages, outputs, strict=True):
                values = np.ascontiguousarray(output.float().cpu().numpy())
                figures[stage.name].append(np.stack([zero_shares(values), concentrations(stage.kind, values)]))
    depth, rows = 0, []
    for stage in model.stages:
        depth += stage.kind in ("conv", "fc", "scores")
        rows.append(_summary(stage, depth, np.concatenate(figures[stage.name], axis=1)))
    return tuple(rows)


def _summary(stage: Stage, depth: int, figures: np.ndarray) -> LayerSummary:
    zeros, concentration = figures
    active = concentration[~np.isnan(concentration)]
    mean = float(active.mean()) if len(active) else float("nan")
    return LayerSummary(stage.name, stage.kind, depth, stage.channels, stage.side, float(zeros.mean()), mean, len(zeros))


@contextmanager
def evaluating(model: "nn.Module") -> Iterator[None]:
    """Put a model into evaluation mode and every module back into its own mode afterwards, also after an exception.

    A model that is in evaluation mode already is not written to, so that threads may share it.
    """
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True
