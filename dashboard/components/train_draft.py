"""A run that is being put together: what the form is filled from, and the spec that its values make. No Streamlit here."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fer_engine.experiments import lab, paper
from fer_engine.experiments.spec import CnnSpec, Head, field_paths, override

if TYPE_CHECKING:
    from dashboard.components.train_start import Start
    from fer_engine.data.faceset import FaceSet
    from fer_engine.runs.jobs import Launch
    from fer_engine.runs.store import Run

PRESETS = {"ours": "Our best", "paper": "The paper's settings", "quick": "Quick"}
_PRESET_WORDS = {"ours": "Our recipe for FER2013", "paper": "As the paper prints it", "quick": "For synthetic faces or a first try"}
_OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "adadelta": "AdaDelta", "rmsprop": "RMSprop"}
_BETTER = {
    "valid_loss": "a lower validation loss",
    "valid_accuracy": "a higher validation accuracy",
    "valid_macro_f1": "a higher macro F1",
}
_SVM_HINT = "Our own runs with an SVM head start from a softmax run of the network: choose it under All settings, 'Start from'."


@dataclass(frozen=True)
class Base:
    """What the form is filled from.

    Attributes:
        key: Tells its widgets from those of another base.
        title: What people call it.
        spec: The values.
        starts_from: The finished run whose weights are gone on with, or None for fresh ones.
    """

    key: str
    title: str
    spec: CnnSpec
    starts_from: "Run | None" = None


@dataclass(frozen=True)
class Draft:
    """A run as the form has it.

    Attributes:
        name: Its name; empty for one made of network, head and the spec's hash.
        base: What the form was filled from.
        spec: What would be trained, or None where that is impossible.
        sentence: Why it is impossible.
        faces: The data set, or None where none is open.
        launch: On what data and device.
        start: From which weights.
        pattern: The run that is copied, or None where a preset fills the form.
    """

    name: str
    base: Base
    spec: CnnSpec | None
    sentence: str
    faces: "FaceSet | None"
    launch: "Launch"
    start: "Start"
    pattern: "Run | None" = None

    @property
    def ready(self) -> bool:
        """Whether it can be launched as far as the form can tell."""
        return self.spec is not None and self.faces is not None and bool(self.start.told)


def preset_base(preset: str, model: str, head: Head, starts_from: "Run | None" = None) -> Base:
    """A preset for a network and head; one that starts from a run's weights has that run's layers.

    Raises:
        FerLabError: Where there is no recipe for the network.
    """
    if starts_from and preset == "ours":
        spec = lab.continued(model, head)
    else:
        spec = {"ours": lab.recipe, "paper": paper.recipe, "quick": lab.quick}[preset](model, head)
    return _starting(Base(f"{preset}-{model}-{head}", PRESETS[preset], spec), starts_from)


def preset_words(preset: str, base: Base) -> str:
    """What a preset does, in a sentence made of its spec."""
    lead = f"{_PRESET_WORDS[preset]}, going on from {base.starts_from.name}" if base.starts_from else _PRESET_WORDS[preset]
    hint = f" {_SVM_HINT}" if preset == "ours" and base.spec.head == "svm" and base.starts_from is None else ""
    return f"{lead}: {', '.join(_course(base.spec))}.{hint}"


def _course(spec: CnnSpec) -> list[str]:
    """How a spec trains, in a few words each."""
    optimizer, onecycle = _OPTIMIZERS[spec.optimizer.name], spec.schedule.name == "onecycle"
    words = [f"one-cycle {optimizer}" if onecycle else f"{optimizer} at one rate", f"batches of {spec.batch_size}"]
    words.append(f"{'up to ' if spec.patience else ''}{spec.epochs} epoch{'s' if spec.epochs > 1 else ''}")
    small, large = min(spec.sizes), max(spec.sizes)
    words.append(f"faces that grow from {small} to {large} pixels" if small < large else f"faces of {large} pixels")
    still = replace(spec.augment, flip=False).off
    words.append("no augmentation" if spec.augment.off else "mirrored faces alone" if still else "augmented faces")
    words += [f"label smoothing {spec.label_smoothing:g}"] if spec.label_smoothing and spec.head == "softmax" else []
    words += ["averaged weights"] if spec.average else []
    words += [f"stopped after {spec.patience} epochs without {_BETTER[spec.monitor]}"] if spec.monitor in _BETTER and spec.patience else []
    return words


def run_base(run: "Run", starts_from: "Run | None" = None) -> Base:
    """A run's own settings, its data and first weights left open."""
    data = replace(run.spec.data, train_hash="", valid_hash="")
    return _starting(Base(f"run-{run.name}", run.name, replace(run.network_spec, data=data, start="")), starts_from)


def _starting(base: Base, starts_from: "Run | None") -> Base:
    if starts_from is None:
        return base
    spec = replace(base.spec, network=starts_from.network_spec.config)
    return replace(base, key=f"{base.key}-{starts_from.name}", spec=spec, starts_from=starts_from)


def build(base: Base, values: Mapping[str, Any]) -> CnnSpec:
    """The base's spec with the form's values, which are named by dotted paths.

    Raises:
        FerLabError: With the spec's own sentence, where a value makes no sense.
    """
    usual = field_paths(base.spec)
    return override(base.spec, {path: value for path, value in values.items() if not _same(value, usual[path])})


def _same(value: Any, usual: Any) -> bool:
    return json.dumps(value) == json.dumps(usual) if isinstance(value, list) else value == usual


def numbers_of(text: str) -> list[Any]:
    """A list as people write it, '64, 64 128'; what is no number stays text, for the spec to refuse."""
    return [_number(word) for word in re.split(r"[\s,;]+", text.strip(" []()")) if word]


def pairs_of(text: str) -> list[Any]:
    """A list of pairs as people write it, '2-3, 4-5'."""
    return [[_number(part) for part in word.split("-")] for word in re.split(r"[\s,;]+", text.strip()) if word]


def _number(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:
        return word
