"""Runs as tables and as a chart, one group a protocol, so that no two protocols share a table unmarked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import reference_tables, text
from dashboard.components import protocol_badge, table_downloads

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.runs.store import Run


def draw(runs: Sequence["Run"], *, key: str) -> None:
    """Draw finished runs, the most accurate first, under the badge of their protocol.

    Args:
        runs: Finished runs, any number.
        key: Tells this group's elements from another's.
    """
    for number, (badge, members) in enumerate(reference_tables.groups(runs)):
        protocol_badge.draw(members[0])
        frame = reference_tables.table(members)
        with st.container(key=f"runs-{key}-{number}"):
            st.table(_marked(frame), border="horizontal", hide_index=True, alt=f"Runs measured as {badge}")
        st.caption(reference_tables.EXPLAINED)
        table_downloads.draw(frame, f"runs-{key}-{number}", f"Runs measured as {badge}")
        _chart(members, key=f"{key}-{number}")


def _marked(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The table with names and accuracies in bold."""
    (accuracy,) = [name for name in frame.columns if name.endswith(" accuracy")]
    return frame.assign(**{name: [f"**{text.plain(value)}**" for value in frame[name]] for name in ("Run", accuracy)})


def _chart(runs: Sequence["Run"], *, key: str) -> None:
    from dashboard import charts

    rows, split = reference_tables.spots(runs), text.evaluated(runs[0])[0]
    st.plotly_chart(
        charts.accuracies(rows, split),
        key=f"accuracies-{key}",
        config=charts.download_config(f"accuracies-{key}", "svg"),
        alt=f"Accuracy on {split} with 95% interval: {reference_tables.told(rows)}.",
    )
