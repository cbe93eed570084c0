"""The rules by which a data set can be cleaned, in words."""

from collections.abc import Iterable

from fer_engine.data.faceset import SPLITS
from fer_engine.errors import FerLabError

DROPS = {
    "duplicates": "exact copies within a split, but for the first",
    "conflicts": "all exact copies whose labels differ",
    "leaked": "faces of Training that stand, pixel for pixel, in another split too",
    "near": "near copies within a split, but for the first",
    "blanks": "images of one grey, or nearly",
    "faceless": "images in which no face is found (slow the first time; most are faces that the detector misses)",
    "suspects": "likely label errors in Training (slow the first time)",
    "nonfaces": "images that most FER+ annotators call no face (needs --votes)",
}
RELABELS = {
    "suspects": "likely label errors in Training get the label that the check proposes",
    "votes": "faces get the emotion that more than half of the FER+ annotators chose (needs --votes)",
}


def listed(rules: dict[str, str]) -> str:
    """Rules and what they do, for a help text."""
    return "; ".join(f"{name}: {words}" for name, words in rules.items()) + "."


def needs(rules: Iterable[str]) -> dict[str, bool]:
    """What must be looked for beside copies: arguments of `look_further`."""
    rules = set(rules)
    return {"faceless": "faceless" in rules, "labels": "suspects" in rules}


def check_rules(drop: list[str], relabel: str, splits: list[str], votes: bool) -> None:
    """Refuse rules that make no sense.

    Raises:
        FerLabError: With a sentence that names the rule.
    """
    for given, known, option in (
        (drop, DROPS, "--drop"),
        ([relabel] if relabel else [], RELABELS, "--relabel"),
        (splits, SPLITS, "--split"),
    ):
        strange = [word for word in given if word not in known]
        if strange:
            raise FerLabError(f"{option} knows no '{strange[0]}'. There are: {', '.join(known)}.")
    if not drop and not relabel:
        raise FerLabError(f"Say what to clean: --drop with some of {', '.join(DROPS)}, or --relabel with {' or '.join(RELABELS)}.")
    if ("nonfaces" in drop or relabel == "votes") and not votes:
        raise FerLabError("This rule goes by the FER+ votes: name their file, fer2013new.csv, with --votes.")
    if "suspects" in drop and relabel == "suspects":
        raise FerLabError("Suspects can be left out or relabelled, not both: name them in --drop or in --relabel.")
