"""What the fields of a spec are called, in which unit they are and what they do: data for forms and tables."""

import re
from dataclasses import dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from fer_engine.experiments.spec import CnnSpec

Kind = Literal["choice", "switch", "whole", "number", "list", "pairs", "text"]
GROUPS = {"": "Course", "optimizer": "Optimizer", "schedule": "Optimizer", "augment": "Augmentation", "network": "Network"}
# Set by other means than a value: the network and its head, the run that is started from, and what the protocol says of the data.
SET_ELSEWHERE = frozenset(
    {"model", "head", "start", "family", "data.name", "data.train", "data.valid", "data.train_hash", "data.valid_hash", "data.votes_hash"}
)


@dataclass(frozen=True)
class Told:
    """What people read of a field.

    Attributes:
        title: What it is called.
        unit: In what it is counted; empty where it has none.
        help: What it does, one line.
    """

    title: str
    unit: str
    help: str


TOLD: dict[str, Told] = {
    "epochs": Told("Epochs", "passes", "Passes over the training faces, at most."),
    "batch_size": Told("Batch size", "faces", "Faces a step. Larger batches want a higher learning rate and more memory."),
    "patience": Told("Patience", "epochs", "Stop after so many epochs without a better value of what chooses the epoch; 0 for never."),
    "monitor": Told("Epoch chosen by", "", "Figure on PublicTest that chooses the epoch whose weights are kept; 'last' keeps the last."),
    "sizes": Told("Training sizes", "pixels", "Sides of training faces, each for an equal share of the epochs; 36, 48 begins small."),
    "average": Told("Averaged weights", "decay per step", "Keeps a moving average of the weights: 0.999 looks back 1,000 steps; 0: none."),
    "label_smoothing": Told("Label smoothing", "share", "How much of the target is spread over all emotions (softmax head), below 1."),
    "votes": Told("FER+ votes", "share", "How much of the target ten annotators' votes have (softmax head); their file: FER_LAB_VOTES."),
    "sampling": Told("Sampling", "", "'all' faces once an epoch; 'balanced' draws each emotion equally often, with replacement."),
    "head_l2": Told("SVM head's penalty", "weight", "L2 penalty on the score weights (svm head); larger means a wider margin."),
    "learns": Told("Layers that learn", "", "'head' keeps all but the scores as the run has it that is started from; for a small set."),
    "tta": Told("Test-time augmentation", "", "'flip' answers with the mean score of a face and its mirror image, in twice the time."),
    "seed": Told("Seed", "whole number", "Of first weights, order, augmentation and dropout: the same seed gives the same run."),
    "optimizer.name": Told("Optimizer", "", "How a gradient becomes a step."),
    "optimizer.lr": Told("Learning rate", "highest, per step", "The highest learning rate of the run; the most telling number of all."),
    "optimizer.momentum": Told("Momentum", "share", "How much of the last step goes on (SGD and RMSprop), from 0 to below 1."),
    "optimizer.nesterov": Told("Nesterov", "", "Nesterov's form of SGD's momentum, which looks a step ahead."),
    "optimizer.weight_decay": Told("Weight decay", "per step", "L2 penalty on weights; not on biases nor on batch normalisation."),
    "schedule.name": Told("Learning rate's course", "", "'onecycle' goes up, then down a cosine to near 0; 'constant' stays."),
    "schedule.warmup": Told("Warm-up", "share of the run", "How long the learning rate goes up (onecycle), from 0 to below 1."),
    "augment.flip": Told("Mirror", "", "Mirror half of the training faces."),
    "augment.rotation": Told("Rotation", "degrees", "Largest turn of a training face, to either side."),
    "augment.scale": Told("Scale", "share", "Largest change of a training face's size; 0.1 is a tenth smaller or larger."),
    "augment.shift": Told("Shift", "share of the side", "Largest shift of a training face, to every side."),
    "augment.light": Told("Light", "share", "Largest change of contrast, and of brightness in standard deviations of the pixels."),
    "augment.erase": Told("Erase", "share of faces", "Faces that lose a rectangle of 2 to 20% of their area."),
    "features": Told("Features", "blocks", "What is measured on a face: pixels, HOG, landmarks or a network's last hidden layer."),
    "kernel": Told("Kernel", "", "'rbf' draws curved borders between emotions, 'linear' straight ones."),
    "C": Told("C", "price", "Price of a training face on the wrong side of the margin; higher fits closer."),
    "gamma": Told("Gamma", "per squared distance", "How narrow the radial basis function is; higher fits closer."),
    "class_weight": Told("Class weight", "", "'balanced' counts faces of rare emotions for more, in proportion."),
    "mirror": Told("Mirrored faces", "", "Learn from the mirror image of each training face, too."),
    "network.widths": Told("Convolutions", "filters each", "Filters per convolutional layer, as in 64, 64, 128: three layers."),
    "network.kernel": Told("Kernel", "pixels a side", "Side of each convolution's kernel; odd."),
    "network.unpadded": Told("Unpadded", "convolutions", "How many of the first convolutions go without padding, which shrinks the map."),
    "network.stride": Told("First stride", "pixels", "Step of the first convolution; 2 halves the map at once, which is cheap."),
    "network.shortcuts": Told("Shortcuts", "first-last", "Convolutions that a sum leads around (residual connections), as in 2-3, 4-5."),
    "network.pool_after": Told("Poolings after", "convolutions", "The convolutions, counted from 1, that a max pooling follows."),
    "network.pool_kernel": Told("Pooling window", "pixels a side", "Side of the max pooling's window."),
    "network.pool_stride": Told("Pooling stride", "pixels", "Step of the max pooling's window; 2 halves the map."),
    "network.average_pool": Told("Last map", "pixels a side", "Side of the map that the average pooling leaves; 0 for no average pooling."),
    "network.hidden": Told("Hidden layers", "units each", "Units per fully connected layer before the scores; empty for none."),
    "network.dropout": Told("Dropout", "share", "Hidden units that are dropped in training, from 0 to below 1."),
    "network.norm": Told("Normalisation", "", "'batch' normalises after each convolution, which lets it learn faster; 'none' does not."),
}  # fmt: skip


@dataclass(frozen=True)
class SpecField:
    """A field of a spec, with all that a form needs.

    Attributes:
        path: Its dotted name, as `override` takes it.
        kind: 'choice' of some words, 'switch', 'whole' number, 'number', 'list' of numbers, list of
            'pairs' of them, or 'text'.
        told: What people read of it.
        choices: The words of a 'choice'.
    """

    path: str
    kind: Kind
    told: Told
    choices: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """What it belongs to: 'Course', 'Optimizer', ..."""
        parent = self.path.rpartition(".")[0]
        return GROUPS.get(parent, parent.capitalize())

    @property
    def label(self) -> str:
        """Title and unit."""
        return f"{self.told.title} ({self.told.unit})" if self.told.unit else self.told.title


def spec_fields(spec_class: type = CnnSpec) -> tuple[SpecField, ...]:
    """All fields of a spec that a form can set, in the spec's order; those of the dataclasses in it under dotted names.

    A field that has no entry in `TOLD` is told by its own name and by its line in the class's docstring.
    """
    return tuple(field for field in _walk(spec_class, "") if field.path not in SET_ELSEWHERE)


def title(path: str) -> str:
    """What people call the field of that dotted name."""
    return TOLD[path].title if path in TOLD else _words(path)


def _walk(owner: type, prefix: str) -> list[SpecField]:
    found: list[SpecField] = []
    hints = get_type_hints(owner)
    for item in fields(owner):
        hint, path = _without_none(hints[item.name]), prefix + item.name
        if is_dataclass(hint):
            found += _walk(hint, f"{path}.")  # type: ignore[arg-type]
            continue
        kind, choices = _kind(hint)
        told = TOLD.get(path) or Told(_words(path), "", _line_of_docstring(owner, item.name))
        found.append(SpecField(path, kind, told, choices))
    return found


def _without_none(hint: Any) -> Any:
    parts = [part for part in get_args(hint) if part is not NoneType]
    return parts[0] if get_origin(hint) in (Union, UnionType) and len(parts) == 1 else hint


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(hint) is Literal:
        return "choice", get_args(hint)
    if get_origin(hint) is tuple:
        return "pairs" if get_origin(get_args(hint)[0]) is tuple else "list", ()
    kinds: dict[Any, Kind] = {bool: "switch", int: "whole", float: "number"}
    return kinds.get(hint, "text"), ()


def _words(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ").capitalize()


def _line_of_docstring(owner: type, name: str) -> str:
    entry = re.search(rf"^ +{name}: (.+(?:\n {{12,}}.+)*)", owner.__doc__ or "", re.MULTILINE)
    return " ".join(entry[1].split()) if entry else ""
