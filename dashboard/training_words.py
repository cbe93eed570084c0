"""What figures of a training mean: how they came about, what chose the epoch, how the two losses differ. No Streamlit here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_engine.experiments.spec import CnnSpec, RunSpec
from fer_engine.runs.records import validation_faces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fer_engine.runs.store import Run

_CHOSEN_BY = {
    "valid_loss": "the lowest validation loss",
    "valid_accuracy": "the highest validation accuracy",
    "valid_macro_f1": "the highest macro F1",
}


def chosen_by(monitor: str) -> str:
    """What the epoch has that is kept; empty where none is chosen, and the last one is kept."""
    return _CHOSEN_BY.get(monitor, "")


def validated(run: Run) -> int | None:
    """How many faces are validated after each epoch of a run, finished or not; None where nobody knows."""
    return run.metrics.get(run.spec.data.valid, {}).get("n") if run.finished else validation_faces(run)


def each_epoch(run: Run) -> str:
    """How figures came about that are measured after each epoch, as `dashboard.text.protocol` says it of a run's result."""
    data = run.spec.data
    return f"each epoch · {data.train} and {data.valid}{_rest(run)}"


def ways(runs: Mapping[str, Run]) -> dict[str, list[str]]:
    """How the curves of runs came about: each way once, with the names of its runs."""
    found: dict[str, list[str]] = {}
    for name, run in runs.items():
        found.setdefault(each_epoch(run), []).append(name)
    return found


def told_ways(found: Mapping[str, list[str]]) -> str:
    """The same in words; of one way its runs go without saying."""
    return next(iter(found)) if len(found) == 1 else "; ".join(f"{', '.join(names)}: {words}" for words, names in found.items())


def of_different_faces(runs: Iterable[Run], quantity: str) -> bool:
    """Whether a column of the histories of runs is of different faces, so that its heights do not compare."""
    data = [run.spec.data for run in runs]
    return len({each.train_hash if quantity.startswith("train") else each.valid_hash for each in data}) > 1


def best_so_far(run: Run) -> str:
    """How the figure of the epoch came about that would be kept now."""
    valid = run.spec.data.valid
    chosen = f"best epoch so far, chosen on {valid}" if chosen_by(run.spec.monitor) else "last epoch so far"
    return f"{valid}{_rest(run, chosen)}"


def _rest(run: Run, chosen: str = "") -> str:
    """Number of faces, choice, test-time augmentation, seeds, and data where they are not FER2013."""
    n, name = validated(run), run.spec.data.name
    parts = [f"n={n:,}" if n else "", chosen, "no TTA", "1 seed", "" if name == "fer2013" else f"{name} data"]
    return "".join(f" · {part}" for part in parts if part)


def loss_name(spec: RunSpec | None) -> str:
    """What the loss of validation is, with its unit."""
    return "Cross-entropy (nats)" if spec is None or spec.head == "softmax" else "Squared hinge loss"


def of_training_alone(spec: RunSpec | None) -> dict[str, str]:
    """What the loss of training has and that of validation has not: in a word or two, and told in full."""
    if not isinstance(spec, CnnSpec):
        return {}
    softmax = spec.head == "softmax"
    parts = {
        "smoothed": (softmax and spec.label_smoothing > 0, f"its labels are smoothed by {spec.label_smoothing:g}"),
        "to votes": (softmax and spec.votes > 0, f"FER+'s votes have a share of {spec.votes:g} in its labels"),
        "weighted": (spec.class_weight == "balanced", "faces of rare emotions weigh more in it"),
        "drawn evenly": (spec.sampling == "balanced", "it sees each emotion equally often"),
        "with penalty": (not softmax and spec.head_l2 > 0, f"it holds the L2 penalty on the score weights, {spec.head_l2:g}"),
    }
    return {word: told for word, (applies, told) in parts.items() if applies}


def loss_note(spec: RunSpec | None) -> str:
    """How the two losses differ, as sentences; empty where they are the same quantity."""
    parts = list(of_training_alone(spec).values())
    if not parts:
        return ""
    listed = f"{', '.join(parts[:-1])}, and {parts[-1]}" if len(parts) > 1 else parts[0]
    name = loss_name(spec).partition(" (")[0].lower()
    return f"The loss of training is another quantity than that of validation, which is the plain {name}: {listed}. Compare their courses."
