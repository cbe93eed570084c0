"""Numbers and protocols as people read them. No Streamlit here."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fer_engine.models import registry

if TYPE_CHECKING:
    from fer_engine.experiments.spec import RunSpec
    from fer_engine.runs.store import Run

HEADS = {"softmax": "softmax", "svm": "linear SVM", "classical": "SVM"}
NO_MAP = "The face: an SVM has no layers to map"
NO_WEIGHTS = "The face, without a map: the run's weights are not here"
_FEATURES = {"pixels": "pixels", "hog": "HOG", "landmarks": "landmarks", "cnn": "a network's features"}


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 as percent."""
    return f"{100 * share:.{digits}f}%"


def probability(share: float) -> str:
    """A probability as whole percent; never 0% or 100% for what is neither."""
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{100 * share:.0f}%"


def protocol(run: "Run") -> str:
    """How a finished run's figure came about: split and n, what it was chosen on, test-time augmentation, seeds."""
    split, figures = evaluated(run)
    chosen = run.manifest["protocol"]
    tta = "flip TTA" if chosen["tta"] == "flip" else "no TTA"
    seeds = f"{len(chosen['seeds'])} seed{'s' if len(chosen['seeds']) > 1 else ''}"
    data = "" if run.spec.data.name == "fer2013" else f" · {run.spec.data.name} data"
    return f"{split} · n={figures['n']:,} · {choice(run)} · {tta} · {seeds}{data}"


def choice(run: "Run", of: str = "") -> str:
    """What a finished run was chosen on, in short: 'chosen on PublicTest', or 'last epoch' where no figure chose.

    Args:
        run: The run.
        of: The set that the split is of, as a possessive; empty where that goes without saying.
    """
    how = run.manifest["protocol"]
    return "last epoch" if how.get("monitor") == "last" else f"chosen on {f'{of} ' if of else ''}{how['chosen_on']}"


def protocols(runs: Iterable["Run"]) -> str:
    """How the figures of several runs came about: each way once."""
    return "; ".join(dict.fromkeys(protocol(run) for run in runs))


def evaluated(run: "Run") -> tuple[str, dict]:
    """The split that a finished run was scored on when it ended, and its figures."""
    return next(iter(run.metrics.items()))


def no_map(run: "Run") -> str:
    """Why a run's answer for a face has no map: for where one cannot be drawn."""
    return NO_WEIGHTS if run.spec.family == "cnn" else NO_MAP


def network_title(model: str) -> str:
    """A network's name as people say it; that of an SVM is its own."""
    return model if model.startswith("svm-") else registry.entry(model).title


def model_words(spec: "RunSpec") -> str:
    """What a run is, in a few words: '5-layer CNN, softmax', 'SVM on HOG and landmarks'."""
    from fer_engine.experiments.svm_spec import SvmSpec

    if isinstance(spec, SvmSpec):
        kinds = list(dict.fromkeys(_FEATURES[feature.kind] for feature in spec.features))
        return f"SVM on {' and '.join(kinds)}"
    return f"{network_title(spec.model)}, {HEADS[spec.head]}"


def count(number: float) -> str:
    """A large number in millions or thousands."""
    if number >= 1e6:
        return f"{number / 1e6:.1f} M"
    return f"{number / 1e3:.0f} k" if number >= 1e4 else f"{number:,.0f}"


_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~:$&])")


def plain(words: str) -> str:
    """Words that Markdown shows as they are: names of files and runs may hold anything."""
    return _MARKDOWN.sub(r"\\\1", words)
