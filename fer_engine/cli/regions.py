"""`regions`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fer_engine.cli.output import DataPath, Json, SkipBad, open_faces, out, percent, print_json, reading, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.explain.attention import RegionReport


def regions(
    run: Annotated[str, typer.Argument(help="A run's name or folder.")],
    split: Annotated[str, typer.Option(help="Training, PublicTest or PrivateTest.")] = "PublicTest",
    method: Annotated[str | None, typer.Option(help="gradcam++, gradcam or occlusion; by default gradcam++, of an SVM occlusion.")] = None,
    of: Annotated[str, typer.Option(help="Whose emotion the maps explain: the model's answer, or the label.")] = "answer",
    layer: Annotated[str | None, typer.Option(help="The convolutional layer; by default the last with at least 8x8 positions.")] = None,
    limit: Annotated[int, typer.Option(help="Take this many faces, evenly spread over the split; 0 for all.")] = 0,
    patch: Annotated[int, typer.Option(help="Side of the occluding patch, pixels.")] = 8,
    stride: Annotated[int, typer.Option(help="Its steps, pixels.")] = 4,
    fill: Annotated[str, typer.Option(help="What the patch shows: blur or mean.")] = "blur",
    data: DataPath = None,
    skip_bad: SkipBad = False,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV alone on standard output, a row for each emotion and region.")] = False,
) -> None:
    """Say how much of a run's maps lies on brows, eyes, nose, mouth, the rest of the face and outside, per emotion."""
    from fer_engine.explain.attention import Looking, region_report
    from fer_engine.explain.regions import LICENCE
    from fer_engine.runs.store import finished_run

    if as_json and as_csv:
        raise FerLabError("Choose --json or --csv; standard output holds one of them.")
    found = finished_run(run)
    looking = Looking(method, of, layer, patch, stride, fill)  # type: ignore[arg-type]  # it refuses what it does not know
    faces = open_faces(data, skip_bad)
    with reading() as progress:
        report = region_report(found, faces, split, looking, limit=limit, progress=progress)
    if as_json:
        print_json(report.to_dict())
    elif as_csv:
        _print_csv(report)
    else:
        _print_table(report)
    say([LICENCE])


def _print_csv(report: "RegionReport") -> None:
    import csv

    rows = report.rows()
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_table(report: "RegionReport") -> None:
    from fer_engine.explain.regions import REGIONS, TITLES

    looking = report.looking
    where = f"{looking.method} of {looking.layer}" if looking.layer else f"occlusion, patch {looking.patch}, stride {looking.stride}"
    title = f"{report.run} on {report.split}, n = {report.n:,}: {where}, for the {looking.of}"
    table = Table(looking.of, "n", *(TITLES[name] for name in REGIONS), title=title, caption="Share of the map, and share / area")
    everything = report.emotions[0]
    table.add_row("(area)", "", *(percent(item.area or 0.0) for item in everything.regions), end_section=True)
    for item in report.emotions:
        cells = [f"{percent(each.share)}  {'-' if each.ratio is None else f'{each.ratio:.2f}'}" for each in item.regions]
        table.add_row(item.emotion, f"{item.n:,}", *cells)
    out.print(table)
    blank = everything.blank
    if blank:
        say([f"{blank:,} faces are left out: nothing in their map speaks for the emotion."])
