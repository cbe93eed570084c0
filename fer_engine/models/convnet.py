"""ConvNet: a stack of convolutions and fully connected layers, the shape of every network in the paper."""

from collections.abc import Iterator

import torch
from torch import nn

from fer_engine.models.config import NetworkConfig, Stage, stages


class ConvNet(nn.Module):
    """Convolutions with ReLU and max pooling, an average pooling, fully connected layers, seven scores.

    The sequence of named stages is declared once, by `fer_engine.models.config.stages`; the forward pass, the
    activations and the class activation maps all follow it. The same network serves both heads: 'softmax' and 'svm'
    differ in the loss that it is trained with and in how scores become probabilities.

    Weights are drawn after He et al. (2015), those of the scores from a normal distribution of standard deviation
    0.01, so that the first scores are near zero.

    Args:
        config: Layers and their sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = stages(config)
        self.body = nn.ModuleDict()
        previous: Stage | None = None
        for stage in self.stages:
            self.body[stage.name] = _module(stage, previous, config)
            previous = stage
        # By the name of the stage that each begins with, and that it ends with.
        self.begins = {f"conv{first}": f"conv{last}" for first, last in config.shortcuts}
        self.shortcuts = nn.ModuleDict({f"conv{last}": _shortcut(first, last, config) for first, last in config.shortcuts})
        self.apply(_initialise)
        nn.init.normal_(self.score_weights, std=0.01)

    @property
    def score_weights(self) -> torch.Tensor:
        """The weights of the scores (7, units): in the svm head, its seven hyperplanes."""
        return self.body["scores"][-1].weight  # type: ignore[index]

    def run(self, faces: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each stage's name and output, in order, for faces (N, 1, height, width)."""
        output, carried = faces, {}
        for name, module in self.body.items():
            if name in self.begins:
                carried[self.begins[name]] = output
            output = module(output)
            if name in carried:
                output = output + self.shortcuts[name](carried.pop(name))
            yield name, output

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Scores (N, 7) of faces (N, 1, height, width)."""
        *_, (_, scores) = self.run(faces)
        return scores

    def activations(self, faces: torch.Tensor) -> dict[str, torch.Tensor]:
        """The output of every stage by its name; the last, 'scores', is (N, 7)."""
        return dict(self.run(faces))


def _module(stage: Stage, previous: Stage | None, config: NetworkConfig) -> nn.Module:
    inputs = previous.channels if previous else 1
    if stage.kind == "conv":
        return _convolution(int(stage.name.removeprefix("conv")), inputs, stage.channels, config)
    if stage.kind == "pool":
        return nn.MaxPool2d(config.pool_kernel, config.pool_stride)
    if stage.kind == "average":
        return nn.AdaptiveAvgPool2d(stage.side)
    linear = nn.Linear(inputs * (previous.side**2 if previous else 1), stage.channels)
    if stage.kind == "scores":
        return nn.Sequential(nn.Flatten(), linear)
    return nn.Sequential(nn.Flatten(), linear, nn.ReLU(inplace=True), nn.Dropout(config.dropout))


def _convolution(number: int, inputs: int, outputs: int, config: NetworkConfig) -> nn.Sequential:
    normalised = config.norm == "batch"
    padding = 0 if number <= config.unpadded else config.kernel // 2
    # A bias before batch normalisation would be subtracted again at once.
    stride = config.stride if number == 1 else 1
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, config.kernel, stride, padding, bias=not normalised)]
    if normalised:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


def _shortcut(first: int, last: int, config: NetworkConfig) -> nn.Module:
    inputs, outputs = config.widths[first - 2], config.widths[last - 1]
    if inputs == outputs:
        return nn.Identity()
    if config.norm == "none":
        return nn.Conv2d(inputs, outputs, 1)
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
