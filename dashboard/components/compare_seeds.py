"""What recipes come to over several seeds; nothing where no recipe has two."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import compare_tables, text
from dashboard.components import compare_badges, table_downloads

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Comparison


def draw(comparison: "Comparison") -> None:
    """Draw means with their intervals and spread, and a verdict on every two recipes that share seeds."""
    from fer_engine.evaluation.comparison_seeds import over_seeds

    found = over_seeds(comparison)
    if not found.groups:
        return
    st.subheader("Over seeds", anchor=False)
    for pair in found.pairs:
        words = text.plain(pair.verdict)
        st.markdown(f"**{words}**." if pair.test and pair.test.distinguishable else f"{words}.")
    entrants = [entrant for group in found.groups for entrant in group.entrants]
    compare_badges.draw(entrants)
    frame = compare_tables.seed_groups(found.groups)
    st.table(frame.map(text.plain), border="horizontal", hide_index=True, alt="Means of the runs that differ in their seed alone")
    table_downloads.draw(frame, "compare-seeds", f"Means over seeds: {compare_badges.told(entrants)}")
    if found.pairs:
        tests = compare_tables.seed_pairs(found.pairs)
        st.table(tests.map(text.plain), border="horizontal", hide_index=True, alt="Every two recipes over the seeds that both have")
        table_downloads.draw(tests, "compare-seed-pairs", f"Recipes over seeds: {compare_badges.told(entrants)}")
    st.caption(compare_tables.OVER_SEEDS)
