"""A run's figures without Streamlit: what is drawn is what was measured, named, with units, legible light and dark."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import altair_charts, run_charts
from fer_engine.evaluation.curves import reliability, roc
from fer_engine.experiments import lab, paper
from fer_engine.labels import COLORS, NAMES

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "train_loss": [2.0, 1.5, 1.2],
        "train_accuracy": [0.3, 0.5, 0.6],
        "valid_loss": [1.9, 1.6, 1.7],
        "valid_accuracy": [0.35, 0.52, 0.5],
        "valid_macro_f1": [0.3, 0.4, 0.4],
        "learning_rate": [0.01, 0.02, 0.001],
        "size": [48, 48, 48],
        "seconds": [100.0, 100.0, 100.0],
    }
)
COUNTS = np.diag([5, 0, 3, 9, 2, 1, 4])
COUNTS[0, 3] = 15  # of 20 angry faces


def luminance(color: str) -> float:
    parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_history_is_in_percent_and_the_chosen_epoch_is_marked():
    figure = run_charts.history_curves(HISTORY, "accuracy", chosen=2)
    train, valid, ring = figure.data
    assert list(train.y) == pytest.approx([30, 50, 60])
    assert list(valid.y) == pytest.approx([35, 52, 50])
    assert train.line.dash != valid.line.dash, "told apart without colour too"
    assert (ring.x[0], ring.y[0]) == pytest.approx((2, 52))
    said = [note.text for note in figure.layout.annotations]
    assert said == ["training 60.0%", "validation 50.0%", "chosen: epoch 2"]


def test_time_is_summed_over_the_epochs_in_a_unit_that_suits():
    figure = run_charts.history_curves(HISTORY, "loss", "seconds")
    assert list(figure.data[1].x) == pytest.approx([100 / 60, 200 / 60, 300 / 60])
    assert figure.layout.xaxis.title.text == "Time since the start (min)"
    assert list(figure.data[1].y) == [1.9, 1.6, 1.7]
    assert run_charts.time_axis(HISTORY.head(1), "seconds").title.endswith("(s)")
    assert run_charts.time_axis(HISTORY.assign(seconds=9000.0), "seconds").title.endswith("(h)")


@pytest.mark.parametrize(
    ("spec", "title", "training"),
    [
        (None, "Cross-entropy (nats)", "training"),
        (paper.recipe("net5"), "Cross-entropy (nats)", "training"),
        (lab.recipe("net5"), "Cross-entropy (nats)<br>training: smoothed", "training (smoothed)"),
        (lab.recipe("net5", "svm"), "Squared hinge loss<br>training: with penalty", "training (with penalty)"),
    ],
)
def test_losses_are_called_what_the_spec_makes_them(spec, title, training):
    figure = run_charts.history_curves(HISTORY, "loss", spec=spec)
    assert figure.layout.yaxis.title.text == title
    assert [line.name for line in figure.data] == [training, "validation"]
    tree = altair_charts.live_curves(HISTORY, "loss", spec=spec).to_dict()
    assert tree["layer"][0]["encoding"]["y"]["title"] == title.split("<br>")
    rows = [row for table in tree["datasets"].values() for row in table]
    assert {row["named"] for row in rows if "named" in row} == {training, "validation"}
    accuracy = run_charts.history_curves(HISTORY, "accuracy", spec=spec)
    assert accuracy.layout.yaxis.title.text == "Accuracy (%)"
    assert accuracy.data[0].name == "training"


def test_labels_at_ends_that_are_close_do_not_cover_each_other():
    apart = run_charts.end_labels({"training": np.array([0.0, 10]), "validation": np.array([0.0, 5])})
    close = run_charts.end_labels({"training": np.array([0.0, 10]), "validation": np.array([0.0, 9.8])})
    assert [label.shift for label in apart] == [0, 0]
    assert close[0].shift - close[1].shift >= 14


def test_a_run_without_an_epoch_yet_is_an_empty_figure():
    empty = HISTORY.head(0)
    assert len(run_charts.history_curves(empty, "accuracy").data[0].x) == 0
    altair_charts.live_curves(empty, "loss", "seconds").to_dict()


def test_learning_rate_is_that_of_each_epochs_end():
    assert list(run_charts.learning_rate(HISTORY).data[0].y) == [0.01, 0.02, 0.001]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("shares", [False, True])
def test_every_number_in_a_cell_is_legible(shares, dark):
    counts = np.arange(49).reshape(7, 7) ** 2
    for cell in run_charts.confusion_cells(counts, shares=shares, dark=dark):
        low, high = sorted([luminance(cell.fill), luminance(cell.ink)])
        assert (high + 0.05) / (low + 0.05) >= 4.5, cell


def test_cells_tell_faces_or_their_share_of_the_row():
    counts = {(cell.label, cell.answer): cell.told for cell in run_charts.confusion_cells(COUNTS, shares=False)}
    shares = {(cell.label, cell.answer): cell.told for cell in run_charts.confusion_cells(COUNTS, shares=True)}
    assert (counts["angry", "happy"], shares["angry", "happy"]) == ("15", "75%")
    assert (counts["disgust", "angry"], shares["disgust", "angry"]) == ("0", "–"), "no face is labelled disgust"


def test_confusion_in_plotly_has_labels_from_the_top_and_shares_from_0_to_1():
    figure = run_charts.confusion(COUNTS, shares=True)
    heat = figure.data[0]
    assert heat.z[0][3] == pytest.approx(0.75)
    assert (heat.zmin, heat.zmax) == (0, 1)
    assert figure.layout.yaxis.autorange == "reversed"
    assert len(figure.layout.annotations) == 49


def test_confusion_in_altair_gives_the_label_and_answer_of_the_cell_that_is_clicked():
    tree = altair_charts.confusion_matrix(COUNTS, shares=False).to_dict()
    (picked,) = tree["params"]
    assert picked["name"] == altair_charts.CELL
    assert picked["select"]["fields"] == ["label", "answer"]
    assert picked["select"]["type"] == "point"
    (rows,) = tree["datasets"].values()
    assert rows[3] | {"label": "angry", "answer": "happy", "count": 15} == rows[3]
    assert [layer["mark"]["type"] for layer in tree["layer"]] == ["rect", "text"]


def test_live_curves_hold_every_epoch_of_both_lines_and_name_them_at_their_ends():
    tree = altair_charts.live_curves(HISTORY, "accuracy").to_dict()
    rows = [row for table in tree["datasets"].values() for row in table]
    assert sorted(round(row["y"]) for row in rows if row["line"] == "validation" and "epoch" in row) == [35, 50, 52]
    assert {row["told"] for row in rows if "told" in row} == {"training 60.0%", "validation 50.0%"}


def test_roc_has_the_emotions_colours_the_averages_and_the_area_of_each():
    rng = np.random.default_rng(0)
    curves = roc(rng.normal(size=(100, 7)), rng.integers(0, 7, 100))
    diagonal, *drawn = run_charts.roc_curves(curves).data
    assert list(diagonal.x) == list(diagonal.y)
    assert [line.name.rsplit(" ", 1)[0] for line in drawn] == [*NAMES, "micro average", "macro average"]
    assert [line.line.color for line in drawn[:7]] == [COLORS[name] for name in NAMES]
    assert drawn[3].name == f"happy {curves.emotions[3].auc:.3f}"
    assert (min(drawn[3].x), max(drawn[3].x), max(drawn[3].y)) == (0, 100, 100)


def test_emotion_without_faces_is_not_drawn():
    drawn = run_charts.roc_curves(roc(np.eye(7)[[0, 3]], np.array([0, 3]))).data
    assert [line.name.split()[0] for line in drawn[1:]] == ["angry", "happy", "micro", "macro"]


def test_reliability_shows_the_bins_their_faces_and_the_calibration_error():
    probabilities = np.array([[0.9, 0.1, 0, 0, 0, 0, 0], [0.5, 0.3, 0.2, 0, 0, 0, 0]])
    figure = run_charts.reliability_diagram(reliability(probabilities, np.array([0, 1]), bins=2))
    accuracy, faces = figure.data[0], figure.data[1]
    assert list(accuracy.x) == [25, 75]
    assert accuracy.y[1] == 50
    assert list(faces.y) == [0, 2]
    assert figure.layout.title.text == "Expected calibration error 20.0%, 2 bins, 2 faces"


def test_class_counts_of_splits_share_one_scale():
    counts = {"Training": dict.fromkeys(NAMES, 50), "PublicTest": dict.fromkeys(NAMES, 0) | {"happy": 10}}
    figure = run_charts.split_counts(counts)
    assert figure.data[0].text[0] == "50 · 14.3%"
    assert figure.data[1].x[3] == 100
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range


def figures() -> dict:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(7), 50), rng.integers(0, 7, 50)
    return {
        "history": run_charts.history_curves(HISTORY, "accuracy", chosen=1),
        "rate": run_charts.learning_rate(HISTORY),
        "confusion": run_charts.confusion(COUNTS, shares=False),
        "roc": run_charts.roc_curves(roc(probabilities, labels)),
        "reliability": run_charts.reliability_diagram(reliability(probabilities, labels)),
        "counts": run_charts.split_counts({"Training": dict.fromkeys(NAMES, 5)}),
    }


@pytest.mark.parametrize("name", ["history", "rate", "confusion", "roc", "reliability", "counts"])
def test_figures_leave_background_and_text_to_the_page_and_title_their_axes(name):
    figure = figures()[name]
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None
    titled = [axis.title.text for axis in figure.select_xaxes()] + [axis.title.text for axis in figure.select_yaxes()]
    assert sum(title is not None for title in titled) >= (1 if name == "counts" else 2)


@pytest.mark.parametrize("name", ["run_charts.py", "altair_charts.py"])
def test_charts_know_no_streamlit(name):
    tree = ast.parse((Path(run_charts.__file__).parent / name).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert "streamlit" not in imported | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
