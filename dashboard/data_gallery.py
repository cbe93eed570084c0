"""Which faces of a data set are asked for, and how they are shown. No Streamlit here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dashboard.data_charts import CHOICE_COLORS
from dashboard.face_tiles import FACE, ZOOM, sheet
from fer_engine.data.audit_votes import CHOICES, Votes
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    from fer_engine.data.faceset import FaceSet


@dataclass(frozen=True)
class Wanted:
    """Which faces are asked for; None for any.

    Attributes:
        split: The split.
        label: The emotion that they are labelled.
        agreement: Lowest and highest share of the FER+ votes that one choice has, from 0 to 1.
        among: (N,) further faces that count, for example those that a run gets wrong.
    """

    split: str | None = None
    label: str | None = None
    agreement: tuple[float, float] | None = None
    among: np.ndarray | None = None


def chosen(faces: "FaceSet", wanted: Wanted, votes: Votes | None) -> np.ndarray:
    """Places (M,) in the data set of the faces that are asked for, in its order."""
    keep = np.ones(len(faces), bool)
    if wanted.split is not None:
        keep &= faces.split == wanted.split
    if wanted.label is not None:
        keep &= faces.labels == NAMES.index(wanted.label)
    if wanted.agreement is not None and votes is not None:
        low, high = wanted.agreement
        keep &= (votes.agreement >= low - 1e-9) & (votes.agreement <= high + 1e-9)
    if wanted.among is not None:
        keep &= wanted.among
    return np.flatnonzero(keep)


@dataclass(frozen=True, eq=False)
class Tile:
    """A face as it is shown.

    Attributes:
        picture: uint8 (H, W), enlarged.
        words: What stands below it.
        alt: For those who do not see it.
    """

    picture: np.ndarray
    words: str
    alt: str


def face_tile(faces: "FaceSet", place: int, words: str = "", votes: Votes | None = None) -> Tile:
    """The face at a place of the data set.

    Args:
        faces: The data set.
        place: Where in it.
        words: What stands below it; by default its label and what most FER+ annotators chose.
        votes: The FER+ votes, or None.
    """
    label = NAMES[faces.labels[place]]
    alt = f"Face in row {faces.ids[place]} of {faces.split[place]}, labelled {label}"
    told = label
    if votes is not None:
        majority, share = CHOICES[votes.majority[place]], votes.agreement[place]
        told = f"{label} · {majority} {round(10 * float(share))}/10"
        alt += f", FER+ {majority} by {round(10 * float(share))} of 10"
    return Tile(enlarged(np.asarray(faces.images[place])), words or told, f"{alt}; {words}" if words else alt)


def vote_bars_html(counts: np.ndarray) -> str:
    """The votes (10,) for a face as small bars: each of `CHOICES` that has one, the most voted first, with its number."""
    total = max(int(counts.sum()), 1)
    order = [number for number in np.argsort(-counts, kind="stable") if counts[number]]
    told = ", ".join(f"{CHOICES[number]} {counts[number]}" for number in order)
    rows = "".join(
        f"<span>{CHOICES[number]}</span><i><b style='width:{100 * counts[number] / total:.0f}%;"
        f"background:{CHOICE_COLORS[CHOICES[number]]}'></b></i><span>{counts[number]}</span>"
        for number in order
    )
    return f"<div class='fer-bars' role='img' aria-label='FER+ votes: {told}'>{rows}</div>"


def enlarged(image: np.ndarray) -> np.ndarray:
    """A face uint8 (48, 48), each pixel `ZOOM` times as wide and high."""
    return image.repeat(ZOOM, 0).repeat(ZOOM, 1)


def tile_sheet(tiles: Sequence[Tile]) -> np.ndarray:
    """Tiles with their words on white, uint8 RGB, for a download; a note where there is none."""
    pictures = []
    for tile in tiles:
        picture = np.full((FACE, FACE + 60, 4), 255, np.uint8)
        picture[:, :FACE, :3] = tile.picture[..., None]
        pictures.append((picture, tile.words))
    return sheet(pictures)
