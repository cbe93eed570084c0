"""Two-class support vector machines on a kernel matrix, for several prices C at a go.

Most of them are quick for libsvm's sequential minimal optimisation (Fan, Chen and Lin, JMLR 2005), which gets the
matrix ready-made. Where C is high for what the features can tell apart, it crawls; then an interior-point method
(Mehrotra, 1992; for support vector machines Ferris and Munson, 2002) takes some fifteen Cholesky decompositions. For a
linear kernel of few components these are of the components' size (Woodbury's identity). A solution that stays below its
price everywhere is that of each higher price as well, and is not looked for again.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

MARGIN = 1e-3  # how far a margin may be off, as in libsvm
_STEPS = 60  # of the interior-point method, at most; it takes ten to twenty
_SMALL_RANK = 0.4  # components per row below which the linear kernel's factors pay


@dataclass(frozen=True)
class Machines:
    """Two-class machines, one for each price: decision = kernel with the training rows @ coefficients + intercepts.

    Attributes:
        coefficients: (N, prices), signed: multiplier times +1 or -1.
        intercepts: (prices,).
    """

    coefficients: np.ndarray
    intercepts: np.ndarray


@dataclass(frozen=True)
class _Solution:
    multipliers: np.ndarray  # (N,), from 0 to C
    intercept: float
    found: bool = True


def solve_path(kernel: np.ndarray, signs: np.ndarray, prices: tuple[float, ...], factors: np.ndarray | None = None) -> Machines:
    """The machines of one kernel matrix for each price.

    Args:
        kernel: float64 (N, N), positive semi-definite.
        signs: +1.0 or -1.0 for each row, the positive ones first.
        prices: The values of C, ascending.
        factors: (N, k) with kernel = factors @ factors.T where the kernel is linear, else None.
    """
    low_rank = factors is not None and factors.shape[1] < _SMALL_RANK * len(signs)
    crawls = low_rank
    multipliers = np.empty((len(signs), len(prices)))
    intercepts = np.empty(len(prices))
    last: _Solution | None = None
    for column, price in enumerate(prices):
        if last is None or last.multipliers.max() > 0.999 * prices[column - 1]:
            last = _Solution(np.zeros(len(signs)), 0.0, found=False)
            if not crawls:
                last = _sequential(kernel, signs, price, _patience(len(signs)))
                crawls = not last.found  # and with a higher price it would all the more
            if not last.found:
                last = _interior_or_sequential(kernel, signs, price, factors if low_rank else None)
        multipliers[:, column], intercepts[column] = last.multipliers, last.intercept
    return Machines(multipliers * signs[:, None], intercepts)


def _patience(rows: int) -> int:
    """Iterations of libsvm that take about as long as the interior-point method does."""
    return max(2_000, int(0.02 * rows * rows))


def _sequential(kernel: np.ndarray, signs: np.ndarray, price: float, patience: int) -> _Solution:
    """Libsvm's solution, or how far it got."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import SVC

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine = SVC(kernel="precomputed", C=price, tol=MARGIN, max_iter=patience, cache_size=500).fit(kernel, signs < 0)
    multipliers = np.zeros(len(signs))
    multipliers[machine.support_] = np.abs(machine.dual_coef_[0])
    return _Solution(multipliers, -float(machine.intercept_[0]), found=machine.fit_status_ == 0)


def _interior_or_sequential(kernel: np.ndarray, signs: np.ndarray, price: float, factors: np.ndarray | None) -> _Solution:
    """The interior-point solution; where rounding spoils it, libsvm's with all the patience that it wants."""
    ways = [None] if factors is None else [factors, None]
    for way in ways:
        try:
            found = interior_point(kernel, signs, price, way)
        except (LinAlgError, FloatingPointError):
            continue
        if found.found:
            return found
    return _sequential(kernel, signs, price, 10_000_000)


class _Dense:
    """Solves (C Q + D) x = r by Cholesky, Q being the kernel with its signs."""

    def __init__(self, kernel: np.ndarray, signs: np.ndarray, price: float) -> None:
        self.q = (kernel * (price * signs[:, None] * signs)).T  # the same, for it is symmetric, in the order that LAPACK copies fast

    def times(self, x: np.ndarray) -> np.ndarray:
        return self.q @ x

    def factor(self, d: np.ndarray) -> None:
        matrix = self.q.copy(order="F")
        matrix.flat[:: len(d) + 1] += d
        self.cholesky = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

    def solve(self, r: np.ndarray) -> np.ndarray:
        return cho_solve(self.cholesky, r, check_finite=False)


