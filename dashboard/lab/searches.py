"""The chapter of a report on searches for an SVM's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import search_charts, search_tables, text
from dashboard.report_parts import missing, paragraph
from dashboard.run_listing import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboard.lab.gather import Lab
    from dashboard.report_parts import Sheet
    from fer_engine.classical.search import Search


def searches(lab: Lab, sheet: Sheet) -> Iterator[str]:  # noqa: ARG001 - as all chapters
    """Every search that is finished: both estimates, the heat maps, what each fold chose, all candidates."""
    from fer_engine.classical.search import how_to_go_on, list_searches

    found = list_searches()
    if not found:
        yield missing("There is no search. `python -m fer_engine svm search --grid quick --faces 1000 --name first` does one.")
    for search in found:
        yield sheet.heading(3, search.name, f"search-{search.name}")
        try:
            if search.finished:
                yield from _search(search, sheet)
            else:
                yield missing(f"The search '{search.name}' is unfinished. Go on with it: {how_to_go_on(search.name)}")
        except DAMAGE as error:
            yield missing(f"The search '{search.name}' cannot be read: {str(error) or type(error).__name__}")


def _search(search: Search, sheet: Sheet) -> Iterator[str]:
    from fer_engine.classical.search_results import results_table

    outcome, name, about = search.outcome(), search.name, search_tables.about(search)
    yield paragraph(about, "quiet")
    yield sheet.table(search_tables.estimates(outcome), f"{name}-estimates", f"Accuracy by nested cross-validation. {about}. {_ESTIMATES}")
    yield paragraph(f"Chosen by all inner folds: {outcome.winner.told()} ({text.percent(outcome.winner_accuracy)} on them).")
    for kernel in search.spec.grid.kernels:
        panels = search_tables.panels(search, kernel)
        if panels is None:
            yield missing(f"Every candidate of the kernel '{kernel}' was dropped after the first inner fold.")
            continue
        caption = f"Accuracy (%) by C and gamma, {kernel} kernel: mean over all inner folds; the best cell has a frame. {about}."
        chart = search_charts.heat_maps(panels.means, panels.components, panels.rows, panels.prices, panels.best)
        yield sheet.figure(chart, f"{name}-{kernel}", caption, f"{caption} {panels.told}", width=760)
    numbers, frame = search.spec.grid.n_components, search_tables.by_components(search, outcome)
    told = "; ".join(f"{row['Components']} components {row['Accuracy']}" for row in frame.to_dict("records"))
    caption = f"Accuracy (%) on the outer folds by number of components, mean and standard deviation. {about}."
    chart = search_charts.by_components(numbers, [item.mean for item in outcome.paper], [item.deviation for item in outcome.paper])
    yield sheet.figure(chart, f"{name}-components", caption, f"{caption} {told}")
    chart = search_charts.explained_variance(search.about["explained_variance"], numbers)
    yield sheet.figure(chart, f"{name}-variance", "Share of the variance (%) that the leading components hold, of all faces searched.")
    yield sheet.table(frame, f"{name}-components", f"By number of components. {about}.")
    yield sheet.table(search_tables.choices(outcome), f"{name}-choices", f"What the inner folds of each outer fold chose. {about}.")
    yield sheet.table(results_table(search), f"{name}-candidates", f"All candidates, mean over the inner folds. {about}.", tall=True)


_ESTIMATES = (
    "Fully nested: the inner folds choose everything, the outer folds judge. The paper's scheme: the outer folds choose the number of "
    "components and judge it too, so that it is a little too good."
)
