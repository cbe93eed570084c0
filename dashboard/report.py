"""A run's report: one HTML file that needs nothing else, neither the network nor the run folder. No Streamlit here."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from dashboard import run_charts, run_tables, text, training_words
from dashboard.report_parts import Sheet, page
from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.labels import NAMES
from fer_engine.runs.store import SPEC

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from fer_engine.evaluation.curves import Scored
    from fer_engine.evaluation.statistics import Interval
    from fer_engine.experiments.spec import RunSpec
from fer_engine.runs.store import Run

_RELIABILITY = "Calibrated probabilities; on the dotted line answers are right as often as they are sure."


def report_html(run: Run) -> str:
    """A finished run's report, drawn from its folder alone.

    Returns:
        The text of an HTML file: figures, tables (with their LaTeX), protocol, versions, machine and spec.

    Raises:
        FerLabError: Where the run is unfinished or its folder is damaged.
    """
    if not run.finished:
        raise FerLabError(f"The run '{run.name}' is unfinished; its report can be made when it has come to its end.")
    try:
        body = "\n".join(_sections(run, Sheet(numbered=False)))
    except (KeyError, TypeError, ValueError, OSError) as error:
        what = f"The run '{run.name}' is damaged ({error!r}), so that there is no report of it."
        raise FerLabError(f"{what} Fetch it or train it again.") from error
    return page(f"{run.name}: report", body)


def _sections(run: Run, sheet: Sheet) -> Iterator[str]:
    from fer_engine.evaluation.curves import scored_splits

    yield _title(run)
    yield _results(run, sheet)
    if run.spec.family == "cnn":
        yield _history(run, sheet)
    for scored in scored_splits(run).values():
        yield _split(scored, sheet)
    yield _classes(run, sheet)
    yield _architecture(run, sheet)
    yield _making(run, sheet)


def _title(run: Run) -> str:
    network = f"{text.model_words(run.spec)}"
    finished = str(run.manifest["finished"]).replace("T", " ").replace("+00:00", " UTC")
    return (
        f"<header><h1>{escape(run.name)}</h1><p>{escape(network)}. {_count(run.manifest['parameters'])} parameters. Trained until "
        f'{escape(finished)}.</p><p class="quiet">{escape(text.protocol(run))}</p></header>'
    )


def _results(run: Run, sheet: Sheet) -> str:
    import pandas as pd

    from fer_engine.evaluation.curves import scored_splits
    from fer_engine.evaluation.intervals import macro_f1_interval

    how, spec = run.manifest["protocol"], run.spec
    scored = scored_splits(run)
    sure = {split: macro_f1_interval(scored[split]) if split in scored else None for split in run.metrics}
    rows = [_result(split, figures, how["tta"], spec.data.name, sure[split]) for split, figures in run.metrics.items()]
    rows += [_result(tree["split"], tree, tree["tta"], tree.get("data_name", "")) for tree in _later(run)]
    words = (
        f"Trained on {how['trained_on']}. {run_tables.chosen_words(run)}, calibrated on {how['calibrated_on']}: "
        f"a figure on a split that was chosen on flatters a little. Seeds: {', '.join(map(str, how['seeds']))}. "
        f"Interval: {how['interval']}, and of macro F1 by bootstrap over the faces. Weights: {how['weights']}. Data: {spec.data.name}."
    )
    paper = run_tables.paper_accuracy(spec)
    if paper:
        words += (
            f" The paper's accuracy with {_alike(spec)} is {text.percent(paper)} of PrivateTest: "
            "to be compared with a figure on PrivateTest alone."
        )
    table = sheet.table(pd.DataFrame(rows), f"{run.name}-results", f"Results of {run.name}. {text.protocol(run)}")
    return f"<h2>Results</h2>{table}<p>{escape(words)}</p>"


def _alike(spec: RunSpec) -> str:
    """What a run has in common with one of the paper's, and where its figure stands."""
    return "these features and hyper-parameters (Table I)" if spec.family == "svm" else "these layers and this head (Table III)"


def _later(run: Run) -> list[dict[str, Any]]:
    from fer_engine.evaluation.evaluate import later_evaluations
    from fer_engine.runs.files import read_json

    return [read_json(path) for path in later_evaluations(run)]


def _result(split: str, figures: dict[str, Any], tta: str, data: str, f1: Interval | None = None) -> dict[str, str]:
    """A row of the results; intervals of 95% in brackets, of macro F1 where the answers are known that it is made of."""
    from fer_engine.evaluation.intervals import top2_interval

    low, high = figures["accuracy_ci95"]
    clean, top2 = figures["accuracy_deduplicated"], top2_interval(figures)
    return {
        "Data": data,
        "Split": split,
        "Emotions": str(len(figures.get("classes", NAMES))),
        "Faces": _count(figures["n"]),
        "Accuracy": text.percent(figures["accuracy"]),
        "95% interval": f"{100 * low:.1f} – {100 * high:.1f}",
        "On faces not in Training": "–" if clean is None else text.percent(clean),
        "Top-2 accuracy": f"{text.percent(figures['top2'])} ({100 * top2.low:.1f} – {100 * top2.high:.1f})",
        "Macro F1": f"{figures['macro_f1']:.3f}" + (f" ({f1.low:.3f} – {f1.high:.3f})" if f1 else ""),
        "Test-time augmentation": tta,
    }


