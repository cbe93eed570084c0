"""Recipes: a cleaned data set as a list of what is left out and relabelled of another. Nothing is changed in silence.

A recipe is a JSON file that names the source by its content, the rules, and every row that a rule touched with the hash
of its pixels. It opens like any data set (`--data NAME.json`), from the source where it lay or from `FER_LAB_DATA`, and
refuses a source that is not the one it was made for. A source may have a split more than that one, which stays as it is.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from fer_engine import settings
from fer_engine.data.faceset import FaceSet, image_hashes
from fer_engine.data.loaded import LoadedData, Progress
from fer_engine.data.own_sets import RECIPES
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES
from fer_engine.runs import store
from fer_engine.runs.files import make_folder, write_json

FORMAT = 1
_OUTSIDE = ("name", "made", "place", "hash")  # what a recipe's hash does not cover


@dataclass(frozen=True)
class Touched:
    """A row that a rule touched.

    Attributes:
        row: Its id in the source.
        pixels: Hash of its pixels, hexadecimal.
        rule: The rule.
        label: Its label in the source.
        new: Its new label; empty where it is left out.
    """

    row: int
    pixels: str
    rule: str
    label: str
    new: str = ""


@dataclass(frozen=True)
class Recipe:
    """A cleaned data set.

    Attributes:
        name: What it is called.
        made: When, UTC.
        place: Where the source lay.
        source: The source's name, content hash and number of faces.
        rules: What to leave out, what to relabel, and in which splits.
        touched: Every row that a rule touched.
        result: The content hash, and the counts per split and emotion, of what is left.
    """

    name: str
    made: str
    place: str
    source: dict[str, Any]
    rules: dict[str, Any]
    touched: tuple[Touched, ...]
    result: dict[str, Any]

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that identify source, rules and every row touched."""
        tree = {key: value for key, value in asdict(self).items() if key not in _OUTSIDE}
        return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def dropped(self) -> tuple[Touched, ...]:
        """The rows that are left out."""
        return tuple(row for row in self.touched if not row.new)

    @property
    def relabelled(self) -> tuple[Touched, ...]:
        """The rows that have another label."""
        return tuple(row for row in self.touched if row.new)

    def by_rule(self) -> dict[str, int]:
        """How many rows each rule touched."""
        rules = [row.rule for row in self.touched]
        return {rule: rules.count(rule) for rule in dict.fromkeys(rules)}

    def to_dict(self) -> dict[str, Any]:
        """The file's content."""
        return {"format": FORMAT, "hash": self.hash, **asdict(self)}


def make_recipe(name: str, place: str, faces: FaceSet, rules: dict[str, Any], drop: dict[int, str], relabel: dict[int, int]) -> Recipe:
    """Put a recipe together.

    Args:
        name: What to call it.
        place: Where the source lies.
        faces: The source.
        rules: What to leave out, what to relabel, in which splits; for the record.
        drop: {place in the source: the rule that leaves it out}.
        relabel: {place in the source: its new label}; of a face that is left out it says nothing.

    Raises:
        FerLabError: Where nothing would be left.
    """
    hashes = image_hashes(faces.images)

    def touched(row: int, rule: str, new: str = "") -> Touched:
        return Touched(int(faces.ids[row]), f"{int(hashes[row]):016x}", rule, NAMES[faces.labels[row]], new)

    rows = [touched(row, rule) for row, rule in sorted(drop.items())]
    relabel = {row: label for row, label in sorted(relabel.items()) if row not in drop}
    rows += [touched(row, rules["relabel"], NAMES[label]) for row, label in relabel.items()]
    left = _changed(faces, np.array(sorted(drop), dtype=np.int64), relabel)
    if not len(left):
        raise FerLabError("These rules leave no face at all. Name fewer of them with --drop.")
    source = {"name": faces.name, "content": faces.content_hash, "faces": len(faces)}
    result = {"content": left.content_hash, "counts": left.counts()}
    return Recipe(name, datetime.now(UTC).isoformat(timespec="seconds"), place, source, rules, tuple(rows), result)


def _changed(faces: FaceSet, drop: np.ndarray, relabel: dict[int, int]) -> FaceSet:
    labels = np.array(faces.labels)
    labels[list(relabel)] = list(relabel.values())
    return replace(faces, labels=labels).take(np.setdiff1d(np.arange(len(faces)), drop))


