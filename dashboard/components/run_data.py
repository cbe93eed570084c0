"""What a run was trained and chosen on."""

from typing import Any

import streamlit as st

from dashboard import run_tables, text
from dashboard.components import protocol_badge, table_downloads
from dashboard.run_listing import Row


def draw(row: Row) -> None:
    """Draw the class distribution of a finished run's splits, as its manifest counts them."""
    from dashboard import charts, run_charts

    run, data = row.run, row.run.spec.data
    counts: dict[str, dict[str, int]] = run.manifest["counts"]
    st.markdown(
        f"Data set **{text.plain(data.name)}**: learnt from {data.train} (content `{data.train_hash}`), "
        f"measured and calibrated on {data.valid} (content `{data.valid_hash}`). {run_tables.chosen_words(run)}."
    )
    if before := run.manifest.get("before"):
        shares = f"{_share(before)} of {data.valid} before, {_share(run.metrics[data.valid])} after"
        protocol_badge.draw(run)
        st.markdown(f"Started from **{text.plain(run.manifest['starts_from'])}**: {shares}.")
    st.plotly_chart(
        run_charts.split_counts(counts),
        key="split-counts",
        config=charts.download_config(f"{run.name}-data", "svg"),
        alt="; ".join(f"{split}: " + ", ".join(f"{name} {n:,}" for name, n in of.items()) for split, of in counts.items()),
    )
    frame = run_tables.counts(counts)
    told = frame.assign(**{split: [f"{n:,}" for n in frame[split]] for split in counts})
    st.table(told, border="horizontal", hide_index=True, width="content", alt="Faces per emotion and split")
    table_downloads.draw(frame, f"{run.name}-data", f"Faces per emotion and split of {run.name}")


def _share(figures: dict[str, Any]) -> str:
    low, high = figures["accuracy_ci95"]
    return f"{text.percent(figures['accuracy'])} (95% interval {100 * low:.1f} – {100 * high:.1f})"
