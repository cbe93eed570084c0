"""The model of a run as a table: a network's layers, or the features that an SVM sees."""

import streamlit as st

from dashboard.components import table_downloads
from dashboard.run_listing import Row
from dashboard.run_tables import architecture, features


def draw(row: Row) -> None:
    """Draw the layers of a run's network and the sum of their parameters."""
    if row.run.spec.family == "svm":
        _svm(row)
        return
    frame = architecture(row.run.network_spec.config)
    told = frame.assign(Parameters=[f"{number:,}" if number else "–" for number in frame["Parameters"]])
    st.table(told, border="horizontal", hide_index=True, width="content", alt=f"Layers of {row.run.name}, in the order in which they run")
    st.caption(
        "Output shape: channels × height × width, or units. A convolution's parameters include those of its batch normalisation; "
        "pooling learns nothing."
    )
    table_downloads.draw(frame, f"{row.run.name}-architecture", f"Architecture of {row.run.name}")


def _svm(row: Row) -> None:
    frame = features(row.run)
    st.table(frame, border="horizontal", hide_index=True, width="content", alt=f"Blocks of features that {row.run.name} sees")
    vectors = row.run.manifest.get("support_vectors") if row.run.finished else None
    words = "21 machines, one for each two emotions, vote; the features stand side by side."
    st.caption(words + (f" They share {vectors:,} support vectors." if vectors else ""))
    table_downloads.draw(frame, f"{row.run.name}-features", f"Features of {row.run.name}")
