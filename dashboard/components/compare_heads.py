"""Softmax or SVM: every network that is here with both, side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import compare_tables, resources, text
from dashboard.components import compare_badges, compare_trust, compare_verdict, table_downloads
from dashboard.components.compare_view import Compared
from dashboard.run_listing import keyed

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Pair
    from fer_engine.evaluation.comparison_heads import HeadPair
    from fer_engine.runs.store import Run

PAIR = "head-pair"  # in the page's address


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
    _trust({f"{pair.a.name} and {pair.b.name}": pair for pair in pairs})


def _trust(pairs: dict[str, "Pair"]) -> None:
    """How far both runs of a chosen pair can be trusted: coverage and margins over each other, reliability side by side."""
    from fer_engine.evaluation.comparison_trust import trust

    st.subheader("How far either can be trusted", anchor=False)
    if st.session_state.get(PAIR, next(iter(pairs))) not in pairs:  # its runs are gone
        st.session_state[PAIR] = next(iter(pairs))
    chosen = st.selectbox("Softmax and SVM", list(pairs), key=PAIR, bind="query-params", width=480)
    pair = pairs[chosen]
    for sentence in pair.obstacles:
        st.warning(f"Different protocols: {text.plain(sentence)}", icon=":material/rule:")
    compare_badges.draw((pair.a, pair.b))
    trusts = {entrant.name: trust(entrant.scored) for entrant in (pair.a, pair.b)}
    caption = f"How sure, and how rightly: {compare_badges.told((pair.a, pair.b))}"
    compare_trust.draw_certainty(trusts, "pair", caption)
    st.markdown("**Before and after calibration**")
    for letter, column, (name, found) in zip("AB", st.columns(2, gap="large"), trusts.items(), strict=True):
        with column:
            st.markdown(f"**{letter}: {text.plain(name)}**")
            for when, curve in (("before", found.before), ("after", found.after)):
                compare_trust.draw_reliability(name, when, curve, f"pair-{letter}-{when}")
    st.caption(compare_trust.CALIBRATED)


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
