"""The faces behind a run's predictions: found in the data set at hand by their content, or told why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import resources
from dashboard.text import plain
from fer_engine import settings
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.data.faceset import FaceSet
    from fer_engine.data.loaded import Progress
    from fer_engine.evaluation.curves import Scored
    from fer_engine.runs.store import Run

NONE_NAMED = "No data set is at hand. Open FER2013 on the page Train, or name its file or folder in FER_LAB_DATA, then reload this page."


@dataclass(frozen=True, eq=False)
class Faces:
    """The faces of a run's predictions.

    Attributes:
        images: uint8 (M, 48, 48), the split's images.
        places: (N,) where among them the face of each prediction is.
    """

    images: np.ndarray
    places: np.ndarray

    def tile(self, position: int) -> np.ndarray:
        """The face of a prediction, uint8 (48, 48)."""
        return np.asarray(self.images[self.places[position]])


def find(run: "Run", scored: "Scored", also: Sequence["Run"] = ()) -> Faces | None:
    """The faces of a run's predictions; where they are not at hand, says why and gives None.

    Args:
        run: The run.
        scored: Its predictions.
        also: Runs that were measured on the same faces, and may know another place where these are.
    """
    bar = st.empty()

    def progress(share: float, what: str) -> None:
        bar.progress(min(1.0, share), f"{what} …")

    try:
        return _find(run, scored, also, progress)
    except FerLabError as error:
        st.info(f"The faces themselves are not shown. {plain(str(error))}", icon=":material/image_not_supported:")
        return None
    finally:
        bar.empty()


def _find(run: "Run", scored: "Scored", also: Sequence["Run"], progress: "Progress") -> Faces:
    """The faces in the first data set that holds them.

    Raises:
        FerLabError: Where none does; the sentence is on the last one.
    """
    problem = NONE_NAMED
    for name in dict.fromkeys(name for one in (run, *also) for name in _names(one, scored)):
        try:
            return _matched(run, scored, resources.split_of_data(name, scored.split, progress))
        except FerLabError as error:
            problem = str(error)
    raise FerLabError(problem)


def _names(run: "Run", scored: "Scored") -> tuple[str, ...]:
    """Where the run's faces may be: in what it was launched with, in a drawn set if it was drawn, in what is at hand."""
    from fer_engine.runs.records import read_record

    record, path = read_record(run), settings.data_path()
    # A drawn set has a tenth of its faces in each split that is not learnt from; no record is left of a study's launch.
    drawn = [f"synthetic:{10 * len(scored.ids)}", "synthetic"] if run.spec.data.name == "synthetic" else []
    names = [record.launch.data if record else "", *drawn, str(path or "")]
    return tuple(dict.fromkeys(name for name in names if name))


def _matched(run: "Run", scored: "Scored", part: "FaceSet") -> Faces:
    if part.content_hash != run.spec.data.valid_hash:
        raise FerLabError(
            f"The data set at hand, '{part.name}', is not the one of this run: its {scored.split} has the content {part.content_hash}, "
            f"the run's {run.spec.data.valid_hash}. Name the run's data set in FER_LAB_DATA, and reload this page."
        )
    order = np.argsort(part.ids)
    places = order[np.searchsorted(part.ids, scored.ids, sorter=order).clip(max=len(order) - 1)]
    # The same faces in another order, as in folders of images, have other row numbers.
    if not (np.array_equal(part.ids[places], scored.ids) and np.array_equal(part.labels[places], scored.labels)):
        raise FerLabError(
            "The data set at hand holds the same faces as the run's, but in another order, so that they cannot be told apart by their row. "
            "Name the very file or folder in FER_LAB_DATA that the run was trained from, and reload this page."
        )
    return Faces(part.images, places)
