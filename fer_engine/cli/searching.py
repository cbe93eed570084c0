"""`svm search` and `svm searches`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from fer_engine.cli.output import DataPath, Json, SkipBad, err, going_on, open_faces, out, percent, print_json, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.classical.search import Search, SearchProgress, SearchSpec
    from fer_engine.classical.search_grid import Grid
    from fer_engine.data.faceset import FaceSet

app = typer.Typer(help="Support vector machines: search for their settings.", no_args_is_help=True)


class GridName(StrEnum):
    """Which candidates."""

    PAPER = "paper"
    WIDER = "wider"
    QUICK = "quick"


class FeatureName(StrEnum):
    """What the principal components are taken of."""

    PIXELS = "pixels"
    HOG = "hog"


class Backend(StrEnum):
    """Who does the work."""

    LOKY = "loky"
    RAY = "ray"
    DASK = "dask"


BackendOption = Annotated[Backend, typer.Option(help="Who does the work: processes here (loky), or a ray or dask cluster.")]
AddressOption = Annotated[
    str | None,
    typer.Option(help="Of the cluster, HEAD:6379 (Ray) or tcp://HEAD:8786 (Dask); without it a small one starts here."),
]
JobsOption = Annotated[int, typer.Option(min=0, help="Folds at once; 0 for as many as there are cores.")]


@app.command("search")
def search(
    name: Annotated[str, typer.Option(help="Its name; by default features, grid and number of faces.")] = "",
    grid: Annotated[GridName, typer.Option(help="The paper's candidates, more of our own, or a few to try it out.")] = GridName.QUICK,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Part of the grid, such as C=[1,10] or n_components=50.")] = None,
    features: Annotated[FeatureName, typer.Option(help="What the components are taken of.")] = FeatureName.PIXELS,
    faces: Annotated[int, typer.Option(help="Faces to search on, drawn in proportion to the emotions; 0 for all of the split.")] = 0,
    split: Annotated[str, typer.Option(help="The split that they come from.")] = "Training",
    outer: Annotated[int, typer.Option(help="Outer folds, which judge.")] = 5,
    inner: Annotated[int, typer.Option(help="Inner folds, which choose.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the draw and the folds.")] = 0,
    drop: Annotated[
        float,
        typer.Option(
            help="Drop candidates worse than the best by this share on the first inner fold, but each number's best; 0 tries all."
        ),
    ] = 0.0,
    backend: BackendOption = Backend.LOKY,
    address: AddressOption = None,
    jobs: JobsOption = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the search --name; its own grid and faces hold.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait while runs train on the cores.")] = True,
    data: DataPath = None,
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Nested cross-validation of an SVM on principal components. Stopped by Ctrl-C, it goes on with --resume."""
    from fer_engine.classical.search import SearchSpec, find_search, how_to_go_on, prepare

    loaded: FaceSet | None = None
    if resume:
        found = find_search(name)
    else:
        chosen = chosen_grid(grid.value, settings or [])
        spec = SearchSpec(chosen, features.value, split, faces, outer, inner, seed, drop)
        loaded = open_faces(data, skip_bad)
        found = prepare(name or default_name(spec, grid.value), spec, loaded)
    if not found.finished:
        loaded = loaded or open_faces(data, skip_bad)
        try:
            _work(found, loaded, backend.value, address, jobs, wait=wait)
        except KeyboardInterrupt:
            raise FerLabError(
                f"Stopped; every fold that was done is kept. Go on with: {going_on(how_to_go_on(found.name), data, skip_bad)}"
            ) from None
    _report(found, as_json)


def _work(found: "Search", faces: "FaceSet", backend: str, address: str | None, jobs: int, *, wait: bool) -> None:
    """Search in its turn; work that goes to a cluster waits for nobody here."""
    from fer_engine.classical.search import run_search
    from fer_engine.classical.search_jobs import at_work
    from fer_engine.distribution import parallel
    from fer_engine.training.neighbour import be_kind, cores

    be_kind()
    threads = 0 if address else jobs or cores()
    with at_work(found, threads, wait=wait) as report, parallel(backend, address, jobs) as workers, _bar() as show:

        def listener(progress: "SearchProgress") -> None:
            report.tell(progress)
            show(progress)

        run_search(found, faces, workers, listener)


