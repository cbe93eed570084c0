"""Class activation maps: which places of a convolutional layer speak for a class.

Grad-CAM (Selvaraju et al., 2017) and Grad-CAM++ (Chattopadhay et al., 2018), after the papers' equations. Written A_k for
the k-th map of a layer (after its ReLU, so never negative), S for the score of the class, and g_k = dS/dA_k for the
gradient, both give relu(sum over k of w_k * A_k), and differ in the weights w_k.

What the maps keep, besides lying in [0, 1]: neither changes when a constant is added to the score, nor when a map is
multiplied by a positive number and its gradient divided by it (so that two networks which compute the same function and
differ in how they scale a layer have the same map). Grad-CAM does not change either when the score is multiplied by a
positive number. Grad-CAM++ does: its denominator compares the gradient with 2, and a larger score takes more from maps
that are active in many places. Its maps of heads with different scales of scores differ by this, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError
from fer_engine.models.config import NetworkConfig, Stage

Method = Literal["gradcam++", "gradcam"]
LEAST_SIDE = 8


@dataclass(frozen=True)
class Grid:
    """Where the positions of a layer's maps lie in the face.

    Position i looks at a window of pixels around pixel `offset + step * i`, along rows and columns alike. Maps of
    unpadded layers and of poolings do not reach the face's border: the 8x8 map of net12's last convolution has its
    centres at pixels 9 to 37, so that stretching it over all 48 would misplace its edge by over six pixels.

    Attributes:
        side: Number of positions along an axis.
        offset: Centre of the first position's window, in pixels; pixel 0 is the first.
        step: Pixels between neighbouring positions.
    """

    side: int
    offset: float
    step: int

    def centre(self, index: int) -> float:
        """The pixel at which the window of a position is centred."""
        return self.offset + self.step * index

    def spread(self, values: np.ndarray, size: int = SIZE) -> np.ndarray:
        """Interpolate a map (side, side) bilinearly between its centres, to (size, size).

        Beyond the outermost centres it stays constant, as their windows are what reaches to the border.
        """
        place = np.clip((np.arange(size) - self.offset) / self.step, 0, self.side - 1)
        share = np.clip(1 - np.abs(place[:, None] - np.arange(self.side)), 0, 1)
        return share @ values @ share.T


@dataclass(frozen=True, eq=False)
class ClassMap:
    """How much each place of one layer speaks for one class.

    Attributes:
        layer: The convolutional layer's name.
        map: float32 (side, side) in [0, 1], the highest being 1; all zero where nothing speaks for the class.
        map_48: float32 (48, 48) in [0, 1]: `map` between the centres of its positions in the face, bilinear.
        grid: Where these centres lie.
    """

    layer: str
    map: np.ndarray
    map_48: np.ndarray
    grid: Grid

    @property
    def resolution(self) -> int:
        """Height and width of `map`."""
        return self.grid.side

    @property
    def blank(self) -> bool:
        """Whether nothing in this layer speaks for the class."""
        return not self.map.any()

    @property
    def peak(self) -> tuple[int, int] | None:
        """Row and column, in pixels of the face, at the centre of the highest position; None for a blank map."""
        if self.blank:
            return None
        row, column = divmod(int(self.map.argmax()), self.resolution)
        return round(self.grid.centre(row)), round(self.grid.centre(column))


def conv_grids(config: NetworkConfig, stages: Sequence[Stage]) -> dict[str, Grid]:
    """The grid of every convolutional layer by its name, from kernels, padding and strides (after Araujo et al., 2019)."""
    result: dict[str, Grid] = {}
    offset, step = 0.0, 1
    for stage in stages:
        if stage.kind == "conv":
            # Padding keeps the first centre where it was; without it the kernel's half is lost at the border.
            offset += (config.kernel - 1) / 2 * step if len(result) < config.unpadded else 0
            step *= 1 if result else config.stride
            result[stage.name] = Grid(stage.side, offset, step)
        elif stage.kind == "pool":
            offset += (config.pool_kernel - 1) / 2 * step
            step *= config.pool_stride
    return result


def default_layer(stages: Sequence[Stage]) -> str:
    """The convolutional layer whose map to show first: the last one with at least 8x8 positions.

    Later layers speak of the expression rather than of edges, but have fewer positions. On a face of 48 pixels an eye or
    the mouth is about a sixth of the side, so that fewer than 8 positions cannot tell brow from eye or the mouth's
    corners from its middle. This gives conv2 in net2 (18x18), conv5 in net5 (11x11) and conv9 in net12 (8x8). Where every
    layer is smaller, it is the last of the largest.
    """
    layers = [stage for stage in stages if stage.kind == "conv"]
    side = min(LEAST_SIDE, max(stage.side for stage in layers))
    return [stage.name for stage in layers if stage.side >= side][-1]


def grad_cam_weights(activation: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Weights of Grad-CAM, w_k: the mean of g_k over its positions (Selvaraju et al., 2017, equation 1).

    Args:
        activation: Maps A (channels, side, side); Grad-CAM does not need them here.
        gradient: dS/dA of the same shape.

    Returns:
        (channels,).
    """
    del activation
    return gradient.mean((1, 2))


