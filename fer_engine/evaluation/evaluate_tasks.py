"""A run tried on a data set, as a task: what comes out is kept among the run's evaluations, as `evaluate` keeps it."""

from pathlib import Path

from fer_engine.errors import FerLabError
from fer_engine.runs.records import absolute_data
from fer_engine.runs.store import Run
from fer_engine.runs.tasks import Task, Tell

EVALUATE = "evaluate"
_OPEN = 0.05  # the share of the bar at which the data are open


def evaluate_task(run: Run, place: str, content: str, split: str, *, skip_bad: bool) -> Task:
    """The evaluation of a finished run.

    Args:
        run: The run.
        place: Where the data set lies, as `fer_engine.data.source.open_data` takes it.
        content: Content hash of the faces that count, as `fer_engine.evaluation.evaluate.countable` gives them.
        split: Their split.
        skip_bad: Whether rows that cannot be read are left out.
    """
    told = {"run": str(run.path.absolute()), "data": absolute_data(place), "content": content, "split": split}
    return Task(EVALUATE, f"{run.path.absolute()}|{run.spec.hash}|{content}|{split}", told | {"skip_bad": "yes" if skip_bad else ""})


def evaluate_on(task: Task, tell: Tell) -> None:
    """Do the evaluation, on one thread.

    Raises:
        FerLabError: Where run or data cannot be opened, the data are others by now, or the result cannot be kept.
    """
    import torch

    from fer_engine.data.source import open_data
    from fer_engine.evaluation.evaluate import countable, evaluate, keep

    torch.set_num_threads(1)  # two would stall each other, and a training beside them
    asked, run = task.arguments, Run(Path(task.arguments["run"]))
    tell(0.0, "Opening the data set")
    faces = open_data(asked["data"], skip_bad=bool(asked["skip_bad"]), progress=lambda share, what: tell(_OPEN * share, what)).faces
    if countable(run, faces, asked["split"])[0].content_hash != asked["content"]:
        raise FerLabError(f"The data set {asked['data']} is not what it was when this was asked for. Open it anew, and start this again.")
    keep(run, evaluate(run, faces, asked["split"], lambda share: tell(_OPEN + (1 - _OPEN) * share, f"Asking {run.name}")))
