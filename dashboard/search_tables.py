"""Tables of a search for an SVM's settings, as they are shown and as they are taken away. No Streamlit here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dashboard import text
from fer_engine.classical.search import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from fer_engine.classical.nested_cv import Outcome
    from fer_engine.classical.search import Search


@dataclass(frozen=True, eq=False)
class Panels:
    """The candidates of one kernel, as `search_charts.heat_maps` takes them.

    Attributes:
        means: (numbers of components, rows, prices), mean accuracies from 0 to 1; not a number where dropped.
        components: Numbers of components.
        rows: What the rows are called.
        prices: Values of C.
        best: Place of the best cell.
        told: The best cell in words.
    """

    means: np.ndarray
    components: Sequence[int]
    rows: Sequence[str]
    prices: Sequence[float]
    best: tuple[int, int, int]
    told: str


def about(search: Search) -> str:
    """What is searched, on which faces, by which folds."""
    spec, data = search.spec, search.about["data"]
    return (
        f"Principal components of {FEATURES[spec.features]}, {'whitened' if spec.grid.whiten else 'as they are'} · {data['n']:,} faces of "
        f"{data['split']} of {data['name']} · {spec.outer} outer and {spec.inner} inner folds, seed {spec.seed} · "
        f"{len(spec.grid)} candidates, {spec.fits:,} fits on inner folds"
        + (f" · dropped when {text.percent(spec.drop)} worse on the first" if spec.drop else "")
    )


def panels(search: Search, kernel: str) -> Panels | None:
    """Mean accuracy over all inner folds of a kernel's candidates; None where each was dropped."""
    grid = search.spec.grid
    rows = [place for place, (name, _) in enumerate(grid.forms) if name == kernel]
    part = search.scores().inner.mean((0, 1))[:, rows]
    if np.isnan(part).all():
        return None
    names = ["linear" if gamma is None else f"γ {gamma:g}" for _, gamma in (grid.forms[row] for row in rows)]
    number, row, price = (int(axis) for axis in np.unravel_index(np.nanargmax(part), part.shape))
    told = (
        f"Best {kernel} candidate: {grid.n_components[number]} components, {names[row]}, C {grid.C[price]:g}: "
        f"{text.percent(float(part[number, row, price]))}."
    )
    return Panels(part, grid.n_components, names, grid.C, (number, row, price), told)


def estimates(outcome: Outcome) -> pd.DataFrame:
    """The two figures that a nested cross-validation gives."""
    import pandas as pd

    paper = max(outcome.paper, key=lambda item: item.mean)
    rows = (("Fully nested", outcome.nested), (f"Paper's scheme: {outcome.paper_best:,} components", paper))
    return pd.DataFrame(
        {
            "Estimate": name,
            "Accuracy": text.percent(item.mean),
            "Standard deviation over outer folds (points)": f"{100 * item.deviation:.1f}",
        }
        for name, item in rows
    )


def by_components(search: Search, outcome: Outcome) -> pd.DataFrame:
    """A row a number of components: accuracy over the outer folds, its spread, and the variance that they explain."""
    import pandas as pd

    shares = search.about["explained_variance"]
    return pd.DataFrame(
        {
            "Components": f"{number:,}",
            "Accuracy": text.percent(item.mean),
            "Standard deviation (points)": f"{100 * item.deviation:.1f}",
            "Variance explained": text.percent(shares[number - 1]),
        }
        for number, item in zip(search.spec.grid.n_components, outcome.paper, strict=True)
    )


def choices(outcome: Outcome) -> pd.DataFrame:
    """A row an outer fold: what its inner folds chose, and the accuracy on both."""
    import pandas as pd

    return pd.DataFrame(
        {
            "Outer fold": choice.outer,
            "Setting": choice.setting.told(),
            "On its inner folds": text.percent(choice.inner_accuracy),
            "On the outer fold": text.percent(choice.outer_accuracy),
        }
        for choice in outcome.nested.choices
    )
