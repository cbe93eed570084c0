"""Data: what a data set holds, what is wrong with it, and what that costs."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences

if TYPE_CHECKING:
    from dashboard.components.data_view import Opened

SECTIONS = ("Overview", "Faces", "Map", "Copies", "Labels", "Votes", "What it costs", "Clean", "Transfer")


def main() -> None:
    from dashboard.components import data_bring, data_view, train_data
    from fer_engine import settings

    data_view.leave()
    if settings.data_path() is None:
        st.info(
            "FER2013 is yours to bring (Kaggle: Challenges in Representation Learning: Facial Expression Recognition Challenge). Bring it "
            "here, say at 'FER2013' where it lies, or name it in FER_LAB_DATA. Until then the drawn faces show what this page does.",
            icon=":material/info:",
        )
    data_bring.draw()
    data = train_data.choose()
    if data.loaded is None:
        return
    data_view.describe(data.loaded.notices, data.loaded.skipped)
    section = st.segmented_control(
        "Part", SECTIONS, default="Overview", required=True, key="part", bind="query-params", label_visibility="collapsed"
    )
    with sentences():
        show(section or "Overview", data_view.Opened(data.name, data.loaded.faces, data.skip_bad))


def show(section: str, opened: "Opened") -> None:
    from dashboard.components import (
        data_clean,
        data_copies,
        data_costs,
        data_faces,
        data_labels,
        data_map,
        data_overview,
        data_transfer,
        data_votes,
    )

    parts = (data_overview, data_faces, data_map, data_copies, data_labels, data_votes, data_costs, data_clean, data_transfer)
    parts[SECTIONS.index(section)].draw(opened)


st.title("Data")
style.apply()
st.markdown("What the models learn from: look at it, find what is wrong with it, and see what that costs. Nothing here changes your files.")
with sentences():
    main()
