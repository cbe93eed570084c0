"""A user's own study, out of a small TOML file.

    title = "Learning rate of net5"    # optional
    base = {recipe = "ours", model = "net5", head = "softmax"}
    seeds = 2                          # optional; 1

    [set]                              # optional: what all rows share
    epochs = 10

    [vary]                             # a row for each value of each field, beside the base
    "optimizer.lr" = [0.02, 0.08]
    batch_size = [32, 256]

Fields are those of `train --set`. The base may be a finished run, too: `base = "net5-softmax"`, with all of its settings.
"""

import hashlib
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_engine.errors import FerLabError
from fer_engine.experiments import fields, lab, paper
from fer_engine.experiments.bases import told
from fer_engine.experiments.parts import DataSpec
from fer_engine.experiments.spec import CnnSpec, field_paths, override
from fer_engine.experiments.studies import Row, Study
from fer_engine.runs.store import finished_run

RECIPES = {"ours": lab.recipe, "paper": paper.recipe, "quick": lab.quick}
MOST_SEEDS = 100
_KEYS = ("title", "base", "seeds", "set", "vary")
_BASE = {"recipe": "ours", "model": "net5", "head": "softmax"}
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"  # so that names of runs, which hold it, stay below 80 characters
_LONGEST = 60  # characters of a row's key
_DATA = ("data.name", "data.train", "data.valid", "data.train_hash", "data.valid_hash", "data.votes_hash")
_SETTLED = ("seed", "start", "family", "model", *_DATA)


def read_text(path: Path) -> str:
    """The text of a study's file.

    Raises:
        FerLabError: Where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FerLabError(f"{path} cannot be read: {error}.") from error


def parse_study(text: str, name: str, where: str) -> Study:
    """A study out of TOML text.

    Args:
        text: The text.
        name: What to call the study.
        where: What the text is called in sentences.

    Raises:
        FerLabError: Where it is no study; the sentence names the text and the place in it.
    """
    try:
        if not re.fullmatch(_NAME, name):
            raise FerLabError(f"'{name}' cannot name a study: use up to 40 letters, digits, '.', '-' and '_', a letter or digit first.")
        try:
            tree = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise FerLabError(f"this is no TOML: {error}.") from error
        return _study(tree, name)
    except FerLabError as error:
        raise FerLabError(f"{where}: {error}") from error


def _study(tree: dict[str, Any], name: str) -> Study:
    _refuse_unknown(tree, _KEYS, "A study")
    seeds, title = tree.get("seeds", 1), tree.get("title", name)
    if type(seeds) is not int or not 1 <= seeds <= MOST_SEEDS:
        raise FerLabError(f"seeds is {seeds!r}; it is a whole number from 1 to {MOST_SEEDS}.")
    if not isinstance(title, str) or not title.strip():
        raise FerLabError(f"title is {title!r}; it is a text.")
    given = tree.get("base", {})
    whole = _run(given) if isinstance(given, str) else _base(_table(tree, "base"))
    base = override(whole, _fields(_table(tree, "set"), "set"))
    vary = _fields(_table(tree, "vary"), "vary")
    if not vary:
        raise FerLabError(
            'it varies nothing. Write a table [vary] with a list of values for a field, such as "optimizer.lr" = [0.02, 0.08].'
        )
    rows = [Row(f"{name}-base", "base", base)]
    for field, values in vary.items():
        rows += _rows(name, base, field, values)
    return Study(name, title.strip(), "your own", tuple(rows), seeds=seeds)


def _base(given: dict[str, Any]) -> CnnSpec:
    _refuse_unknown(given, tuple(_BASE), "base")
    words = _BASE | given
    if words["recipe"] not in list(RECIPES):  # of a list or a table no dictionary can say whether it has it
        raise FerLabError(f"base.recipe is {words['recipe']!r}; there are {', '.join(RECIPES)}.")
    if words["head"] not in ("softmax", "svm"):
        raise FerLabError(f"base.head is {words['head']!r}; it is softmax or svm.")
    return RECIPES[words["recipe"]](str(words["model"]), words["head"])


def _run(name: str) -> CnnSpec:
    """The settings of a finished run, on data that is still open."""
    try:
        run = finished_run(name)
    except FerLabError as error:
        raise FerLabError(f'base is {name!r}; it is a table, such as {{model = "net5"}}, or the name of a finished run. {error}') from error
    if run.spec.start:
        raise FerLabError(f"base is the run '{name}', which goes on from another run's weights; a study's rows begin with fresh ones.")
    return replace(run.network_spec, seed=0, data=DataSpec())


def _rows(name: str, base: CnnSpec, field: str, values: Any) -> list[Row]:
    if not isinstance(values, list) or not values:
        raise FerLabError(f"vary.{field} is {values!r}; it is a list of values, such as [1, 2]; of lists where the field is one.")
    rows, specs = [], [base]
    for value in values:
        spec = override(base, {field: value})
        if spec in specs[1:]:
            raise FerLabError(f"vary.{field} has {value!r} twice.")
        specs.append(spec)
        if spec != base:  # which has a row already
            shown = told(field_paths(spec)[field])
            rows.append(Row(_key(name, field, shown), f"{fields.title(field)} {shown}", spec))
    return rows


def _key(name: str, field: str, shown: str) -> str:
    """A row's key, which names of runs hold: letters, digits and hyphens, and not too long."""
    key = f"{name}-{re.sub('[^A-Za-z0-9.]+', '-', f'{field} {shown}').strip('-')}"
    return key if len(key) <= _LONGEST else f"{key[: _LONGEST - 7]}-{hashlib.sha256(key.encode()).hexdigest()[:6]}"


def _fields(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Fields by their dotted names: TOML reads optimizer.lr = 1 as a table within a table."""
    known = field_paths(lab.recipe("net5"))
    flat: dict[str, Any] = {}
    for name, value in table.items():
        inner = {f"{name}.{leaf}": told for leaf, told in value.items()} if isinstance(value, dict) else {name: value}
        flat |= inner
    for field in flat:
        if field in _SETTLED:
            raise FerLabError(
                f"{where}.{field} cannot be set here: seeds are counted by 'seeds', and the network and its data are chosen elsewhere."
            )
        if field not in known:
            raise FerLabError(f"{where} has '{field}', and there is no such field; there are {', '.join(sorted(known))}.")
    return flat


def _table(tree: dict[str, Any], name: str) -> dict[str, Any]:
    found = tree.get(name, {})
    if not isinstance(found, dict):
        raise FerLabError(f"{name} is {found!r}; it is a table: [{name}], then a line for each field.")
    return found


def _refuse_unknown(tree: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    strange = [key for key in tree if key not in known]
    if strange:
        raise FerLabError(f"{what} has no '{strange[0]}'; it has {', '.join(known)}.")
