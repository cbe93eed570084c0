"""Nested cross-validation: inner folds choose, outer folds judge.

Two figures come out of the same scores. The paper's scheme lets the inner folds choose kernel, C and gamma for each
number of components, and the outer folds the number itself: the outer folds then have chosen and judged, and the figure
is a little too good. The fully nested one lets the inner folds choose everything (Varma and Simon, BMC Bioinformatics
2006); it alone is an unbiased estimate of what the whole procedure gives on new faces, as far as these have no near copies
among those that it learns from (equal faces are taken once).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fer_engine.classical.nested_fold import FoldScores, score_fold
from fer_engine.classical.search_grid import Grid, Setting
from fer_engine.distribution import Workers
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

JUDGE = 0  # the inner fold's number that stands for the outer fold itself


@dataclass(frozen=True)
class Fold:
    """One piece of work: rows to learn from and rows to score.

    Attributes:
        outer: From 1.
        inner: From 1; `JUDGE` for the outer fold itself.
        train: Positions.
        test: Positions.
    """

    outer: int
    inner: int
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class NestedScores:
    """Every score of a nested cross-validation. Not a number where a candidate was dropped, or not judged.

    Attributes:
        grid: The candidates.
        inner: (outer folds, inner folds, *grid.shape), accuracies.
        outer: (outer folds, *grid.shape): of those that the inner folds chose, for each number of components.
    """

    grid: Grid
    inner: np.ndarray
    outer: np.ndarray


@dataclass(frozen=True)
class Choice:
    """A candidate that inner folds chose, and how it did on the outer fold.

    Attributes:
        outer: The outer fold, from 1.
        setting: The candidate.
        inner_accuracy: Mean over the inner folds.
        outer_accuracy: On the outer fold, fitted on all its training rows.
    """

    outer: int
    setting: Setting
    inner_accuracy: float
    outer_accuracy: float


@dataclass(frozen=True)
class Estimate:
    """Accuracies over the outer folds.

    Attributes:
        mean: Their mean.
        deviation: Their standard deviation, with n - 1 in the denominator.
        choices: The candidate of each outer fold.
    """

    mean: float
    deviation: float
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Outcome:
    """What a nested cross-validation found.

    Attributes:
        winner: The candidate with the highest mean over all inner folds of all outer folds; where some were dropped, of
            those that were tried on the most outer folds.
        winner_accuracy: That mean; too good, for it was chosen by it.
        paper: By the paper's scheme, for each number of components, ascending.
        paper_best: The number that the outer folds chose.
        nested: Everything chosen inside, nothing by the outer folds.
    """

    winner: Setting
    winner_accuracy: float
    paper: tuple[Estimate, ...]
    paper_best: int
    nested: Estimate


def folds(labels: np.ndarray, outer: int, inner: int, seed: int) -> tuple[Fold, ...]:
    """Stratified folds within stratified folds, shuffled: for each outer fold its inner ones, then itself.

    Raises:
        FerLabError: Where an emotion has too few faces to be in every fold.
    """
    from sklearn.model_selection import StratifiedKFold

    if outer < 2 or inner < 2:
        raise FerLabError(f"There are {outer} outer and {inner} inner folds; each must be 2 at least.")
    needed = max(outer, -(-inner * outer // (outer - 1)))
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise FerLabError("All faces have the same label, and there is nothing to tell apart. Take more faces.")
    if counts.min() < needed:
        name = NAMES[int(classes[counts.argmin()])]
        raise FerLabError(f"{name} has {counts.min()} faces, and {outer} x {inner} folds need {needed}. Take more faces or fewer folds.")
    found = []
    for number, (train, test) in enumerate(_split(StratifiedKFold(outer, shuffle=True, random_state=seed), labels), start=1):
        within = _split(StratifiedKFold(inner, shuffle=True, random_state=seed), labels[train])
        found += [Fold(number, place, train[left], train[right]) for place, (left, right) in enumerate(within, start=1)]
        found.append(Fold(number, JUDGE, train, test))
    return tuple(found)


def _split(splitter: "object", labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    return splitter.split(np.zeros((len(labels), 1)), labels)  # type: ignore[attr-defined]


def empty_scores(grid: Grid, outer: int, inner: int) -> NestedScores:
    """Scores of which none is known yet."""
    return NestedScores(grid, np.full((outer, inner, *grid.shape), np.nan), np.full((outer, *grid.shape), np.nan))


def keep(scores: NestedScores, fold: Fold, accuracy: np.ndarray) -> None:
    """Put the scores of a fold into their place."""
    if fold.inner == JUDGE:
        scores.outer[fold.outer - 1] = accuracy
    else:
        scores.inner[fold.outer - 1, fold.inner - 1] = accuracy


def run(
    rows: np.ndarray,
    labels: np.ndarray,
    pieces: Sequence[Fold],
    scores: NestedScores,
    workers: Workers,
    done: Callable[[Fold, FoldScores], None],
    *,
    drop: float = 0.0,
    known: Iterable[tuple[int, int]] = (),
) -> None:
    """Score all folds that are not known yet, and put each into `scores`.

    Args:
        rows: (N, D).
        labels: (N,).
        pieces: As `folds` gives them.
        scores: What is known; is filled.
        workers: Who does it.
        done: Told of each fold as it is done.
        drop: Candidates that are worse than the best by more than this share of faces on an outer fold's first inner
            fold are not tried on its others, but for the best of each number of components; 0 tries all.
        known: (outer, inner) of the folds that `scores` has.
    """
    known = set(known)
    waves = [
        [fold for fold in pieces if fold.inner == 1],
        [fold for fold in pieces if fold.inner > 1],
        [fold for fold in pieces if fold.inner == JUDGE],
    ]
    if not drop:
        waves[:2] = [[fold for fold in pieces if fold.inner != JUDGE]]
    for wave in waves:
        left = [fold for fold in wave if (fold.outer, fold.inner) not in known]
        arguments = [(rows, labels, fold.train, fold.test, scores.grid, _wanted(scores, fold, drop)) for fold in left]
        for position, found in workers.results(score_fold, arguments):
            keep(scores, left[position], found.accuracy)
            done(left[position], found)


def _wanted(scores: NestedScores, fold: Fold, drop: float) -> np.ndarray | None:
    """Which candidates are scored on a fold: bool in the grid's shape, or None for all."""
    inner = scores.inner[fold.outer - 1]
    if fold.inner == JUDGE:
        wanted = np.zeros(scores.grid.shape, bool)
        for place in range(len(scores.grid.n_components)):
            wanted[best(scores.grid, _means(inner), place)] = True
        return wanted
    if not drop or fold.inner == 1:
        return None
    best_of_number = np.nanmax(inner[0], axis=(1, 2), keepdims=True)  # it stays, since the paper's scheme judges each number
    return (inner[0] >= np.nanmax(inner[0]) - drop) | (inner[0] >= best_of_number)


