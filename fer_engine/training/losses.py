"""The losses of the two heads."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from fer_engine.experiments.spec import CnnSpec

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def squared_hinge(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Squared hinge loss of linear one-vs-all SVMs, the L2-SVM of Tang (2013, equation 10) without its penalty.

    With t = +1 for a face's own class and -1 for the others, each face contributes the sum over classes of
    max(0, 1 - t * score)^2; the result is the mean over faces.

    Args:
        scores: (N, 7).
        labels: (N,), 0 to 6.

    Returns:
        A scalar.
    """
    targets = torch.full_like(scores, -1.0).scatter_(1, labels[:, None], 1.0)
    return (1 - targets * scores).clamp(min=0).square().sum(1).mean()


def head_penalty(weights: torch.Tensor, l2: float) -> torch.Tensor:
    """The L2-SVM's penalty on the score weights (7, units): l2 / 2 times the sum of their squares."""
    return 0.5 * l2 * weights.square().sum()


def data_loss(spec: CnnSpec, training: bool) -> Loss:
    """The loss of the spec's head on scores and labels; labels are smoothed in training alone."""
    if spec.head == "svm":
        return squared_hinge
    smoothing = spec.label_smoothing if training else 0.0
    return lambda scores, labels: F.cross_entropy(scores, labels, label_smoothing=smoothing)
