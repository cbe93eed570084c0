"""Runs as tables and as a chart, one group a protocol, so that no two protocols share a table unmarked."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import text
from dashboard.components import protocol_badge

if TYPE_CHECKING:
    from fer_engine.runs.store import Run


def draw(runs: Sequence["Run"], *, key: str) -> None:
    """Draw finished runs, the most accurate first, under the badge of their protocol.

    Args:
        runs: Finished runs, any number.
        key: Tells this group's elements from another's.
    """
    by_protocol = sorted(runs, key=lambda run: (text.protocol(run), -text.evaluated(run)[1]["accuracy"]))
    for number, (badge, group) in enumerate(groupby(by_protocol, key=text.protocol)):
        members = list(group)
        protocol_badge.draw(members[0])
        with st.container(key=f"runs-{key}-{number}"):
            papers = any(_paper(run) for run in members)
            st.table([_row(run, papers=papers) for run in members], border="horizontal", hide_index=True, alt=f"Runs measured as {badge}")
        st.caption(_TIME)
        _chart(members, key=f"{key}-{number}")


_DEDUPLICATED = "On faces not in Training"
_TIME = (
    "95% interval after Wilson. Some faces of the split stand, pixel for pixel, in Training too; one column leaves them out. Time a face: "
    "one at a time, on one thread of the machine that trained the network, with both passes where a face is flipped."
)


def _row(run: "Run", *, papers: bool) -> dict[str, str]:
    split, figures = text.evaluated(run)
    low, high = figures["accuracy_ci95"]
    paper, clean = _paper(run), figures["accuracy_deduplicated"]
    if run.spec.family == "svm":
        model = {"Model": text.model_words(run.spec)}
    else:
        model = {"Network": text.network_title(run.spec.model), "Head": text.HEADS[run.spec.head]}
    row = {"Run": f"**{text.plain(run.name)}**"} | model
    row |= {
        f"{split} accuracy": f"**{text.percent(figures['accuracy'])}**",
        "95% interval": f"{100 * low:.1f} – {100 * high:.1f}",
        _DEDUPLICATED: "–" if clean is None else text.percent(clean),
    }
    if papers:
        row["Paper, on PrivateTest"] = f"{paper:.1f}%" if paper else "–"
    return row | {
        "Parameters": text.count(run.manifest["parameters"]),
        "Time a face": f"{run.manifest['milliseconds_per_face']:.1f} ms",
    }


def _paper(run: "Run") -> float | None:
    """The paper's figure for a run that ships, percent of PrivateTest."""
    from fer_engine.experiments.lab import REFERENCE
    from fer_engine.experiments.svm_lab import SVM_REFERENCE

    shipped = (REFERENCE | SVM_REFERENCE).get(run.name) if run.shipped else None
    return shipped.paper_accuracy if shipped else None


def _chart(runs: Sequence["Run"], *, key: str) -> None:
    from dashboard import charts

    rows, split = [], ""
    for run in runs:
        split, figures = text.evaluated(run)
        low, high = figures["accuracy_ci95"]
        paper = _paper(run)
        rows.append(charts.Accuracy(run.name, figures["accuracy"], low, high, paper / 100 if paper else None))
    told = "; ".join(f"{row.name} {text.percent(row.accuracy)}, {text.percent(row.low)} to {text.percent(row.high)}" for row in rows)
    st.plotly_chart(
        charts.accuracies(rows, split),
        key=f"accuracies-{key}",
        config=charts.download_config("accuracies", "svg"),
        alt=f"Accuracy on {split} with 95% interval: {told}.",
    )
