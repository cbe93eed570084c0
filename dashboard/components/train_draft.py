"""A run that is being put together: what the form is filled from, and the spec that its values make. No Streamlit here."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fer_engine.experiments import lab, paper
from fer_engine.experiments.spec import CnnSpec, Head, field_paths, override

if TYPE_CHECKING:
    from fer_engine.data.faceset import FaceSet
    from fer_engine.runs.jobs import Launch
    from fer_engine.runs.store import Run

PRESETS = {"ours": "Our best", "paper": "The paper's settings", "quick": "Quick"}
PRESET_WORDS = {
    "ours": "Our recipe for FER2013: one-cycle SGD, augmented faces that grow over the epochs, label smoothing.",
    "paper": "As the paper prints it: AdaDelta, batches of 300, no augmentation, stopped where the validation loss is least.",
    "quick": "A few epochs with mirrored faces alone: for synthetic faces or a first try.",
}


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
    """

    name: str
    base: Base
    spec: CnnSpec | None
    sentence: str
    faces: "FaceSet | None"
    launch: "Launch"

    @property
    def ready(self) -> bool:
        """Whether it can be launched as far as the form can tell."""
        return self.spec is not None and self.faces is not None


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
