"""`work`: a task of the run area, done by the process that a page starts for it. Not for people, and not in the help."""

from pathlib import Path
from typing import Annotated

import typer

from fer_engine.errors import FerLabError


def work(folder: Annotated[Path, typer.Argument(help="The task's folder.")]) -> None:
    """Do a task, at a low priority, and leave word in its folder of how far it is."""
    from fer_engine.runs.tasks import at_work, read_task
    from fer_engine.training.neighbour import be_kind

    task = read_task(folder)
    be_kind()
    with at_work(task) as tell:
        from fer_engine.data.audit_tasks import FACES, LABELS, check_labels_of, look_for_faces
        from fer_engine.evaluation.evaluate_tasks import EVALUATE, evaluate_on

        kinds = {LABELS: check_labels_of, FACES: look_for_faces, EVALUATE: evaluate_on}
        if task.kind not in kinds:
            raise FerLabError(f"Nothing is known of tasks of the kind '{task.kind}': another version of FER Lab wrote {folder}.")
        kinds[task.kind](task, tell)
