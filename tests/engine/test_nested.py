"""Nested cross-validation: against scikit-learn's own way, estimates by hand, both solvers, and what a search keeps."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from typer.testing import CliRunner

from fer_engine.classical import nested_cv
from fer_engine.classical.nested_cv import NestedScores, folds, outcome
from fer_engine.classical.nested_fold import score_fold
from fer_engine.classical.nested_solver import interior_point, solve_path
from fer_engine.classical.search import SearchSpec, find_search, list_searches, prepare, run_search, searched_faces
from fer_engine.classical.search_grid import PAPER, Grid, Setting
from fer_engine.cli.app import app
from fer_engine.data.source import open_data
from fer_engine.distribution import parallel
from fer_engine.errors import FerLabError

FACES = open_data("synthetic:240").faces
GRID = Grid(n_components=(5, 20), C=(1.0, 1000.0), gamma=(0.001, 0.05))
TOLERANCE = 0.021  # of a fold's accuracy, against scikit-learn's own: one face of about fifty


def data() -> tuple[np.ndarray, np.ndarray]:
    part = FACES.part("Training")
    return part.images.reshape(len(part), -1), part.labels


def test_paper_grid_is_the_papers():
    assert len(PAPER) == 210
    assert SearchSpec(PAPER).fits == 5250


def test_folds_are_scikit_learns():
    _, labels = data()
    ours = folds(labels, 3, 2, seed=1)
    theirs = list(StratifiedKFold(3, shuffle=True, random_state=1).split(labels, labels))
    judges = [fold for fold in ours if fold.inner == nested_cv.JUDGE]
    assert len(ours) == 9
    for fold, (train, test) in zip(judges, theirs, strict=True):
        assert np.array_equal(fold.train, train)
        assert np.array_equal(fold.test, test)
    for fold in ours:
        assert not set(fold.train) & set(fold.test)


@pytest.mark.slow
def test_scores_and_winner_agree_with_grid_search():
    rows, labels = data()
    fold = folds(labels, 3, 3, seed=0)[3]
    train, test = rows[fold.train] / 255.0, rows[fold.test] / 255.0
    inner = StratifiedKFold(3, shuffle=True, random_state=0)
    forms = [{"svc__kernel": ["linear"]}, {"svc__kernel": ["rbf"], "svc__gamma": list(GRID.gamma)}]
    shared = {"pca__n_components": list(GRID.n_components), "svc__C": list(GRID.C)}
    plain = GridSearchCV(make_pipeline(PCA(whiten=True, svd_solver="full"), SVC()), [shared | form for form in forms], cv=inner)
    plain.fit(train, labels[fold.train])
    ours = np.full((1, 3, *GRID.shape), np.nan)
    for piece in folds(labels, 3, 3, seed=0)[:3]:
        ours[0, piece.inner - 1] = score_fold(rows, labels, piece.train, piece.test, GRID).accuracy
    for number, parameters in enumerate(plain.cv_results_["params"]):
        setting = Setting(parameters["pca__n_components"], parameters["svc__kernel"], parameters["svc__C"], parameters.get("svc__gamma"))
        place = np.unravel_index(list(GRID).index(setting), GRID.shape)
        theirs = [plain.cv_results_[f"split{split}_test_score"][number] for split in range(3)]
        assert ours[0, :, *place] == pytest.approx(theirs, abs=TOLERANCE)
    chosen = nested_cv.setting_at(GRID, nested_cv.best(GRID, ours[0].mean(0)))
    best = plain.best_params_
    assert (chosen.n_components, chosen.kernel, chosen.C) == (best["pca__n_components"], best["svc__kernel"], best["svc__C"])
    judged = score_fold(rows, labels, fold.train, fold.test, GRID).accuracy.ravel()[list(GRID).index(chosen)]
    assert judged == pytest.approx(plain.score(test, labels[fold.test]), abs=TOLERANCE)


@pytest.mark.parametrize("price", [0.1, 1.0, 1000.0])
@pytest.mark.parametrize("linear", [True, False])
def test_interior_point_finds_libsvms_decisions(price, linear):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(80, 6))
    signs = np.repeat([1.0, -1.0], [30, 50])  # with as many of both, the intercept of a low price is not unique
    rows[:30] += 0.5
    kernel = rows @ rows.T if linear else np.exp(-0.2 * ((rows[:, None] - rows[None]) ** 2).sum(-1))
    theirs = SVC(kernel="precomputed", C=price, tol=1e-6).fit(kernel, signs)
    for factors in [rows, None] if linear else [None]:
        found = interior_point(kernel, signs, price, factors)
        assert found.found
        assert kernel @ (found.multipliers * signs) + found.intercept == pytest.approx(theirs.decision_function(kernel), abs=1e-2)


def test_machine_below_its_price_serves_higher_prices():
    rows = np.array([[1.0], [2.0], [-1.0], [-2.0]])
    found = solve_path(rows @ rows.T, np.array([1.0, 1, -1, -1]), (10.0, 100.0))
    # Separable with the margin at -1 and 1: w = 1, and the two inner points have the multiplier 1/2.
    assert found.coefficients[:, 0] == pytest.approx([0.5, 0, -0.5, 0], abs=1e-3)
    assert np.array_equal(found.coefficients[:, 0], found.coefficients[:, 1])
    assert found.intercepts == pytest.approx([0, 0], abs=1e-3)


def test_both_estimates_by_hand():
    """Two outer folds of two inner ones, two numbers of components, C of 1 or 10, linear."""
    grid = Grid(n_components=(5, 20), kernels=("linear",), C=(1.0, 10.0))
    inner = np.zeros((2, 2, 2, 1, 2))
    inner[0, :, :, 0] = [[[0.2, 0.4], [0.5, 0.3]], [[0.2, 0.2], [0.5, 0.3]]]  # means: .2 .3 / .5 .3
    inner[1, :, :, 0] = [[[0.6, 0.4], [0.5, 0.5]], [[0.8, 0.4], [0.3, 0.3]]]  # means: .7 .4 / .4 .4
    outer = np.full((2, 2, 1, 2), np.nan)
    outer[0, 0, 0, 1], outer[0, 1, 0, 0] = 0.30, 0.40
    outer[1, 0, 0, 0], outer[1, 1, 0, 0] = 0.60, 0.70
    found = outcome(NestedScores(grid, inner, outer))
    # The paper's: 5 components (0.30 + 0.60) / 2, 20 components (0.40 + 0.70) / 2: the outer folds choose 20.
    assert [estimate.mean for estimate in found.paper] == pytest.approx([0.45, 0.55])
    assert found.paper_best == 20
    # Nested: the first outer fold's inner ones choose 20 components and C 1 (0.40), the second's 5 and C 1 (0.60).
    assert [choice.setting for choice in found.nested.choices] == [Setting(20, "linear", 1.0), Setting(5, "linear", 1.0)]
    assert found.nested.mean == pytest.approx(0.5)
    assert found.nested.deviation == pytest.approx(0.1 * np.sqrt(2))
    assert found.winner == Setting(5, "linear", 1.0)  # means over both outer folds: .45 .35 / .45 .35, the fewest components
    assert found.winner_accuracy == pytest.approx(0.45)


def test_dropping_leaves_the_winner():
    rows, labels = data()
    pieces = folds(labels, 2, 2, seed=0)
    found = {}
    for drop in (0.0, 0.15):
        scores = nested_cv.empty_scores(GRID, 2, 2)
        with parallel("loky", None, 1) as workers:
            nested_cv.run(rows, labels, pieces, scores, workers, lambda *_: None, drop=drop)
        found[drop] = (scores, outcome(scores))
    assert found[0.0][1].winner == found[0.15][1].winner
    assert np.isnan(found[0.15][0].inner[:, 1]).any()  # something was dropped
    assert not np.isnan(found[0.0][0].inner).any()


def test_dropping_keeps_the_best_of_each_number_of_components():
    grid = Grid(n_components=(10, 100), C=(1.0,), gamma=(0.1,))  # linear and rbf
    scores = nested_cv.empty_scores(grid, 1, 2)
    scores.inner[0, 0] = np.array([[[0.50], [0.40]], [[0.30], [0.20]]])
    wanted = nested_cv._wanted(scores, nested_cv.Fold(1, 2, np.empty(0), np.empty(0)), drop=0.05)
    assert wanted.tolist() == [[[True], [False]], [[True], [False]]]


def test_the_winner_was_tried_on_the_most_outer_folds():
    grid = Grid(n_components=(10,), C=(1.0,), gamma=(0.1,))
    scores = nested_cv.empty_scores(grid, 2, 2)
    scores.inner[0] = np.array([[[[0.5], [0.3]]], [[[0.5], [np.nan]]]])  # rbf was dropped here
    scores.inner[1] = np.array([[[[0.2], [0.6]]], [[[np.nan], [0.6]]]])  # and linear here
    scores.outer[:] = 0.4
    found = outcome(scores)
    assert (found.winner.kernel, found.winner_accuracy) == ("rbf", pytest.approx(0.6))
    scores.inner[1] = np.array([[[[0.4], [0.6]]], [[[0.4], [np.nan]]]])
    found = outcome(scores)
    assert (found.winner.kernel, found.winner_accuracy) == ("linear", pytest.approx(0.45))


def spec(**changes) -> SearchSpec:
    return replace(SearchSpec(GRID, faces=120, outer=2, inner=2), **changes)


def test_search_stopped_and_resumed_gives_the_same():
    whole = prepare("whole", spec(), FACES)
    told = []
    with parallel("loky", None, 1) as workers:
        expected = run_search(whole, FACES, workers, told.append)
        assert [item.done for item in told] == list(range(7))
        assert told[-1].seconds_left == 0
        assert told[-1].leading
        stopped = prepare("stopped", spec(), FACES)

        def stop(progress):
            if progress.done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_search(stopped, FACES, workers, stop)
        begun = find_search("stopped")
        assert not begun.finished
        with pytest.raises(FerLabError, match="unfinished. Go on with it: python -m fer_engine svm search --name stopped --resume"):
            begun.outcome()
        told.clear()
        assert run_search(begun, FACES, workers, told.append) == expected
        assert [item.done for item in told] == [3, 4, 5, 6]
    assert find_search("stopped").outcome() == expected
    assert [item.name for item in list_searches() if not item.shipped] == ["stopped", "whole"]


def test_a_search_takes_one_of_equal_faces():
    doubled = FACES.take(np.r_[np.arange(len(FACES)), np.arange(30)])
    found = searched_faces(spec(faces=0), doubled)
    assert sorted(found.ids) == sorted(FACES.part("Training").ids)
    assert len(np.unique(found.images.reshape(len(found), -1), axis=0)) == len(found)


def test_search_says_what_cannot_be():
    with pytest.raises(FerLabError, match="500 components need as many faces to learn from, and the smallest fold has 30"):
        prepare("large", spec(grid=replace(GRID, n_components=(500,))), FACES)
    with pytest.raises(FerLabError, match="'a/b' cannot name a search"):
        prepare("a/b", spec(), FACES)
    with pytest.raises(FerLabError, match="9,999 faces are asked for, and Training has"):
        prepare("many", spec(faces=9999), FACES)
    search = prepare("first", spec(), FACES)
    with pytest.raises(FerLabError, match="There is a search 'first' already"):
        prepare("first", spec(), FACES)
    others = open_data("synthetic:300").faces
    mixed = FACES.take(np.random.default_rng(0).permutation(len(FACES)))
    assert mixed.content_hash == FACES.content_hash
    with (
        parallel("loky", None, 1) as workers,
        pytest.raises(FerLabError, match="on these faces in another order, so that its folds are oth"),
    ):
        run_search(prepare("whole", spec(faces=0), FACES), mixed, workers)
    with parallel("loky", None, 1) as workers, pytest.raises(FerLabError, match="was begun on other faces than these"):
        run_search(search, others, workers)
    with pytest.raises(FerLabError, match="There is no search 'none'"):
        find_search("none")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_components": ()}, "n_components is empty"),
        ({"C": (0.0,)}, "C has a value that is no number above 0"),
        ({"C": ("abc",)}, "C has a value that is no number above 0: abc"),
        ({"gamma": (None,)}, "gamma has a value that is no number above 0: None"),
        ({"n_components": (12.5,)}, "n_components has a value that is no whole number above 0: 12.5"),
        ({"gamma": ()}, "gamma is empty, and the rbf kernel needs"),
        ({"kernels": ("poly",)}, "kernels is poly"),
    ],
)
def test_impossible_grid_is_refused(changes, sentence):
    with pytest.raises(FerLabError, match=sentence):
        replace(GRID, **changes)


def test_search_from_the_command_line():
    options = ["svm", "search", "--name", "small", "--data", "synthetic:240", "--outer", "2", "--inner", "2", "--jobs", "1", "--json"]
    grid = ["--set", "n_components=[5,10]", "--set", "C=1", "--set", "gamma=[0.001]", "--faces", "100"]
    found = CliRunner().invoke(app, options + grid)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout.splitlines()[-1])
    assert told["winner"]["C"] == 1.0
    assert told["nested"]["accuracy"] == pytest.approx(find_search("small").outcome().nested.mean, abs=1e-6)
    listed = CliRunner().invoke(app, ["svm", "searches", "--json"])
    assert "small" in [json.loads(line)["name"] for line in listed.stdout.splitlines()]
    refused = CliRunner().invoke(app, [*options, "--set", "D=3", "--name", "other"])
    assert isinstance(refused.exception, FerLabError)
    assert str(refused.exception) == "A grid has no 'D'; it has n_components, kernels, C, gamma, whiten."
