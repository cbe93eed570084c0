"""Choosing the runs to compare, and two of them to look at closely; the page's address keeps both."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import links
from dashboard.run_listing import keyed
from dashboard.text import plain

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Comparison, Pair
    from fer_engine.runs.store import Run

FAVOURITES = ("net5-softmax", "net12-softmax")
RUNS = "runs"  # in the page's address
MOST = 24  # that are compared at once


def pick(runs: Sequence["Run"]) -> dict[str, "Run"]:
    """Let the visitor choose among two finished runs or more; gives them by what tells them apart."""
    by_key = keyed(runs)
    wanted = links.asked(RUNS)
    if there := [name for name in wanted if name in by_key]:
        st.session_state[RUNS] = there[:MOST]
    gone = ", ".join(f"'{name}'" for name in wanted if name not in by_key)
    if gone:
        st.warning(f"There is no finished run {plain(gone)} here that can be read.", icon=":material/link_off:")
    default = [name for name in FAVOURITES if name in by_key]
    default += [name for name in by_key if name not in default]
    names = st.multiselect(
        "Runs", list(by_key), default=default[:2], key=RUNS, bind="query-params", placeholder="choose two or more", max_selections=MOST
    )
    return {name: by_key[name] for name in names}


def pair(comparison: "Comparison") -> "Pair | None":
    """Let the visitor choose A and B among the runs that are compared; None where both are one."""
    names = [entrant.name for entrant in comparison.entrants]
    for place, key in enumerate(("first", "second")):
        if st.session_state.get(key, names[place]) not in names:  # it was taken out of the comparison
            st.session_state[key] = names[place]
    left, right, _ = st.columns([1, 1, 1], gap="medium")
    a = left.selectbox("A", names, index=0, key="first", bind="query-params")
    b = right.selectbox("B", names, index=1, key="second", bind="query-params")
    if a == b:
        st.info("A and B are one run. Choose two different ones.", icon=":material/info:")
        return None
    found = comparison.pair(a, b)
    for sentence in found.obstacles:
        st.warning(f"Different protocols: {plain(sentence)}", icon=":material/rule:")
    return found
