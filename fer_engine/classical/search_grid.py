"""What a search tries: numbers of principal components, kernels, prices and widths."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Literal

from fer_engine.errors import FerLabError

Kernel = Literal["linear", "rbf"]


@dataclass(frozen=True)
class Setting:
    """One candidate.

    Attributes:
        n_components: Principal components.
        kernel: 'linear' or 'rbf'.
        C: Price of a face on the wrong side of the margin.
        gamma: Width of the radial basis function; None for the linear kernel.
    """

    n_components: int
    kernel: Kernel
    C: float
    gamma: float | None = None

    def told(self) -> str:
        """In words, such as '200 components, rbf, C 1,000, gamma 0.0001'."""
        width = "" if self.gamma is None else f", gamma {self.gamma:g}"
        return f"{self.n_components:,} components, {self.kernel}, C {self.C:,g}{width}"


@dataclass(frozen=True)
class Grid:
    """Every combination of these; the linear kernel has no gamma. Values are kept in ascending order.

    Attributes:
        n_components: Numbers of principal components.
        kernels: Of 'linear' and 'rbf'.
        C: Prices.
        gamma: Widths of the radial basis function.
        whiten: Whether each component gets the variance 1.
    """

    n_components: tuple[int, ...]
    kernels: tuple[Kernel, ...] = ("linear", "rbf")
    C: tuple[float, ...] = (1.0,)
    gamma: tuple[float, ...] = ()
    whiten: bool = True

    def __post_init__(self) -> None:
        """Order the values, and refuse what cannot be tried.

        Raises:
            FerLabError: With a sentence that names the field.
        """
        for name in ("n_components", "C", "gamma"):
            values = getattr(self, name)
            kinds = (int,) if name == "n_components" else (int, float)
            if any(isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value < float("inf") for value in values):
                wanted = "whole number" if name == "n_components" else "number"
                raise FerLabError(f"{name} has a value that is no {wanted} above 0: {', '.join(map(str, values))}.")
            object.__setattr__(self, name, tuple(sorted(set(values))))
        if set(self.kernels) - {"linear", "rbf"}:
            raise FerLabError(f"kernels is {', '.join(self.kernels)}; there are 'linear' and 'rbf'.")
        object.__setattr__(self, "kernels", tuple(kernel for kernel in ("linear", "rbf") if kernel in self.kernels))
        for name in ("n_components", "kernels", "C"):
            if not getattr(self, name):
                raise FerLabError(f"{name} is empty; a search needs at least one value of it.")
        if "rbf" in self.kernels and not self.gamma:
            raise FerLabError("gamma is empty, and the rbf kernel needs at least one value of it.")

    @property
    def forms(self) -> tuple[tuple[Kernel, float | None], ...]:
        """Each kernel with each of its widths."""
        return tuple((kernel, gamma) for kernel in self.kernels for gamma in (self.gamma if kernel == "rbf" else (None,)))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of components, kernels with their widths, and prices; scores have this shape."""
        return len(self.n_components), len(self.forms), len(self.C)

    def __len__(self) -> int:
        numbers, forms, prices = self.shape
        return numbers * forms * prices

    def __iter__(self) -> Iterator[Setting]:
        """Every candidate, in the order of the scores."""
        for number, (kernel, gamma), price in product(self.n_components, self.forms, self.C):
            yield Setting(number, kernel, price, gamma)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> "Grid":
        """Out of JSON.

        Raises:
            FerLabError: Where it is no grid.
        """
        try:
            values = {name: tuple(tree[name]) for name in ("n_components", "kernels", "C", "gamma")}
            return cls(**values, whiten=bool(tree["whiten"]))
        except (KeyError, TypeError) as error:
            raise FerLabError(f"The grid of a search cannot be read: {error}.") from error


PAPER = Grid(
    n_components=(25, 50, 100, 200, 500, 1000),
    C=(1e3, 5e3, 1e4, 5e4, 1e5),
    gamma=(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.1),
)  # 210 candidates; in nested 5-fold cross-validation 5,250 fits
WIDER = Grid(
    n_components=(50, 100, 200, 300),
    C=(0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0),
    gamma=(0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1),
    whiten=False,
)
QUICK = Grid(n_components=(10, 25, 50), C=(1.0, 10.0, 100.0), gamma=(0.001, 0.01, 0.1))
GRIDS = {"paper": PAPER, "wider": WIDER, "quick": QUICK}
