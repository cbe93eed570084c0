"""The parts of a card with what one run says of a face: in the strip on Analyse, and where Compare has several runs explain a face."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import strip_pictures
from dashboard.text import probability
from fer_engine.labels import COLORS

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.explain.gradcam import ClassMap

WIDTH = 188  # of a card, pixels; four stand side by side
MAP = 154  # of the face on it


def draw_answer(label: str, share: float) -> None:
    """Draw the emotion that is answered, in its colour, and its probability, from 0 to 1."""
    swatch = f"<span style='color:{COLORS[label]}' aria-hidden='true'>■</span>"
    st.markdown(f"{swatch} {label}, {probability(share)}", unsafe_allow_html=True)


def draw_reasons(tile: "np.ndarray", cam: "ClassMap | None", probabilities: "np.ndarray", caption: str, alt: str) -> None:
    """Draw the face uint8 (48, 48) under its map, where it has one, and the seven probabilities."""
    st.image(seen(tile, cam, MAP), caption=caption, alt=alt, width=MAP)
    st.html(strip_pictures.bars_html(probabilities))


def seen(tile: "np.ndarray", cam: "ClassMap | None", size: int = strip_pictures.MAP) -> "np.ndarray":
    """The face under a map, or alone, uint8 RGB (size, size, 3)."""
    from fer_engine.explain.render import face_image, overlay

    return face_image(tile, size) if cam is None else overlay(tile, cam, size=size)
