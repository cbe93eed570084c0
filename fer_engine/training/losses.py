"""The losses of the two heads."""

import torch
import torch.nn.functional as F

from fer_engine.experiments.spec import CnnSpec


def squared_hinge(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Squared hinge loss of linear one-vs-all SVMs, the L2-SVM of Tang (2013, equation 10) without its penalty.

    With t = +1 for a face's own class and -1 for the others, each face contributes the sum over classes of
    max(0, 1 - t * score)^2.

    Args:
        scores: (N, 7).
        labels: (N,), 0 to 6.

    Returns:
        (N,), a value for each face.
    """
    targets = torch.full_like(scores, -1.0).scatter_(1, labels[:, None], 1.0)
    return (1 - targets * scores).clamp(min=0).square().sum(1)


def head_penalty(weights: torch.Tensor, l2: float) -> torch.Tensor:
    """The L2-SVM's penalty on the score weights (7, units): l2 / 2 times the sum of their squares."""
    return 0.5 * l2 * weights.square().sum()


def mean_loss(
    spec: CnnSpec, scores: torch.Tensor, targets: torch.Tensor, *, training: bool, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """The mean loss of the spec's head.

    Args:
        spec: What is trained.
        scores: (N, 7), float32.
        targets: Labels (N,), 0 to 6, or with the softmax head shares of the seven emotions (N, 7).
        training: Whether the softmax head's targets are smoothed.
        weights: (N,) what each face counts for, or None for 1.

    Returns:
        A scalar: the sum of losses times weights, over the number of faces.
    """
    reduction = "mean" if weights is None else "none"
    if spec.head == "svm":
        losses = squared_hinge(scores, targets)
    else:
        losses = F.cross_entropy(scores, targets, label_smoothing=spec.label_smoothing if training else 0.0, reduction=reduction)
    return (losses if weights is None else losses * weights).mean()
