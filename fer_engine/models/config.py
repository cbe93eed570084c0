"""What a convolutional network is made of, as data: no torch here, so that specs and tables are cheap to read."""

from dataclasses import dataclass
from typing import Literal

from fer_engine.errors import FerLabError
from fer_engine.labels import N_CLASSES

StageKind = Literal["conv", "pool", "average", "fc", "scores"]


@dataclass(frozen=True)
class NetworkConfig:
    """A stack of convolutions, then fully connected layers: every network of the paper is one.

    Attributes:
        widths: Filters per convolutional layer; its length is the number of convolutions.
        kernel: Side of each convolution's kernel, odd.
        unpadded: How many of the first convolutions go without padding; the later ones keep their size.
        pool_after: The convolutions (from 1) that a max pooling follows.
        pool_kernel: Side of the max pooling's window.
        pool_stride: Its stride.
        average_pool: Side of the map that the last, average pooling leaves (adaptive, so that faces of any size
            can be given), or 0 for none.
        hidden: Units per hidden fully connected layer.
        dropout: Share of hidden fully connected units that are dropped in training.
        norm: 'batch' for batch normalisation after each convolution, or 'none'.
        stride: Of the first convolution; 2 halves the map at once.
        shortcuts: Pairs (first, last) of convolutions around which what goes into the first is added to what comes out
            of the last, after its ReLU (residual connections); a 1x1 convolution brings it to the same filters where
            they differ.
    """

    widths: tuple[int, ...]
    kernel: int = 3
    unpadded: int = 0
    pool_after: tuple[int, ...] = (1, 2)
    pool_kernel: int = 3
    pool_stride: int = 2
    average_pool: int = 3
    hidden: tuple[int, ...] = ()
    dropout: float = 0.4
    norm: Literal["batch", "none"] = "batch"
    stride: int = 1
    shortcuts: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no network can be.

        Raises:
            FerLabError: With a sentence that names the field.
        """
        if not self.widths or min(self.widths) < 1:
            raise FerLabError(f"network.widths needs one positive number of filters per convolution, not {list(self.widths)}.")
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise FerLabError(f"network.kernel is {self.kernel}; it must be odd and positive, so that a kernel has a centre.")
        if any(not 1 <= layer <= len(self.widths) for layer in self.pool_after):
            raise FerLabError(f"network.pool_after is {list(self.pool_after)}; it names convolutions from 1 to {len(self.widths)}.")
        if not 0 <= self.unpadded <= len(self.widths):
            raise FerLabError(f"network.unpadded is {self.unpadded}; it counts convolutions, from 0 to {len(self.widths)}.")
        if not 0 <= self.dropout < 1:
            raise FerLabError(f"network.dropout is {self.dropout}; it is a share from 0 to below 1.")
        if self.hidden and min(self.hidden) < 1:
            raise FerLabError(f"network.hidden needs positive numbers of units, not {list(self.hidden)}.")
        if min(self.pool_kernel, self.pool_stride, self.stride) < 1 or self.average_pool < 0:
            raise FerLabError(
                "network.pool_kernel, network.pool_stride and network.stride must be at least 1, network.average_pool at least 0."
            )
        self._refuse_impossible_shortcuts()

    def _refuse_impossible_shortcuts(self) -> None:
        """A shortcut joins maps of one size, and begins where the one before has ended."""
        end = 1
        for first, last in self.shortcuts:
            pair = f"network.shortcuts has ({first}, {last}), but"
            if not end < first <= last <= len(self.widths):
                raise FerLabError(f"{pair} shortcuts lie one after the other among convolutions 2 to {len(self.widths)}.")
            if first <= self.unpadded or any(first <= pool < last for pool in self.pool_after):
                raise FerLabError(f"{pair} the maps change their size there; leave unpadded convolutions and poolings outside.")
            end = last


@dataclass(frozen=True)
class Stage:
    """One named step of a network and the shape that leaves it.

    Attributes:
        name: 'conv1', 'pool1', 'average', 'fc1', ..., 'scores'.
        kind: What it is; a 'conv' includes its normalisation and ReLU, an 'fc' its ReLU and dropout.
        channels: Maps or units that leave it.
        side: Height and width of each map; 1 for units.
        parameters: Numbers that are learnt in it.
    """

    name: str
    kind: StageKind
    channels: int
    side: int
    parameters: int = 0


def stages(config: NetworkConfig, size: int = 48) -> tuple[Stage, ...]:
    """List the stages of a network for faces of `size` x `size` pixels, in the order in which they run.

    Raises:
        FerLabError: Where the maps shrink to nothing.
    """
    result: list[Stage] = []
    channels, side = 1, size
    entering: dict[int, int] = {}  # channels that go into each convolution
    for number, width in enumerate(config.widths, start=1):
        side -= (config.kernel - 1) if number <= config.unpadded else 0
        side = -(-side // config.stride) if number == 1 else side
        _refuse_vanished(side, f"conv{number}", size)
        offsets = 2 * width if config.norm == "batch" else width
        learnt = channels * width * config.kernel**2 + offsets
        entering[number] = channels
        for first, last in config.shortcuts:
            if last == number and entering[first] != width:
                learnt += entering[first] * width + offsets
        result.append(Stage(f"conv{number}", "conv", width, side, learnt))
        channels = width
        if number in config.pool_after:
            side = (side - config.pool_kernel) // config.pool_stride + 1
            _refuse_vanished(side, f"pool{number}", size)
            result.append(Stage(f"pool{number}", "pool", channels, side))
    if config.average_pool:
        if side < config.average_pool:
            raise FerLabError(
                f"network.average_pool asks for {config.average_pool}x{config.average_pool}, but the last map of a face of {size} pixels "
                f"has {side}x{side}. Choose a smaller one, fewer poolings or fewer unpadded convolutions."
            )
        side = config.average_pool
        result.append(Stage("average", "average", channels, side))
    units = channels * side**2
    for number, width in enumerate(config.hidden, start=1):
        result.append(Stage(f"fc{number}", "fc", width, 1, (units + 1) * width))
        units = width
    result.append(Stage("scores", "scores", N_CLASSES, 1, (units + 1) * N_CLASSES))
    return tuple(result)


def _refuse_vanished(side: int, name: str, size: int) -> None:
    if side < 1:
        raise FerLabError(
            f"network: nothing of a face of {size} pixels is left at {name}. "
            "Choose fewer layers in network.widths, fewer poolings in network.pool_after, or fewer in network.unpadded."
        )
