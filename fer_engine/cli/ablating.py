"""`ablate`."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column, Table

from fer_engine.cli.output import DataPath, Json, SkipBad, err, open_faces, out, percent, print_json, say
from fer_engine.cli.searching import AddressOption, Backend, BackendOption
from fer_engine.cli.training import refuse_impossible
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.ablations.jobs import Report
    from fer_engine.ablations.ledger import Cell
    from fer_engine.ablations.results import Conclusion, Difference, RowResult
    from fer_engine.ablations.text_claims import Judged
    from fer_engine.ablations.work import Task
    from fer_engine.experiments.parts import DataSpec
    from fer_engine.experiments.studies import Study
    from fer_engine.runs.records import Launch
    from fer_engine.training.fit import EpochRow


def ablate(
    name: Annotated[str | None, typer.Argument(metavar="[NAME|FILE.toml]", help="A study; without one, all are listed.")] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=0,
            max=100,
            help="Runs of each row, by seeds from 0, or more where they are finished; 0 for as many as the study asks for.",
        ),
    ] = 0,
    only: Annotated[str, typer.Option(help="One row alone, by its key.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is and what is missing, and train nothing.")] = False,
    backend: BackendOption = Backend.LOKY,
    address: AddressOption = None,
    jobs: Annotated[int, typer.Option(min=0, help="Runs at once, sharing the cores; 0 for one here, on a cluster one a core.")] = 0,
    data: DataPath = None,
    skip_bad: SkipBad = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, 32-true, bf16-mixed or 16-mixed.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads of each run; 0 for what suits the machine.")] = 0,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait while other runs use the cores or the GPU.")] = True,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="The table of results alone on standard output, as CSV.")] = False,
) -> None:
    """Train what an ablation study lacks, one run after the other, and say what comes of it. After Ctrl-C the same command goes on."""
    from fer_engine.runs.records import Launch, absolute_data

    if as_json and as_csv:
        raise FerLabError("Choose --json or --csv; standard output holds one of them.")
    if name is None:
        if as_csv:
            raise FerLabError("--csv prints the results of a study: name one. Without it the studies are listed, with --json one a line.")
        _list_studies(as_json)
        return
    study, launch = _study(name, keep=not dry_run), Launch(absolute_data(data), device, precision, threads, skip_bad)
    if not dry_run:
        refuse_impossible(launch, here=address is None)
    known = _data(data, skip_bad, dry_run)
    asked = _Asked(study, known, seeds, only)
    if not (as_json or as_csv):
        _print_cells(asked.cells())
    failed: dict[str, str] = {}
    if not dry_run:
        failed = _train(asked, launch, _Where(backend.value, address, jobs), wait)
    _report(asked, as_json, as_csv)
    if failed:
        raise FerLabError(f"{len(failed)} runs failed ({', '.join(failed)}); the same command tries them again.")


class _Asked:
    """What the user asks for."""

    def __init__(self, study: "Study", data: "DataSpec", seeds: int, only: str) -> None:
        self.study, self.data, self.seeds, self.only = study, data, seeds, only

    def cells(self, *, everything: bool = False) -> "tuple[Cell, ...]":
        """The runs, as they are now; `everything` for all rows whatever was asked for."""
        from fer_engine.ablations.ledger import cells

        return cells(self.study, self.data, self.seeds, "" if everything else self.only)


def _study(name: str, *, keep: bool) -> "Study":
    """The study of that name or in that file, of which a copy is kept where it is to be trained."""
    from fer_engine.ablations import catalogue

    if not name.endswith(".toml"):
        return catalogue.find_study(name)
    if not keep:
        return catalogue.read_file(Path(name))
    return catalogue.bring(Path(name), lambda sentence: say([sentence]))


def _data(data: str | None, skip_bad: bool, dry_run: bool) -> "DataSpec":
    """The data by its hashes; where none is named, a dry run takes that of the runs there are."""
    from fer_engine import settings
    from fer_engine.ablations.ledger import data_of, known_data

    known = known_data()
    if dry_run and data is None and settings.data_path() is None and known:
        say([f"No data set is named; runs are looked for that learnt from '{known[0].name}' ({known[0].train_hash})."])
        return known[0]
    return data_of(open_faces(data, skip_bad))


@dataclass(frozen=True)
class _Where:
    """Who trains: backend, a cluster's address, and runs at once (0 for one here, and on a cluster as many as it has cores)."""

    backend: str
    address: str | None
    jobs: int

    @property
    def at_once(self) -> int:
        """Runs at once as `parallel` takes it."""
        return self.jobs or int(self.backend == "loky")

    def threads(self, asked: int) -> int:
        """CPU threads of each run: as many as are asked for, or else so few that runs at once do not wait for each other's cores."""
        from fer_engine.training.neighbour import threads_for

        if self.backend != "loky" and not self.jobs:  # a run a core
            return asked or 1
        return threads_for(asked, self.jobs) if self.jobs > 1 and not self.address else asked


