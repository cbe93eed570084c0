"""Nested cross-validation of an SVM on principal components: ours against `GridSearchCV` over a `Pipeline`.

    python -m benchmarks.nested_cv [--quick] [--paper] [--faces N] [--json]

The plain way is scikit-learn's own: in each outer fold a `GridSearchCV` with both cores over `PCA` (the quicker of its
exact solvers) and `SVC`, once for each number of components as the paper has it. Ours scores the same candidates on the same
folds of the same stratified faces of FER2013's Training (`FER_LAB_DATA`; without it drawn faces), with both cores too.
It says how far the scores of inner folds differ, and whether the same candidates win. `--paper` runs ours alone on the
paper's 210 candidates and 5,000 faces.
"""

import argparse
import json
import time
from dataclasses import dataclass

import numpy as np

from fer_engine.classical import nested_cv
from fer_engine.classical.search_grid import PAPER, Grid

JOBS = 2


@dataclass(frozen=True)
class Case:
    """What both do.

    Attributes:
        faces: Faces.
        folds: Outer folds, and inner ones.
        grid: Candidates.
    """

    faces: int
    folds: int
    grid: Grid


QUICK = Case(600, 3, Grid(n_components=(100, 200), C=(1e3, 1e4), gamma=(0.0001, 0.001, 0.01)))
# All of the paper's prices; without the linear kernel, with which libsvm takes minutes a fit at them. At these gammas all
# of the prices give one solution, which ours finds once.
FULL = Case(4000, 3, Grid(n_components=(100, 200), kernels=("rbf",), C=PAPER.C, gamma=(0.005, 0.01, 0.1)))
WHOLE = Case(5000, 5, PAPER)


def main() -> None:
    """Run both and print the ratio."""
    parser = argparse.ArgumentParser(description="Speed of nested cross-validation.")
    parser.add_argument("--quick", action="store_true", help="a small case, under 50 s")
    parser.add_argument("--paper", action="store_true", help="the paper's grid on 5,000 faces, ours alone")
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    parser.add_argument("--faces", type=int, default=0, help="on so many faces instead of the case's own number")
    options = parser.parse_args()
    from benchmarks.machine import machine

    case = QUICK if options.quick else WHOLE if options.paper else FULL
    rows, labels = _faces(options.faces or case.faces)
    print(f"# {machine()}")
    print(f"{len(labels):,} faces, {case.folds} x {case.folds} folds, {len(case.grid)} candidates, {JOBS} cores", flush=True)
    ours, scores = _ours(rows, labels, case)
    found = nested_cv.outcome(scores)
    print(f"ours:  {ours:8,.1f} s; {found.winner.told()}; fully nested {100 * found.nested.mean:.1f}%", flush=True)
    told: dict[str, float | int | bool] = {"ours_seconds": round(ours, 2), "faces": len(labels), "candidates": len(case.grid)}
    if not options.paper:
        told |= _compare(rows, labels, case, scores, ours)
    if options.json:
        print(json.dumps(told))


def _compare(rows: np.ndarray, labels: np.ndarray, case: Case, scores: nested_cv.NestedScores, ours: float) -> dict[str, float | bool]:
    plain, theirs = _plain(rows, labels, case)
    difference = np.abs(scores.inner - theirs)
    places = range(len(case.grid.n_components))
    same = [
        nested_cv.best(case.grid, mine.mean(0), place) == nested_cv.best(case.grid, other.mean(0), place)
        for mine, other in zip(scores.inner, theirs, strict=True)
        for place in places
    ]
    print(f"plain: {plain:8,.1f} s")
    print(
        f"ratio {plain / ours:.1f}; scores of inner folds differ by {100 * difference.mean():.3f} points in the mean, "
        f"{100 * difference.max():.2f} at most; the same candidate wins in {sum(same)} of {len(same)} choices"
    )
    return {
        "plain_seconds": round(plain, 2),
        "ratio": round(plain / ours, 2),
        "largest_difference": float(difference.max()),
        "same_winners": all(same),
    }


def _faces(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 2304), uint8, and labels of a stratified draw."""
    from benchmarks.machine import faces_at_hand
    from fer_engine.classical.search import SearchSpec, searched_faces

    faces = faces_at_hand(2 * number)
    part = searched_faces(SearchSpec(PAPER, faces=number), faces)
    return np.asarray(part.images).reshape(len(part), -1), np.asarray(part.labels)


def _ours(rows: np.ndarray, labels: np.ndarray, case: Case) -> tuple[float, nested_cv.NestedScores]:
    from fer_engine.distribution import parallel

    began = time.perf_counter()
    scores = nested_cv.empty_scores(case.grid, case.folds, case.folds)
    pieces = nested_cv.folds(labels, case.folds, case.folds, seed=0)
    with parallel("loky", None, JOBS) as workers:
        nested_cv.run(rows, labels, pieces, scores, workers, lambda *_: None)
    return time.perf_counter() - began, scores


def _plain(rows: np.ndarray, labels: np.ndarray, case: Case) -> tuple[float, np.ndarray]:
    """Seconds, and the scores of inner folds (outer, inner, *grid.shape)."""
    from sklearn.decomposition import PCA
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import Pipeline
    from sklearn.svm import SVC

    grid = case.grid
    kinds: dict[str, dict[str, list]] = {"linear": {}, "rbf": {"svm__gamma": list(grid.gamma)}}
    forms = [{"svm__kernel": [kernel], "svm__C": list(grid.C)} | kinds[kernel] for kernel in grid.kernels]
    scores = np.empty((case.folds, case.folds, *grid.shape))
    began = time.perf_counter()
    solver = "full" if len(rows) < rows.shape[1] else "covariance_eigh"  # the quicker of the exact ones
    outer = StratifiedKFold(case.folds, shuffle=True, random_state=0)
    for number, (train, test) in enumerate(outer.split(rows, labels)):
        for place, components in enumerate(grid.n_components):
            steps = [("pca", PCA(components, whiten=True, svd_solver=solver)), ("svm", SVC())]
            inner = StratifiedKFold(case.folds, shuffle=True, random_state=0)
            search = GridSearchCV(Pipeline(steps), forms, cv=inner, n_jobs=JOBS).fit(rows[train] / 255, labels[train])
            search.score(rows[test] / 255, labels[test])
            for at, parameters in enumerate(search.cv_results_["params"]):
                form = grid.forms.index((parameters["svm__kernel"], parameters.get("svm__gamma")))
                found = [search.cv_results_[f"split{split}_test_score"][at] for split in range(case.folds)]
                scores[number, :, place, form, grid.C.index(parameters["svm__C"])] = found
    return time.perf_counter() - began, scores


if __name__ == "__main__":
    main()
