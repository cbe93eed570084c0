"""Who is better, and by how much: figures with intervals, and every pair's verdict in words."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import compare_tables, text
from dashboard.components import compare_badges, compare_costs, compare_seeds, table_downloads
from dashboard.components.compare_view import Compared

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Comparison, Entrant, Pair


def draw(compared: Compared) -> None:
    """Draw verdicts, differences and figures."""
    from fer_engine.evaluation.comparison_notes import notes

    comparison = compared.comparison
    for pair in comparison.pairs[:_SHOWN]:
        st.markdown(f":material/{_icon(pair)}: {told(pair)}")
    if len(comparison.pairs) > _SHOWN:
        st.caption(f"{len(comparison.pairs) - _SHOWN} more pairs stand in the table below.")
    remarks = dict.fromkeys(remark for pair in comparison.pairs for remark in pair.remarks)
    st.caption("  \n".join(text.plain(note) for note in (*remarks, *notes(comparison))))
    if comparison.tests:
        _differences(comparison)
    compare_seeds.draw(comparison)
    st.subheader("Every pair", anchor=False)
    frame = compare_tables.verdicts(comparison.pairs)
    st.dataframe(
        frame.drop(columns=["Verdict", "Verdict on macro F1"]), hide_index=True, alt="Every pair of runs, tested on the same faces"
    )
    st.caption(
        "Differences are B minus A, in points; their 95% intervals are a paired bootstrap over faces (10,000 draws, the same for all "
        "runs). McNemar's exact test asks whether the faces that one run alone answers right are split evenly; p of F1 is twice the share "
        "of draws on the other side of no difference. Either p (Holm) is corrected for all pairs here."
    )
    table_downloads.draw(frame, "compare-verdicts", f"Pairs of runs: {compare_badges.told(comparison.entrants)}")
    st.subheader("Every run", anchor=False)
    for number, (title, group) in enumerate(compare_tables.groups(comparison)):
        if title:
            st.markdown(f"**{text.plain(title)}**")
        _runs(compared, group, number)


_SHOWN = 15  # pairs in words: those of six runs


def _icon(pair: "Pair") -> str:
    return "rule" if pair.test is None else "trending_up" if pair.test.distinguishable else "drag_handle"


def told(pair: "Pair") -> str:
    """What the tests of a pair say, in Markdown: clear differences bold."""
    if pair.test is None:
        return f"{text.plain(pair.verdict)}."
    said = ((pair.verdict, pair.test.distinguishable), (pair.verdict_f1, pair.test.macro_f1_distinguishable))
    return " ".join(f"**{text.plain(words)}**." if clear else f"{text.plain(words)}." for words, clear in said)


def _differences(comparison: "Comparison") -> None:
    from dashboard import charts, compare_charts

    rows = compare_charts.of_pairs(comparison.pairs[: 2 * _SHOWN])
    st.plotly_chart(
        compare_charts.differences(rows, "Accuracy, points (95% interval)"),
        key="differences",
        config=charts.download_config("compare-differences", "svg"),
        alt=f"Differences in accuracy, points: {compare_charts.told_differences(rows)}",
    )


def _runs(compared: Compared, group: tuple["Entrant", ...], number: int) -> None:
    compare_badges.draw(group)
    frame = compare_tables.metrics(group, compare_costs.costs(compared))
    with st.container(key=f"runs-compare-{number}"):
        st.table(
            frame.assign(Run=[f"**{text.plain(name)}**" for name in frame["Run"]]),
            border="horizontal",
            hide_index=True,
            alt="Figures of each run",
        )
    st.caption(
        "Accuracy with Wilson's interval, macro F1 with a bootstrap's. Calibration error: as fitted, on the split that it was fitted on. "
        "Training: with the runs that a run starts from. A face: one at a time on one thread."
    )
    table_downloads.draw(frame, f"compare-runs-{number}", f"Runs side by side: {compare_badges.told(group)}")