def _train(asked: _Asked, launch: "Launch", where: _Where, wait: bool) -> dict[str, str]:
    """Train what is missing; gives why runs failed, by their names."""
    from fer_engine.ablations.jobs import at_work, nothing_to_do
    from fer_engine.ablations.work import begun_otherwise, tasks, train_missing
    from fer_engine.distribution import parallel
    from fer_engine.training import neighbour

    todo = tasks(asked.cells(), replace(launch, threads=where.threads(launch.threads)), wait=wait)
    if not todo:
        say(["All of its runs are finished."])
        nothing_to_do(asked.study.name)
        return {}
    say([sentence for task in todo if (sentence := begun_otherwise(task, launch))])
    neighbour.be_kind()
    try:
        with (
            at_work(asked.study.name, todo) as report,
            parallel(where.backend, where.address, where.at_once) as workers,
            _watch(report) as watch,
        ):
            return train_missing(todo, workers, watch.ended, watch)
    except KeyboardInterrupt:
        raise FerLabError(f"Stopped; what was trained is kept. Go on with: {_same_again(asked, launch, where, wait)}") from None


def _same_again(asked: _Asked, launch: "Launch", where: _Where, wait: bool) -> str:
    """The command that was given, with all that it was given."""
    from fer_engine.runs.records import Launch

    usual = Launch("")
    given = {"seeds": asked.seeds, "only": asked.only, "data": launch.data, "jobs": where.jobs, "address": where.address}
    given |= {"backend": where.backend if where.backend != "loky" else ""}
    given |= {name: getattr(launch, name) for name in ("device", "precision", "threads") if getattr(launch, name) != getattr(usual, name)}
    more = "".join(f" --{option} {shlex.quote(str(value))}" for option, value in given.items() if value)
    return f"python -m fer_engine ablate {asked.study.name}{more}{' --skip-bad' if launch.skip_bad else ''}{'' if wait else ' --no-wait'}"


class _Watch:
    """Shows how far the study is on standard error, and tells its folder."""

    def __init__(self, report: "Report", bar: Progress) -> None:
        self.report, self.bar, self.speed = report, bar, 0.0
        self.task = bar.add_task("Starting", total=report.progress.total, completed=0, told="")

    def begins(self, task: "Task") -> None:
        """Say whose turn it is."""
        self.report.begins(task)
        say([f"Run {self.report.progress.done + 1} of {self.report.progress.total}: {task.name} into {task.folder}"])
        self.show("opens the data")

    def waits(self, sentence: str) -> None:
        """Say for whom the run waits."""
        self.report.waits(sentence)
        say([sentence])

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Move the bar."""
        self.report.batch(epoch, step, steps, images_per_second)
        self.speed = images_per_second
        self.bar.update(self.task, completed=self.report.progress.done + self.report.pace.now, refresh=False)
        self.show(f"epoch {epoch}, {images_per_second:,.0f} images/s")

    def epoch(self, row: "EpochRow", epochs: int) -> None:
        """Print the epoch's row, with the time that is left of the study."""
        figures = f"train {row.train_loss:.3f} {percent(row.train_accuracy)}  valid {row.valid_loss:.3f} {percent(row.valid_accuracy)}"
        err.print(f"epoch {row.epoch:>3}/{epochs}  {figures}  {self.speed:,.0f} images/s  {self.left()}", highlight=False)

    def measuring(self) -> None:
        """Say so in the bar."""
        self.show("measures what was saved")

    def ended(self, task: "Task", sentence: str) -> None:
        """Say how a run ended."""
        self.report.ended(task, sentence)
        say([f"{task.name} failed: {sentence}" if sentence else f"{task.name} is finished. {self.left()}"])
        self.bar.update(self.task, completed=self.report.progress.done)

    def show(self, told: str) -> None:
        self.bar.update(self.task, description=self.report.progress.current, told=f"{told}  {self.left()}", refresh=False)

    def left(self) -> str:
        progress = self.report.progress
        seconds = progress.seconds_left if progress.done < progress.total else None
        return "" if seconds is None else f"about {max(1, round(seconds / 60)):,} min left in all"


@contextmanager
def _watch(report: "Report") -> Iterator[_Watch]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.1f}/{task.total:.0f} runs  {task.fields[told]}"))
    with Progress(*columns, console=err, transient=True) as bar:
        yield _Watch(report, bar)


