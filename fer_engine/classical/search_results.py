"""A search in scikit-learn's terms: `cv_results_`, and the pipeline of a candidate."""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from fer_engine.classical.backend import svc
from fer_engine.classical.search import Search
from fer_engine.classical.search_grid import Setting

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline


def cv_results(search: Search) -> dict[str, Any]:
    """What `GridSearchCV` calls `cv_results_`, over all inner folds of all outer folds, in the grid's order.

    The splits are numbered through: split 0 is the first outer fold's first inner one. Where candidates were dropped,
    their later scores are not a number and they come last.

    Returns:
        Arrays by scikit-learn's names: params, param_pca__n_components, param_svm__kernel, param_svm__C,
        param_svm__gamma, split<k>_test_score, mean_test_score, std_test_score, rank_test_score.
    """
    scores = search.scores()
    grid = search.spec.grid
    splits = scores.inner.reshape(-1, len(grid))
    params = [_parameters(setting) for setting in grid]
    names = ("pca__n_components", "svm__kernel", "svm__C", "svm__gamma")
    means = splits.mean(0)
    found: dict[str, Any] = {f"param_{name}": np.array([item.get(name) for item in params], dtype=object) for name in names}
    found |= {"params": params} | {f"split{number}_test_score": split for number, split in enumerate(splits)}
    ranks = rankdata(-np.where(np.isnan(means), -np.inf, means), method="min").astype(np.int32)
    return found | {"mean_test_score": means, "std_test_score": splits.std(0), "rank_test_score": ranks}


def results_table(search: Search) -> "pd.DataFrame":
    """The candidates, the best first: their setting, mean accuracy over the inner folds, its spread and rank."""
    import pandas as pd

    found = cv_results(search)
    table = pd.DataFrame(
        {
            "n_components": found["param_pca__n_components"],
            "kernel": found["param_svm__kernel"],
            "C": found["param_svm__C"],
            "gamma": pd.to_numeric(pd.Series(found["param_svm__gamma"])),
            "mean_accuracy": found["mean_test_score"].round(6),
            "deviation": found["std_test_score"].round(6),
            "rank": found["rank_test_score"],
        }
    )
    return table.sort_values("rank", kind="stable", ignore_index=True)


def pipeline(setting: Setting, *, whiten: bool) -> "Pipeline":
    """The unfitted scikit-learn pipeline of a candidate, for rows of features; pixels go from 0 to 1."""
    from sklearn.decomposition import PCA
    from sklearn.pipeline import Pipeline

    width = {} if setting.gamma is None else {"gamma": setting.gamma}
    machine = svc(kernel=setting.kernel, C=setting.C, **width)
    return Pipeline([("pca", PCA(setting.n_components, whiten=whiten, svd_solver="full")), ("svm", machine)])


def _parameters(setting: Setting) -> dict[str, Any]:
    found = {"pca__n_components": setting.n_components, "svm__kernel": setting.kernel, "svm__C": setting.C}
    return found if setting.gamma is None else found | {"svm__gamma": setting.gamma}
