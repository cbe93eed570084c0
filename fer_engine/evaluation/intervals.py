"""How sure the figures of one run are that its metrics give without an interval."""

from typing import Any

import numpy as np

from fer_engine.evaluation.comparison import resample
from fer_engine.evaluation.curves import Scored
from fer_engine.evaluation.statistics import Interval, percentile_interval, wilson_interval


def macro_f1_interval(scored: Scored) -> Interval:
    """The 95% interval of macro F1, by bootstrap over the faces; the same as a comparison of runs has."""
    order = np.argsort(scored.ids, kind="stable")
    (resampled,) = resample(scored.labels[order], [scored.answers[order]])
    return percentile_interval(resampled.macro_f1)


def top2_interval(figures: dict[str, Any]) -> Interval:
    """The 95% interval of top-2 accuracy after Wilson, of figures as `fer_engine.evaluation.metrics.Metrics` has them."""
    return wilson_interval(round(figures["top2"] * figures["n"]), figures["n"])
