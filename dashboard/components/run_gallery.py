"""The faces behind a run's figures: thumbnails with probabilities, and one of them explained."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import pictures, resources, text
from dashboard.components import table_downloads
from dashboard.components.errors import sentences
from dashboard.components.faces_at_hand import Faces
from dashboard.face_tiles import FACE, FaceAnswer, answers_table, face_answer, sheet, thumbnail
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    from fer_engine.evaluation.curves import Scored
    from fer_engine.explain.gradcam import ClassMap
    from fer_engine.runs.store import Run

PER_PAGE = 24
PAGE, CHOSEN = "page", "row"  # in the page's address
WIDTH = 168  # of a thumbnail, pixels


def draw(run: "Run", scored: "Scored", faces: Faces, positions: np.ndarray, why: Callable[[str], None] | None = None) -> None:
    """Draw one page of thumbnails, and the face that is chosen.

    Args:
        run: The run.
        scored: Its predictions.
        faces: Their faces.
        positions: Places in the predictions, in the order to show.
        why: Explains the face in a row of the data set, as text; None where this run alone explains it.
    """
    if not len(positions):
        st.info("There is no such face.", icon=":material/info:")
        return
    pages = -(-len(positions) // PER_PAGE)
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = pages
    st.caption(
        "Beside each face: the probability of each emotion, from angry at the top to neutral, the label's in a frame. "
        "Below: label → answer with its probability; click it to see why."
    )
    place = st.container(horizontal=True, gap="small", key="faces")
    page = st.pagination(pages, key=PAGE, bind="query-params") if pages > 1 else 1
    shown = [face_answer(scored, int(position)) for position in positions[PER_PAGE * (page - 1) : PER_PAGE * page]]
    with place:
        for face in shown:
            _thumbnail(faces, scored, face)
    _downloads(run, scored, faces, positions, shown)
    if CHOSEN in st.query_params:
        row = st.query_params[CHOSEN]
        why(row) if why else _why(run, scored, faces, row)


def _downloads(run: "Run", scored: "Scored", faces: Faces, positions: np.ndarray, shown: list[FaceAnswer]) -> None:
    caption = f"Answers of {run.name}, as listed: {text.protocol(run)}"
    table_downloads.draw(answers_table(scored, positions), f"{run.name}-faces", caption)
    save_png("These faces as PNG", lambda: sheet([(_picture(faces, scored, face), face.told) for face in shown]), f"{run.name}-faces")


def save_png(label: str, make: Callable[[], np.ndarray], name: str) -> None:
    """A button that saves a picture uint8 (H, W, 3), made when it is clicked."""

    def png() -> bytes:
        from fer_engine.explain.render import to_png

        return to_png(make())

    key = f"download-{name}.png"
    st.download_button(label, png, f"{name}.png", "image/png", key=key, on_click="ignore", icon=":material/download:", type="tertiary")


def _picture(faces: Faces, scored: "Scored", face: FaceAnswer) -> np.ndarray:
    return thumbnail(faces.tile(face.position), scored.probabilities[face.position], face.label)


def first_page() -> None:
    """Begin at the first page again; for filters that change."""
    st.session_state[PAGE] = 1


def _thumbnail(faces: Faces, scored: "Scored", face: FaceAnswer) -> None:
    with st.container(width=WIDTH, gap="xsmall"):
        picture = _picture(faces, scored, face)
        st.image(picture, width=picture.shape[1], alt=face.alt, output_format="PNG")
        st.button(
            face.told,
            key=f"why-{face.row}",
            type="tertiary",
            help=f"Why? Row {face.row} of the data set",
            on_click=choose,
            args=(face.row,),
        )


def choose(row: int) -> None:
    """Let the page's address name the face in this row of the data set."""
    st.query_params[CHOSEN] = str(row)


def close() -> None:
    """Let it name none."""
    st.query_params.pop(CHOSEN, None)


@st.dialog("Why this answer?", width="large", icon=":material/troubleshoot:", on_dismiss=close)
def _why(run: "Run", scored: "Scored", faces: Faces, row: str) -> None:
    """The face that was clicked, or that the page's address names."""
    found = np.flatnonzero(scored.ids.astype(str) == row)
    if not len(found):
        st.info(f"Row {text.plain(row)} of the data set is none of the faces that this run was scored on.", icon=":material/info:")
        return
    with sentences():
        _explain(run, scored, faces, face_answer(scored, int(found[0])))


def _explain(run: "Run", scored: "Scored", faces: Faces, face: FaceAnswer) -> None:
    st.markdown(f"Labelled **{face.label}**, answered **{face.answer}** with {text.percent(face.probability)}.")
    left, right = st.columns([3, 2], gap="large")
    with left:
        face_and_maps(run, faces.tile(face.position), face, f"{run.name}-row-{face.row}")
    with right:
        bars(scored, face, f"{run.name}-row-{face.row}")


def face_and_maps(
    run: "Run",
    tile: np.ndarray,
    face: FaceAnswer,
    name: str,
    *,
    key: str = "why",
    whose: str = "",
    alone: str = "",
    side: int = 2 * FACE,
) -> dict[str, "ClassMap"]:
    """Draw a face beside what its run's network saw of it, and a button that saves these pictures.

    Args:
        run: The run.
        tile: The face, uint8 (48, 48).
        face: What the run said of it.
        name: Of the file, without an ending.
        key: Tells it from others on the page.
        whose: What the pictures are said to be of, for those who do not see them, where others stand beside them.
        alone: The caption of a face without maps; by default it says why there are none.
        side: Of each picture, pixels.

    Returns:
        Grad-CAM++ for the answer and for the label, by emotion; of an SVM none, nor of a run without weights.

    Raises:
        FerLabError: Where the network cannot be asked. The face is drawn by then.
    """
    from fer_engine.explain.render import overlay

    mapped = run.spec.family == "cnn" and run.answers
    emotions = tuple(dict.fromkeys((face.answer, face.label))) if mapped else ()
    plain_face = pictures.resized(tile, (side, side))
    seen, maps = [plain_face[..., None].repeat(3, 2)], {}
    with st.container(horizontal=True, gap="small", key=f"heat-{key}"):
        st.image(plain_face, caption="The face" if emotions else alone or text.no_map(run), alt=whose + face.alt, width=side)
        for emotion in emotions:
            explanation = resources.explanation(run, tile, emotion, "gradcam++")
            maps[emotion] = explanation.cams[explanation.default_layer]
            seen.append(overlay(tile, maps[emotion], 0.6, size=side))
            caption = f"Grad-CAM++ for {emotion}, {'the answer' if emotion == face.answer else 'the label'}"
            st.image(seen[-1], caption=caption, alt=f"{whose}{caption}: bright places speak for {emotion}", width=side)
    save_png("These as PNG", lambda: np.hstack(seen), name)
    return maps


def bars(scored: "Scored", face: FaceAnswer, name: str, *, key: str = "why", whose: str = "") -> None:
    """Draw a face's seven probabilities; arguments as in `face_and_maps`."""
    from dashboard import charts

    told = [float(value) for value in scored.probabilities[face.position]]
    st.plotly_chart(
        charts.probability_bars(told),
        key=f"{key}-bars",
        config=charts.download_config(f"{name}-probabilities"),
        alt=f"{whose}Probabilities of the face in row {face.row}: "
        + ", ".join(f"{emotion} {text.percent(value)}" for emotion, value in zip(NAMES, told, strict=True)),
    )
