"""Networks by name. A family registers its configuration; its module is imported when it is first built."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from fer_engine.errors import FerLabError
from fer_engine.models.config import NetworkConfig

if TYPE_CHECKING:
    from fer_engine.models.convnet import ConvNet


@dataclass(frozen=True)
class Entry:
    """A registered network.

    Attributes:
        name: How specs and the command line call it.
        title: How people call it.
        config: Its default configuration.
        builder: 'module:callable' that makes the torch module from a configuration.
    """

    name: str
    title: str
    config: NetworkConfig
    builder: str


_ENTRIES: dict[str, Entry] = {}


def register(name: str, title: str, config: NetworkConfig, builder: str = "fer_engine.models.convnet:ConvNet") -> None:
    """Add a network.

    Raises:
        ValueError: Where the name is taken.
    """
    if name in _ENTRIES:
        raise ValueError(f"A network named '{name}' is registered already.")
    _ENTRIES[name] = Entry(name, title, config, builder)


def names() -> tuple[str, ...]:
    """The names of all networks, in the order of registration."""
    return tuple(_ENTRIES)


def entry(name: str) -> Entry:
    """The network of that name.

    Raises:
        FerLabError: Where there is none.
    """
    if name not in _ENTRIES:
        raise FerLabError(f"model: there is no network '{name}'; there are {', '.join(_ENTRIES)}.")
    return _ENTRIES[name]


def build(name: str, config: NetworkConfig | None = None) -> "ConvNet":
    """Make the network `name`, by its default configuration or by `config`, with fresh weights."""
    found = entry(name)
    module, function = found.builder.split(":")
    return getattr(import_module(module), function)(config or found.config)


# The paper (section III.C) gives layers, filters, kernels, poolings, fully connected sizes and dropout. It is silent
# on padding, normalisation and the size of the average pooling; these were chosen here for accuracy and a small file.

# As in LeNet nothing is padded: 48 -> 44 -> 22 -> 18 -> 9, which also keeps the first fully connected layer, nearly
# all of the file, at 22 MB in half precision (padded it would be 38 MB). No average pooling.
register(
    "net2",
    "2-layer CNN (after LeNet)",
    NetworkConfig(widths=(32, 64), kernel=5, unpadded=2, pool_kernel=2, pool_stride=2, average_pool=0, hidden=(2048, 128), dropout=0.3),
)
# All padded: 48 -> 23 -> 11, averaged to 3x3, which still tells brow from mouth and left from right.
register("net5", "5-layer CNN (after AlexNet)", NetworkConfig(widths=(64, 64, 64, 128, 128), hidden=(1024, 512), dropout=0.4))
# Nine convolutions and three fully connected layers. The four before the poolings are unpadded (48 -> 44 -> 21 -> 17
# -> 8), the five after them padded, without which no pixel would be left: 8x8 positions instead of the 11x11 of a fully
# padded net halve the work at the same depth. The paper names no pooling after them; 2x2 keeps the file at 4 MB.
register(
    "net12",
    "12-layer CNN (after VGG)",
    NetworkConfig(
        widths=(32, 32, 64, 64, 128, 128, 256, 256, 256), unpadded=4, pool_after=(2, 4), average_pool=2, hidden=(256, 256), dropout=0.4
    ),
)

# Ours, made for speed: the whole face is seen once, by few filters, and nearly all of the work is on maps of 23, 11 and 5
# pixels, with a shortcut around one pair of convolutions. 0.7 M parameters, 82 M multiplications a face.
# With a first convolution of stride 2 and more filters behind it (46 M) it came to 61.3 instead of 64.7% of PublicTest
# in 14 epochs, one seed.
register(
    "res8",
    "8-layer residual CNN",
    NetworkConfig(widths=(32, 64, 64, 128, 128, 128, 256), pool_after=(1, 3, 6), shortcuts=((5, 6),), average_pool=1, hidden=()),
)
