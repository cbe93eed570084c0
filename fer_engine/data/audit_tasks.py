"""The slow checks of a data set as tasks: likely label errors in Training, and images without a face.

What they find lies in the cache, where `data audit --labels --faces` looks for it and keeps it, too.
"""

import hashlib
from typing import Any

from fer_engine import settings
from fer_engine.data.audit import audit
from fer_engine.data.audit_findings import check_training, kept_training_check
from fer_engine.data.audit_quality import face_scores, faces_in_order, kept_face_scores
from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError
from fer_engine.runs.records import absolute_data
from fer_engine.runs.tasks import Task, Tell

LABELS, FACES = "labels", "faces"
# The shares of a task's bar at which the data are open, and, of the check of labels, the images compared.
_OPEN, _COMPARED = 0.02, 0.1


def content_key(faces: FaceSet) -> str:
    """A hash of images, labels and splits in their order, by which what is found of them is known."""
    splits = hashlib.sha256("\n".join(faces.split.tolist()).encode()).hexdigest()[:8]
    return f"{faces_in_order(faces)}-{splits}"


def labels_task(place: str, key: str, *, skip_bad: bool) -> Task:
    """The check of Training's labels.

    Args:
        place: Where the data set lies, as `fer_engine.data.source.open_data` takes it.
        key: Its `content_key`.
        skip_bad: Whether rows that cannot be read are left out.
    """
    return _task(LABELS, place, key, skip_bad)


def faces_task(place: str, key: str, *, skip_bad: bool) -> Task:
    """The look for images without a face; arguments as `labels_task`."""
    return _task(FACES, place, key, skip_bad)


def _task(kind: str, place: str, key: str, skip_bad: bool) -> Task:
    return Task(kind, key, {"data": absolute_data(place), "skip_bad": "yes" if skip_bad else ""})


def check_labels_of(task: Task, tell: Tell) -> None:
    """Do the check of labels.

    Raises:
        FerLabError: Where the data cannot be opened, are others by now, or have too few faces of an emotion; or where the
            result cannot be kept.
    """
    faces = _open(task, tell)
    found = audit(faces, progress=lambda share, what: tell(_OPEN + (_COMPARED - _OPEN) * share, what))
    what = "Fitting five models, each on four fifths"
    tell(_COMPARED, what)  # from here on the time left is judged
    check_training(found, lambda share: tell(_COMPARED + (1 - _COMPARED) * share, what))
    _insist(kept_training_check(faces))


def look_for_faces(task: Task, tell: Tell) -> None:
    """Do the look for images without a face.

    Raises:
        FerLabError: Where the data cannot be opened or are others by now, or where the result cannot be kept.
    """
    faces = _open(task, tell)
    face_scores(faces, lambda share: tell(_OPEN + (1 - _OPEN) * share, "Looking for faces"))
    _insist(kept_face_scores(faces))


def _open(task: Task, tell: Tell) -> FaceSet:
    from fer_engine.data.source import open_data

    place, skip_bad = task.arguments["data"], bool(task.arguments["skip_bad"])
    tell(0.0, "Opening the data set")
    faces = open_data(place, skip_bad=skip_bad, progress=lambda share, what: tell(_OPEN * share, what)).faces
    if content_key(faces) != task.key:
        raise FerLabError(f"The data set {place} is not what it was when this was asked for. Open it anew, and start this again.")
    return faces


def _insist(result: Any) -> None:
    if result is None:
        folder = settings.cache_dir()
        raise FerLabError(
            f"What was found cannot be kept in {folder}. Free some space or name another folder in FER_LAB_CACHE; start again."
        )
