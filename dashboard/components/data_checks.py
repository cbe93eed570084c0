"""The slow checks of a data set: what they found, or the way to it. Each is a task, and lives on without the page."""

from typing import TYPE_CHECKING

from dashboard import data_resources
from dashboard.components import task_panel
from dashboard.components.data_view import Opened
from dashboard.components.task_panel import Offer
from fer_engine.runs import tasks

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.data.audit_findings import TrainingCheck

LABELS = Offer(
    "Check the labels of Training",
    "Five SVMs on HOG features, each fitted on four fifths of Training and asked about the rest; copies of a face are never on both "
    "sides. Some minutes of one core for FER2013, once; `python -m fer_engine data audit --labels` does the same.",
    ":material/rule:",
    "check-labels",
)
FACES = Offer(
    "Look for images without a face",
    "dlib's frontal detector is asked about each image, some eight milliseconds each: minutes for FER2013, once; `python -m fer_engine "
    "data audit --faces` does the same. A hint and no proof: eleven of twelve images that it finds in FER2013 show a face, hidden or "
    "tightly cut.",
    ":material/face:",
    "look-for-faces",
)


def training_check(opened: Opened, *, offer: bool = True) -> "TrainingCheck | None":
    """The check of Training's labels; None where there is none yet, with the way to one drawn unless `offer` is off."""
    from fer_engine.data.audit_tasks import labels_task

    task = labels_task(opened.name, opened.content, skip_bad=opened.skip_bad)
    found = data_resources.training_check(opened.key, opened.faces, tasks.find_job(task).ended)
    if found is None and offer:
        task_panel.draw(task, LABELS)
    return found


def face_scores(opened: Opened, *, offer: bool = True) -> "np.ndarray | None":
    """The face detector's score of each image; None where there is none yet, with the way to one drawn unless `offer` is off."""
    from fer_engine.data.audit_tasks import faces_task

    task = faces_task(opened.name, opened.content, skip_bad=opened.skip_bad)
    found = data_resources.face_scores(opened.key, opened.faces, tasks.find_job(task).ended)
    if found is None and offer:
        task_panel.draw(task, FACES)
    return found