def _history(run: Run, sheet: Sheet) -> str:
    history, best, spec = run.history(), run.manifest["best_epoch"], run.spec
    words = (
        "After each epoch, without test-time augmentation; training's values are of augmented faces, while the network still learnt. "
        f"The weights of epoch {best} were kept. {training_words.each_epoch(run)}."
    )
    losses = f"Loss against time. {training_words.loss_note(spec)}".strip()
    return (
        f'<h2>Training</h2><p class="quiet">{escape(words)}</p>'
        + sheet.figure(run_charts.history_curves(history, "accuracy", chosen=best), "accuracy", "Accuracy against epochs.")
        + sheet.figure(run_charts.history_curves(history, "loss", "seconds", chosen=best, spec=spec), "loss", losses)
        + sheet.figure(run_charts.learning_rate(history), "learning-rate", "Learning rate against epochs.")
    )


def _split(scored: Scored, sheet: Sheet) -> str:
    from fer_engine.evaluation.curves import confusion_matrix, reliability, roc

    counts, curves = confusion_matrix(scored.labels, scored.answers), roc(scored.ranking, scored.labels)
    where = f"{scored.split}, {_count(len(scored.labels))} faces"
    missing = " ".join(curve.missing for curve in curves.all if curve.missing)
    sure = reliability(scored.probabilities, scored.labels)
    name = f"{scored.split}-"
    return (
        "<h2>Confusion matrix</h2>"
        + sheet.figure(run_charts.confusion(counts, shares=True), f"{name}confusion-shares", f"Share of each label's faces, {where}.")
        + sheet.figure(run_charts.confusion(counts, shares=False), f"{name}confusion", f"Faces, {where}.")
        + "<h2>ROC curves</h2>"
        + sheet.figure(run_charts.roc_curves(curves), f"{name}roc", f"One emotion against the rest, {where}. {missing}")
        + "<h2>Classification report</h2>"
        + sheet.table(classification_table(scored), f"{name}classification-report", f"Classification report, {where}.")
        + "<h2>Reliability</h2>"
        + sheet.figure(run_charts.reliability_diagram(sure), f"{name}reliability", f"{_RELIABILITY} {where}.")
    )


def classification_table(scored: Scored) -> pd.DataFrame:
    """The classification report as the paper's Fig. 6 has it: emotions, accuracy, averages; shares from 0 to 1."""
    import pandas as pd

    from fer_engine.evaluation.report import classification_report

    report = classification_report(scored.labels, scored.answers)
    frame = pd.DataFrame([asdict(row) for row in report.rows])
    frame.columns = pd.Index(["Emotion", "Precision", "Recall", "F1", "Support"])
    accuracy = pd.DataFrame({"Emotion": ["accuracy"], "F1": [report.accuracy], "Support": [report.macro.support]})
    return pd.concat([frame[:7], accuracy, frame[7:]], ignore_index=True)


def _classes(run: Run, sheet: Sheet) -> str:
    chart = run_charts.split_counts(run.manifest["counts"])
    return "<h2>Class distribution</h2>" + sheet.figure(chart, "classes", "Faces per emotion of the splits that the run used.")


def _architecture(run: Run, sheet: Sheet) -> str:
    if isinstance(run.spec, SvmSpec):
        return "<h2>Features</h2>" + sheet.table(
            run_tables.features(run), f"{run.name}-features", "Blocks of features side by side, as the SVM takes them."
        )
    frame = run_tables.architecture(run.network_spec.config)
    return "<h2>Architecture</h2>" + sheet.table(
        frame, f"{run.name}-architecture", "Layers in the order in which they run; shapes are channels × height × width."
    )


def _making(run: Run, sheet: Sheet) -> str:
    import pandas as pd

    facts = made_of(run)
    frame = pd.DataFrame({"What": list(facts), "Value": list(facts.values())})
    spec = (run.path / SPEC).read_text(encoding="utf-8")
    table = sheet.table(frame, f"{run.name}-making", "Machine, versions and data.")
    return f"<h2>How it was made</h2>{table}<h3>Spec</h3><pre>{escape(spec)}</pre>"


def made_of(run: Run) -> dict[str, str]:
    """How a finished run was made: time, spec, data, machine and versions, by what they are called; what is not told is left out."""
    told = run.manifest
    facts = {
        "Began with": f"the weights of {told['starts_from']}" if told.get("starts_from") else "fresh weights",
        **({"Epochs": f"{told['epochs']} of at most {run.spec.epochs}"} if run.spec.family == "cnn" else {}),
        "Time": f"{told['seconds'] / 60:.1f} min",
        "Time a face": f"{told['milliseconds_per_face']:.1f} ms, one at a time on one thread",
        "Spec": run.spec.hash,
        "Data": f"{run.spec.data.name}, {run.spec.data.train} {run.spec.data.train_hash}, {run.spec.data.valid} {run.spec.data.valid_hash}",
    }
    facts |= {name.capitalize(): str(value) for name, value in told.get("machine", {}).items()}
    return facts | {f"Version of {name}": str(version) for name, version in told.get("versions", {}).items()}


def _count(number: float) -> str:
    return f"{number:,.0f}"
