"""What a run differs in from the recipe that it comes nearest to: pure data, nothing is read."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fer_engine.errors import FerLabError
from fer_engine.experiments import lab, paper, svm_lab
from fer_engine.experiments.spec import CnnSpec, RunSpec, SvmSpec, field_paths
from fer_engine.experiments.svm_spec import FeatureSpec

# Which data and which weights a run began with is said elsewhere; a recipe leaves both open.
_OPEN = ("data.train_hash", "data.valid_hash", "data.votes_hash", "start")


@dataclass(frozen=True)
class Difference:
    """A field in which a run is not as its base.

    Attributes:
        field: Its dotted name, as `fer_engine.experiments.spec.override` takes it.
        value: The run's.
        base: The base's.
    """

    field: str
    value: Any
    base: Any

    def __str__(self) -> str:
        return f"{self.field} {told(self.value)}"


@dataclass(frozen=True)
class Base:
    """The recipe nearest to a run.

    Attributes:
        title: How people call it, for example 'our recipe'.
        spec: The recipe for the run's network and head.
        differences: What the run changes, in the order of the spec's fields.
        option: How `train --recipe` calls it; empty where it has no such name.
    """

    title: str
    spec: RunSpec
    differences: tuple[Difference, ...]
    option: str = ""

    def __str__(self) -> str:
        changes = ", ".join(map(str, self.differences))
        return f"{self.title}: {changes}" if changes else self.title


def nearest_base(spec: RunSpec) -> Base:
    """The recipe that differs from `spec` in the fewest fields; of equally near ones ours."""
    if isinstance(spec, SvmSpec):
        known = svm_lab.svm_recipe(spec.model) if spec.model in svm_lab.svm_models() else SvmSpec(model=spec.model)
        title = "our recipe" if spec.model in svm_lab.svm_models() else "an SVM's defaults"
        title = "the paper's recipe" if spec.model.endswith("-paper") else title
        return Base(title, known, differences(spec, known))
    bases = [Base(title, recipe, differences(spec, recipe), option) for title, option, recipe in _recipes(spec)]
    return min(bases, key=lambda base: len(base.differences))


def _recipes(spec: CnnSpec) -> Iterator[tuple[str, str, RunSpec]]:
    with suppress(FerLabError):  # not every network has a recipe of ours
        if spec.start:
            yield "our recipe, continued", "", lab.continued(spec.model, spec.head)
        yield "our recipe", "ours", lab.recipe(spec.model, spec.head)
        yield "our quick recipe", "quick", lab.quick(spec.model, spec.head)
    yield "the paper's recipe", "paper", paper.recipe(spec.model, spec.head)


def differences(spec: RunSpec, base: RunSpec) -> tuple[Difference, ...]:
    """What `spec` changes of `base`, in the order of the fields; data and first weights are left out."""
    usual = field_paths(base)
    mine = {field: value for field, value in field_paths(spec).items() if field not in _OPEN}
    return tuple(Difference(field, value, usual.get(field)) for field, value in mine.items() if value != usual.get(field))


def told(value: Any) -> str:
    """A field's value as people write it: 0.02, on, 36-40-48."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, FeatureSpec):
        return _feature(value)
    if isinstance(value, tuple) and value and isinstance(value[0], FeatureSpec):
        return " + ".join(map(_feature, value))
    if isinstance(value, tuple | list):
        return "-".join(map(str, value)) or "none"
    if isinstance(value, float):  # short where that says it all
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value) or "none"


def _feature(feature: FeatureSpec) -> str:
    """A block of features as people write it: 'hog (6-pixel cells, 300 components)'."""
    words = {
        "pixels": ["standardised"] if feature.standardise else [],
        "hog": [f"{feature.cell}-pixel cells"],
        "landmarks": [", ".join(feature.forms)],
        "cnn": ["last hidden layer"],
    }[feature.kind]
    words += [f"aligned, zoom {feature.align:g}"] if feature.align else []
    words += [f"{feature.n_components} components{', whitened' if feature.whiten else ''}"] if feature.n_components else []
    words += [f"weight {feature.weight:g}"] if feature.weight != 1 else []
    return f"{feature.kind} ({', '.join(words)})" if words else feature.kind
