"""From rules to a recipe of a cleaned data set: what `data clean` and the page Data both do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fer_engine.data.audit import Audit
from fer_engine.data.audit_findings import Further, look_further
from fer_engine.data.audit_rules import rows_to_drop, rows_to_relabel
from fer_engine.data.audit_words import check_rules, needs
from fer_engine.data.recipe import Recipe, make_recipe, recipe_path, write_recipe
from fer_engine.errors import FerLabError
from fer_engine.runs.records import absolute_data


@dataclass(frozen=True)
class Rules:
    """What to clean.

    Attributes:
        drop: Rules that leave out, of `audit_words.DROPS`.
        relabel: The rule that relabels, of `audit_words.RELABELS`, or ''.
        splits: Splits that may be touched.
    """

    drop: tuple[str, ...]
    relabel: str = ""
    splits: tuple[str, ...] = ("Training",)

    def check(self, votes: bool) -> None:
        """Refuse rules that make no sense, with or without FER+'s votes.

        Raises:
            FerLabError: With a sentence that names the rule.
        """
        check_rules(list(self.drop), self.relabel, list(self.splits), votes)

    def look(self, found: Audit, votes: Path | None, progress: Callable[[float, str], None]) -> Further:
        """Look for what the rules need beside copies.

        Raises:
            FerLabError: As `look_further`.
        """
        return look_further(found, votes=votes, **needs([*self.drop, self.relabel]), progress=progress)


def free_path(name: str) -> Path:
    """Where a recipe of this name is to be written.

    Raises:
        FerLabError: Where the name is no file's, or there is such a recipe already.
    """
    path = recipe_path(name)
    if path.exists():
        raise FerLabError(f"{path} is there already. Choose another name, or remove it.")
    return path


def clean(name: str, place: str | None, found: Audit, further: Further, rules: Rules) -> tuple[Recipe, Path]:
    """Make a recipe by the rules and write it.

    Args:
        name: What to call it: a name in the run area, or the path of a .json file.
        place: Where the data set lies, as the engine opens it; None for what is set.
        found: Its audit.
        further: What the rules need beside it.
        rules: What to clean.

    Returns:
        The recipe and its file.

    Raises:
        FerLabError: Where nothing would be left, or the file is there already or cannot be written.
    """
    path, splits = recipe_path(name), list(rules.splits)
    told = {"drop": list(rules.drop), "relabel": rules.relabel, "splits": splits}
    dropped = rows_to_drop(list(rules.drop), found, further, splits)
    relabelled = rows_to_relabel(rules.relabel, found, further, splits)
    recipe = make_recipe(path.stem, absolute_data(place), found.faces, told, dropped, relabelled)
    write_recipe(recipe, path)
    return recipe, path
