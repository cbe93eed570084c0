"""Confusion, ROC and reliability against values worked out by hand."""

import numpy as np
import pytest

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.evaluation.calibration import expected_calibration_error
from fer_engine.evaluation.curves import MACRO, MICRO, confusion_matrix, reliability, roc, scored_splits
from fer_engine.labels import NAMES
from fer_engine.runs import store
from fer_engine.runs.store import Run

SHIPPED = ["net2-softmax", "net2-svm", "net5-softmax", "net5-svm", "net12-softmax", "net12-svm"]


def probabilities(rows: list[list[float]]) -> np.ndarray:
    """Rows of a few probabilities, filled up with zeros to seven."""
    return np.array([row + [0.0] * (7 - len(row)) for row in rows])


def test_confusion_has_a_row_a_label_and_a_column_an_answer_also_for_emotions_that_do_not_occur():
    counts = confusion_matrix(np.array([3, 3, 3, 1]), np.array([3, 3, 4, 0]))
    assert counts.shape == (7, 7)
    assert (counts[3, 3], counts[3, 4], counts[1, 0], counts.sum()) == (2, 1, 1, 4)


def test_roc_of_four_faces_worked_out_by_hand():
    scores = np.zeros((4, 7))
    # angry: faces 0 and 1 are angry; ranked 0.9 (angry), 0.8 (not), 0.6 (angry), 0.1 (not): three of four pairs in order.
    scores[:, 0] = [0.9, 0.6, 0.8, 0.1]
    # happy: faces 2 and 3 are happy, both above the others.
    scores[:, 3] = [-1, -2, 5, 4]
    curves = roc(scores, np.array([0, 0, 3, 3]))
    angry, happy = curves.emotions[0], curves.emotions[3]
    assert angry.auc == pytest.approx(3 / 4)
    assert list(angry.fpr) == [0, 0, 0.5, 0.5, 1]
    assert list(angry.tpr) == [0, 0.5, 0.5, 1, 1]
    assert happy.auc == 1
    # The mean over the two that have a curve: at a false positive rate of 0 it is (0.5 + 1) / 2, from 0.5 on it is 1.
    assert curves.macro.auc == pytest.approx((3 / 4 + 1) / 2)
    assert list(zip(curves.macro.fpr, curves.macro.tpr, strict=True)) == [(0, 0), (0, 0.75), (0.5, 1), (1, 1)]


def test_micro_average_pools_all_decisions():
    scores = np.zeros((2, 7))
    scores[0, 0], scores[1, 1] = 2, -1  # two right decisions, one on top and one at the bottom of fourteen
    curves = roc(scores, np.array([0, 1]))
    # The first stands before all 12 wrong ones, the second before none: 12 of 24 pairs in order.
    assert curves.micro.auc == pytest.approx(12 / 24)
    assert [curve.name for curve in curves.all] == [*NAMES, MICRO, MACRO]


def test_emotion_without_faces_has_no_curve_and_says_so():
    curves = roc(np.eye(7)[[0, 3]], np.array([0, 3]))
    disgust = curves.emotions[1]
    assert disgust.auc is None
    assert len(disgust.fpr) == 0
    assert disgust.missing == "There is no ROC curve for disgust: no face is labelled disgust."
    assert curves.macro.auc == 1, "what has no curve is no part of the mean"


def test_faces_of_one_emotion_alone_have_no_curve_at_all():
    curves = roc(np.eye(7)[[3, 3]], np.array([3, 3]))
    assert curves.emotions[3].missing == "There is no ROC curve for happy: all faces are labelled happy."
    assert curves.macro.auc is None
    assert "no emotion has one" in curves.macro.missing


def test_roc_is_the_same_for_scores_and_for_what_grows_with_them():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(60, 7)), rng.integers(0, 7, 60)
    assert [c.auc for c in roc(scores, labels).all] == pytest.approx([c.auc for c in roc(3 * scores - 10, labels).all])


def test_reliability_worked_out_by_hand():
    # Five bins: 0.9 (right) and 0.84 (wrong) are in the last, 0.6 (right) on the lower edge of the fourth, 1.0 (right) in the last too.
    found = reliability(probabilities([[0.9, 0.1], [0.84, 0.16], [0.4, 0.6], [1.0]]), np.array([0, 1, 1, 0]), bins=5)
    assert list(found.edges) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert list(found.count) == [0, 0, 0, 1, 3]
    assert found.confidence[3:] == pytest.approx([0.6, (0.9 + 0.84 + 1) / 3])
    assert found.accuracy[3:] == pytest.approx([1, 2 / 3])
    assert np.isnan(found.confidence[:3]).all()
    assert np.isnan(found.accuracy[:3]).all()
    assert found.error == pytest.approx((1 * 0.4 + 3 * abs(2 / 3 - 2.74 / 3)) / 4)


def test_the_bins_add_up_to_the_calibration_error():
    rng = np.random.default_rng(1)
    p, labels = rng.dirichlet(np.ones(7), 200), rng.integers(0, 7, 200)
    found = reliability(p, labels)
    some = found.count > 0
    gaps = found.count[some] * np.abs(found.accuracy[some] - found.confidence[some])
    assert found.error == pytest.approx(gaps.sum() / 200) == expected_calibration_error(p, labels)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_runs_curves_agree_with_its_figures(name):
    run = Run(settings.checkpoints_dir() / name)
    (split, scored), *others = scored_splits(run).items()
    assert not others
    assert confusion_matrix(scored.labels, scored.answers).tolist() == run.metrics[split]["confusion_matrix"]
    assert reliability(scored.probabilities, scored.labels).error == pytest.approx(run.calibration.ece, abs=1e-3)
    assert all(0.7 < curve.auc < 1 for curve in roc(scored.ranking, scored.labels).all)


def test_a_softmax_head_is_ranked_by_probabilities_and_an_svm_head_by_scores():
    softmax, svm = (next(iter(scored_splits(Run(settings.checkpoints_dir() / name)).values())) for name in ("net5-softmax", "net5-svm"))
    assert softmax.ranking is softmax.probabilities
    assert svm.ranking is svm.scores


def test_lost_predictions_are_a_sentence(tmp_path):
    (tmp_path / store.SPEC).write_bytes((settings.checkpoints_dir() / "net5-svm" / store.SPEC).read_bytes())
    with pytest.raises(FerLabError, match="predictions of the run '.*' cannot be read"):
        scored_splits(Run(tmp_path))
