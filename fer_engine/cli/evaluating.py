"""`runs` and `evaluate`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fer_engine.cli.output import DataPath, Json, SkipBad, open_faces, out, percent, print_json, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.evaluation.evaluate import Evaluation
    from fer_engine.runs.store import Run


def runs(
    ablations: Annotated[bool, typer.Option("--ablations", help="List those, too, that ship as rows of ablation studies.")] = False,
    as_json: Json = False,
) -> None:
    """List all runs: those that ship, and own ones."""
    from fer_engine.runs.store import list_runs

    rows = []
    found = list_runs(studies=True)
    for run in (run for run in found if ablations or not run.of_study):
        try:
            rows.append(run_row(run))
        except FerLabError as error:
            say([f"The run '{run.name}' is damaged and left out: {error}"])
    if as_json:
        for row in rows:
            print_json(row)
        return
    table = Table("run", "family", "spec", "status", "split", "n", "accuracy", "95% interval")
    for row in rows:
        interval = " to ".join(percent(end) for end in row["accuracy_ci95"]) if row["accuracy_ci95"] else ""
        n = f"{row['n']:,}" if row["n"] else ""
        table.add_row(
            row["name"], row["family"], row["spec_hash"], row["status"], row["split"] or "", n, percent(row["accuracy"]), interval
        )
    out.print(table)
    left = 0 if ablations else sum(run.of_study for run in found)
    if left:
        say([f"{left} more ship as rows of ablation studies: --ablations lists them, too."])


def run_row(run: "Run") -> dict[str, Any]:
    """One run as the table shows it; a run without figures has None in their place."""
    split, figures = next(iter(run.metrics.items())) if run.finished else (None, {})
    return {
        "name": run.name,
        "family": run.spec.family,
        "spec_hash": run.spec.hash,
        "status": "finished" if run.finished else "unfinished",
        "split": split,
        "n": figures.get("n"),
        "accuracy": figures.get("accuracy"),
        "accuracy_ci95": figures.get("accuracy_ci95"),
    }


def evaluate(
    run: Annotated[str, typer.Argument(help="A run's name or folder.")],
    split: Annotated[
        str | None, typer.Option(help="Training, PublicTest or PrivateTest; PublicTest by default, or the only one that a set has.")
    ] = None,
    data: DataPath = None,
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Score a finished run on a split; the result is kept among the run's evaluations."""
    from fer_engine.evaluation.evaluate import evaluate as evaluate_run
    from fer_engine.evaluation.evaluate import keep, usual_split
    from fer_engine.runs.store import finished_run

    found = finished_run(run)
    faces = open_faces(data, skip_bad)
    result = evaluate_run(found, faces, split or usual_split(faces))
    say(result.notices)
    if as_json:
        print_json(result.to_dict())
    else:
        _print_figures(result)
    try:
        keep(found, result)
    except FerLabError as error:  # the figures are there all the same
        say([str(error)])


def _print_figures(result: "Evaluation") -> None:
    metrics = result.metrics
    low, high = metrics.accuracy_ci95
    table = Table("figure", "value", title=f"{result.run} on {result.split}, n = {metrics.n:,}, test-time augmentation: {result.tta}")
    table.add_row("accuracy (95% interval)", f"{percent(metrics.accuracy, 2)} ({percent(low)} to {percent(high)})")
    table.add_row("accuracy without images of Training", f"{percent(metrics.accuracy_deduplicated, 2)} (n = {metrics.n_deduplicated:,})")
    table.add_row("label among the two likeliest", percent(metrics.top2, 2))
    for name in ("macro_f1", "weighted_precision", "weighted_recall", "weighted_f1"):
        table.add_row(name.replace("_", " "), f"{getattr(metrics, name):.4f}")
    table.add_row("seconds", f"{result.seconds:.1f}")
    out.print(table)
