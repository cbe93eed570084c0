"""Faces of a data set beside their probabilities, as small pictures. No Streamlit here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dashboard.text import percent, probability
from fer_engine.labels import COLORS, NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.evaluation.curves import Scored

ZOOM = 2
FACE = 48 * ZOOM
BARS = 64  # pixels of the longest bar
BARS_OF_TWO = 29  # where two runs' bars stand side by side
GAP = 6
PER_ROW = 6  # on a sheet of thumbnails
_EDGE = 1  # for the frame around the first and the last bar
_PITCH = (FACE - 2 * _EDGE) / len(NAMES)


@dataclass(frozen=True)
class FaceAnswer:
    """What a run said of one face.

    Attributes:
        position: Its place in the run's predictions.
        row: Its row in the data set.
        label: The emotion that it is labelled.
        answer: The emotion that the network says.
        probability: Of the answer.
    """

    position: int
    row: int
    label: str
    answer: str
    probability: float

    @property
    def right(self) -> bool:
        """Whether the answer is the label."""
        return self.label == self.answer

    @property
    def told(self) -> str:
        """In short: the label, the answer and how sure it is."""
        return self.says if self.right else f"{self.label} → {self.says}"

    @property
    def says(self) -> str:
        """The answer and how sure it is."""
        return f"{self.answer} {probability(self.probability)}"

    @property
    def alt(self) -> str:
        """For those who do not see the picture."""
        return f"Face in row {self.row}, labelled {self.label}, answered {self.answer} with {percent(self.probability)}"


def face_answer(scored: "Scored", position: int) -> FaceAnswer:
    """What a run said of the face at this place in its predictions."""
    label, answer = int(scored.labels[position]), int(scored.answers[position])
    return FaceAnswer(position, int(scored.ids[position]), NAMES[label], NAMES[answer], float(scored.probabilities[position, answer]))


def ordered(scored: "Scored", *, right: bool | None, label: str | None, answer: str | None, surest_first: bool) -> np.ndarray:
    """Places in a run's predictions of the faces that are asked for, by how sure the answer is.

    Args:
        scored: The predictions.
        right: Right answers alone, mistakes alone, or both where it is None.
        label: The emotion they are labelled; any where it is None.
        answer: The emotion that is answered; any where it is None.
        surest_first: Or last.

    Returns:
        (M,) places; of equally sure ones the earlier first.
    """
    wanted = np.ones(len(scored.labels), bool)
    if right is not None:
        wanted &= (scored.labels == scored.answers) == right
    if label is not None:
        wanted &= scored.labels == NAMES.index(label)
    if answer is not None:
        wanted &= scored.answers == NAMES.index(answer)
    places = np.flatnonzero(wanted)
    sure = scored.probabilities.max(1)[places]
    return places[np.argsort(-sure if surest_first else sure, kind="stable")]


def thumbnail(face: np.ndarray, probabilities: np.ndarray, label: str, longest: int = BARS) -> np.ndarray:
    """A face, and beside it seven bars in class order and the emotions' colours; a frame marks the label's.

    Args:
        face: uint8 (48, 48).
        probabilities: (7,), from 0 to 1.
        label: The emotion that the face is labelled.
        longest: Pixels of a bar that stands for 1.

    Returns:
        uint8 RGBA (FACE, FACE + GAP + longest + 2, 4); transparent around the bars, for light and dark pages.
    """
    picture = np.zeros((FACE, FACE + GAP + longest + 2, 4), np.uint8)
    picture[:, :FACE, :3] = face.repeat(ZOOM, 0).repeat(ZOOM, 1)[..., None]
    picture[:, :FACE, 3] = 255
    left = FACE + GAP
    for number, name in enumerate(NAMES):
        top, bottom = _EDGE + round(number * _PITCH) + 2, _EDGE + round((number + 1) * _PITCH) - 2
        if name == label:
            picture[top - 2 : bottom + 2, left - 2 :] = (138, 143, 156, 255)
            picture[top - 1 : bottom + 1, left - 1 : -1] = 0
        picture[top:bottom, left : left + max(1, round(longest * float(probabilities[number])))] = (*_rgb(COLORS[name]), 255)
    return picture


def thumbnail_of_two(face: np.ndarray, a: np.ndarray, b: np.ndarray, label: str) -> np.ndarray:
    """A face as `thumbnail` draws it, with the bars of two runs beside it: A's, then B's.

    Args:
        face: uint8 (48, 48).
        a: A's probabilities, (7,), from 0 to 1.
        b: B's.
        label: The emotion that the face is labelled.

    Returns:
        uint8 RGBA (FACE, FACE + 2 * (GAP + BARS_OF_TWO + 2), 4).
    """
    first, second = (thumbnail(face, probabilities, label, BARS_OF_TWO) for probabilities in (a, b))
    return np.hstack([first, second[:, FACE:]])


def sheet(faces: Sequence[tuple[np.ndarray, str]]) -> np.ndarray:
    """Thumbnails with what stands below each, on white, for a download.

    Args:
        faces: At least one thumbnail as `thumbnail` makes it, with its words.

    Returns:
        uint8 RGB (H, W, 3), at twice the thumbnails' size.
    """
    height, width = faces[0][0].shape[:2]
    across, down = width + 18, height + 26
    columns = min(PER_ROW, len(faces))
    image = Image.new("RGB", (2 * across * columns, 2 * down * -(-len(faces) // columns)), "white")
    draw = ImageDraw.Draw(image)
    for number, (picture, words) in enumerate(faces):
        left, top = 2 * across * (number % columns), 2 * down * (number // columns)
        tile = Image.fromarray(picture.repeat(2, 0).repeat(2, 1))
        image.paste(tile, (left + 8, top + 8), tile)
        draw.text((left + 8, top + 2 * height + 14), words, fill="#1F2430", font=ImageFont.load_default(24))
    return np.asarray(image)


def answers_table(scored: "Scored", positions: np.ndarray) -> "pd.DataFrame":
    """A row a face of a run's predictions: its row in the data set, label, answer and seven probabilities.

    Args:
        scored: The predictions.
        positions: (M,) places in them, in the order to list.
    """
    import pandas as pd

    names = np.array(NAMES)
    told = pd.DataFrame({"Row": scored.ids, "Label": names[scored.labels], "Answer": names[scored.answers]})
    return pd.concat([told, pd.DataFrame(scored.probabilities.round(6), columns=list(NAMES))], axis=1).iloc[positions]


def answers_of_runs(runs: Mapping[str, "Scored"], position: int) -> "pd.DataFrame":
    """What runs say of one face: a row a run, with its name, its answer and seven probabilities.

    Args:
        runs: Their predictions, of the same faces in the same order, by name.
        position: The face's place in these.
    """
    import pandas as pd

    told = [(name, scored, face_answer(scored, position).answer) for name, scored in runs.items()]
    return pd.DataFrame(
        {"Run": name, "Answer": answer} | dict(zip(NAMES, scored.probabilities[position].round(6).tolist(), strict=True))
        for name, scored, answer in told
    )


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
