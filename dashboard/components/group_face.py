"""One face before several runs: what each answers, how sure it is, and where it sees that."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import resources, strip_pictures, text
from dashboard.components import answer_card, run_gallery, table_downloads
from dashboard.components.errors import sentences
from dashboard.components.faces_at_hand import Faces
from dashboard.face_tiles import FaceAnswer, answers_of_runs, face_answer

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Entrant


@st.dialog("Why these answers?", width="large", icon=":material/troubleshoot:", on_dismiss=run_gallery.close)
def explain(group: Sequence["Entrant"], faces: Faces, row: str) -> None:
    """Open the face in a row of the data set, as text.

    Args:
        group: Runs that were measured on the same faces, in the same order.
        faces: The faces of their predictions.
        row: Which; one that they were not measured on is told in a sentence.
    """
    scored = group[0].scored
    found = np.flatnonzero(scored.ids.astype(str) == row)
    if not len(found):
        st.info(f"Row {text.plain(row)} of the data set is none of the faces that these runs were scored on.", icon=":material/info:")
        return
    answers = [face_answer(entrant.scored, int(found[0])) for entrant in group]
    told = answers[0]
    st.markdown(f"The face in row {told.row}, labelled **{told.label}**. {_summary(answers)}")
    cards = _cards(group, answers, faces.tile(told.position))
    name, title = f"row-{told.row}-of-{len(group)}-runs", f"Row {told.row}, labelled {told.label}"
    if len(cards) == len(group):
        run_gallery.save_png("All as PNG", lambda: strip_pictures.sheet(cards, title), name)
    frame = answers_of_runs({entrant.name: entrant.scored for entrant in group}, told.position)
    table_downloads.draw(frame, name, f"{title}, {group[0].terms.measured_on}: probabilities by {', '.join(frame['Run'])}")


def _summary(answers: Sequence[FaceAnswer]) -> str:
    right, said = sum(face.right for face in answers), list(dict.fromkeys(face.answer for face in answers))
    if len(said) == 1:
        return f"All {len(answers)} runs answer {said[0]}."
    counts = ", ".join(f"{emotion} {sum(face.answer == emotion for face in answers)}" for emotion in said)
    return f"{right} of {len(answers)} runs are right: {counts}."


def _cards(group: Sequence["Entrant"], answers: Sequence[FaceAnswer], tile: np.ndarray) -> list[strip_pictures.Card]:
    """Draw a card of each run; gives them to take away, without those that could not be asked."""
    cards = []
    with st.container(horizontal=True, gap="small", key="cards"):
        for number, (entrant, face) in enumerate(zip(group, answers, strict=True)):
            with st.container(border=True, width=answer_card.WIDTH, gap="xsmall", key=f"card-{number}"), sentences():
                cards.append(_card(entrant, face, tile))
    return cards


def _card(entrant: "Entrant", face: FaceAnswer, tile: np.ndarray) -> strip_pictures.Card:
    probabilities, cam, alt = entrant.scored.probabilities[face.position], None, "the face, without a map"
    caption = text.no_map(entrant.run)
    st.markdown(f"**{text.plain(entrant.name)}**")
    answer_card.draw_answer(face.answer, face.probability)
    if entrant.run.spec.family == "cnn" and entrant.run.answers:
        explanation = resources.explanation(entrant.run, tile, face.answer, "gradcam++")
        cam, caption = explanation.cams[explanation.default_layer], f"Grad-CAM++ for {face.answer}, {explanation.default_layer}"
        alt = f"{caption}, bright places speak for {face.answer}"
    answer_card.draw_reasons(tile, cam, probabilities, caption, f"{entrant.name}: {alt}")
    return strip_pictures.Card(strip_pictures.shortened(entrant.name), face.says, probabilities, answer_card.seen(tile, cam))
