"""`python -m dashboard`: what the dashboard's side can do without a browser. The engine's commands are `python -m fer_engine`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fer_engine.errors import FerLabError

app = typer.Typer(
    help="FER Lab: the laboratory's report as a file. The engine's commands are python -m fer_engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def commands() -> None:
    """FER Lab: the laboratory's report as a file. The engine's commands are python -m fer_engine."""


@app.command()
def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Runs to compare and show one by one, by name or folder; by default the reference runs.", metavar="[RUN ...]"),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The file to write; one that is there makes way.")] = Path("lab.html"),
) -> None:
    """Write all tables and figures of the laboratory into one HTML file, from run folders alone."""
    from rich.progress import Progress

    from dashboard.lab.document import lab_html
    from dashboard.lab.gather import gather
    from fer_engine.cli.output import err, say
    from fer_engine.cli.output import out as console
    from fer_engine.runs.files import replacing

    _refuse(out)
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Reading the runs", total=1.0)
        lab = gather(runs or ())
        text = lab_html(lab, lambda share, chapter: bar.update(task, completed=share, description=chapter))
    with replacing(out, "Name another place with --out.") as temporary:
        temporary.write_text(text, encoding="utf-8")
    say(lab.problems)
    size = len(text.encode()) / 1e6
    console.print(f"{out}: {size:.1f} MB, {len(lab.runs)} runs one by one, {len(lab.known)} in all", highlight=False, markup=False)


def _refuse(out: Path) -> None:
    """Refuse a place that cannot be written to, before minutes go by."""
    if out.is_dir():
        raise FerLabError(f"{out} is a folder. Name a file, such as {out / 'lab.html'}.")
    if not out.absolute().parent.is_dir():
        raise FerLabError(f"There is no folder {out.parent} to write {out.name} into. Make it, or name another place with --out.")


def main() -> None:
    """Run the command line; what a user can mend is said in a sentence on standard error, with exit status 1."""
    from fer_engine.training.neighbour import wait_asleep

    wait_asleep()  # before anything brings in torch
    try:
        app(prog_name="python -m dashboard")
    except FerLabError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
