"""Moving and resizing the crop that becomes the face."""

import numpy as np
import streamlit as st

from fer_engine.faces import MARGIN, SHIFT, Box, Face, crop_face, crop_square

_DEFAULTS = {"crop-size": 100, "crop-right": 0, "crop-down": 0}


def reset() -> None:
    """Put the crop back where it was found; another face starts there, too."""
    for key, value in _DEFAULTS.items():
        st.session_state[key] = value


def new_picture() -> None:
    """Begin anew with another picture: its first face, as it was found."""
    reset()
    st.session_state["face"] = 1
    st.session_state["whole"] = False


def sliders() -> None:
    """The sliders, and the way back where there is one."""
    size, right, down = st.columns(3, gap="large")
    size.slider("Size (% of the usual crop)", 60, 200, 100, key="crop-size", bind="query-params")
    right.slider("Right (% of the face)", -50, 50, 0, key="crop-right", bind="query-params", help="To the left if negative.")
    down.slider("Down (% of the face)", -50, 50, 0, key="crop-down", bind="query-params", help="Up if negative.")
    if moved():
        st.button("Reset the crop", icon=":material/restart_alt:", on_click=reset)


def moved() -> bool:
    """Whether the visitor moved or resized the crop."""
    return any(st.session_state.get(key, value) != value for key, value in _DEFAULTS.items())


def cut(gray: np.ndarray, face: Face) -> tuple[Box, np.ndarray]:
    """The square that the sliders ask for, and what becomes of it.

    Args:
        gray: The upright image, uint8 (H, W).
        face: The face as it was found.

    Returns:
        The square in pixels of the image, and the tile uint8 (48, 48).
    """
    if not moved():
        return face.crop, face.tile
    size, right, down = (st.session_state.get(key, value) for key, value in _DEFAULTS.items())
    whole = face.crop.as_tuple() == face.detected.as_tuple()  # an image that was taken as a face has no margin
    margin = (1.0 if whole else MARGIN) * size / 100
    start = (0.0, 0.0) if whole else SHIFT
    shift = (start[0] + right / 100, start[1] + down / 100)
    return crop_square(face.detected, margin=margin, shift=shift), crop_face(gray, face.detected, margin=margin, shift=shift)
