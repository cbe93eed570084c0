"""'What the model sees': the picture with its faces, the crop, and the 48x48 pixels that remain of it."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import pictures, resources
from dashboard.components import crop
from dashboard.components.source import Picture
from dashboard.text import plain
from fer_engine.faces import Box, FoundFaces, quality_notices


@dataclass(frozen=True, eq=False)
class Chosen:
    """The face that the models are asked about.

    Attributes:
        picture: Name of the image.
        size: Width and height of the upright image, pixels.
        box: The face in it.
        crop: The square that was cut.
        tile: uint8 (48, 48).
        notices: What may mislead a model, as sentences.
    """

    picture: str
    size: tuple[int, int]
    box: Box
    crop: Box
    tile: np.ndarray
    notices: tuple[str, ...]


def draw(picture: Picture) -> Chosen | None:
    """Draw what the models see of a picture; None where no face is found."""
    found = resources.find_faces(picture.data, picture.name, False)
    nothing = not found.faces
    if nothing and not st.session_state.get("whole"):
        st.warning(_no_face(found), icon=":material/face_retouching_off:")
    above = st.container()
    with st.expander("Move or resize the crop", icon=":material/crop:", expanded=nothing):
        whole = st.toggle("Whole image: take it as one face", key="whole", bind="query-params", on_change=crop.reset)
        if whole:
            found = resources.find_faces(picture.data, picture.name, True)
        if found.faces:
            crop.sliders()
    with above:
        number = _which(found)
    if not found.faces:
        alt = "The picture; no face was found in it"
        st.image(pictures.with_boxes(found, 0, None), caption=plain(picture.name), alt=alt)
        return None
    face = found.faces[number]
    square, tile = crop.cut(found.image.gray, face)
    _show(found, number, square, tile)
    notices = quality_notices(tile, face.detected) if crop.moved() else face.notices
    _say(found.notices, notices)
    return Chosen(picture.name, found.image.size, face.box, square, tile, found.notices + notices)


def _no_face(found: FoundFaces) -> str:
    width, height = found.image.size
    return (
        f"No face was found in this picture of {width}×{height} pixels. The detector knows upright faces seen from the front. "
        "If the picture itself is a face, switch on 'Whole image' below."
    )


def _which(found: FoundFaces) -> int:
    """The face to look at, by its position in the list."""
    if len(found.faces) < 2:
        return 0
    numbers = list(range(1, len(found.faces) + 1))
    chosen = st.segmented_control("Face", numbers, default=1, required=True, key="face", bind="query-params", on_change=crop.reset)
    return (chosen or 1) - 1


def _show(found: FoundFaces, number: int, square: Box, tile: np.ndarray) -> None:
    width, height = found.image.size
    count = "one face" if len(found.faces) == 1 else f"{len(found.faces)} faces"
    views = (
        (pictures.with_boxes(found, number, square), f"The picture, {width}×{height} pixels", f"The picture with {count}, boxed"),
        (pictures.cut_out(found.image.gray, square), f"The crop, {square.side}×{square.side} pixels", "The face cut out, in grey"),
        (pictures.enlarged(tile), "What the models see: 48×48 pixels", "The same face as 48 by 48 grey pixels"),
    )
    with st.container(horizontal=True, gap="medium", key="sees"):
        for view, caption, alt in views:
            st.image(view, caption=caption, alt=alt, width=view.shape[1])


def _say(image_notices: tuple[str, ...], face_notices: tuple[str, ...]) -> None:
    for notice in image_notices:
        st.info(plain(notice), icon=":material/info:")
    for notice in face_notices:
        st.warning(plain(notice), icon=":material/warning:")
