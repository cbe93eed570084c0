"""Faces of which two runs say different things: thumbnails with both answers, and one of them explained by both, side by side."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import text
from dashboard.compare_tables import KINDS
from dashboard.components import answer_card, run_gallery, table_downloads
from dashboard.components.errors import sentences
from dashboard.components.faces_at_hand import Faces
from dashboard.components.run_gallery import save_png
from dashboard.face_tiles import FaceAnswer, answers_of_runs, face_answer, sheet, thumbnail_of_two
from dashboard.strip_pictures import Card, shortened
from dashboard.strip_pictures import sheet as sheet_of_cards
from fer_engine.labels import COLORS

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Entrant, Pair
    from fer_engine.explain.gradcam import ClassMap

PER_PAGE = 12  # of each gallery
WIDTH = 170  # of a thumbnail, pixels; two stand side by side on a telephone, too
SIDE = 176  # of the face and of each map, pixels; three stand side by side in half a dialog
LEGEND = (
    "Beside each face: the probability of each emotion, from angry at the top to neutral, by A and then by B, the label's in a frame. "
    "Below: what A and what B answers; click it to see why, side by side."
)
_OUTCOMES = {
    (True, True): "Both are right.",
    (False, True): "B fixed what A had wrong.",
    (True, False): "B broke what A had right.",
    (False, False): "Both are wrong.",
}


def draw(pair: "Pair", faces: Faces, rows: np.ndarray, kind: str, name: str) -> None:
    """Draw one page of thumbnails.

    Args:
        pair: Two runs that were measured on the same faces.
        faces: The faces of their predictions.
        rows: (M,) rows of the data set, at least one, in the order to show.
        kind: What became of these faces, one of `KINDS`; no two galleries of a page share one.
        name: Of the file with all of this page's faces, without an ending.
    """
    key = _page_key(kind)
    pages = -(-len(rows) // PER_PAGE)
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    place = st.container(horizontal=True, gap="small", key=f"faces-{kind}")
    page = st.pagination(pages, key=key, bind="query-params") if pages > 1 else 1
    positions = np.searchsorted(pair.a.scored.ids, rows[PER_PAGE * (page - 1) : PER_PAGE * page])
    shown = [(_both(pair, int(position)), _picture(pair, faces, int(position))) for position in positions]
    with place:
        for (a, b), picture in shown:
            _thumbnail(a, b, picture)
    save_png("These faces as PNG", lambda: sheet([(picture, _says(a, b)) for (a, b), picture in shown]), name)


def first_page() -> None:
    """Begin at the first page of every gallery again; for cells that are chosen."""
    for kind in KINDS:
        st.session_state[_page_key(kind)] = 1


def _page_key(kind: str) -> str:
    return f"{run_gallery.PAGE}-{kind}"


def explain_chosen(pair: "Pair", faces: Faces) -> None:
    """Open the face that was clicked, or that the page's address names, if there is one."""
    if run_gallery.CHOSEN in st.query_params:
        _why(pair, faces, st.query_params[run_gallery.CHOSEN])


def _both(pair: "Pair", position: int) -> tuple[FaceAnswer, FaceAnswer]:
    return face_answer(pair.a.scored, position), face_answer(pair.b.scored, position)


def _says(a: FaceAnswer, b: FaceAnswer) -> str:
    return f"A {a.says}, B {b.says}"


def _picture(pair: "Pair", faces: Faces, position: int) -> np.ndarray:
    a, b = pair.a.scored.probabilities[position], pair.b.scored.probabilities[position]
    return thumbnail_of_two(faces.tile(position), a, b, face_answer(pair.a.scored, position).label)


def _thumbnail(a: FaceAnswer, b: FaceAnswer, picture: np.ndarray) -> None:
    with st.container(width=WIDTH, gap="xsmall"):
        st.image(
            picture,
            width=picture.shape[1],
            alt=f"Face in row {a.row}, labelled {a.label}; A says {a.answer} with {text.percent(a.probability)}, "
            f"B says {b.answer} with {text.percent(b.probability)}",
            output_format="PNG",
        )
        st.button(
            text.plain(_says(a, b)),
            key=f"why-{a.row}",
            type="tertiary",
            help=f"Why? Row {a.row} of the data set",
            on_click=run_gallery.choose,
            args=(a.row,),
        )


@st.dialog("Why these answers?", width="large", icon=":material/troubleshoot:", on_dismiss=run_gallery.close)
def _why(pair: "Pair", faces: Faces, row: str) -> None:
    """One face, by both runs."""
    found = np.flatnonzero(pair.a.scored.ids.astype(str) == row)
    if not len(found):
        st.info(f"Row {text.plain(row)} of the data set is none of the faces that these runs were scored on.", icon=":material/info:")
        return
    with sentences():
        _explain(pair, faces, int(found[0]))


def _explain(pair: "Pair", faces: Faces, position: int) -> None:
    a, b = _both(pair, position)
    st.markdown(f"The face in row {a.row}, labelled **{a.label}**. {_OUTCOMES[a.right, b.right]}")
    cards = []
    halves = (("A", pair.a, a), ("B", pair.b, b))
    for (letter, entrant, face), column in zip(halves, st.columns(2, gap="large"), strict=True):
        with column:
            cards.append(_half(letter, entrant, faces.tile(position), face))
    name, title = f"{pair.a.name}-to-{pair.b.name}-row-{a.row}".replace("/", "-"), f"Row {a.row}, labelled {a.label}"
    there = [card for card in cards if card]
    if len(there) == len(cards):
        save_png("Both as PNG", lambda: sheet_of_cards(there, title), name)
    frame = answers_of_runs({entrant.name: entrant.scored for _, entrant, _ in halves}, position)
    table_downloads.draw(frame, name, f"{title}, {pair.a.terms.measured_on}: probabilities by {pair.a.name} and {pair.b.name}")


def _half(letter: str, entrant: "Entrant", tile: np.ndarray, face: FaceAnswer) -> Card | None:
    """What one run says, and why; gives the same as a card to take away, or None where it cannot be asked."""
    key, whose = f"why-{letter.lower()}", f"{letter}, {entrant.name}: "
    name = f"{letter}-{entrant.name}-row-{face.row}".replace("/", "-")
    swatch = f"<span style='color:{COLORS[face.answer]}' aria-hidden='true'>■</span>"
    st.markdown(f"#### {swatch} {letter} says {face.answer}, {text.probability(face.probability)}", unsafe_allow_html=True)
    st.caption(f"{text.plain(entrant.name)}: {text.plain(text.model_words(entrant.run.spec))}")
    run_gallery.bars(entrant.scored, face, name, key=key, whose=whose)
    with sentences():
        maps = run_gallery.face_and_maps(entrant.run, tile, face, name, key=key, whose=whose, side=SIDE)
        return _card(letter, entrant, tile, face, maps.get(face.answer))
    return None


def _card(letter: str, entrant: "Entrant", tile: np.ndarray, face: FaceAnswer, cam: "ClassMap | None") -> Card:
    name, probabilities = shortened(entrant.name), entrant.scored.probabilities[face.position]
    return Card(f"{letter}: {name}", face.says, probabilities, answer_card.seen(tile, cam))
