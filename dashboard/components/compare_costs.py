"""Accuracy against what it takes: seconds of training, milliseconds a face."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import compare_tables, text
from dashboard.components import compare_badges, table_downloads
from dashboard.components.compare_view import Compared

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Entrant
    from fer_engine.evaluation.comparison_costs import Cost


def costs(compared: Compared) -> dict[str, "Cost"]:
    """What each run took, by name."""
    from fer_engine.evaluation.comparison_costs import cost

    return {entrant.name: cost(entrant.run, compared.known) for entrant in compared.comparison.entrants}


def draw(compared: Compared) -> None:
    """Draw the two charts of each protocol, and their figures."""
    took = costs(compared)
    st.markdown(
        "A run is on the front where no other is both as cheap and as accurate. A run that starts from another's weights is charged for "
        "that one's training, too."
    )
    for number, (title, group) in enumerate(compare_tables.groups(compared.comparison)):
        if title:
            st.subheader(text.plain(title), anchor=False)
        compare_badges.draw(group)
        _group(group, took, number)
    remarks = [words for name, cost in took.items() if (words := cost.told(name))]
    if len({cost.machine for cost in took.values()}) > 1:
        remarks.append("The runs were timed on different machines or threads; times compare within one machine alone.")
    st.caption("  \n".join(map(text.plain, remarks)))


def _group(group: tuple["Entrant", ...], took: dict[str, "Cost"], number: int) -> None:
    from dashboard import charts, compare_charts

    fronts = {}
    kinds = {
        "training": ("Training (s), logarithmic", "s", [took[entrant.name].seconds for entrant in group]),
        "answering": ("Time a face (ms), logarithmic", "ms", [took[entrant.name].milliseconds for entrant in group]),
    }
    for column, (kind, (title, unit, values)) in zip(st.columns(2, gap="large"), kinds.items(), strict=True):
        spots, fronts[kind] = compare_charts.spots(group, values)
        with column:
            st.plotly_chart(
                compare_charts.pareto(spots, title),
                key=f"pareto-{kind}-{number}",
                config=charts.download_config(f"compare-{kind}", "svg"),
                alt=f"Accuracy against time of {kind}: {compare_charts.told_spots(spots, unit)}",
            )
    frame = compare_tables.costs(group, took, fronts)
    st.table(frame.map(text.plain), border="horizontal", hide_index=True, alt="What each run took")
    table_downloads.draw(frame, f"compare-costs-{number}", f"Accuracy and costs: {compare_badges.told(group)}")
