"""`train`."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from fer_engine.cli.output import DataPath, Json, SkipBad, err, going_on, open_faces, out, percent, print_json, say
from fer_engine.errors import FerLabError
from fer_engine.training.leading import leads

if TYPE_CHECKING:
    from fer_engine.data.faceset import FaceSet
    from fer_engine.experiments.spec import CnnSpec, RunSpec
    from fer_engine.runs.records import Launch
    from fer_engine.runs.store import Run
    from fer_engine.training.fit import EpochRow, Listener
    from fer_engine.training.hardware import Hardware
    from fer_engine.training.run import Job


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
    model: Annotated[str | None, typer.Option(help="net2, net5, net12, res8, or an SVM such as svm-hog; net5 by default.")] = None,
    head: Annotated[Head | None, typer.Option(help="Cross-entropy, or seven one-vs-all SVMs; softmax where nothing is said.")] = None,
    name: Annotated[str, typer.Option(help="What to call the run; by default network, head and the spec's hash.")] = "",
    recipe: Annotated[
        Recipe | None, typer.Option(help="Our way, the paper's, or a quick one for a small or drawn set; ours by default.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="A finished run to start from, instead of fresh weights.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training faces.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Faces a step.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order, augmentation and dropout.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any field of the spec, such as optimizer.lr=0.1 or network.widths=[64,64].")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the unfinished run --name: by its own spec, on the hardware and data that it was begun on."
        ),
    ] = False,
    data: DataPath = None,
    skip_bad: SkipBad = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda; auto where nothing is said.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, 32-true, bf16-mixed or 16-mixed; auto where nothing is said.")] = None,
    threads: Annotated[int | None, typer.Option(min=0, help="CPU threads of each process; 0, as by default, shares the cores out.")] = None,
    devices: Annotated[
        int | None, typer.Option(min=1, help="Devices on each machine, by default 1: GPUs, or processes on the CPU.")
    ] = None,
    nodes: Annotated[int, typer.Option(min=1, help="Machines; the same command is given on each (see the README).")] = 1,
    compiled: Annotated[
        bool | None, typer.Option("--compile/--no-compile", help="Fuse the network's operations with torch.compile; for GPUs.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait while other runs use the cores or the GPU.")] = True,
    as_json: Json = False,
) -> None:
    """Train a network on FER2013 (or a drawn set) and leave a run folder. Stopped by Ctrl-C, it goes on with --resume."""
    from fer_engine.runs.processes import this_process
    from fer_engine.runs.records import read_record
    from fer_engine.runs.store import Run, unfinished_run
    from fer_engine.training import neighbour

    neighbour.be_kind()
    goes_on = unfinished_run(name) if resume else None
    record = read_record(goes_on) if goes_on else None
    before = record.launch if record else None
    given = {"device": device, "precision": precision, "threads": threads, "devices": devices, "compiled": compiled}
    launch = _launch(data, skip_bad, given, before)
    if record is None or record.process != this_process():  # a detached one leaves word of it when it is at work
        refuse_impossible(launch, nodes)
    if goes_on.spec.family == "svm" if goes_on else (model or "").startswith("svm-"):
        only_networks: dict[str, Any] = {"--head": head, "--epochs": epochs, "--batch-size": batch_size, "--recipe": recipe}
        only_networks |= {"--devices": launch.devices > 1, "--nodes": nodes > 1, "--compile": compiled}
        only_networks |= {"--device": device, "--precision": precision, "--threads": threads}
        _report(_fit(model or "", name, start, resume, parse_settings(settings or []), only_networks, seed, launch, wait), as_json)
        return
    named = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    changes = {key: value for key, value in named.items() if value is not None} | parse_settings(settings or [])
    kind = head.value if head else None
    if resume and start:
        raise FerLabError("An unfinished run goes on from what it was begun with: leave --from out with --resume.")
    if recipe and (start or resume):
        raise FerLabError("--recipe is for fresh weights; leave it out with --from, which goes on gently, and with --resume.")
    if resume:
        run, begun = _unfinished(name, model, kind, changes), None
    else:
        begun = _begin(model or "net5", kind or "softmax", recipe, start, changes, name, launch)
        run = Run(begun[0].folder)
    try:
        # The other processes of one run may be here before the first has written the spec into the folder.
        known = begun[0].spec if begun else run.spec
        with _at_work(run, known, launch, wait, as_json) as listener:
            _train(run, begun, launch, _settled(run, launch, before, nodes), listener)
    except KeyboardInterrupt:
        on_all = f" --nodes {nodes}" if nodes > 1 else ""
        words = going_on(f"python -m fer_engine train --name {run.name} --resume{on_all}", launch.data, launch.skip_bad)
        raise FerLabError(f"Stopped. Go on with: {words}") from None
    _report(run, as_json)


def refuse_impossible(launch: "Launch", nodes: int = 1, *, here: bool = True) -> None:
    """Stop where a run could not be trained so, before it waits for its turn.

    Args:
        launch: How it is trained.
        nodes: Machines.
        here: Whether on this machine; of others it is not known what devices they have.

    Raises:
        FerLabError: Where there is no such precision, or this machine has no such device.
    """
    from fer_engine.training.hardware import Hardware

    hardware = Hardware(launch.device, launch.precision, launch.threads, launch.devices, nodes, launch.compiled)
    if here and hardware.device == "cuda":
        from fer_engine.training.device import settle

        settle(hardware)


def _launch(data: str | None, skip_bad: bool, given: dict[str, Any], before: "Launch | None") -> "Launch":
    """How to train: as the options say, and where a run goes on and they say nothing, as it was begun."""
    from fer_engine.runs.records import Launch, absolute_data

    asked = {name: value for name, value in given.items() if value is not None}
    if before is None:
        return Launch(absolute_data(data), skip_bad=skip_bad, **asked)
    return replace(before, data=absolute_data(data or before.data), skip_bad=skip_bad or before.skip_bad, **asked)


def _settled(run: "Run", launch: "Launch", before: "Launch | None", nodes: int) -> "Hardware":
    """What the run is trained on, chosen where that was left open, kept for when it goes on; and said where it was another before."""
    from fer_engine.runs.records import keep_launch, machine_changes
    from fer_engine.training.device import settle
    from fer_engine.training.hardware import Hardware

    hardware = settle(Hardware(launch.device, launch.precision, launch.threads, launch.devices, nodes, launch.compiled))
    launch = replace(launch, device=hardware.device, precision=hardware.precision, threads=hardware.threads)
    if leads():
        keep_launch(run, launch)
    changes = machine_changes(launch, before) if before else {}
    told = ", ".join(f"{name} {new} in place of {old}" for name, (old, new) in changes.items())
    if told:
        say([f"{run.name} goes on with {told}: it ends in other figures than if it had gone on as it was begun."])
    return hardware


def _fit(
    model: str, name: str, start: str | None, resume: bool, changes: dict[str, Any], only_networks: dict[str, Any], seed: int | None,
    launch: "Launch", wait: bool,
) -> "Run":  # fmt: skip
    """Fit an SVM; one that was stopped begins anew, which takes minutes at most."""
    from fer_engine.cli import fitting
    from fer_engine.runs.store import unfinished_run

    named = changes | ({} if seed is None else {"seed": seed})
    if resume:
        run = unfinished_run(name)
        fitting.refuse_options(run.name, only_networks)
        refuse_other_settings(run, named | ({"model": model} if model else {}))
        return fitting.resume_svm(run, launch, wait=wait)
    spec = fitting.svm_spec(model, named, only_networks)
    return fitting.fit_svm(spec, name, fitting.network_for(spec, start), launch, wait=wait)


def _unfinished(name: str, model: str | None, head: str | None, changes: dict[str, Any]) -> "Run":
    """The run that is to go on, which has the settings that were given."""
    from fer_engine.runs.store import unfinished_run

    run = unfinished_run(name)
    given = {"model": model, "head": head} | changes
    refuse_other_settings(run, {field: value for field, value in given.items() if value is not None})
    return run


def _begin(
    model: str, head: str, recipe: Recipe | None, start: str | None, changes: dict[str, Any], name: str, launch: "Launch"
) -> "tuple[Job, FaceSet]":
    """Make the run folder of a new run, which says at once what is wrong with its spec or its data."""
    from fer_engine.runs.store import finished_run
    from fer_engine.training.run import prepare

    starts_from = finished_run(start) if start else None
    spec = build_spec(model, head, recipe, starts_from, changes)
    faces = open_faces(launch.data or None, launch.skip_bad)
    return prepare(spec, faces, name, starts_from), faces


def _train(run: "Run", begun: "tuple[Job, FaceSet] | None", launch: "Launch", hardware: "Hardware", listener: "Listener") -> None:
    """Train, now that it is the run's turn; a run that goes on reads its data only here."""
    from fer_engine.runs.records import keep_faces
    from fer_engine.training.run import reopen, train_run

    if begun:
        job, faces = begun
    else:
        faces = open_faces(launch.data or None, launch.skip_bad)
        job = reopen(run, faces)
    if leads():
        keep_faces(run, len(faces.part(job.spec.data.valid)))
    say([f"Training {run.name} on '{faces.name}' (spec {job.spec.hash}) into {run.path}"])
    train_run(job, faces, hardware, listener)