def grad_cam_plus_plus_weights(activation: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Weights of Grad-CAM++, w_k = sum over positions of alpha * relu(g) (Chattopadhay et al., 2018, equations 11 and 19).

    alpha = g^2 / (2 * g^2 + sum(A) * g^3), where sum(A) runs over the map's positions, and zero where the denominator is.
    The paper takes exp(S) for the class's output, so that its derivatives are exp(S) * g, exp(S) * g^2 and exp(S) * g^3 in
    a network of ReLUs. The factor cancels in alpha, and scales all weights alike, which the division of the map by its
    maximum undoes; it is left out, and cannot overflow. Only positions with g > 0 count in the sum, and there
    alpha * g = g / (2 + sum(A) * g) is the same without powers that small gradients would lose.

    Args:
        activation: Maps A (channels, side, side). Those of a layer that a projected shortcut is added to may be negative in
            places, which the derivation does not know: there they count as 0 in sum(A), or alpha would have a pole.
        gradient: dS/dA of the same shape.

    Returns:
        (channels,), not negative.
    """
    positive = np.maximum(gradient, 0)
    totals = np.maximum(activation, 0).sum((1, 2), keepdims=True)
    return (positive / (2 + totals * positive)).sum((1, 2))


_WEIGHTS: dict[Method, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "gradcam++": grad_cam_plus_plus_weights,
    "gradcam": grad_cam_weights,
}


def class_values(activation: np.ndarray, gradient: np.ndarray, method: Method = "gradcam++") -> np.ndarray:
    """The map relu(sum over k of w_k * A_k), divided by its maximum (Selvaraju et al., equation 2; Chattopadhay et al., 10).

    Args:
        activation: A layer's maps after the ReLU, (channels, side, side).
        gradient: The gradient of the class's score with respect to them, of the same shape.
        method: How the weights are found.

    Returns:
        float32 (side, side) in [0, 1]: the highest is 1, or all are 0.
    """
    activation, gradient = activation.astype(np.float64), gradient.astype(np.float64)
    values = np.maximum(np.tensordot(_WEIGHTS[method](activation, gradient), activation, axes=1), 0)
    highest = values.max()
    return (values / highest if highest > 0 else values).astype(np.float32)


def checked_method(name: str) -> Method:
    """The method of that name.

    Raises:
        FerLabError: Where there is none; it names those that there are.
    """
    for method in _WEIGHTS:
        if method == name:
            return method
    raise FerLabError(f"There is no method '{name}' for class activation maps; there are {' and '.join(_WEIGHTS)}.")


def class_map(layer: str, grid: Grid, activation: np.ndarray, gradient: np.ndarray, method: Method = "gradcam++") -> ClassMap:
    """The class activation map of a layer at its own resolution and at the face's. Arguments as of `class_values`."""
    values = class_values(activation, gradient, method)
    return ClassMap(layer, values, np.clip(grid.spread(values), 0, 1).astype(np.float32), grid)
