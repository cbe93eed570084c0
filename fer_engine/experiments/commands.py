"""The command that trains a spec anew: how a run came about, in a line that anyone can repeat."""

import json
import shlex
from dataclasses import asdict, replace
from typing import Any

from fer_engine.errors import FerLabError
from fer_engine.experiments import lab, svm_lab
from fer_engine.experiments.bases import Difference, differences, nearest_base
from fer_engine.experiments.spec import CnnSpec, RunSpec
from fer_engine.experiments.svm_spec import FeatureSpec, SvmSpec

# Said by options of their own, and not by --set.
_OPTIONS = ("model", "head", "family", "data.name")


def command(spec: RunSpec, starts_from: str = "") -> str:
    """The command that trains a spec on the data that are there, from the nearest recipe that it knows; empty where it knows none.

    Args:
        spec: What makes the run.
        starts_from: The name of the run that it goes on from, or whose layer it reads; empty for fresh weights.
    """
    try:
        words, changes = _svm(spec) if isinstance(spec, SvmSpec) else _network(spec)
    except FerLabError:  # a spec of an older version, or a machine of another name
        return ""
    words += ["--from", starts_from] if starts_from else []
    for change in changes:
        if change.field not in _OPTIONS:
            words += ["--set", f"{change.field}={json.dumps(_plain(change.value))}"]
    return shlex.join(["python", "-m", "fer_engine", "train", "--model", spec.model, *words])


def _network(spec: CnnSpec) -> tuple[list[str], tuple[Difference, ...]]:
    words = ["--head", spec.head]
    if spec.start:  # the layers are those of the run that it starts from
        return words, differences(spec, replace(lab.continued(spec.model, spec.head), network=spec.config))
    base = nearest_base(spec)
    return [*words, "--recipe", base.option], base.differences


def _svm(spec: SvmSpec) -> tuple[list[str], tuple[Difference, ...]]:
    return [], differences(spec, svm_lab.svm_recipe(spec.model))


def _plain(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, FeatureSpec):
        return asdict(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
