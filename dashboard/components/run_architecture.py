"""The network of a run as a table: what each layer does, what leaves it, what it learns."""

import streamlit as st

from dashboard.components import table_downloads
from dashboard.run_listing import Row
from dashboard.run_tables import architecture


def draw(row: Row) -> None:
    """Draw the layers of a run's network and the sum of their parameters."""
    frame = architecture(row.run.network_spec.config)
    told = frame.assign(Parameters=[f"{number:,}" if number else "–" for number in frame["Parameters"]])
    st.table(told, border="horizontal", hide_index=True, width="content", alt=f"Layers of {row.run.name}, in the order in which they run")
    st.caption(
        "Output shape: channels × height × width, or units. A convolution's parameters include those of its batch normalisation; "
        "pooling learns nothing."
    )
    table_downloads.draw(frame, f"{row.run.name}-architecture", f"Architecture of {row.run.name}")