@contextmanager
def _at_work(run: "Run", spec: "RunSpec", launch: "Launch", wait: bool, as_json: bool) -> "Iterator[Listener]":
    """Wait for the run's turn; gives who is told of each step: the bar, and of several processes in one the run folder."""
    from fer_engine.runs.worker import at_work
    from fer_engine.training import neighbour

    if not leads():
        with _Bar(as_json, spec) as bar:
            yield bar
        return
    # Started by torchrun, whoever gave it the machines has seen to their being free, and the other processes would not wait long.
    wait = wait and "RANK" not in os.environ
    need = neighbour.need(launch.device, launch.threads, launch.devices)
    with at_work(run, launch, need, wait=wait, on_wait=lambda sentence: say([sentence])) as report, _Bar(as_json, spec) as bar:
        yield _Both(bar, report)


def build_spec(model: str, head: Any, recipe: Recipe | None, starts_from: "Run | None", changes: dict[str, Any]) -> "CnnSpec":
    """The spec that the options describe.

    Raises:
        FerLabError: Where a field is unknown or makes no sense, or the run to start from has other layers.
    """
    from fer_engine.experiments import lab, paper
    from fer_engine.experiments.spec import override

    if starts_from:
        # The run's own layers, whatever the defaults are by now.
        spec = replace(lab.continued(model, head), network=starts_from.network_spec.config)
        if starts_from.spec.model != model:
            raise FerLabError(f"--from {starts_from.name} is a {starts_from.spec.model}; say --model {starts_from.spec.model}.")
    else:
        recipes = {Recipe.OURS: lab.recipe, Recipe.PAPER: paper.recipe, Recipe.QUICK: lab.quick}
        spec = recipes[recipe or Recipe.OURS](model, head)
    spec = override(spec, changes)
    if starts_from and spec.config != starts_from.network_spec.config:
        raise FerLabError(f"--from {starts_from.name} keeps its layers; leave out --set network....")
    return spec


