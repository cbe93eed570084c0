"""How runs were trained: their curves over each other."""

from typing import TYPE_CHECKING, Literal, cast

import streamlit as st

from dashboard import resources, text, training_words
from dashboard.components import protocol_badge, table_downloads
from dashboard.components.compare_view import Compared

if TYPE_CHECKING:
    import pandas as pd

SHOWS = {"validation accuracy": "valid_accuracy", "training accuracy": "train_accuracy", "validation loss": "valid_loss"}


def draw(compared: Compared) -> None:
    """Draw one quantity of every network; SVMs have no epochs."""
    from dashboard import charts, compare_charts

    entrants = compared.comparison.entrants
    without = [entrant.name for entrant in entrants if entrant.run.spec.family != "cnn"]
    if without:
        st.info(f"An SVM is fitted at once and has no curve: {text.plain(', '.join(without))}.", icon=":material/info:")
    runs = {entrant.name: resources.history(entrant.run) for entrant in entrants if entrant.name not in without}
    if not runs:
        return
    ways = training_words.ways({entrant.name: entrant.run for entrant in entrants if entrant.name in runs})
    for words, names in ways.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            protocol_badge.say(words, protocol_badge.TRAINING)
            if len(ways) > 1:
                st.caption(text.plain(", ".join(names)))
    left, right = st.columns([2, 1], gap="medium")
    with left:
        show = st.segmented_control("Show", list(SHOWS), default="validation accuracy", required=True, key="quantity", bind="query-params")
    with right:
        against = st.segmented_control(
            "Against", ["epochs", "seconds"], default="epochs", required=True, key="curves-by", bind="query-params"
        )
    quantity = cast(compare_charts.Quantity, SHOWS[show or "validation accuracy"])
    if training_words.of_different_faces([entrant.run for entrant in entrants if entrant.name in runs], quantity):
        st.caption("These curves are of different faces: their heights do not compare.")
    if quantity == "valid_loss" and len({entrant.run.spec.head for entrant in entrants if entrant.name in runs}) > 1:
        st.caption("Losses of different heads (cross-entropy, squared hinge) have different scales; compare their courses alone.")
    st.plotly_chart(
        compare_charts.histories(runs, quantity, cast(Literal["epochs", "seconds"], against or "epochs")),
        key="histories",
        config=charts.download_config(f"compare-{quantity.replace('_', '-')}", "svg"),
        alt=f"{show} of each epoch; in the last one " + ", ".join(f"{name} {rows[quantity].iloc[-1]:.3f}" for name, rows in runs.items()),
    )
    table_downloads.draw(_epochs(runs), "compare-histories", f"Training of each run. {training_words.told_ways(ways)}")


def _epochs(runs: dict[str, "pd.DataFrame"]) -> "pd.DataFrame":
    """All histories below each other, the run's name first."""
    import pandas as pd

    return pd.concat([rows.assign(run=name)[["run", *rows.columns]] for name, rows in runs.items()], ignore_index=True)
