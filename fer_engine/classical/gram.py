"""Principal components that are computed once for all their numbers, and kernel matrices that share their parts.

The first 25 components of 1,000 are the 25 of 25: one exact decomposition serves every number of them. Inner products
grow by a block of components at a time; squared distances follow from them, and one exponential makes the kernel of a
width.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from fer_engine.errors import FerLabError


@dataclass(frozen=True)
class Projected:
    """Training and test rows in the training rows' principal components, the leading first.

    Attributes:
        train: float64 (N, k).
        test: float64 (M, k).
    """

    train: np.ndarray
    test: np.ndarray


def project(train: np.ndarray, test: np.ndarray, components: int, *, whiten: bool) -> Projected:
    """Project on the leading principal components, by the exact decomposition of the covariance.

    Agrees with scikit-learn's `PCA(components, whiten=whiten, svd_solver="full")` but for the components' signs, which
    no kernel sees.

    Args:
        train: (N, D).
        test: (M, D).
        components: How many, at most min(N, D).
        whiten: Give each component the variance 1.

    Raises:
        FerLabError: Where there are fewer rows or features than components.
    """
    rows, features = train.shape
    if components > min(rows, features):
        raise FerLabError(
            f"{components} components are asked for, and {rows:,} faces with {features:,} features have {min(rows, features):,} at most. "
            "Take more faces or fewer components."
        )
    mean = train.mean(axis=0)
    centred = train - mean
    if rows < features:  # the same vectors from the smaller matrix
        values, vectors = eigh(centred @ centred.T, subset_by_index=[rows - components, rows - 1])
        # Of N centred rows the last direction is no direction: its value is rounding, and what it would be divided by.
        there = values > len(values) * np.finfo(float).eps * max(float(values[-1]), np.finfo(float).tiny)
        directions = np.where(there, centred.T @ vectors / np.sqrt(np.where(there, values, 1)), 0)
    else:
        values, directions = eigh(centred.T @ centred, subset_by_index=[features - components, features - 1])
    directions, variances = directions[:, ::-1], np.maximum(values[::-1], 0) / (rows - 1)
    if whiten:
        directions = directions / np.sqrt(np.maximum(variances, np.finfo(float).eps * max(float(variances[0]), 1.0)))
    return Projected(np.ascontiguousarray(centred @ directions), np.ascontiguousarray((test - mean) @ directions))


def explained_variance(rows: np.ndarray, components: int) -> np.ndarray:
    """Share of the variance of rows (N, D) that the first 1, 2, ... principal components hold together (components,)."""
    centred = rows - rows.mean(axis=0)
    small = centred @ centred.T if len(rows) < rows.shape[1] else centred.T @ centred
    last = len(small) - 1
    values = eigh(small, eigvals_only=True, subset_by_index=[last + 1 - components, last])
    return np.cumsum(values[::-1]) / max(float(np.trace(small)), np.finfo(float).tiny)


@dataclass(frozen=True)
class Products:
    """Inner products over the first components.

    Attributes:
        components: How many.
        train: (N, N), of training rows with each other.
        test: (M, N), of test rows with training rows.
        train_norms: (N,), squared lengths.
        test_norms: (M,).
    """

    components: int
    train: np.ndarray
    test: np.ndarray
    train_norms: np.ndarray
    test_norms: np.ndarray

    def squared_distances(self) -> Projected:
        """Squared distances of the same shapes, shared by every gamma."""
        train = _distances(self.train, self.train_norms, self.train_norms)
        return Projected(train, _distances(self.test, self.test_norms, self.train_norms))


def _distances(products: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    distances = products * -2.0
    distances += left[:, None]
    distances += right
    return np.maximum(distances, 0, out=distances)


def radial(distances: Projected, gamma: float) -> Projected:
    """The kernels exp(-gamma d^2) of squared distances."""
    return Projected(*(np.exp(-gamma * part) for part in (distances.train, distances.test)))


def accumulate(rows: Projected, numbers: tuple[int, ...]) -> Iterator[Products]:
    """Inner products for each number of components, ascending; each builds on the one before.

    What is given is changed by the next step.
    """
    train, test = np.zeros((len(rows.train), len(rows.train))), np.zeros((len(rows.test), len(rows.train)))
    train_norms, test_norms = np.zeros(len(rows.train)), np.zeros(len(rows.test))
    before = 0
    for number in numbers:
        left, right = rows.train[:, before:number], rows.test[:, before:number]
        train += left @ left.T
        test += right @ left.T
        train_norms += np.einsum("ij,ij->i", left, left)
        test_norms += np.einsum("ij,ij->i", right, right)
        before = number
        yield Products(number, train, test, train_norms, test_norms)