@app.command("searches")
def searches(as_json: Json = False) -> None:
    """List the searches: those that ship with the project and own ones."""
    from fer_engine.classical.search import list_searches

    found = list_searches()
    if as_json:
        for item in found:
            print_json({"name": item.name, "finished": item.finished} | item.about)
        return
    table = Table("search", "features", "faces", "candidates", "folds", "fully nested")
    for item in found:
        spec = item.spec
        estimate = told_estimate(item) if item.finished else "unfinished"
        folds = f"{spec.outer} x {spec.inner}"
        table.add_row(item.name, spec.features, f"{item.about['data']['n']:,}", str(len(spec.grid)), folds, estimate)
    out.print(table)


def chosen_grid(name: str, settings: list[str]) -> "Grid":
    """The grid of that name, with the parts that the user replaces.

    Raises:
        FerLabError: Where a part is unknown or makes no sense.
    """
    from fer_engine.classical.search_grid import GRIDS
    from fer_engine.cli.training import parse_settings

    changes = parse_settings(settings)
    grid = GRIDS[name]
    parts = grid.to_dict()
    unknown = [key for key in changes if key not in parts]
    if unknown:
        raise FerLabError(f"A grid has no '{unknown[0]}'; it has {', '.join(parts)}.")
    values: dict[str, Any] = {
        key: value if key == "whiten" else tuple(value if isinstance(value, list) else [value]) for key, value in changes.items()
    }
    return replace(grid, **values)


def default_name(spec: "SearchSpec", grid: str) -> str:
    """What a search is called where the user says nothing."""
    return f"{spec.features}-{grid}-{spec.faces or 'all'}"


def told_estimate(found: "Search") -> str:
    """The fully nested estimate with its spread, in words."""
    nested = found.about["nested"]
    return f"{percent(nested['accuracy'])} ± {percent(nested['deviation'])}"


@contextmanager
def _bar() -> "Iterator[Any]":
    """A bar on standard error: folds done, time left, the leading candidate."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} folds  {task.fields[left]}"),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("Searching", total=1.0, left="")

        def tell(progress: "SearchProgress") -> None:
            left = "" if progress.seconds_left is None else f"about {max(1, round(progress.seconds_left / 60))} min left"
            leading = f"Leading: {progress.leading} ({percent(progress.accuracy)})" if progress.leading else "Searching"
            bar.update(task, completed=progress.done, total=progress.total, left=left, description=leading)

        yield tell


def _report(found: "Search", as_json: bool) -> None:
    outcome, about = found.outcome(), found.about
    if as_json:
        print_json({"name": found.name, "folder": str(found.path)} | about | {"outcome": asdict(outcome)})
        return
    best = next(item for item in zip(found.spec.grid.n_components, outcome.paper, strict=True) if item[0] == outcome.paper_best)[1]
    table = Table("scheme", "setting", "accuracy", "spread over the outer folds")
    table.add_row("chosen by all inner folds", outcome.winner.told(), f"{percent(outcome.winner_accuracy)} (chosen by this)", "")
    table.add_row(
        "paper's: outer folds chose", f"{outcome.paper_best:,} components", f"{percent(best.mean)} (too good)", percent(best.deviation)
    )
    table.add_row("fully nested: outer folds chose nothing", "", percent(outcome.nested.mean), percent(outcome.nested.deviation))
    out.print(table)
    plain = f"{found.spec.fits:,} fits on inner folds in {about['seconds']:,.0f} s"
    say([f"{found.name}: {plain}, on {about['data']['n']:,} faces of {about['data']['split']}. Kept in {found.path}"])