def _means(inner: np.ndarray) -> np.ndarray:
    """Mean over the first axis; minus infinity where a candidate was dropped."""
    means = inner.mean(axis=0)
    return np.where(np.isnan(means), -np.inf, means)


def best(grid: Grid, means: np.ndarray, number: int | None = None) -> tuple[int, int, int]:
    """Where the best candidate stands, of all or of those with one number of components (its place in the grid).

    Of equals it is the one that scikit-learn's `GridSearchCV` takes, the first of its grid: linear before rbf, then the
    fewest components, the lowest C, the lowest gamma.
    """
    allowed = means if number is None else np.where(np.arange(len(means))[:, None, None] == number, means, -np.inf)
    ties = np.argwhere(allowed >= allowed.max() - 1e-12)
    place = min(map(tuple, ties), key=lambda tie: (grid.forms[tie[1]][0], tie[0], tie[2], tie[1]))
    return int(place[0]), int(place[1]), int(place[2])


def outcome(scores: NestedScores) -> Outcome:
    """Both estimates and the winner, once all folds are scored."""
    grid = scores.grid
    inner = [_means(of_outer) for of_outer in scores.inner]
    paper = tuple(_estimate(scores, [best(grid, means, place) for means in inner]) for place in range(len(grid.n_components)))
    nested = _estimate(scores, [best(grid, means) for means in inner])
    overall = _overall(np.stack(inner))
    winner = best(grid, overall)
    chosen = int(np.argmax([estimate.mean for estimate in paper]))
    return Outcome(setting_at(grid, winner), float(overall[winner]), paper, grid.n_components[chosen], nested)


def _overall(inner: np.ndarray) -> np.ndarray:
    """Mean over the outer folds, the first axis, of candidates that were tried on the most of them; minus infinity of all others."""
    tried = np.isfinite(inner)
    counts = tried.sum(0)
    means = np.where(tried, inner, 0).sum(0) / np.maximum(counts, 1)
    return np.where(counts == counts.max(), means, -np.inf)


def _estimate(scores: NestedScores, places: Sequence[tuple[int, int, int]]) -> Estimate:
    choices = tuple(
        Choice(number + 1, setting_at(scores.grid, place), float(_means(scores.inner[number])[place]), float(scores.outer[number][place]))
        for number, place in enumerate(places)
    )
    judged = [choice.outer_accuracy for choice in choices]
    return Estimate(float(np.mean(judged)), float(np.std(judged, ddof=1)), choices)


def setting_at(grid: Grid, place: tuple[int, int, int]) -> Setting:
    """The candidate that stands at a place of the grid's shape."""
    kernel, gamma = grid.forms[place[1]]
    return Setting(grid.n_components[place[0]], kernel, grid.C[place[2]], gamma)
