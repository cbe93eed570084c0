"""`train`."""

import json
import os
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from fer_engine.cli.output import DataPath, Json, SkipBad, err, open_faces, out, percent, print_json, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.experiments.spec import CnnSpec
    from fer_engine.runs.store import Run
    from fer_engine.training.fit import EpochRow


class Recipe(StrEnum):
    """Whose way of training."""

    OURS = "ours"
    PAPER = "paper"
    QUICK = "quick"


class Head(StrEnum):
    """What stands on a network."""

    SOFTMAX = "softmax"
    SVM = "svm"


def train(
    model: Annotated[str | None, typer.Option(help="net2, net5 or net12; net5 where nothing is said.")] = None,
    head: Annotated[Head | None, typer.Option(help="Cross-entropy, or seven one-vs-all SVMs; softmax where nothing is said.")] = None,
    name: Annotated[str, typer.Option(help="What to call the run; by default network, head and the spec's hash.")] = "",
    recipe: Annotated[Recipe, typer.Option(help="Our way, the paper's, or a quick one for a small or drawn set.")] = Recipe.OURS,
    start: Annotated[str | None, typer.Option("--from", help="A finished run to start from, instead of fresh weights.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training faces.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Faces a step.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order, augmentation and dropout.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any field of the spec, such as optimizer.lr=0.1 or network.widths=[64,64].")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the unfinished run --name; its own spec holds.")] = False,
    data: DataPath = None,
    skip_bad: SkipBad = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, 32-true, bf16-mixed or 16-mixed.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads; 0 for one per core.")] = 0,
    as_json: Json = False,
) -> None:
    """Train a network on FER2013 (or a drawn set) and leave a run folder. Stopped by Ctrl-C, it goes on with --resume."""
    from fer_engine.runs.store import finished_run, unfinished_run
    from fer_engine.training.device import Hardware
    from fer_engine.training.run import prepare, reopen, train_run

    named = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    changes = {key: value for key, value in named.items() if value is not None} | parse_settings(settings or [])
    if resume:
        run = unfinished_run(name)
        given = {"model": model, "head": head.value if head else None} | changes
        refuse_other_settings(run, {field: value for field, value in given.items() if value is not None})
        faces = open_faces(data, skip_bad)
        job = reopen(run, faces)
    else:
        starts_from = finished_run(start) if start else None
        spec = build_spec(model or "net5", head.value if head else "softmax", recipe, starts_from, changes)
        faces = open_faces(data, skip_bad)
        job = prepare(spec, faces, name, starts_from)
    say([f"Training {job.folder.name} on '{faces.name}' (spec {job.spec.hash}) into {job.folder}"])
    _be_kind()
    try:
        with _watch(as_json) as listener:
            finished = train_run(job, faces, Hardware(device, precision, threads), listener)
    except KeyboardInterrupt:
        raise FerLabError(f"Stopped. Go on with: python -m fer_engine train --name {job.folder.name} --resume") from None
    _report(finished, as_json)


def build_spec(model: str, head: Any, recipe: Recipe, starts_from: "Run | None", changes: dict[str, Any]) -> "CnnSpec":
    """The spec that the options describe.

    Raises:
        FerLabError: Where a field is unknown or makes no sense, or the run to start from has other layers.
    """
    from fer_engine.experiments import lab, paper
    from fer_engine.experiments.spec import override

    if starts_from:
        # The run's own layers, whatever the defaults are by now.
        spec = replace(lab.continued(model, head), network=starts_from.spec.config)
        if starts_from.spec.model != model:
            raise FerLabError(f"--from {starts_from.name} is a {starts_from.spec.model}; say --model {starts_from.spec.model}.")
    else:
        recipes = {Recipe.OURS: lab.recipe, Recipe.PAPER: paper.recipe, Recipe.QUICK: lab.quick}
        spec = recipes[recipe](model, head)
    spec = override(spec, changes)
    if starts_from and spec.config != starts_from.spec.config:
        raise FerLabError(f"--from {starts_from.name} keeps its layers; leave out --set network....")
    return spec


def refuse_other_settings(run: "Run", given: dict[str, Any]) -> None:
    """Stop where a run that is to go on was begun with other settings than those given.

    Raises:
        FerLabError: Naming the first field that differs.
    """
    from fer_engine.experiments.spec import field_paths, override

    begun, asked = field_paths(run.spec), field_paths(override(run.spec, given))
    for field, value in begun.items():
        if asked[field] != value:
            raise FerLabError(f"The run '{run.name}' has {field} {value}, not {asked[field]}. Leave that out, or begin a new run.")


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """`field=value` texts as a dictionary; values are JSON, or text where they are not."""
    changes: dict[str, Any] = {}
    for setting in settings:
        field, separator, text = setting.partition("=")
        if not separator:
            raise FerLabError(f"--set takes field=value, not '{setting}'.")
        try:
            changes[field.strip()] = json.loads(text)
        except ValueError:
            changes[field.strip()] = text.strip()
    return changes


def _be_kind() -> None:
    """Let everything else on the machine go first."""
    if hasattr(os, "nice"):
        os.nice(5)


class _Bar:
    """Shows steps and epochs on standard error, and epochs as JSON lines where they are asked for."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[speed]}"), TimeRemainingColumn())
        self.bar = Progress(*columns, console=err, transient=True)
        self.task = self.bar.add_task("Starting", speed="", total=None)

    def __enter__(self) -> "_Bar":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Move the bar; the time left is that of the epoch."""
        self.bar.update(
            self.task, description=f"Epoch {epoch}", completed=step, total=steps, speed=f"{images_per_second:,.0f} images/s", refresh=False
        )

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        """Print the epoch's row, with the time that is left at its pace."""
        if self.as_json:
            print_json(asdict(row))
        left = (epochs - row.epoch) * row.seconds / 60
        err.print(
            f"epoch {row.epoch:>3}/{epochs}  train {row.train_loss:.3f} {percent(row.train_accuracy)}  "
            f"valid {row.valid_loss:.3f} {percent(row.valid_accuracy)}  {row.images_per_second:,.0f} images/s  about {left:.0f} min left",
            highlight=False,
        )


def _watch(as_json: bool) -> _Bar:
    return _Bar(as_json)


def _report(run: "Run", as_json: bool) -> None:
    (split, metrics), *_ = run.metrics.items()
    figures = {"run": run.name, "path": str(run.path), "split": split, "n": metrics["n"], "accuracy": metrics["accuracy"]}
    if as_json:
        print_json(figures | {"accuracy_ci95": metrics["accuracy_ci95"], "best_epoch": run.manifest["best_epoch"]})
        return
    low, high = metrics["accuracy_ci95"]
    words = f"{run.name}: {percent(metrics['accuracy'], 2)} of {metrics['n']:,} {split} faces ({percent(low)} to {percent(high)})"
    out.print(f"{words}, epoch {run.manifest['best_epoch']} of {run.manifest['epochs']}; {Path(run.path)}", highlight=False, markup=False)
