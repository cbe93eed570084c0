"""Softmax or SVM: every network that is here with both, side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import compare_tables, resources, text
from dashboard.components import compare_badges, compare_verdict, table_downloads
from dashboard.components.compare_view import Compared
from dashboard.run_listing import keyed

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison_heads import HeadPair
    from fer_engine.runs.store import Run


def draw(compared: Compared) -> None:
    """Draw the difference that the head makes, network by network, of all finished runs."""
    from dashboard import charts, compare_charts

    found = resources.compared_heads(keyed(compared.known))
    if not found:
        st.info(
            "There is no network here with both heads. Train one: `python -m fer_engine train --model net5 --head svm --from net5-softmax`",
            icon=":material/info:",
        )
        return
    pairs = [item.pair for item in found]
    st.markdown(
        "All finished runs of one network with a softmax and with an SVM in its place: as its head (seven linear machines), or on its "
        "last hidden layer."
    )
    compare_badges.draw([entrant for pair in pairs for entrant in (pair.a, pair.b)])
    for pair in pairs:
        st.markdown(f"- {compare_verdict.told(pair)}")
    rows = compare_charts.of_pairs(pairs)
    st.plotly_chart(
        compare_charts.differences(rows, "SVM minus softmax, accuracy (points)"),
        key="heads",
        config=charts.download_config("softmax-or-svm", "svg"),
        alt=f"SVM minus softmax, points: {compare_charts.told_differences(rows)}",
    )
    _figures(found, compared.known)


def _figures(found: tuple["HeadPair", ...], known: Sequence["Run"]) -> None:
    from fer_engine.evaluation.comparison_costs import cost

    pairs = [item.pair for item in found]
    entrants = {entrant.name: entrant.run for pair in pairs for entrant in (pair.a, pair.b)}
    took = {name: cost(run, known) for name, run in entrants.items()}
    frame = compare_tables.heads(found, took, compare_tables.papers(entrants))
    st.table(frame.map(text.plain), border="horizontal", hide_index=True, alt="Softmax and SVM of each network")
    remarks = dict.fromkeys(remark for pair in pairs for remark in (*pair.obstacles, *pair.remarks))
    st.caption(
        "p is corrected after Holm for all networks. The paper's figures are on PrivateTest, another split, and without intervals: not to "
        "compare digit by digit.  \n" + "  \n".join(map(text.plain, remarks))
    )
    table_downloads.draw(
        frame, "softmax-or-svm", f"Softmax or SVM: {compare_badges.told([entrant for pair in pairs for entrant in (pair.a, pair.b)])}"
    )
