"""How the command line speaks: results on standard output, everything else on standard error."""

import json
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from fer_engine.training.leading import leads

if TYPE_CHECKING:
    from fer_engine.data.faceset import FaceSet

Json = Annotated[bool, typer.Option("--json", help="JSON alone on standard output, one line an item.")]
DataPath = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="FER2013 (CSV, archive, folder of images, parquet), or 'synthetic'; else FER_LAB_DATA, else what the dashboard opens.",
    ),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that cannot be read, and count them.")]

out = Console(quiet=not leads())
err = Console(stderr=True, quiet=not leads())


def print_json(item: Any) -> None:
    """Print one item as one line of JSON."""
    if leads():
        print(json.dumps(item), flush=True)


def percent(share: float | None, digits: int = 1) -> str:
    """A share as percent."""
    return "-" if share is None else f"{100 * share:.{digits}f}%"


def going_on(words: str, data: str | None, skip_bad: bool) -> str:
    """A command that goes on with something on the data set that it was begun on: the arguments of `--data` and `--skip-bad`."""
    return f"{words}{f' --data {shlex.quote(data)}' if data else ''}{' --skip-bad' if skip_bad else ''}"


def say(notices: Iterable[str]) -> None:
    """Print sentences on standard error."""
    for notice in notices:
        err.print(notice, style="yellow", highlight=False, markup=False)


@contextmanager
def reading() -> Iterator[Any]:
    """A progress bar on standard error for what gives (share, message)."""
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Reading", total=1.0)
        yield lambda share, message: bar.update(task, completed=share, description=message)


def open_faces(data: str | None, skip_bad: bool) -> "FaceSet":
    """The data set that the user means, read with progress and with its notices said."""
    from fer_engine.data.source import open_data

    with reading() as progress:
        loaded = open_data(data, skip_bad=skip_bad, progress=progress)
    say(loaded.notices)
    return loaded.faces
