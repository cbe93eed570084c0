"""What faults of the data cost: the accuracy of runs on copies, on clear and unclear faces, and on suspected labels."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources, text
from dashboard.components import protocol_badge, table_downloads
from dashboard.components.data_view import Opened, votes
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.data.audit_costs import Cost
    from fer_engine.runs.store import Run


def draw(opened: Opened) -> None:
    """Draw what the faults cost one run, and the table of all runs that were scored on this data set."""
    known = votes(opened)
    found = opened.audit()
    runs = fitting_runs(opened)
    if not runs:
        st.info(
            "No finished run was scored on these very faces. Train one on this data set, or open the data set of a run.",
            icon=":material/info:",
        )
        return
    from fer_engine.data.audit_costs import costs, costs_table

    rows = costs(found, runs, [resources.scored(run) for run in runs], known)
    names = [run.name for run in runs]
    name = st.selectbox("Run", names, key="cost-of", bind="query-params")
    protocol_badge.draw(runs[names.index(name)])
    _figure(opened, name, [row for row in rows if row.run == name])
    st.caption(
        "Right or wrong is always by the data set's own label. A label is suspected for a run by the most accurate run of another model: "
        "its own mistakes would be suspects by nature. Models err alike, so that the last two rows still overstate the difference. "
        f"In the table: {text.protocols(runs)}."
    )
    frame = costs_table(rows)
    with st.expander("All runs as a table", icon=":material/table_rows:"):
        st.dataframe(frame, hide_index=True, alt="Accuracy of all runs by kind of face")
    table_downloads.draw(frame, f"{opened.file}-costs", f"Accuracy by kind of face: {text.protocols(runs)}")


def _figure(opened: Opened, name: str, rows: "list[Cost]") -> None:
    from dashboard import charts, data_charts

    told = "; ".join(f"{row.faces}: {text.percent(row.accuracy)} of {row.n:,}" for row in rows if row.accuracy is not None)
    st.plotly_chart(
        data_charts.cost_bars(rows),
        key="data-costs",
        config=charts.download_config(f"{opened.file}-costs-{name}", "svg"),
        alt=f"Accuracy of {name}. {told}.",
    )


def fitting_runs(opened: Opened) -> "list[Run]":
    """The finished runs that were scored on these faces; of two with one name the own one."""
    from fer_engine.data.audit_costs import places_in

    fitting = {}
    for run in resources.finished_runs()[0]:
        try:
            places_in(opened.audit(), run, resources.scored(run))
        except FerLabError:
            continue
        fitting[run.name] = run
    return list(fitting.values())
