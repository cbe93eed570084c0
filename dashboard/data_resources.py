"""What is found of a data set, computed once and kept for all visitors: the caches of the page Data, beside `resources`.

What takes longer than a moment shows its progress, which a cached function must not do: such things are kept in a box
that is cached, and a lock lets the first visitor fill it and all others wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.resources import of_weights

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.data.audit import Audit
    from fer_engine.data.audit_findings import TrainingCheck
    from fer_engine.data.audit_quality import Quality
    from fer_engine.data.audit_votes import Votes
    from fer_engine.data.face_map import FaceMap
    from fer_engine.data.faceset import FaceSet
    from fer_engine.runs.store import Run

Show = Callable[[float, str], None]


@dataclass
class _Box:
    """A place for one thing, and who makes it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    content: Any = None


@st.cache_resource(max_entries=16, show_spinner=False)
def _box(kind: str, key: str) -> _Box:  # noqa: ARG001 - both are the cache's key
    return _Box()


def _once(kind: str, key: str, make: Callable[[], Any]) -> Any:
    box = _box(kind, key)
    with box.lock:
        if box.content is None:
            box.content = make()
        return box.content


def audit(key: str, faces: FaceSet, show: Show) -> Audit:
    """The audit of a data set that is known by this key."""
    from fer_engine.data.audit import audit as audit_faces

    return _once("audit", key, lambda: audit_faces(faces, progress=show))


@st.cache_resource(max_entries=3, show_spinner=False)
def quality(key: str, _faces: FaceSet) -> Quality:  # noqa: ARG001 - the cache's key
    """Brightness, contrast and sharpness of its images."""
    from fer_engine.data.audit_quality import measure_quality

    return measure_quality(_faces.images)


@st.cache_resource(max_entries=12, show_spinner=False)
def mean_faces(key: str, _faces: FaceSet, split: str) -> dict[str, np.ndarray]:  # noqa: ARG001 - the cache's key
    """The mean face of each emotion in a split."""
    from fer_engine.data.summary import mean_faces as measure

    return measure(_faces.part(split))


def votes(path: Path, key: str, faces: FaceSet) -> Votes:
    """The FER+ votes of a data set's faces.

    Raises:
        FerLabError: Where the file is none of votes, or does not fit.
    """
    from fer_engine.data.audit_votes import read_votes

    return _once("votes", f"{key}|{path}|{_changed(path)}", lambda: read_votes(path, faces))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def training_check(key: str, faces: FaceSet, ended: float) -> TrainingCheck | None:
    """The check of Training's labels as it was kept; None where it was not.

    Args:
        key: By which the data set is known.
        faces: The data set.
        ended: When its task ended, or 0: it is looked for once for each.
    """
    from fer_engine.data.audit_findings import kept_training_check

    return _looked_for("labels", f"{key}|{ended}", lambda: kept_training_check(faces))


def face_scores(key: str, faces: FaceSet, ended: float) -> np.ndarray | None:
    """The face detector's score of each image as it was kept; None where it was not asked. Arguments as `training_check`."""
    from fer_engine.data.audit_quality import kept_face_scores

    return _looked_for("faces", f"{key}|{ended}", lambda: kept_face_scores(faces))


def _looked_for(kind: str, key: str, find: Callable[[], Any]) -> Any:
    """What may be missing, looked for once: the box holds a tuple of it."""
    return _once(kind, key, lambda: (find(),))[0]


def face_map(key: str, faces: FaceSet, run: Run, method: str, n: int, show: Show) -> FaceMap:
    """The map of at most n of its faces by a network.

    Raises:
        FerLabError: Where there are too few faces.
    """
    from fer_engine.data.face_map import face_map as draw_map

    return _once(
        "map",
        f"{key}|{run.path}|{run.spec.hash}|{of_weights(run)}|{method}|{n}",
        lambda: draw_map(faces, run, method, n, show),
    )
