"""How a training went: accuracy, loss and learning rate, against epochs or against time."""

from typing import Literal, cast

import streamlit as st

from dashboard import resources, text, training_words
from dashboard.components import protocol_badge, table_downloads
from dashboard.run_listing import FINISHED, Row


def draw(row: Row) -> None:
    """Draw the curves of a run, finished or not, and the table that they are made of."""
    run, summary = row.run, row.summary
    if not summary.epochs:
        st.info("The first epoch is not through yet; the curves begin with it.", icon=":material/hourglass_empty:")
        return
    from dashboard import charts, run_charts

    spec, rows = run.spec, resources.history(run)
    if row.state == FINISHED:
        _result(row)
    protocol_badge.say(training_words.each_epoch(run), protocol_badge.TRAINING)
    st.markdown(_chosen(row))
    against = cast(
        Literal["epochs", "seconds"],
        st.segmented_control("Against", ["epochs", "seconds"], default="epochs", required=True, key="curves-by", bind="query-params"),
    )
    chosen = summary.best_epoch or 0
    for column, quantity in zip(st.columns(2, gap="large"), ("accuracy", "loss"), strict=True):
        figure = run_charts.history_curves(rows, cast(run_charts.Quantity, quantity), against, chosen=chosen, spec=spec)
        last = rows.iloc[-1]
        with column:
            st.plotly_chart(
                figure,
                key=f"curves-{quantity}",
                config=charts.download_config(f"{run.name}-{quantity}", "svg"),
                alt=f"{quantity.capitalize()} of {run.name} over {len(rows)} epochs; in the last one training "
                f"{last[f'train_{quantity}']:.3f}, validation {last[f'valid_{quantity}']:.3f}.",
            )
            if quantity == "loss" and (note := training_words.loss_note(spec)):
                st.caption(note)
    st.plotly_chart(
        run_charts.learning_rate(rows, against),
        key="learning-rate",
        config=charts.download_config(f"{run.name}-learning-rate", "svg"),
        alt=f"Learning rate after each epoch, from {rows['learning_rate'].iloc[0]:.4g} to {rows['learning_rate'].iloc[-1]:.4g}.",
    )
    with st.expander("The figures of every epoch", icon=":material/table:"):
        st.dataframe(rows, hide_index=True, alt=f"History of {run.name}, a row an epoch")
        table_downloads.draw(rows, f"{run.name}-history", f"Training of {run.name}: after each epoch, without test-time augmentation")


def _result(row: Row) -> None:
    """What the kept weights came to, under a badge of its own: it is another measure than the curves."""
    split, figures = text.evaluated(row.run)
    low, high = figures["accuracy_ci95"]
    protocol_badge.draw(row.run)
    interval = f"95% interval {100 * low:.1f} – {100 * high:.1f}"
    st.markdown(f"Measured at the end, as saved: **{text.percent(figures['accuracy'])}** of {split} ({interval}).")


def _chosen(row: Row) -> str:
    best = training_words.chosen_by(row.run.spec.monitor)
    kept = "are kept" if row.state == FINISHED else "would be kept now"
    return f"The weights of **epoch {row.summary.best_epoch}** {kept}: {f'it has {best}' if best else 'it is the last'}."
