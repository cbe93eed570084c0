"""A run's report: one HTML file that needs nothing else, neither the network nor the run folder. No Streamlit here."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from dashboard import run_charts, run_tables, text
from dashboard.charts import download_config
from dashboard.latex import latex_table, reads_as_numbers
from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.runs.store import SPEC

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import plotly.graph_objects as go

    from fer_engine.evaluation.curves import Scored
    from fer_engine.runs.store import Run

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: #1F2430; background: #fff;
       max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.9rem; margin: 0 0 .2rem; } h2 { font-size: 1.3rem; margin: 2.6rem 0 .6rem; } h3 { font-size: 1.05rem; }
.quiet, figcaption, caption, summary { color: #5B6070; font-size: .9rem; }
table { border-collapse: collapse; margin: .6rem 0 .4rem; font-size: .93rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .3rem; }
th { text-align: left; border-bottom: 1.5px solid #1F2430; border-top: 1.5px solid #1F2430; }
td { border-bottom: 1px solid #DCDFE6; } th, td { padding: .22rem .9rem .22rem 0; vertical-align: top; } .number { text-align: right; }
.wide { overflow-x: auto; } figure { margin: .6rem 0 1.2rem; break-inside: avoid; }
pre { background: #F3F4F7; padding: .8rem; overflow-x: auto; font-size: .8rem; }
@media print { details { display: none; } h2 { break-after: avoid; } }
"""

_RELIABILITY = "Calibrated probabilities; on the dotted line answers are right as often as they are sure."


def report_html(run: Run) -> str:
    """A finished run's report, drawn from its folder alone.

    Returns:
        The text of an HTML file: figures, tables (with their LaTeX), protocol, versions, machine and spec.

    Raises:
        FerLabError: Where the run is unfinished or its folder is damaged.
    """
    from plotly.offline import get_plotlyjs

    if not run.finished:
        raise FerLabError(f"The run '{run.name}' is unfinished; its report can be made when it has come to its end.")
    try:
        body = "\n".join(_sections(run))
    except (KeyError, TypeError, ValueError, OSError) as error:
        what = f"The run '{run.name}' is damaged ({error!r}), so that there is no report of it."
        raise FerLabError(f"{what} Fetch it or train it again.") from error
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(run.name)}: report</title>'
    head += f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _sections(run: Run) -> Iterator[str]:
    from fer_engine.evaluation.curves import scored_splits

    yield _title(run)
    yield _results(run)
    if run.spec.family == "cnn":
        yield _history(run)
    for scored in scored_splits(run).values():
        yield _split(scored)
    yield _classes(run)
    yield _architecture(run)
    yield _making(run)


def _title(run: Run) -> str:
    network = f"{text.model_words(run.spec)}"
    finished = str(run.manifest["finished"]).replace("T", " ").replace("+00:00", " UTC")
    return (
        f"<header><h1>{escape(run.name)}</h1><p>{escape(network)}. {_count(run.manifest['parameters'])} parameters. Trained until "
        f'{escape(finished)}.</p><p class="quiet">{escape(text.protocol(run))}</p></header>'
    )


def _results(run: Run) -> str:
    import pandas as pd

    how, spec = run.manifest["protocol"], run.spec
    rows = [_result(split, figures, how["tta"]) for split, figures in run.metrics.items()]
    rows += [_result(tree["split"], tree, tree["tta"]) for tree in _later(run)]
    words = (
        f"Trained on {how['trained_on']}. {run_tables.chosen_words(run)}, calibrated on {how['calibrated_on']}: "
        f"a figure on a split that was chosen on flatters a little. Seeds: {', '.join(map(str, how['seeds']))}. "
        f"Interval: {how['interval']}. Weights: {how['weights']}. Data: {spec.data.name}."
    )
    paper = run_tables.paper_accuracy(spec)
    if paper:
        words += (
            f" The paper's accuracy with these layers and this head is {text.percent(paper)} of PrivateTest (Table III): "
            "to be compared with a figure on PrivateTest alone."
        )
    return f"<h2>Results</h2>{_table(pd.DataFrame(rows), f'Results of {run.name}. {text.protocol(run)}')}<p>{escape(words)}</p>"


def _later(run: Run) -> list[dict[str, Any]]:
    from fer_engine.runs.files import read_json

    return [read_json(path) for path in sorted(run.evaluations_dir().glob("*.json"))]


def _result(split: str, figures: dict[str, Any], tta: str) -> dict[str, str]:
    low, high = figures["accuracy_ci95"]
    clean = figures["accuracy_deduplicated"]
    return {
        "Split": split,
        "Faces": _count(figures["n"]),
        "Accuracy": text.percent(figures["accuracy"]),
        "95% interval": f"{100 * low:.1f} – {100 * high:.1f}",
        "On faces not in Training": "–" if clean is None else text.percent(clean),
        "Top-2 accuracy": text.percent(figures["top2"]),
        "Macro F1": f"{figures['macro_f1']:.3f}",
        "Test-time augmentation": tta,
    }