def refuse_other_settings(run: "Run", given: dict[str, Any]) -> None:
    """Stop where a run that is to go on was begun with other settings than those given.

    Raises:
        FerLabError: Naming the first field that differs.
    """
    from fer_engine.experiments.spec import RunSpec, SvmSpec, field_paths, override

    changed: RunSpec = override(run.spec, given) if isinstance(run.spec, SvmSpec) else override(run.network_spec, given)
    begun, asked = field_paths(run.spec), field_paths(changed)
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


class _Bar:
    """Shows steps and epochs on standard error, and epochs as JSON lines where they are asked for."""

    def __init__(self, as_json: bool, spec: "RunSpec") -> None:
        from fer_engine.runs.worker import Pace

        self.as_json = as_json
        self.pace = Pace(spec)
        self.speed = 0.0  # images a second, of the epoch so far
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
        self.speed = images_per_second
        self.pace.seconds_left(epoch, step / steps, time.monotonic())
        self.bar.update(
            self.task, description=f"Epoch {epoch}", completed=step, total=steps, speed=f"{images_per_second:,.0f} images/s", refresh=False
        )

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        """Print the epoch's row, with the time that is left at its pace."""
        if self.as_json:
            print_json(asdict(row))
        seconds = self.pace.seconds_left(row.epoch, 1.0, time.monotonic())
        left = "" if seconds is None else f"  about {seconds / 60:.0f} min left"
        err.print(
            f"epoch {row.epoch:>3}/{epochs}  train {row.train_loss:.3f} {percent(row.train_accuracy)}  "
            f"valid {row.valid_loss:.3f} {percent(row.valid_accuracy)}  {self.speed:,.0f} images/s{left}",
            highlight=False,
        )

    def measuring(self) -> None:
        """Say so in the bar."""
        self.bar.update(self.task, description="Measuring what was saved", completed=None, total=None, speed="")


class _Both:
    """Tells two listeners."""

    def __init__(self, first: "Listener", second: "Listener") -> None:
        self.listeners = first, second

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Pass a step on."""
        for listener in self.listeners:
            listener.batch(epoch, step, steps, images_per_second)

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        """Pass an epoch on."""
        for listener in self.listeners:
            listener.epoch(row, epochs)

    def measuring(self) -> None:
        """Pass it on."""
        for listener in self.listeners:
            listener.measuring()


def _report(run: "Run", as_json: bool) -> None:
    (split, metrics), *_ = run.metrics.items()
    before = run.manifest.get("before")
    figures: dict[str, Any] = {"run": run.name, "path": str(run.path), "split": split, "n": metrics["n"], "accuracy": metrics["accuracy"]}
    if before:
        figures["accuracy_before"] = before["accuracy"]
    if as_json:
        print_json(figures | {"accuracy_ci95": metrics["accuracy_ci95"], "best_epoch": run.manifest["best_epoch"]})
        return
    low, high = metrics["accuracy_ci95"]
    words = f"{run.name}: {percent(metrics['accuracy'], 2)} of {metrics['n']:,} {split} faces ({percent(low)} to {percent(high)})"
    if before:
        words += f"; {percent(before['accuracy'], 2)} before, by {run.manifest['starts_from']}"
    if run.spec.family == "svm":
        out.print(f"{words}, {run.manifest['seconds']:.0f} s; {Path(run.path)}", highlight=False, markup=False)
        return
    out.print(f"{words}, epoch {run.manifest['best_epoch']} of {run.manifest['epochs']}; {Path(run.path)}", highlight=False, markup=False)
