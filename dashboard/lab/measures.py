"""Chapters of a report that show runs one by one: training, confusion, ROC curves, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from dashboard import compare_charts, compare_tables, run_charts, run_tables, text
from dashboard.report_parts import folded, missing, paragraph
from dashboard.training_words import loss_name, loss_note, of_different_faces, told_ways, ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from dashboard.lab.gather import Lab
    from dashboard.report_parts import Sheet
    from fer_engine.evaluation.curves import Roc, Scored
    from fer_engine.runs.store import Run

_NO_RUN = "There is no finished run to draw this of."


def training(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The curves of all networks over each other, then of each."""
    histories = {key: run.history() for key, run in lab.runs.items() if run.spec.family == "cnn"}
    if not histories:
        yield missing("There is no network here, and an SVM is fitted at once and has no curves.")
        return
    yield paragraph(
        "After each epoch: of the validation split without test-time augmentation, and of the training faces as they were augmented and "
        "seen while the network still learnt. These curves choose the epoch; a run's result is measured once, at the end. One seed each."
    )
    yield paragraph(f"{told_ways(ways({key: lab.runs[key] for key in histories}))}.")
    if len({lab.runs[key].spec.head for key in histories}) > 1:
        yield paragraph("Losses of different heads (cross-entropy, squared hinge) have different scales; compare their courses alone.")
    for quantity in get_args(compare_charts.Quantity):
        apart = of_different_faces([lab.runs[key] for key in histories], quantity)
        mixed = " Curves of different faces are among these; their heights do not compare." if apart else ""
        caption = f"{compare_charts.TITLES[quantity]} after each epoch.{mixed}"
        told = ", ".join(f"{key} {rows[quantity].iloc[-1]:.3f}" for key, rows in histories.items())
        chart = compare_charts.histories(histories, quantity, "epochs")
        yield sheet.figure(chart, f"training-{quantity}", caption, f"{caption} In the last one: {told}")
    for key, rows in histories.items():
        yield folded(f"{key}: accuracy, loss, learning rate, every epoch", list(_history(lab.runs[key], key, rows, sheet)))


def _history(run: Run, key: str, rows: pd.DataFrame, sheet: Sheet) -> Iterator[str]:
    best, spec, valid = run.manifest["best_epoch"], run.spec, run.spec.data.valid
    for quantity in get_args(run_charts.Quantity):
        name, note = (loss_name(spec), loss_note(spec)) if quantity == "loss" else (run_charts.quantity_title(quantity), "")
        caption = f"{key}: {name}, training and {valid}; the weights of epoch {best} were kept. {note}".strip()
        yield sheet.figure(run_charts.history_curves(rows, quantity, chosen=best, spec=spec), f"{key}-{quantity}", caption)
    chart = run_charts.history_curves(rows, "accuracy", "seconds", chosen=best, spec=spec)
    yield sheet.figure(chart, f"{key}-accuracy-time", f"{key}: accuracy (%) against time since the start.")
    yield sheet.figure(run_charts.learning_rate(rows), f"{key}-learning-rate", f"{key}: learning rate at the end of each epoch.")
    yield sheet.table(rows, f"{key}-history", f"{key}: after each epoch, without test-time augmentation.", tall=True)


def _scored(lab: Lab) -> dict[str, Scored]:
    """What each run said of the split that it was scored on when it ended."""
    from fer_engine.evaluation.curves import scored_splits

    return {key: next(iter(scored_splits(run).values())) for key, run in lab.runs.items()}


