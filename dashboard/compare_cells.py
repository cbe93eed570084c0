"""The cells of a confusion matrix minus another's: numbers, colours and ink. Knows no Streamlit and draws nothing."""

from dataclasses import dataclass

import numpy as np

from dashboard.run_charts import blend, hexadecimal, ink_on
from fer_engine.labels import N_CLASSES, NAMES

# From no difference to the largest, by who is better there; on a light and on a dark page.
NOTHING = {False: (244, 245, 251), True: (35, 38, 58)}
BETTER = {"A": {False: (74, 79, 181), True: (183, 187, 255)}, "B": {False: (142, 90, 20), True: (240, 190, 120)}}


@dataclass(frozen=True)
class DifferenceCell:
    """One cell of a confusion matrix minus another's.

    Attributes:
        label: What its faces are labelled.
        answer: What a model answered.
        count: Faces that B has more there than A.
        told: The same with its sign.
        better: 'A', 'B' or 'neither': more faces are good on the diagonal and bad beside it.
        fill: Its colour, hexadecimal.
        ink: The number's colour: black or white, whichever differs more from the fill.
    """

    label: str
    answer: str
    count: int
    told: str
    better: str
    fill: str
    ink: str


def difference_cells(difference: np.ndarray, *, dark: bool = False) -> tuple[DifferenceCell, ...]:
    """The cells of B minus A, row by row.

    Args:
        difference: Faces (7, 7), a row a label and a column an answer.
        dark: For a dark page.
    """
    largest, cells = max(1, int(np.abs(difference).max())), []
    for label, answer in np.ndindex(N_CLASSES, N_CLASSES):
        count = int(difference[label, answer])
        good = count if label == answer else -count
        better = "B" if good > 0 else "A" if good < 0 else "neither"
        end = BETTER[better][dark] if better != "neither" else NOTHING[dark]
        fill = blend(abs(count) / largest, NOTHING[dark], end)
        told = f"{count:+,}".replace("-", "−") if count else "0"
        cells.append(DifferenceCell(NAMES[label], NAMES[answer], count, told, better, hexadecimal(fill), ink_on(fill)))
    return tuple(cells)
