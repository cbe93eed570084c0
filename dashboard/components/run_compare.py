"""From Runs to Compare: one run beside the one that it is best held against, or several that are ticked in the table."""

from collections.abc import Sequence

import streamlit as st

from dashboard import run_partner
from dashboard.run_listing import FINISHED, Row, keyed
from dashboard.text import plain

MOST = 24  # as many as Compare takes
PAGE, ICON = "../pages/compare.py", ":material/compare_arrows:"


def one(row: Row, rows: Sequence[Row]) -> None:
    """Draw the link from a finished run; nothing where it is not finished, or there is no other one."""
    finished = [item.run for item in rows if item.state == FINISHED]
    other = run_partner.partner(row.run, finished)
    if row.state == FINISHED and other:
        keys = _keys(finished)
        label = f"Compare with {plain(keys[other.path])}"
        st.page_link(PAGE, label=label, icon=ICON, query_params={"runs": [keys[other.path], keys[row.run.path]]})


def several(rows: Sequence[Row], ticked: Sequence[str]) -> None:
    """Draw the link from the runs that are ticked, or how to come by it.

    Args:
        rows: All rows.
        ticked: Keys of two runs or more, or none.
    """
    if not ticked:
        st.caption("Click a row to open its run. Tick the boxes before two rows or more to compare their runs.")
        return
    picked = [row for row in rows if row.key in ticked]
    finished = [row.run for row in picked if row.state == FINISHED]
    left = [row.key for row in picked if row.state != FINISHED]
    keys = _keys([row.run for row in rows if row.state == FINISHED])
    if len(finished) > 1:
        chosen = [keys[run.path] for run in finished[:MOST]]
        st.page_link(PAGE, label=f"Compare these {len(chosen)} runs", icon=ICON, query_params={"runs": chosen})
    if left:
        verb = "is not finished and has" if len(left) == 1 else "are not finished and have"
        st.caption(f"{plain(', '.join(left))} {verb} nothing to compare yet.")
    if len(finished) > MOST:
        st.caption(f"Compare takes {MOST} runs at once; these are the first of the {len(finished)} that are ticked.")


def _keys(finished: Sequence) -> dict:
    """What Compare calls each finished run, by its folder."""
    return {run.path: key for key, run in keyed(finished).items()}
