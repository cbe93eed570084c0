"""How far runs can be trusted: accuracy where they may abstain, margins, and what calibration does for them."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import compare_tables, text
from dashboard.components import compare_badges, table_downloads
from dashboard.components.compare_view import Compared
from dashboard.run_tables import bins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fer_engine.evaluation.comparison_trust import Trust
    from fer_engine.evaluation.curves import Reliability


def draw(compared: Compared) -> None:
    """Draw coverage, margins and reliability; protocols apart."""
    from fer_engine.evaluation.comparison_trust import trust

    trusts = {entrant.name: trust(entrant.scored) for entrant in compared.comparison.entrants}
    for number, (title, group) in enumerate(compare_tables.groups(compared.comparison)):
        if title:
            st.subheader(text.plain(title), anchor=False)
        compare_badges.draw(group)
        mine = {entrant.name: trusts[entrant.name] for entrant in group}
        draw_certainty(mine, str(number), f"How sure, and how rightly: {compare_badges.told(group)}")
    st.subheader("Before and after calibration", anchor=False)
    name = st.selectbox("Run", list(trusts), key="reliability-of", width=320)
    found = trusts[name]
    for column, (when, curve) in zip(st.columns(2, gap="large"), (("before", found.before), ("after", found.after)), strict=True):
        with column:
            draw_reliability(name, when, curve, f"reliability-{when}")
    st.caption(CALIBRATED)


CALIBRATED = "Calibration was fitted on the split that each run was chosen on; measured on the same faces it looks a little too good."


def draw_certainty(trusts: "Mapping[str, Trust]", key: str, caption: str) -> None:
    """Draw accuracy against coverage, margins and their figures, runs over each other.

    Args:
        trusts: How far each run can be trusted, by its name.
        key: What tells these charts from others on the page.
        caption: Of the table when it is taken away.
    """
    from dashboard import charts, compare_charts

    st.markdown("**If the model may abstain** from the faces that it is least sure of, it is right on more of the others:")
    halves = ", ".join(f"{name} {text.percent(found.coverage.accuracy_at(0.5))}" for name, found in trusts.items())
    st.plotly_chart(
        compare_charts.coverage({name: found.coverage for name, found in trusts.items()}),
        key=f"coverage-{key}",
        config=charts.download_config("compare-coverage", "svg"),
        alt=f"Accuracy against the share of faces that are answered; on the surest half: {halves}",
    )
    st.markdown("**How far the answer leads** over the next emotion, in right and in wrong answers (box: quartiles; line: range):")
    st.plotly_chart(
        compare_charts.margins(trusts),
        key=f"margins-{key}",
        config=charts.download_config("compare-margins", "svg"),
        alt="Lead of the answer over the next emotion, right and wrong answers of each run; the medians stand in the table",
    )
    frame = compare_tables.certainty(trusts)
    shown = frame.assign(Run=frame["Run"].map(text.plain))
    st.table(shown, border="horizontal", hide_index=True, alt="How sure each run is, and how rightly")
    table_downloads.draw(frame, f"compare-certainty-{key}", caption)


def draw_reliability(name: str, when: str, curve: "Reliability", key: str) -> None:
    """Draw a run's reliability before or after calibration, in the column that is open.

    Args:
        name: The run's.
        when: 'before' or 'after'.
        curve: Its reliability then.
        key: What tells the chart from others on the page.
    """
    from dashboard import charts, run_charts

    file = f"{name}-reliability-{when}".replace("/", "-")
    st.markdown(f"**{when.capitalize()}**")
    st.plotly_chart(
        run_charts.reliability_diagram(curve),
        key=key,
        config=charts.download_config(file, "svg"),
        alt=f"Reliability of {name} {when} calibration: expected calibration error {text.percent(curve.error)}",
    )
    table_downloads.draw(bins(curve), file, f"Reliability of {name} {when} calibration")
