"""Intervals of a run's own figures are those that a comparison gives."""

import numpy as np

from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.curves import scored_splits
from fer_engine.evaluation.intervals import macro_f1_interval, top2_interval
from fer_engine.runs.store import finished_run


def test_interval_of_macro_f1_is_that_of_a_comparison():
    runs = {name: finished_run(name) for name in ("net2-softmax", "net2-svm")}
    for entrant in compare(runs).entrants:
        found = macro_f1_interval(scored_splits(entrant.run)["PublicTest"])
        assert found == entrant.macro_f1_interval
        assert found.low < entrant.run.metrics["PublicTest"]["macro_f1"] < found.high


def test_interval_of_top_2_is_that_of_its_share():
    found = top2_interval({"top2": 0.5, "n": 100})
    np.testing.assert_allclose((found.low, found.high), (0.4038, 0.5962), atol=1e-4)
