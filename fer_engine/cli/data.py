"""`data info`, `audit`, `clean`, `import`, `fetch` and `labels`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fer_engine.cli.output import Json, SkipBad, out, percent, print_json, reading, say
from fer_engine.data.audit_words import DROPS, RELABELS, listed
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.data.audit import Audit
    from fer_engine.data.loaded import LoadedData
    from fer_engine.data.summary import Summary

app = typer.Typer(help="Look into a data set, clean it, and bring it from elsewhere.", no_args_is_help=True)
Place = Annotated[str | None, typer.Argument(help="The data set; by default what FER_LAB_DATA names.")]
VotesFile = Annotated[Path | None, typer.Option("--votes", help="FER+'s fer2013new.csv: what ten annotators said of each face.")]


def open_data_set(place: str | None, skip_bad: bool) -> "LoadedData":
    """A data set read with progress, with its notices said."""
    from fer_engine.data.source import open_data

    with reading() as progress:
        loaded = open_data(place, skip_bad=skip_bad, progress=progress)
    say(loaded.notices)
    return loaded


@app.command("info")
def info(place: Place = None, as_json: Json = False) -> None:
    """Tell what a data set holds: faces per split and emotion, and which rows were refused, and why."""
    from fer_engine.data.summary import summarise

    summary = summarise(open_data_set(place, skip_bad=True))
    if as_json:
        print_json(summary.to_dict())
    else:
        _print_summary(summary)


def _print_summary(summary: "Summary") -> None:
    title = f"{summary.name}: {summary.faces:,} faces of 48x48 pixels, {summary.skipped:,} rows refused, content {summary.content_hash}"
    table = Table("emotion", *summary.counts, title=title)
    totals = {split: sum(each.values()) for split, each in summary.counts.items()}
    for name in next(iter(summary.counts.values()), {}):
        table.add_row(name, *(f"{each[name]:,} ({percent(each[name] / totals[split])})" for split, each in summary.counts.items()))
    table.add_row("all", *(f"{total:,}" for total in totals.values()))
    out.print(table)


@app.command("audit")
def audit(
    place: Place = None,
    votes: VotesFile = None,
    faceless: Annotated[bool, typer.Option("--faces", help="Look for images without a face: minutes the first time.")] = False,
    labels: Annotated[bool, typer.Option("--labels", help="Look for likely label errors in Training: minutes the first time.")] = False,
    table: Annotated[Path | None, typer.Option("--table", help="Write what was found of each image to this CSV file.")] = None,
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Look for copies (exact and near), conflicting labels, blank images, and what else is asked for."""
    from fer_engine.data.audit import audit as audit_faces
    from fer_engine.data.audit_findings import look_further

    faces = open_data_set(place, skip_bad).faces
    with reading() as progress:
        found = audit_faces(faces, progress=progress)
        further = look_further(found, votes=votes, faceless=faceless, labels=labels, progress=progress)
    counts = found.counts() | further.counts(found)
    if table:
        _write_table(table, further.table(found).to_csv(index=False))
    if as_json:
        print_json({"name": faces.name, "content_hash": faces.content_hash} | counts)
    else:
        _print_counts(found, counts)


def _write_table(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FerLabError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}. Name another file with --table.") from error


def _print_counts(found: "Audit", counts: dict[str, Any]) -> None:
    table = Table("what was found", "number", title=f"{found.faces.name}, content {found.faces.content_hash}")
    for name, value in counts.items():
        for key, number in (value if isinstance(value, dict) else {"": value}).items():
            told = f"{number:,}" if isinstance(number, int) else f"{number:.3f}"
            table.add_row(" ".join((name.replace("_", " "), key)).strip(), told)
    out.print(table)
    for group in found.exact.conflicting[:5]:
        rows = ", ".join(f"row {found.faces.ids[row]}" for row in group.rows)
        out.print(f"Conflicting labels: {rows}", highlight=False, markup=False)


