"""Figures against values worked out by hand."""

import numpy as np
import pytest

from fer_engine.evaluation.calibration import expected_calibration_error, fit_calibration
from fer_engine.evaluation.metrics import measure
from fer_engine.evaluation.statistics import wilson_interval


def scores_for(answers: list[int], seconds: list[int]) -> np.ndarray:
    scores = np.zeros((len(answers), 7), np.float32)
    scores[np.arange(len(answers)), seconds] = 1
    scores[np.arange(len(answers)), answers] = 2
    return scores


def test_figures_of_five_faces_worked_out_by_hand():
    labels = np.array([3, 3, 3, 4, 1])
    metrics = measure(scores_for([3, 3, 4, 4, 3], [0, 0, 3, 0, 0]), labels, np.array([True, False, False, False, False]))
    assert metrics.accuracy == pytest.approx(3 / 5)
    assert metrics.top2 == pytest.approx(4 / 5)
    # happy: precision 2/3, recall 2/3, F1 2/3; sad: 1/2, 1, 2/3; disgust: never answered, all 0; the other four have no face.
    assert metrics.per_class["happy"] == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3})
    assert metrics.per_class["sad"] == pytest.approx({"precision": 1 / 2, "recall": 1, "f1": 2 / 3, "support": 1})
    assert metrics.macro_f1 == pytest.approx((2 / 3 + 2 / 3) / 7)
    assert metrics.weighted_precision == pytest.approx(3 / 5 * 2 / 3 + 1 / 5 * 1 / 2)
    assert metrics.weighted_recall == pytest.approx(metrics.accuracy)
    assert metrics.weighted_f1 == pytest.approx(4 / 5 * 2 / 3)
    assert metrics.confusion_matrix[3] == [0, 0, 0, 2, 1, 0, 0]
    assert metrics.confusion_matrix[1] == [0, 0, 0, 1, 0, 0, 0]
    assert (metrics.n, metrics.n_deduplicated) == (5, 4)
    assert metrics.accuracy_deduplicated == pytest.approx(2 / 4)


def test_without_a_face_that_is_new_there_is_no_deduplicated_accuracy():
    metrics = measure(scores_for([3], [4]), np.array([3]), np.array([True]))
    assert (metrics.n_deduplicated, metrics.accuracy_deduplicated) == (0, None)


def test_wilson_interval_of_a_known_case():
    # 8 of 10 (z = 1.96): centre (0.8 + 0.19207) / 1.38415 = 0.71674, half 0.22659, as in the textbooks.
    interval = wilson_interval(8, 10)
    assert (interval.low, interval.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert (wilson_interval(0, 10).low, wilson_interval(10, 10).high) == pytest.approx((0, 1))


def test_interval_of_a_test_split_is_about_a_point_and_a_half_wide_on_each_side():
    interval = wilson_interval(2297, 3589)
    assert 0.015 < (interval.high - interval.low) / 2 < 0.016


def test_calibration_error_worked_out_by_hand():
    # Two faces in one bin, confidence 0.9 and 0.92, one right: |0.5 - 0.91|; one in another, 0.6 and right: 0.4.
    probabilities = np.array([[0.9, 0.1], [0.92, 0.08], [0.6, 0.4]])
    assert expected_calibration_error(probabilities, np.array([0, 1, 0])) == pytest.approx((2 * 0.41 + 0.4) / 3)


def test_calibration_finds_the_scale_that_scores_were_made_with():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 7))
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(1)  # drawn from softmax(logits)
    calibration = fit_calibration(4 * logits, labels, "PublicTest")
    assert calibration.scale == pytest.approx(0.25, rel=0.05)
    assert calibration.nll < calibration.nll_before
    assert calibration.ece < 0.02 < calibration.ece_before


def test_calibration_keeps_the_answer_and_adds_to_one():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(50, 7)), rng.integers(0, 7, 50)
    probabilities = fit_calibration(scores, labels, "PublicTest").probabilities(scores)
    assert np.array_equal(probabilities.argmax(1), scores.argmax(1))
    assert np.allclose(probabilities.sum(1), 1)
