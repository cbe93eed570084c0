"""The scores of a whole grid on one fold: the unit of work of a search."""

import time
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from fer_engine.classical.gram import Products, Projected, accumulate, project, radial
from fer_engine.classical.nested_solver import solve_path
from fer_engine.classical.search_grid import Grid


@dataclass(frozen=True)
class FoldScores:
    """How each candidate did on one fold.

    Attributes:
        accuracy: float64 in the grid's shape; not a number for candidates that were left out.
        n: Faces of the fold.
        seconds: How long it took.
    """

    accuracy: np.ndarray
    n: int
    seconds: float


def score_fold(
    rows: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray, grid: Grid, wanted: np.ndarray | None = None
) -> FoldScores:
    """Fit each candidate on some rows and score it on others.

    The machines are one against one, and the emotion with most votes is the answer, as in scikit-learn's `SVC`.

    Args:
        rows: (N, D), of any type of number; uint8 is taken for pixels and divided by 255.
        labels: (N,).
        train: Positions of the rows to learn from.
        test: Positions of the rows to score.
        grid: The candidates.
        wanted: bool in the grid's shape; None for all.
    """
    began = time.perf_counter()
    wanted = np.ones(grid.shape, bool) if wanted is None else wanted
    numbers = tuple(number for place, number in enumerate(grid.n_components) if wanted[place].any())
    if not numbers:
        return FoldScores(np.full(grid.shape, np.nan), len(test), 0.0)
    projected = project(as_numbers(rows[train]), as_numbers(rows[test]), numbers[-1], whiten=grid.whiten)
    classes = np.unique(labels[train])
    votes = np.zeros((len(classes), *grid.shape, len(test)), np.int16)
    for first, second in combinations(range(len(classes)), 2):
        members = [np.flatnonzero(labels[train] == classes[place]) for place in (first, second)]
        signs = np.repeat([1.0, -1.0], [len(member) for member in members])
        pair = Projected(projected.train[np.concatenate(members)], projected.test)
        for products in accumulate(pair, numbers):
            at = grid.n_components.index(products.components)
            _vote(votes[:, at], first, second, products, pair, signs, grid, wanted[at])
    answers = classes[votes.argmax(axis=0)]
    accuracy = np.where(wanted, (answers == labels[test]).mean(axis=-1), np.nan)
    return FoldScores(accuracy, len(test), time.perf_counter() - began)


def as_numbers(rows: Any) -> np.ndarray:
    """Rows as float64; pixels from 0 to 1."""
    array = np.asarray(rows)
    return array / 255.0 if array.dtype == np.uint8 else array.astype(np.float64)


def _vote(
    votes: np.ndarray, first: int, second: int, products: Products, pair: Projected, signs: np.ndarray, grid: Grid, wanted: np.ndarray
) -> None:
    """Count the votes of one pair of classes, for one number of components: votes is (classes, forms, prices, M)."""
    distances = products.squared_distances() if "rbf" in grid.kernels else None
    for form, (kernel, gamma) in enumerate(grid.forms):
        columns = np.flatnonzero(wanted[form])
        if not len(columns):
            continue
        if kernel == "linear":
            kernels, factors = Projected(products.train, products.test), pair.train[:, : products.components]
        else:
            assert distances is not None
            assert gamma is not None
            kernels, factors = radial(distances, gamma), None
        machines = solve_path(kernels.train, signs, tuple(grid.C[column] for column in columns), factors)
        decision = (kernels.test @ machines.coefficients + machines.intercepts).T > 0
        votes[first, form, columns] += decision
        votes[second, form, columns] += ~decision