class _LowRank:
    """The same by Woodbury's identity for Q = G G', with a step of refinement against cancellation."""

    def __init__(self, factors: np.ndarray, signs: np.ndarray, price: float) -> None:
        self.g = factors * signs[:, None]
        self.price = price

    def times(self, x: np.ndarray) -> np.ndarray:
        return self.price * (self.g @ (self.g.T @ x))

    def factor(self, d: np.ndarray) -> None:
        self.d, self.scaled = d, self.g / d[:, None]
        inner = self.g.T @ self.scaled
        inner.flat[:: len(inner) + 1] += 1 / self.price
        self.cholesky = cho_factor(inner, lower=True, check_finite=False)

    def solve(self, r: np.ndarray) -> np.ndarray:
        x = self._once(r)
        return x + self._once(r - self.d * x - self.times(x))

    def _once(self, r: np.ndarray) -> np.ndarray:
        return (r - self.g @ cho_solve(self.cholesky, self.scaled.T @ r, check_finite=False)) / self.d


@dataclass
class _Point:
    """Where the interior-point method stands: x is the multipliers over C; low and high price its bounds 0 and 1."""

    x: np.ndarray
    b: float
    low: np.ndarray
    high: np.ndarray

    @property
    def gap(self) -> float:
        return float(self.x @ self.low + (1 - self.x) @ self.high) / (2 * len(self.x))

    def reach(self, move: "_Point") -> tuple[float, float]:
        """How far one can go along a move before a multiplier, or a price, is 0."""
        primal = min(_reach(self.x, move.x), _reach(1 - self.x, -move.x))
        return primal, min(_reach(self.low, move.low), _reach(self.high, move.high))

    def moved(self, move: "_Point", primal: float, dual: float) -> "_Point":
        x, b = self.x + primal * move.x, self.b + dual * move.b
        return _Point(x, b, self.low + dual * move.low, self.high + dual * move.high)


def _reach(value: np.ndarray, change: np.ndarray) -> float:
    falls = change < 0
    return min(1.0, float((-value[falls] / change[falls]).min())) if falls.any() else 1.0


def interior_point(kernel: np.ndarray, signs: np.ndarray, price: float, factors: np.ndarray | None = None) -> _Solution:
    """Minimise a'Qa / 2 - sum(a) with 0 <= a <= C and signs'a = 0; arguments as `solve_path`."""
    system = _Dense(kernel, signs, price) if factors is None else _LowRank(factors, signs, price)
    positive = int((signs > 0).sum())
    fewer = min(positive, len(signs) - positive)
    x = np.where(signs > 0, 0.5 * fewer / positive, 0.5 * fewer / (len(signs) - positive))
    slope = system.times(x) - 1
    start = np.full(len(signs), max(1.0, float(np.abs(slope).mean())))
    point, found = _Point(x, 0.0, start, start.copy()), False
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        for _ in range(_STEPS):
            residual = system.times(point.x) - 1 + point.b * signs - point.low + point.high
            # An average multiplier's margin is right to a hundredth of libsvm's tolerance.
            if point.gap < 0.01 * MARGIN * point.x.mean() and np.abs(residual).max() < 0.1 * MARGIN:
                found = True
                break
            point = _step(system, point, residual, signs)
    return _Solution(price * point.x, point.b, found)


def _step(system: "_Dense | _LowRank", point: _Point, residual: np.ndarray, signs: np.ndarray) -> _Point:
    """One step: straight on first, to see how far that goes, then corrected and centred."""
    above = 1 - point.x
    system.factor(point.low / point.x + point.high / above)
    solved = system.solve(signs)

    def move(low: np.ndarray, high: np.ndarray) -> _Point:
        answer = system.solve(low / point.x - high / above - residual)
        b = float(signs @ answer + signs @ point.x) / float(signs @ solved)
        x = answer - b * solved
        return _Point(x, b, (low - point.low * x) / point.x, (high + point.high * x) / above)

    straight = move(-point.x * point.low, -above * point.high)
    ahead = point.moved(straight, *point.reach(straight))
    centre = (ahead.gap / point.gap) ** 3 * point.gap
    cross_low, cross_high = straight.x * straight.low, -straight.x * straight.high
    final = move(centre - point.x * point.low - cross_low, centre - above * point.high - cross_high)
    primal, dual = (0.995 * reach for reach in point.reach(final))
    return point.moved(final, primal, dual)
