"""Optimizers by name, and the course of the learning rate."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from fer_engine.experiments.spec import OptimizerSpec, ScheduleSpec


def build_optimizer(model: nn.Module, spec: OptimizerSpec, *, scaled: bool = False) -> torch.optim.Optimizer:
    """The optimizer over a model's parameters that learn; what is one-dimensional (biases, batch normalisation) is not decayed.

    Args:
        model: The network.
        spec: Which optimizer, and how.
        scaled: Whether the loss is scaled, as in the precision '16-mixed'. SGD is then not fused: where the very first step
            overflows and is left out, the fused one keeps memory that nothing was written to as its momentum.
    """
    decayed: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        (decayed if parameter.ndim > 1 else rest).append(parameter)
    groups: Iterable[dict] = [{"params": decayed, "weight_decay": spec.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    if spec.name == "sgd":
        nesterov = spec.nesterov and spec.momentum > 0
        return torch.optim.SGD(groups, lr=spec.lr, momentum=spec.momentum, nesterov=nesterov, fused=not scaled)
    if spec.name == "rmsprop":
        return torch.optim.RMSprop(groups, lr=spec.lr, momentum=spec.momentum)
    if spec.name == "adadelta":
        return torch.optim.Adadelta(groups, lr=spec.lr)
    return (torch.optim.AdamW if spec.name == "adamw" else torch.optim.Adam)(groups, lr=spec.lr, fused=True)


def learning_rate(spec: ScheduleSpec, highest: float, progress: float) -> float:
    """The learning rate when `progress` (0 to 1) of a run is done.

    'onecycle' rises in a straight line from a tenth of the highest over `warmup` and falls along half a cosine to a
    thousandth (after Smith and Topin, 2018).
    """
    if spec.name == "constant":
        return highest
    if progress < spec.warmup:
        return highest * (0.1 + 0.9 * progress / spec.warmup)
    falling = (progress - spec.warmup) / (1 - spec.warmup)
    return highest * (0.001 + 0.999 * 0.5 * (1 + math.cos(math.pi * min(1.0, falling))))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every parameter group this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate
