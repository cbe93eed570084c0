"""RunSpec: everything that makes a run, as frozen data that goes to JSON and back and has a hash."""

import json
from dataclasses import asdict, field, fields, is_dataclass, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fer_engine.errors import FerLabError
from fer_engine.experiments.parts import STRICT as _STRICT
from fer_engine.experiments.parts import DataSpec, spec_hash
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig, stages

Head = Literal["softmax", "svm"]
Monitor = Literal["valid_loss", "valid_accuracy", "valid_macro_f1", "last"]


@dataclass(frozen=True, config=_STRICT)
class OptimizerSpec:
    """An optimizer of torch.optim and its parameters.

    Attributes:
        name: Which one.
        lr: Highest learning rate.
        momentum: Of SGD and RMSprop.
        nesterov: Nesterov's form of SGD's momentum.
        weight_decay: L2 penalty on weights; not on biases nor on batch normalisation.
    """

    name: Literal["sgd", "adam", "adamw", "adadelta", "rmsprop"] = "sgd"
    lr: float = 0.05
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4

    def __post_init__(self) -> None:
        """Refuse rates and penalties that cannot be."""
        if not 0 < self.lr < float("inf"):
            raise FerLabError(f"optimizer.lr is {self.lr}; a learning rate is a number above 0.")
        if not 0 <= self.momentum < 1:
            raise FerLabError(f"optimizer.momentum is {self.momentum}; it is a share from 0 to below 1.")
        if not 0 <= self.weight_decay < float("inf"):
            raise FerLabError(f"optimizer.weight_decay is {self.weight_decay}; it is a number from 0.")


@dataclass(frozen=True, config=_STRICT)
class ScheduleSpec:
    """How the learning rate goes over a run: 'constant', or up over `warmup` (a share) and down a cosine to near 0."""

    name: Literal["constant", "onecycle"] = "onecycle"
    warmup: float = 0.25

    def __post_init__(self) -> None:
        """Refuse a warm-up that is no share."""
        if not 0 <= self.warmup < 1:
            raise FerLabError(f"schedule.warmup is {self.warmup}; it is a share of the run from 0 to below 1.")


@dataclass(frozen=True, config=_STRICT)
class AugmentSpec:
    """What is done to training faces, each drawn anew every epoch.

    Attributes:
        flip: Mirror half of them.
        rotation: Largest turn, degrees.
        scale: Largest change of size, as a share.
        shift: Largest shift, as a share of the side.
        light: Largest change of contrast, as a share, and of brightness, in standard deviations of the pixels.
        erase: Share of faces that lose a rectangle of 2 to 20% of the area (random erasing, Zhong et al., 2020).
    """

    flip: bool = True
    rotation: float = 12.0
    scale: float = 0.1
    shift: float = 0.1
    light: float = 0.2
    erase: float = 0.0

    def __post_init__(self) -> None:
        """Refuse negative or senseless strengths."""
        for name, limit in {"rotation": 180, "scale": 0.9, "shift": 0.9, "light": 0.9, "erase": 1}.items():
            if not 0 <= getattr(self, name) <= limit:
                raise FerLabError(f"augment.{name} is {getattr(self, name)}; it goes from 0 to {limit}.")

    @property
    def off(self) -> bool:
        """Whether nothing is done."""
        return not (self.flip or self.rotation or self.scale or self.shift or self.light or self.erase)


NO_AUGMENTATION = AugmentSpec(flip=False, rotation=0, scale=0, shift=0, light=0, erase=0)