def confusion(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The confusion matrix of each run, with its figures per emotion."""
    if not lab.runs:
        yield missing(_NO_RUN)
        return
    recalls = compare_tables.recall_table({key: text.evaluated(run)[1]["confusion_matrix"] for key, run in lab.runs.items()})
    protocols = "; ".join(dict.fromkeys(text.protocol(run) for run in lab.runs.values()))
    yield sheet.table(recalls, "recalls", f"Recall of each emotion: the share of its faces that are answered right. {protocols}.")
    for key, run in lab.runs.items():
        yield folded(f"{key}: {text.protocol(run)}", list(_confusion(run, key, sheet)))


def _confusion(run: Run, key: str, sheet: Sheet) -> Iterator[str]:
    matrix = text.evaluated(run)[1]["confusion_matrix"]
    where = text.protocol(run)
    told = "; ".join(f"{row['Emotion']} {row['Recall']:.2f}" for row in run_tables.per_emotion(matrix).to_dict("records")[:7])
    caption = f"Confusion matrix of {key}, share of the label's faces. {where}."
    chart = run_charts.confusion(np.array(matrix), shares=True)
    yield sheet.figure(chart, f"{key}-confusion", caption, f"{caption} On the diagonal, recall: {told}")
    yield sheet.table(run_tables.confusions(matrix), f"{key}-confusion", f"Confusion matrix of {key}, faces: a row a label. {where}.")
    caption = f"Classification report of {key}, shares from 0 to 1; intervals after Wilson. {where}."
    yield sheet.table(run_tables.per_emotion(matrix), f"{key}-per-emotion", caption)


def roc(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The area under every curve of all runs, and each run's curves."""
    from fer_engine.evaluation import curves

    if not lab.runs:
        yield missing(_NO_RUN)
        return
    found = {key: curves.roc(scored.ranking, scored.labels) for key, scored in _scored(lab).items()}
    yield paragraph(
        "Each emotion against the other six: by calibrated probabilities of a softmax head, by the scores of an svm head's seven machines, "
        "by the votes of an SVM's 21 machines. The micro average pools all decisions; the macro average is the mean of the seven curves."
    )
    protocols = "; ".join(dict.fromkeys(text.protocol(run) for run in lab.runs.values()))
    yield sheet.table(run_tables.areas_of(found), "auc", f"Area under the ROC curve (0.5 is chance, 1 the best). {protocols}.")
    for key, curve in found.items():
        yield folded(f"{key}: {text.protocol(lab.runs[key])}", list(_roc(lab.runs[key], key, curve, sheet)))


def _roc(run: Run, key: str, found: Roc, sheet: Sheet) -> Iterator[str]:
    told = ", ".join(f"{curve.name} {curve.auc:.3f}" for curve in found.all if curve.auc is not None)
    lacking = " ".join(curve.missing for curve in found.all if curve.missing)
    caption = f"ROC curves of {key}, one emotion against the rest. {text.protocol(run)}. {lacking}".strip()
    yield sheet.figure(run_charts.roc_curves(found), f"{key}-roc", caption, f"{caption} Area under the curve: {told}")


def calibration(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """How sure the runs are, and how rightly; accuracy where they may abstain."""
    from fer_engine.evaluation.comparison_trust import trust

    if not lab.runs:
        yield missing(_NO_RUN)
        return
    trusts = {key: trust(scored) for key, scored in _scored(lab).items()}
    yield paragraph(
        "A factor on the scores makes probabilities of them and changes no answer. It was fitted on the split that each run was chosen on; "
        "measured on the same faces it looks a little too good."
    )
    for words, keys in _by_protocol(lab.runs).items():
        mine = {key: trusts[key] for key in keys}
        frame = compare_tables.certainty(mine)
        yield sheet.table(
            frame, "certainty", f"How sure, and how rightly: expected calibration error in 15 bins, margins in points. {words}."
        )
        caption = f"Accuracy (%) on the faces that are answered, against their share (%), where a run leaves out its least sure. {words}."
        halves = ", ".join(f"{key} {text.percent(found.coverage.accuracy_at(0.5))}" for key, found in mine.items())
        chart = compare_charts.coverage({key: found.coverage for key, found in mine.items()})
        yield sheet.figure(chart, "coverage", caption, f"{caption} On the surest half: {halves}")
        caption = f"How far the answer leads over the next emotion (points): quartiles and range. {words}."
        yield sheet.figure(compare_charts.margins(mine), "margins", caption)
    for key, found in trusts.items():
        parts = []
        for when, curve in (("before", found.before), ("after", found.after)):
            caption = f"Reliability of {key} {when} calibration: accuracy (%) against confidence (%). {text.protocol(lab.runs[key])}."
            parts.append(sheet.figure(run_charts.reliability_diagram(curve), f"{key}-reliability-{when}", caption))
            parts.append(sheet.table(run_tables.bins(curve), f"{key}-reliability-{when}", caption))
        yield folded(
            f"{key}: expected calibration error {text.percent(found.before.error)} before, {text.percent(found.after.error)} after", parts
        )


def _by_protocol(runs: Mapping[str, Run]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, run in runs.items():
        found.setdefault(text.protocol(run), []).append(key)
    return found
