"""What a run gets right of another set: accuracy with its interval, per emotion, and the confusion matrix."""

import json
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import text
from dashboard.components import protocol_badge, table_downloads
from dashboard.run_tables import confusions, per_emotion
from dashboard.text import plain
from fer_engine.data.audit_costs import Cost
from fer_engine.evaluation.statistics import wilson_interval
from fer_engine.labels import N_CLASSES, NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.evaluation.evaluate import Evaluation
    from fer_engine.runs.store import Run


def draw(run: "Run", found: "Evaluation", file: str) -> None:
    """Draw an evaluation.

    Args:
        run: The run.
        found: What came out.
        file: Begins the names of files that are taken away.
    """
    words, metrics = protocol(run, found), found.metrics
    protocol_badge.say(words, protocol_badge.EXPLAINED)
    for notice in found.notices:
        st.info(plain(notice), icon=":material/info:")
    low, high = metrics.accuracy_ci95
    with st.container(horizontal=True, gap="large"):
        st.metric("Accuracy", text.percent(metrics.accuracy), width="content")
        st.metric("95% interval", f"{100 * low:.1f} – {100 * high:.1f}%", width="content", help="Wilson, over faces.")
        st.metric("Faces", f"{metrics.n:,}", width="content")
        st.metric("Macro F1", text.percent(metrics.macro_f1), width="content", help="Mean over the emotions that count.")
    _emotions(found, file, words)
    _confusion(found, file, words)
    st.download_button(
        "All figures (JSON)",
        partial(_json, found),
        f"{file}-evaluation.json",
        "application/json",
        key="transfer-json",
        on_click="ignore",
        icon=":material/data_object:",
        type="tertiary",
    )


def _json(found: "Evaluation") -> bytes:
    return (json.dumps(found.to_dict(), indent=2) + "\n").encode()


def protocol(run: "Run", found: "Evaluation") -> str:
    """How the figure came about, in short."""
    tta = "flip TTA" if found.tta == "flip" else "no TTA"
    seeds = len(run.manifest["protocol"]["seeds"])
    classes = f"{len(found.classes)} emotions" if len(found.classes) < N_CLASSES else "all emotions"
    by = text.choice(run, f"{run.spec.data.name}'s")
    return f"{found.split} · n={found.metrics.n:,} · {found.data_name} data · {classes} · {by} · {tta} · {seeds} seed{'s' * (seeds > 1)}"


def emotions(found: "Evaluation") -> list[Cost]:
    """All faces, then those of each emotion that counts: how many, and which share is right."""
    low, high = found.metrics.accuracy_ci95
    rows = [Cost(found.run, "all faces", found.metrics.n, found.metrics.accuracy, low, high)]
    for label, name in enumerate(NAMES):
        counts = found.metrics.confusion_matrix[label]
        if name in found.classes:
            interval = wilson_interval(counts[label], sum(counts))
            rows.append(Cost(found.run, name, sum(counts), counts[label] / sum(counts), interval.low, interval.high))
    return rows


def report(found: "Evaluation") -> "pd.DataFrame":
    """The classification report of the emotions that count; with averages where these are all seven."""
    frame = per_emotion(found.metrics.confusion_matrix)
    return frame if len(found.classes) == N_CLASSES else frame[frame["Emotion"].isin(found.classes)].reset_index(drop=True)


def _emotions(found: "Evaluation", file: str, words: str) -> None:
    from dashboard import charts, data_charts

    rows = emotions(found)
    st.markdown("**By emotion**: the share of its faces that is answered right, with its 95% interval")
    st.plotly_chart(
        data_charts.cost_bars(rows),
        key="transfer-emotions",
        config=charts.download_config(f"{file}-emotions", "svg"),
        alt="; ".join(f"{row.faces}: {text.percent(row.accuracy or 0)} of {row.n:,}" for row in rows),
    )
    frame = report(found)
    with st.expander("Precision, recall and F1 as a table", icon=":material/table_rows:"):
        st.dataframe(frame, hide_index=True, alt=f"{found.run} on another set, by emotion")
    table_downloads.draw(frame, f"{file}-per-class", f"Classification report of {found.run}: {words}")


def _confusion(found: "Evaluation", file: str, words: str) -> None:
    import numpy as np

    from dashboard import altair_charts

    st.markdown("**Confusion matrix**: faces, a row a label and a column an answer")
    st.altair_chart(
        altair_charts.confusion_matrix(
            np.array(found.metrics.confusion_matrix), shares=False, dark=st.context.theme.type == "dark", names=found.classes
        ),
        key="transfer-confusion",
        alt=f"Confusion matrix of {found.run} on {found.data_name}: rows are labels, columns answers.",
    )
    frame = confusions(found.metrics.confusion_matrix)
    frame = frame.loc[frame["Label"].isin(found.classes), ["Label", *found.classes]]
    table_downloads.draw(frame, f"{file}-confusion", f"Confusion matrix of {found.run}: {words}")