@dataclass(frozen=True, config=_STRICT)
class CnnSpec:
    """A network and how it is trained.

    Attributes:
        model: Name in the registry.
        network: Its layers; by default the registry's.
        head: 'softmax' (cross-entropy) or 'svm' (one-vs-all squared hinge; Tang, 2013).
        optimizer: Optimizer and its parameters.
        schedule: Course of the learning rate.
        batch_size: Faces a step.
        epochs: Passes over the training split, at most.
        patience: Stop after so many epochs without a better `monitor`; 0 for never.
        monitor: What chooses the epoch whose weights are kept, on `data.valid`.
        augment: What is done to training faces.
        sizes: Side of the training faces in pixels, each for an equal share of the epochs: (40, 48) trains the first
            half small, which is cheap, and the second half at full size.
        average: Decay a step of a moving average of the weights, which is validated and kept in place of the weights
            themselves: 0.999 looks back some thousand steps. 0 for none.
        label_smoothing: Share of the target spread over all classes (softmax head).
        votes: Share of the target that FER+'s votes for the seven emotions have; the label has the rest (softmax head). They
            come from the file that `FER_LAB_VOTES` names.
        class_weight: 'none', or 'balanced' to weigh each face's loss inversely to how many faces its emotion has.
        sampling: 'all' faces once an epoch, or 'balanced' to draw as many, each emotion as often as the others.
        head_l2: Weight of the L2 penalty on the score weights (svm head); 1/C in Tang's notation, per face.
        start: Hash of the spec of the run whose weights this one starts from; empty for fresh weights.
        learns: 'all' layers, or the 'head' alone: every layer below the scores stays as the run that is started from has it.
        tta: Test-time augmentation: 'none', or 'flip' for the mean score of a face and its mirror image.
        seed: Of weights, order, augmentation and dropout.
        data: The data.
        family: Always 'cnn'; tells the families of specs apart in JSON.
    """

    model: str = "net5"
    network: NetworkConfig | None = None
    head: Head = "softmax"
    optimizer: OptimizerSpec = field(default_factory=OptimizerSpec)
    schedule: ScheduleSpec = field(default_factory=ScheduleSpec)
    batch_size: int = 128
    epochs: int = 20
    patience: int = 0
    monitor: Monitor = "valid_accuracy"
    augment: AugmentSpec = field(default_factory=AugmentSpec)
    sizes: tuple[int, ...] = (48,)
    average: float = 0.0
    label_smoothing: float = 0.1
    votes: float = 0.0
    class_weight: Literal["none", "balanced"] = "none"
    sampling: Literal["all", "balanced"] = "all"
    head_l2: float = 0.001
    start: str = ""
    learns: Literal["all", "head"] = "all"
    tta: Literal["none", "flip"] = "flip"
    seed: int = 0
    data: DataSpec = field(default_factory=DataSpec)
    family: Literal["cnn"] = "cnn"

    def __post_init__(self) -> None:
        """Fill in the network's layers and refuse what cannot be trained.

        Raises:
            FerLabError: With a sentence that names the field.
        """
        if self.network is None:
            object.__setattr__(self, "network", registry.entry(self.model).config)
        registry.entry(self.model)
        for name in ("batch_size", "epochs"):
            if getattr(self, name) < 1:
                raise FerLabError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if self.batch_size == 1 and self.config.norm == "batch":
            raise FerLabError("batch_size is 1, but batch normalisation needs at least 2 faces. Raise it, or set network.norm to 'none'.")
        if self.patience < 0 or not 0 <= self.head_l2 < float("inf"):
            raise FerLabError("patience and head_l2 cannot be negative; 0 turns them off.")
        if not 0 <= self.seed < 2**31:
            raise FerLabError(f"seed is {self.seed}; it is a whole number from 0 to {2**31 - 1}.")
        if self.data.train == self.data.valid:
            raise FerLabError(f"data.train and data.valid are both {self.data.train}; what is learnt from cannot choose.")
        if not 0 <= self.average < 1:
            raise FerLabError(f"average is {self.average}; it is a share from 0 (none) to below 1, such as 0.999.")
        if not self.sizes:
            raise FerLabError("sizes is empty; it needs at least one side in pixels, such as 48.")
        for size in (*self.sizes, 48):
            stages(self.config, size)
            if size != 48 and not self.config.average_pool:
                raise FerLabError(f"sizes has {size}, but without network.average_pool the network takes faces of 48 pixels alone.")
        self._refuse_impossible_targets()

    def _refuse_impossible_targets(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise FerLabError(f"label_smoothing is {self.label_smoothing}; it is a share from 0 to below 1.")
        if not 0 <= self.votes <= 1:
            raise FerLabError(f"votes is {self.votes}; it is a share of the target from 0 (the label alone) to 1.")
        if self.votes and self.head == "svm":
            raise FerLabError("votes is for the softmax head: an SVM's hinge loss takes one emotion a face. Set votes to 0.")

    @property
    def sizes_by_epoch(self) -> tuple[int, ...]:
        """The side of the training faces in each epoch, pixels; with few epochs some of `sizes` may have none."""
        return tuple(self.sizes[epoch * len(self.sizes) // self.epochs] for epoch in range(self.epochs))

    @property
    def config(self) -> NetworkConfig:
        """The network's layers."""
        assert self.network is not None
        return self.network

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that identify the run, as `parts.spec_hash` makes them."""
        return spec_hash(self)


RunSpec = CnnSpec | SvmSpec  # one class per family; 'family' tells them apart
Spec = TypeVar("Spec", CnnSpec, SvmSpec)


def _family(tree: Any) -> str:
    """Which family a spec is of; a spec that says nothing is a network's."""
    return str(tree.get("family", "cnn") if isinstance(tree, dict) else getattr(tree, "family", ""))


_READER: TypeAdapter[RunSpec] = TypeAdapter(
    Annotated[Annotated[CnnSpec, Tag("cnn")] | Annotated[SvmSpec, Tag("svm")], Discriminator(_family)]
)


def to_json(spec: RunSpec) -> str:
    """The spec as JSON text, keys in a fixed order."""
    return json.dumps(asdict(spec), indent=2, sort_keys=True)


def from_json(text: str | bytes) -> RunSpec:
    """Read a spec from JSON text.

    Raises:
        FerLabError: Where a field is unknown, of the wrong kind or makes no sense; the sentence names it.
    """
    try:
        return _READER.validate_json(text)
    except ValidationError as error:
        raise FerLabError(_sentence(error)) from None


def override(spec: Spec, changes: dict[str, Any]) -> Spec:
    """A copy with some fields changed, named as in `{"epochs": 5, "optimizer.lr": 0.1}`.

    Raises:
        FerLabError: As `from_json`.
    """
    tree = asdict(spec)
    if spec.family == "cnn" and changes.get("model", spec.model) != spec.model and "network" not in changes:
        raise FerLabError(f"model is {spec.model} here, and its layers are set; begin with the other network instead (--model).")
    for path, value in changes.items():
        *parents, leaf = path.split(".")
        branch = tree
        for parent in parents:
            branch = branch.get(parent) if isinstance(branch, dict) else None  # type: ignore[assignment]
        if not isinstance(branch, dict) or leaf not in branch:
            raise FerLabError(f"There is no field '{path}' in a spec; there are {', '.join(sorted(field_paths(spec)))}.")
        branch[leaf] = value
    try:
        text = json.dumps(tree)
    except TypeError:  # a date out of a TOML file
        strange = next(
            (path for path, value in changes.items() if not isinstance(value, str | int | float | bool | list | tuple | None)), ""
        )
        raise FerLabError(f"{strange or 'A field'} has a value of a kind that no field takes: {changes.get(strange, '')}.") from None
    changed = from_json(text)
    assert isinstance(changed, type(spec))
    return changed


def field_paths(spec: RunSpec) -> dict[str, Any]:
    """Every field of a spec by its dotted name: what `override` takes, and what two runs can differ in."""
    paths: dict[str, Any] = {}
    for item in fields(spec):
        value = getattr(spec, item.name)
        if is_dataclass(value):
            paths |= {f"{item.name}.{inner.name}": getattr(value, inner.name) for inner in fields(value)}
        else:
            paths[item.name] = value
    return paths


def with_data(spec: Spec, train_hash: str, valid_hash: str, name: str) -> Spec:
    """The same spec on the data with these content hashes."""
    return replace(spec, data=replace(spec.data, name=name, train_hash=train_hash, valid_hash=valid_hash))


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["type"].startswith("union_tag"):
        return "family says no kind of model that there is here: it must be 'cnn' or 'svm'."
    place = ".".join(str(part) for part in first["loc"] if part not in ("cnn", "svm")) or "the spec"  # without the family
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"There is no field '{place}' in a spec."
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}, not {first['input']!r}."
