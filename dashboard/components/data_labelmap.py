"""What the folder names of a set that is brought mean, shown for confirmation and open to change."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.text import plain
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    from fer_engine.data.importing import LabelMap, Survey

LEAVE_OUT = "leave out"


def draw(found: "Survey", key: str) -> "LabelMap | None":
    """Draw the table of words; what it says, or None while a word has no meaning."""
    import pandas as pd

    if found.layout:
        st.info(f"{found.images:,} images in the layout of {found.layout}: that set's own labels hold.", icon=":material/folder_special:")
        return {}
    st.markdown(plain(f"{found.images:,} images in folders of these names. Do they mean this?"))
    rows = pd.DataFrame(
        {
            "Folder name": [word.word for word in found.words],
            "Images": [word.images for word in found.words],
            "Emotion": [None if word.label is None else NAMES[word.label] for word in found.words],
        }
    )
    told = st.data_editor(
        rows,
        key=key,
        hide_index=True,
        alt="Folder names and the emotion that each is taken for",
        disabled=["Folder name", "Images"],
        column_config={"Emotion": st.column_config.SelectboxColumn(options=[*NAMES, LEAVE_OUT], required=True)},
    )
    open_words = told.loc[told["Emotion"].isna(), "Folder name"].tolist()
    if open_words:
        every = st.toggle(
            f"Leave out names without an emotion ({len(open_words)})",
            key=f"{key}-rest",
            help="Or choose an emotion for each in the table.",
        )
        if not every:
            st.warning(plain(f"No emotion is known by {', '.join(open_words[:8])}. Choose one in the table, or leave them out."))
            return None
    return table_of(told["Folder name"].tolist(), [None if pd.isna(value) else str(value) for value in told["Emotion"]])


def table_of(words: list[str], emotions: list[str | None]) -> "LabelMap":
    """The table of words as the engine takes it; what is left out, or has no emotion, is None."""
    from fer_engine.data.vocabulary import folded

    return {
        folded(word): None if emotion in (None, LEAVE_OUT) else NAMES.index(str(emotion))
        for word, emotion in zip(words, emotions, strict=True)
    }
