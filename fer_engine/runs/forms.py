"""What the JSON files of a run have to be like: the kind of each value that is read of them, and its bounds.

The bounds are far beyond any run; within them every page can reckon with a value and show it.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

LARGEST = 10**9  # of what is counted or measured; in seconds it is thirty years
_LENIENT = ConfigDict(extra="ignore")  # what later versions add does no harm


def _moment(words: str) -> str:
    if datetime.fromisoformat(words).utcoffset() is None:
        raise ValueError("it names no time zone")
    if not 1970 <= datetime.fromisoformat(words).year < 3000:
        raise ValueError("it is no year of a run")
    return words


Words = Annotated[str, Field(max_length=300)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]  # as in 2026-01-31T12:00:00+00:00
Count = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
Amount = Annotated[float, Field(strict=True, ge=0, le=LARGEST)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Number = Annotated[float, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Flag = Annotated[bool, Field(strict=True)]
Interval = Annotated[list[Share], Field(min_length=2, max_length=2)]


@dataclass(frozen=True, config=_LENIENT)
class File:
    """A file as it was signed."""

    sha256: Words
    bytes: Count


@dataclass(frozen=True, config=_LENIENT)
class Protocol:
    """How a run's figures came about."""

    trained_on: Words
    chosen_on: Words
    monitor: Words
    calibrated_on: Words
    evaluated_on: Annotated[list[Words], Field(max_length=100)]
    tta: Literal["none", "flip"]
    seeds: Annotated[list[Seed], Field(max_length=1000)]
    interval: Words
    weights: Words


@dataclass(frozen=True, config=_LENIENT)
class Before:
    """What the run that a run starts from came to on the same faces."""

    accuracy: Share
    accuracy_ci95: Interval
    macro_f1: Share


@dataclass(frozen=True, config=_LENIENT)
class Manifest:
    """What pages and reports read of a manifest."""

    name: Words
    family: Words
    spec_hash: Words
    finished: Moment
    versions: dict[Words, Words]
    machine: dict[Words, Words | Number | Flag]
    seconds: Amount
    epochs: Count
    best_epoch: Count
    parameters: Count
    milliseconds_per_face: Amount
    files: dict[Words, File]
    classes: list[Words]
    counts: dict[Words, dict[Words, Count]]
    preprocessing: dict[str, Any]
    protocol: Protocol
    starts_from: Words | None = None
    before: Before | None = None
    support_vectors: Count | None = None


@dataclass(frozen=True, config=_LENIENT)
class Figures:
    """The figures of a split, as `fer_engine.evaluation.metrics.Metrics` has them."""

    n: Count
    accuracy: Share
    accuracy_ci95: Interval
    top2: Share
    macro_f1: Share
    weighted_precision: Share
    weighted_recall: Share
    weighted_f1: Share
    per_class: dict[Words, dict[Words, Amount]]
    confusion_matrix: list[list[Count]]
    n_deduplicated: Count
    accuracy_deduplicated: Share | None


@dataclass(frozen=True, config=_LENIENT)
class LaterEvaluation:
    """What a later evaluation says beside its figures."""

    run: Words
    split: Words
    tta: Words
    data: Words
    seconds: Amount
    data_name: Words = ""
    classes: tuple[Words, ...] = ()
    notices: tuple[Words, ...] = ()


@dataclass(frozen=True, config=_LENIENT)
class Calibration:
    """How scores become probabilities, as `fer_engine.evaluation.calibration.Calibration` has it."""

    scale: Number
    split: Words
    n: Count
    nll: Amount
    nll_before: Amount
    ece: Share
    ece_before: Share