def recipe_path(name: str) -> Path:
    """The file for a recipe: a path as it is, where it ends in .json; a name in the run area's folder of recipes.

    Raises:
        FerLabError: Where the name could not be a file's on every system.
    """
    if name.endswith(".json"):
        return Path(name).expanduser()
    return settings.runs_dir() / RECIPES / f"{store.run_path(name).name}.json"


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe.

    Raises:
        FerLabError: Where there is one already, or the file cannot be written.
    """
    if path.exists():
        raise FerLabError(f"{path} is there already. Choose another --out, or remove it.")
    make_folder(path.parent)
    write_json(path, recipe.to_dict())


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        FerLabError: Where the file is no recipe, or was changed since it was written.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        told, version = tree.pop("hash"), tree.pop("format")
        recipe = Recipe(**tree | {"touched": tuple(Touched(**row) for row in tree["touched"])})
    except FileNotFoundError as error:
        raise FerLabError(f"There is no file {path}.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FerLabError(f"{path} is no recipe of a cleaned data set. `data clean` writes them.") from error
    if version != FORMAT:
        raise FerLabError(f"The recipe {path} is of format {version}; this version of FER Lab reads {FORMAT}.")
    if told != recipe.hash:
        raise FerLabError(f"The recipe {path} was changed after it was written: its hash is {recipe.hash}, it says {told}. Make it anew.")
    return recipe


def open_recipe(path: Path, *, skip_bad: bool = False, progress: Progress | None = None) -> LoadedData:
    """Open the cleaned data set that a recipe describes.

    Args:
        path: The recipe.
        skip_bad: As `open_data` takes it, for the source.
        progress: As `open_data` takes it.

    Raises:
        FerLabError: Where the recipe or its source cannot be read, or the source is another one.
    """
    recipe = read_recipe(path)
    source = _open_source(recipe, path, skip_bad, progress)
    faces = source.faces
    rows = _places(recipe, faces, path)
    drop = np.array([row for row, item in zip(rows, recipe.touched, strict=True) if not item.new], dtype=np.int64)
    relabel = {row: NAMES.index(item.new) for row, item in zip(rows, recipe.touched, strict=True) if item.new}
    left = replace(_changed(faces, drop, relabel), name=recipe.name)
    if _known(recipe, left).content_hash != recipe.result["content"]:
        raise FerLabError(f"The recipe {path} gives other faces than when it was made. Make it anew with `data clean`.")
    told = f"Recipe '{recipe.name}' ({recipe.hash}): {len(recipe.dropped):,} of {len(faces):,} faces left out"
    notice = f"{told}, {len(recipe.relabelled):,} relabelled."
    return LoadedData(left, (*source.notices, notice), source.skipped)


def _open_source(recipe: Recipe, path: Path, skip_bad: bool, progress: Progress | None) -> LoadedData:
    """The source where it lay, else what `FER_LAB_DATA` names, whichever has the content."""
    from fer_engine.data.source import open_data

    problem = f"its source, {recipe.place}, is not there, and FER_LAB_DATA names no other"
    for place in dict.fromkeys((recipe.place, str(settings.data_path() or ""))):
        if not place or place.endswith(".json"):
            continue
        try:
            found = open_data(place, skip_bad=skip_bad, progress=progress)
        except FerLabError as error:
            problem = str(error).rstrip(".")
            continue
        if _known(recipe, found.faces).content_hash == recipe.source["content"]:
            return found
        problem = f"{place} has the content {found.faces.content_hash}, the recipe's source {recipe.source['content']}"
    raise FerLabError(f"The recipe {path} cannot be followed: {problem}. Name its source in FER_LAB_DATA.")


def _known(recipe: Recipe, faces: FaceSet) -> FaceSet:
    """The faces of the splits that the recipe's source had; a source that has one more, such as PrivateTest, keeps it as it is."""
    if faces.content_hash in (recipe.source["content"], recipe.result["content"]):
        return faces
    return faces.take(np.flatnonzero(np.isin(faces.split, list(recipe.result["counts"]))))


def _places(recipe: Recipe, faces: FaceSet, path: Path) -> list[int]:
    """Where in the source the touched rows are; the same faces in another order have other row numbers."""
    place_of = {int(row): place for place, row in enumerate(faces.ids)}
    hashes = image_hashes(faces.images)
    places = [place_of.get(item.row, -1) for item in recipe.touched]
    for place, item in zip(places, recipe.touched, strict=True):
        if place < 0 or f"{int(hashes[place]):016x}" != item.pixels or NAMES[faces.labels[place]] != item.label:
            raise FerLabError(
                f"The recipe {path} cannot be followed: the source has the same faces in another order (row {item.row} is another face). "
                "Open it from the very file or folder that it was made from, or make it anew."
            )
    return places
