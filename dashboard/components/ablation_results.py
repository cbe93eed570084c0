"""What comes of a study: the conclusion in words, the paper's figures against ours, the table, and what to know of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import ablation_resources, ablation_tables, text
from dashboard.components import run_compare, table_downloads
from dashboard.components.ablation_launch import data_label
from dashboard.components.against import ABLATION
from dashboard.components.errors import sentences
from dashboard.run_listing import keyed

if TYPE_CHECKING:
    from fer_engine.ablations.ledger import Cell
    from fer_engine.ablations.results import Conclusion, RowResult
    from fer_engine.experiments.studies import Study

_VERDICTS = {
    "holds": ("Holds", ":material/check_circle:", "green"),
    "does not hold": ("Does not hold", ":material/cancel:", "red"),
    "cannot be told": ("Cannot be told", ":material/help:", "gray"),
}


def draw(study: "Study", cells: "Sequence[Cell]") -> None:
    """Draw them.

    Args:
        study: The study.
        cells: The runs that it asks for, as `fer_engine.ablations.ledger.cells` gives them.
    """
    from fer_engine.ablations.results import notes, results

    found = results(study, cells)
    conclusion = ablation_resources.conclusion(study, found)
    _verdict(conclusion)
    _missing(found)
    if any(result.runs or result.row.printed for result in found):
        _chart(study, found)
    _table(study, found)
    _links(study, cells, found)
    if conclusion.differences:
        _differences(study, conclusion)
    with sentences():
        _text_claims(study, found)
    st.subheader("What to know of these figures", anchor=False)
    st.markdown("\n".join(f"- {text.plain(note)}" for note in notes(study, found)) or "Nothing beyond the table.")


def _verdict(conclusion: "Conclusion") -> None:
    _sentence(conclusion.verdict, conclusion.sentence)
    for sentence in conclusion.obstacles:
        st.caption(text.plain(sentence))


def _sentence(verdict: "str | None", sentence: str) -> None:
    """A verdict as a badge, and its sentence: bold as far as the verdict goes, and then what it rests on."""
    if verdict:
        word, icon, color = _VERDICTS[verdict]
        st.badge(word, icon=icon, color=color)  # type: ignore[arg-type]
    head, said, rest = sentence.partition(verdict or sentence)
    st.markdown(f"**{text.plain(head + said)}**{text.plain(rest)}")


def _missing(found: "Sequence[RowResult]") -> None:
    rows = [result.row.title for result in found if not result.runs]
    if rows:
        have = "has" if len(rows) == 1 else "have"
        st.info(
            f"{len(rows)} of {len(found)} rows {have} no finished run on this data yet: {text.plain('; '.join(rows))}. "
            "Train what is missing at the end of this page.",
            icon=":material/info:",
        )


def _chart(study: "Study", found: "Sequence[RowResult]") -> None:
    from dashboard import ablation_charts, charts

    marks = ablation_tables.marks(found)
    st.plotly_chart(
        ablation_charts.settings(marks, ablation_tables.split_of(found)),
        key="ablation-settings",
        config=charts.download_config(f"ablation-{study.name}", "svg"),
        alt=ablation_charts.told(marks),
    )


def _table(study: "Study", found: "Sequence[RowResult]") -> None:
    frame = ablation_tables.results(found)
    st.dataframe(frame.fillna("–"), hide_index=True, key="ablation-table", alt=f"{study.title}: the paper's figures and ours")
    table_downloads.draw(frame, f"ablation-{study.name}", ablation_tables.caption(study, found))


def _links(study: "Study", cells: "Sequence[Cell]", found: "Sequence[RowResult]") -> None:
    """Where these rows can be looked at more closely: against each other, and before a face."""
    from fer_engine.runs.store import list_runs

    keys = {run.path: key for key, run in keyed(run for run in list_runs(studies=True) if run.finished).items()}
    runs = [keys[result.runs[0].path] for result in found if result.runs]
    with st.container(horizontal=True, gap="medium"):
        if len(runs) > 1:
            label = f"Compare these {min(len(runs), run_compare.MOST)} rows"
            st.page_link(run_compare.PAGE, label=label, icon=run_compare.ICON, query_params={"runs": runs[: run_compare.MOST]})
        if runs:
            place = {"against": ABLATION, "ablation": study.name, "on": data_label(cells[0].spec.data)}
            st.page_link("../pages/analyse.py", label="Ask all rows about a face", icon=":material/face:", query_params=place)


def _differences(study: "Study", conclusion: "Conclusion") -> None:
    from dashboard import charts, compare_charts

    st.subheader("What the conclusion rests on", anchor=False)
    rows = ablation_tables.differences(conclusion)
    st.plotly_chart(
        compare_charts.differences(rows, "Difference in accuracy (points)"),
        key="ablation-differences",
        config=charts.download_config(f"ablation-{study.name}-differences", "svg"),
        alt=compare_charts.told_differences(rows),
    )
    frame = ablation_tables.tests(conclusion)
    st.dataframe(frame, hide_index=True, key="ablation-tests", alt="The differences that the conclusion rests on")
    st.caption(ablation_tables.tested(conclusion))
    table_downloads.draw(frame, f"ablation-{study.name}-differences", f"{study.title}: differences in accuracy")


def _text_claims(study: "Study", found: "Sequence[RowResult]") -> None:
    """What the paper says of these rows in words, beside its table."""
    from fer_engine.ablations.text_claims import table

    judged = ablation_resources.judged(study, found)
    if judged:
        st.subheader("What the paper's text says", anchor="text")
    for item in judged:
        _sentence(item.verdict, item.sentence)
        if item.figures:
            frame = ablation_tables.titled(table(item))
            st.dataframe(frame, hide_index=True, key=f"text-{item.claim.key}", alt=f"What is measured of: {item.claim.words}")
            table_downloads.draw(frame, f"ablation-{study.name}-{item.claim.key}", f"{item.claim.words} ({item.claim.source})")
        st.caption(text.plain(item.claim.note))
