"""Softmax or SVM: the same network with either head, and the SVM that reads its last hidden layer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fer_engine.evaluation.comparison import Pair, compare, corrected
from fer_engine.experiments.spec import CnnSpec
from fer_engine.models import registry

if TYPE_CHECKING:
    from fer_engine.runs.store import Run


@dataclass(frozen=True, eq=False)
class HeadPair:
    """One network with a softmax, and with an SVM in its place.

    Attributes:
        network: The network's name.
        pair: The runs, A with the softmax and B with the SVM; p is corrected after Holm over all such pairs.
    """

    network: str
    pair: Pair


def compare_heads(runs: Mapping[str, "Run"]) -> tuple[HeadPair, ...]:
    """Every SVM on a network, beside the softmax run that it starts from; one from fresh weights, beside its softmax twin.

    A twin has the same spec but for the head, seed and all, as the paper's rows have: the head is all that differs.

    Args:
        runs: Finished runs, by what to call them.

    Raises:
        FerLabError: As `fer_engine.evaluation.comparison.compare`.
    """
    found = []
    for name, run in runs.items():
        softmax = _softmax_of(run, runs)
        if softmax:
            (pair,) = compare({softmax: runs[softmax], name: run}).pairs
            found.append(HeadPair(runs[softmax].spec.model, pair))
    order = registry.names()
    found.sort(key=lambda item: order.index(item.network))  # runs of one network stay as they were given
    return tuple(replace(item, pair=pair) for item, pair in zip(found, corrected([item.pair for item in found]), strict=True))


def _softmax_of(run: "Run", runs: Mapping[str, "Run"]) -> str | None:
    """The name of the softmax run that an SVM on a network belongs to; None where there is none, or the run is no such SVM."""
    spec = run.spec
    if spec.head == "softmax":
        return None
    wanted = spec.start
    if not wanted and isinstance(spec, CnnSpec):
        wanted = replace(spec, head="softmax").hash
    return next((name for name, item in runs.items() if item.spec.head == "softmax" and item.spec.hash == wanted), None)
