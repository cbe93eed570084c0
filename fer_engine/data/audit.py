"""What is wrong with a data set: copies, conflicting labels, faces that stand in two splits, images that show nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_engine.data.audit_groups import Groups, exact_copies, near_copies
from fer_engine.data.audit_quality import blank_images
from fer_engine.data.faceset import FaceSet
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

TRAINING = "Training"


@dataclass(frozen=True, eq=False)
class Audit:
    """What the images alone tell.

    Attributes:
        faces: The data set.
        exact: Images that are equal pixel for pixel.
        near: Images that are nearly equal; None where they were not looked for.
        blank: (N,) images of one grey, or nearly.
    """

    faces: FaceSet
    exact: Groups
    near: Groups | None
    blank: np.ndarray

    def leaked(self, split: str) -> np.ndarray:
        """Places (M,) of the images of a split that stand, pixel for pixel, in Training too."""
        return self.exact.twins(split, TRAINING)

    def counts(self) -> dict[str, Any]:
        """The figures by name, as JSON can have them."""
        others = [split for split in self.faces.splits if split != TRAINING]
        found: dict[str, Any] = {
            "images": len(self.faces),
            "duplicate_groups": len(self.exact.groups),
            "duplicate_images": self.exact.images,
            "conflicting_groups": len(self.exact.conflicting),
            "cross_split_groups": len(self.exact.crossing),
            "in_training_too": {split: len(self.leaked(split)) for split in others},
            "blank_images": int(self.blank.sum()),
        }
        if self.near is not None:
            found |= {
                "near_duplicate_groups": len(self.near.groups),
                "near_duplicate_images": self.near.images,
                "near_conflicting_groups": len(self.near.conflicting),
                "near_cross_split_groups": len(self.near.crossing),
                "near_in_training_too": {split: len(self.near.twins(split, TRAINING)) for split in others},
            }
        return found


def audit(faces: FaceSet, *, near: bool = True, progress: Callable[[float, str], None] = lambda _share, _what: None) -> Audit:
    """Look for copies and for images that show nothing.

    Args:
        faces: The data set.
        near: Whether to look for near copies too, which takes some seconds on FER2013.
        progress: Called with the fraction done and what is being done.
    """
    progress(0.0, "Comparing images")
    exact = exact_copies(faces)
    blank = blank_images(np.asarray(faces.images))
    close = near_copies(faces, blank, lambda share: progress(0.1 + 0.9 * share, "Comparing hashes")) if near else None
    return Audit(faces, exact, close, blank)


def groups_table(faces: FaceSet, groups: Groups) -> "pd.DataFrame":
    """A row an image of each group: group (from 1), row in the source, split, label, whether labels conflict, whether it crosses."""
    import pandas as pd

    rows = np.array([row for group in groups.groups for row in group.rows], dtype=np.int64)
    sizes = [len(group.rows) for group in groups.groups]
    return pd.DataFrame(
        {
            "group": np.repeat(np.arange(1, len(sizes) + 1), sizes),
            "row": faces.ids[rows],
            "split": faces.split[rows],
            "label": np.array(NAMES)[faces.labels[rows]],
            "labels_conflict": np.repeat([group.conflicting for group in groups.groups], sizes).astype(bool),
            "across_splits": np.repeat([group.crosses for group in groups.groups], sizes).astype(bool),
        }
    )


def copy_numbers(audit: Audit) -> np.ndarray:
    """A number (N,) that all copies of an image share, exact and near ones."""
    number = np.arange(len(audit.faces))
    for groups in (audit.exact, audit.near):
        for group in groups.groups if groups else ():
            number[list(group.rows)] = group.rows[0]  # a near group holds every exact copy of its images
    return number
