"""The moving average of a network's weights: what is validated and kept where a spec asks for it."""

import copy

import torch

from fer_engine.models.convnet import ConvNet


class WeightAverage:
    """Exponential moving average of a network's weights and running statistics (Polyak averaging).

    Args:
        network: The network that is trained; its average begins with the weights that it has now.
        decay: Share of the average that a step leaves, above 0 and below 1. The first steps leave less of it,
            (1 + step) / (10 + step), so that fresh weights are forgotten soon.
    """

    def __init__(self, network: ConvNet, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._average = [tensor for tensor in self.network.state_dict().values() if tensor.is_floating_point()]
        self._trained = [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step of the run, counted from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._average, self._trained, 1 - decay)