def _list_studies(as_json: bool) -> None:
    from fer_engine.ablations import catalogue

    studies: list[Study] = []
    for name in catalogue.names():
        try:
            studies.append(catalogue.find_study(name))
        except FerLabError as error:
            say([f"The study '{name}' is left out. {error}"])
    if as_json:
        for study in studies:
            print_json({"name": study.name, "title": study.title, "source": study.source, "rows": [row.key for row in study.rows]})
        return
    table = Table("study", "what it varies", "source", "rows")
    for study in studies:
        table.add_row(study.name, escape(study.title), study.source, str(len(study.rows)))
    out.print(table)


def _print_cells(cells: "Sequence[Cell]") -> None:
    names = [cell.name for cell in cells]
    table = Table(_whole("row"), "seed", "paper", "state", _whole("run"))
    for cell, name in zip(cells, names, strict=True):
        printed = cell.row.printed.text if cell.row.printed else "-"
        table.add_row(cell.row.key, str(cell.seed), printed, cell.state, name)
    err.print(table)


def _whole(title: str) -> Column:
    """A column whose words are not broken."""
    return Column(title, no_wrap=True, overflow="fold")


def _report(asked: _Asked, as_json: bool, as_csv: bool) -> None:
    from fer_engine.ablations.results import conclude, notes, results, table
    from fer_engine.ablations.text_claims import judge_all

    cells = asked.cells(everything=True)
    found = results(asked.study, cells)
    if as_csv:
        table(found).to_csv(sys.stdout, index=False)
        return
    conclusion, claims = conclude(asked.study, found), judge_all(asked.study, found)
    if as_json:
        _print_json(cells, found, conclusion)
        for item in claims:
            print_json(claim_json(item))
        return
    _print_results(found)
    for sentence in (conclusion.sentence, *(item.sentence for item in claims)):
        out.print(sentence, highlight=False, markup=False)
    say([*conclusion.obstacles, *notes(asked.study, found), *(item.claim.note for item in claims)])


def _print_results(found: "Sequence[RowResult]") -> None:
    from fer_engine.ablations.results import table

    frame = table(found).drop(columns=["paper's source", "protocol", "runs"], errors="ignore")
    shown = Table(Column("setting", overflow="fold"), *frame.columns[1:])
    for row in frame.itertuples(index=False):
        shown.add_row(*["-" if value is None else escape(str(value)) for value in row])
    out.print(shown)


def _print_json(cells: "Sequence[Cell]", found: "Sequence[RowResult]", conclusion: "Conclusion") -> None:
    for cell in cells:
        spec = {"spec_hash": cell.spec.hash, "path": str(cell.run.path) if cell.run else None}
        print_json({"kind": "run", "row": cell.row.key, "seed": cell.seed, "name": cell.name, "state": cell.state} | spec)
    for result in found:
        print_json(row_json(result))
    differences = [difference_json(item) for item in conclusion.differences]
    verdict = {"kind": "conclusion", "verdict": conclusion.verdict, "sentence": conclusion.sentence}
    print_json(verdict | {"differences": differences, "obstacles": list(conclusion.obstacles)})


def claim_json(item: "Judged") -> dict[str, Any]:
    """A claim of the paper's text as JSON has it; shares from 0 to 1."""
    told = {"kind": "text claim", "claim": item.claim.key, "source": item.claim.source, "verdict": item.verdict}
    return told | {"sentence": item.sentence, "figures": [dict(row) for row in item.figures]}


def difference_json(item: "Difference") -> dict[str, Any]:
    """A difference as JSON has it, shares from -1 to 1."""
    return {
        "better": item.better.key,
        "worse": item.worse.key,
        "seeds": item.seeds,
        "n": item.n,
        "difference": item.value,
        "difference_ci95": list(asdict(item.interval).values()),
        "p": item.p,
    }


def row_json(result: "RowResult") -> dict[str, Any]:
    """A setting's result as JSON has it; what has not been run is null."""
    printed, interval = result.row.printed, result.interval
    return {
        "kind": "row",
        "row": result.row.key,
        "setting": result.row.title,
        "paper": asdict(printed) if printed else None,
        "accuracy": result.accuracy,
        "accuracy_ci95": list(asdict(interval).values()) if interval else None,
        "accuracy_deduplicated": result.deduplicated,
        "weighted": dict(zip(("precision", "recall", "f1"), result.averages, strict=True)) if result.averages else None,
        "seeds": list(result.seeds),
        "asked": result.asked,
        "n": result.n or None,
        "protocol": result.protocol or None,
        "runs": [run.name for run in result.runs],
    }