def _history(run: Run) -> str:
    history, best, head = run.history(), run.manifest["best_epoch"], run.spec.head
    words = (
        "After each epoch, without test-time augmentation; training's values are of augmented faces, while the network still learnt. "
        f"The weights of epoch {best} were kept."
    )
    return (
        f'<h2>Training</h2><p class="quiet">{escape(words)}</p>'
        + _figure(run_charts.history_curves(history, "accuracy", chosen=best), "accuracy", "Accuracy against epochs.")
        + _figure(run_charts.history_curves(history, "loss", "seconds", chosen=best, head=head), "loss", "Loss against time.")
        + _figure(run_charts.learning_rate(history), "learning-rate", "Learning rate against epochs.")
    )


def _split(scored: Scored) -> str:
    from fer_engine.evaluation.curves import confusion_matrix, reliability, roc

    counts, curves = confusion_matrix(scored.labels, scored.answers), roc(scored.ranking, scored.labels)
    where = f"{scored.split}, {_count(len(scored.labels))} faces"
    missing = " ".join(curve.missing for curve in curves.all if curve.missing)
    sure = reliability(scored.probabilities, scored.labels)
    name = f"{scored.split}-"
    return (
        "<h2>Confusion matrix</h2>"
        + _figure(run_charts.confusion(counts, shares=True), f"{name}confusion-shares", f"Share of each label's faces, {where}.")
        + _figure(run_charts.confusion(counts, shares=False), f"{name}confusion", f"Faces, {where}.")
        + "<h2>ROC curves</h2>"
        + _figure(run_charts.roc_curves(curves), f"{name}roc", f"One emotion against the rest, {where}. {missing}")
        + "<h2>Classification report</h2>"
        + _table(classification_table(scored), f"Classification report, {where}.")
        + "<h2>Reliability</h2>"
        + _figure(run_charts.reliability_diagram(sure), f"{name}reliability", f"{_RELIABILITY} {where}.")
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


def _classes(run: Run) -> str:
    chart = run_charts.split_counts(run.manifest["counts"])
    return "<h2>Class distribution</h2>" + _figure(chart, "classes", "Faces per emotion of the splits that the run used.")


def _architecture(run: Run) -> str:
    if isinstance(run.spec, SvmSpec):
        return "<h2>Features</h2>" + _table(run_tables.features(run), "Blocks of features side by side, as the SVM takes them.")
    frame = run_tables.architecture(run.network_spec.config)
    return "<h2>Architecture</h2>" + _table(frame, "Layers in the order in which they run; shapes are channels × height × width.")


def _making(run: Run) -> str:
    import pandas as pd

    told = run.manifest
    facts = {
        "Began with": f"the weights of {told['starts_from']}" if told.get("starts_from") else "fresh weights",
        **({"Epochs": f"{told['epochs']} of at most {run.spec.epochs}"} if run.spec.family == "cnn" else {}),
        "Time": f"{told['seconds'] / 60:.1f} min",
        "Time a face": f"{told['milliseconds_per_face']:.1f} ms, one at a time on one thread",
        "Spec": run.spec.hash,
        "Data": f"{run.spec.data.name}, {run.spec.data.train} {run.spec.data.train_hash}, {run.spec.data.valid} {run.spec.data.valid_hash}",
    }
    facts |= {name.capitalize(): str(value) for name, value in told["machine"].items()}
    facts |= {f"Version of {name}": str(version) for name, version in told["versions"].items()}
    frame = pd.DataFrame({"What": list(facts), "Value": list(facts.values())})
    spec = (run.path / SPEC).read_text(encoding="utf-8")
    return f"<h2>How it was made</h2>{_table(frame, 'Machine, versions and data.')}<h3>Spec</h3><pre>{escape(spec)}</pre>"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _figure(figure: go.Figure, name: str, caption: str) -> str:
    from plotly.io import to_html

    figure.update_layout(template="plotly_white", font={"color": "#1F2430", "family": "system-ui, sans-serif"})
    config = download_config(name, "svg") | {"responsive": True}
    drawn = to_html(figure, config=config, include_plotlyjs=False, full_html=False, div_id=f"figure-{name}")
    return f"<figure>{drawn}<figcaption>{escape(caption)}</figcaption></figure>"


def _table(frame: pd.DataFrame, caption: str) -> str:
    """A table, and its LaTeX folded away below it."""
    numbers = [reads_as_numbers(frame[name]) for name in frame.columns]
    lines = [_row("th", list(frame.columns), numbers)]
    lines += [_row("td", list(row), numbers) for row in frame.itertuples(index=False, name=None)]
    latex = f"<details><summary>LaTeX</summary><pre>{escape(latex_table(frame, caption))}</pre></details>"
    return f'<div class="wide"><table><caption>{escape(caption)}</caption>{"".join(lines)}</table></div>{latex}'


def _row(kind: str, values: list[Any], numbers: list[bool]) -> str:
    cells = (
        f'<{kind}{" class=number" if number else ""}>{escape(_cell(value))}</{kind}>' for value, number in zip(values, numbers, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _cell(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
