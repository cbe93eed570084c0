"""The classification report against values worked out by hand and against a run's own figures."""

import numpy as np
import pytest

from fer_engine import settings
from fer_engine.evaluation.report import ReportRow, classification_report, report_of_counts
from fer_engine.labels import NAMES
from fer_engine.runs.store import Run

LABELS, ANSWERS = np.array([3, 3, 3, 4, 1]), np.array([3, 3, 4, 4, 3])


def test_five_faces_worked_out_by_hand():
    report = classification_report(LABELS, ANSWERS)
    assert [row.name for row in report.rows] == [*NAMES, "macro average", "weighted average"]
    assert report.emotions[3] == ReportRow("happy", pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3), 3)
    assert report.emotions[4] == ReportRow("sad", pytest.approx(1 / 2), 1.0, pytest.approx(2 / 3), 1)
    assert report.emotions[1] == ReportRow("disgust", 0.0, 0.0, 0.0, 1), "never answered"
    assert report.emotions[0] == ReportRow("angry", 0.0, 0.0, 0.0, 0), "without faces"
    assert report.accuracy == pytest.approx(3 / 5)
    assert report.macro == ReportRow(
        "macro average", pytest.approx((2 / 3 + 1 / 2) / 7), pytest.approx((2 / 3 + 1) / 7), pytest.approx((2 / 3 + 2 / 3) / 7), 5
    )
    assert report.weighted.precision == pytest.approx((3 * 2 / 3 + 1 / 2) / 5)
    assert report.weighted.recall == pytest.approx(3 / 5)
    assert report.weighted.f1 == pytest.approx((3 * 2 / 3 + 2 / 3) / 5)


def test_a_confusion_matrix_holds_all_that_the_report_says():
    counts = np.zeros((7, 7), int)
    np.add.at(counts, (LABELS, ANSWERS), 1)
    assert report_of_counts(counts) == classification_report(LABELS, ANSWERS)
    assert report_of_counts(counts.tolist()) == classification_report(LABELS, ANSWERS)


@pytest.mark.parametrize("name", ["net2-softmax", "net12-svm"])
def test_the_report_of_a_run_agrees_with_its_figures(name):
    figures = Run(settings.checkpoints_dir() / name).metrics["PublicTest"]
    report = report_of_counts(figures["confusion_matrix"])
    assert report.accuracy == pytest.approx(figures["accuracy"])
    assert report.macro.f1 == pytest.approx(figures["macro_f1"])
    assert report.weighted.precision == pytest.approx(figures["weighted_precision"])
    for row in report.emotions:
        assert row.f1 == pytest.approx(figures["per_class"][row.name]["f1"])