@app.command("clean")
def clean(
    out_name: Annotated[str, typer.Option("--out", help="What to call the recipe: a name in the run area, or the path of a .json file.")],
    place: Place = None,
    drop: Annotated[str, typer.Option("--drop", help="What to leave out, by commas: " + listed(DROPS))] = "",
    relabel: Annotated[str, typer.Option("--relabel", help="What to relabel: " + listed(RELABELS))] = "",
    split: Annotated[str, typer.Option("--split", help="Splits that may be touched, by commas.")] = "Training",
    votes: VotesFile = None,
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Write a recipe of a cleaned data set: a file that lists every face left out or relabelled. The data stay as they are."""
    from fer_engine.data.audit import audit as audit_faces
    from fer_engine.data.cleaning import Rules, free_path
    from fer_engine.data.cleaning import clean as clean_data

    rules = Rules(tuple(_words(drop)), relabel, tuple(_words(split)))
    rules.check(votes is not None)
    free_path(out_name)
    faces = open_data_set(place, skip_bad).faces
    with reading() as progress:
        found = audit_faces(faces, progress=progress)
        further = rules.look(found, votes, progress)
    recipe, path = clean_data(out_name, place, found, further, rules)
    if as_json:
        print_json({"path": str(path), "hash": recipe.hash, "by_rule": recipe.by_rule(), **recipe.result})
        return
    if not recipe.touched:
        out.print("These rules touch no face.", highlight=False, markup=False)
    for rule, number in recipe.by_rule().items():
        out.print(f"{rule}: {number:,} faces", highlight=False, markup=False)
    out.print(f"{path} (recipe {recipe.hash}); use it with --data {path}", highlight=False, markup=False, soft_wrap=True)


def _words(given: str) -> list[str]:
    return [word.strip() for word in given.split(",") if word.strip()]


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(help="A folder of images, or a .zip or .tar archive of one (folders name the emotion); or a CSV or parquet file."),
    ],
    out_name: Annotated[str, typer.Option("--out", help="What to call it: a name in the run area, or the path of a .parquet file.")],
    table: Annotated[Path | None, typer.Option("--map", help="What folder names mean: CSV with the columns word and emotion.")] = None,
    split: Annotated[str, typer.Option("--split", help="Split of images whose folder or name says none.")] = "Training",
    hold_out: Annotated[float, typer.Option(help="Share of each emotion (CK+, JAFFE: whole persons) that goes to PublicTest.")] = 0.0,
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Bring images whose folders name the emotion, in English, German, French or your own words, as one parquet file."""
    _bring(source, out_name, table, split, hold_out, skip_bad, as_json)


def _bring(source: Path, out_name: str, table: Path | None, split: str, hold_out: float, skip_bad: bool, as_json: bool) -> None:
    """Bring a source as an own set, and print what came in."""
    from dataclasses import asdict

    from fer_engine.data.importing import bring, imported_path, read_label_map
    from fer_engine.data.loaded import BadRows
    from fer_engine.data.vocabulary import split_of

    known = split_of(split)
    if known is None:
        raise FerLabError(f"--split knows no '{split}'. There are: Training, PublicTest, PrivateTest.")
    target = imported_path(out_name)
    words = read_label_map(table) if table else {}
    with reading() as progress:
        found = bring(source, target, words, known, BadRows(skip_bad, unit="image"), progress, hold_out=hold_out)
    say(found.notices)
    if as_json:
        print_json({"path": str(target)} | asdict(found))
        return
    for own, each in found.counts.items():
        out.print(f"{own}: " + ", ".join(f"{name} {number:,}" for name, number in each.items()), highlight=False, markup=False)
    told = f"{target} ({found.left_out:,} left out, {found.refused:,} refused); use it with --data {target}"
    out.print(told, highlight=False, markup=False, soft_wrap=True)


@app.command("fetch")
def fetch(
    hub: Annotated[str, typer.Argument(help="kaggle or hf (Hugging Face).")],
    name: Annotated[str | None, typer.Argument(help="OWNER/NAME on the hub; by default, on Kaggle, the competition of FER2013.")] = None,
    out_name: Annotated[str, typer.Option("--out", help="What to call it; by default the set's own name.")] = "",
    table: Annotated[Path | None, typer.Option("--map", help="What folder names mean: CSV with the columns word and emotion.")] = None,
    split: Annotated[str, typer.Option("--split", help="Split of images whose folder or name says none.")] = "Training",
    hold_out: Annotated[float, typer.Option(help="Share of each emotion (CK+, JAFFE: whole persons) that goes to PublicTest.")] = 0.0,
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Fetch a data set from Kaggle or the Hugging Face Hub by your own token, and bring it as `data import` does."""
    from fer_engine.data.fetching import COMPETITION, to_bring
    from fer_engine.data.fetching import fetch as fetch_set
    from fer_engine.data.importing import imported_path

    name = name or (COMPETITION if hub == "kaggle" else "")
    own = out_name or ("fer2013" if name == COMPETITION else name.split("/")[-1])
    if imported_path(own).exists():
        raise FerLabError(f"{imported_path(own)} is there already. Choose another --out, or remove it.")
    with reading() as progress:
        folder = fetch_set(hub, name, progress)
    _bring(to_bring(folder), own, table, split, hold_out, skip_bad, as_json)


@app.command("labels")
def labels() -> None:
    """Print the words for emotions that are known, as a table to edit and to give to `data import --map`."""
    from fer_engine.data.vocabulary import emotion_words

    print("word,emotion")
    for word, emotion in emotion_words().items():
        print(f"{word},{emotion}")
