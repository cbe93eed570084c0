"""On what terms two runs meet: whether they may be tested against each other, and in what their specs differ."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import TYPE_CHECKING

from fer_engine.errors import FerLabError
from fer_engine.experiments.bases import told
from fer_engine.experiments.spec import RunSpec, field_paths

if TYPE_CHECKING:
    from fer_engine.evaluation.curves import Scored
    from fer_engine.runs.store import Run

_OBSTACLES = {
    "measured_on": "{a} is measured on {one}, {b} on {other}.",
    "faces": "The faces of {a} and {b} have different labels or row numbers, so that they cannot be paired.",
    "trained_on": "{a} learnt from {one}, {b} from {other}.",
    "chosen_on": "{a} was chosen on {one}, {b} on {other}.",
    "classes": "{a} knows {one}, {b} {other}.",
}
_TITLES = {
    "measured_on": "measured on {}",
    "faces": "labels {}",
    "trained_on": "learnt from {}",
    "chosen_on": "chosen on {}",
    "classes": "knows {}",
}


@dataclass(frozen=True)
class Terms:
    """What two runs must share for a test between them.

    Attributes:
        measured_on: The split that its answers are on, with its content hash.
        faces: Hash of the rows and labels of these faces.
        trained_on: The split that it learnt from, with its content hash.
        chosen_on: The split that epoch and hyper-parameters were chosen on, with its content hash.
        classes: The emotions, in their order.
    """

    measured_on: str
    faces: str
    trained_on: str
    chosen_on: str
    classes: str


@dataclass(frozen=True)
class SpecDifference:
    """A field in which specs differ.

    Attributes:
        field: Its dotted name, as `fer_engine.experiments.spec.override` takes it.
        values: Each spec's value as people write it; empty where the family has no such field.
    """

    field: str
    values: tuple[str, ...]


def terms_of(run: "Run", scored: "Scored") -> Terms:
    """The terms of a finished run's answers, which are by rising row.

    Raises:
        FerLabError: Where its manifest does not tell them.
    """
    data = run.spec.data
    contents = {data.valid: data.valid_hash, data.train: data.train_hash}

    def named(split: str) -> str:
        return f"{split} (content {contents[split]})" if contents.get(split) else split

    try:
        protocol, classes = run.manifest["protocol"], run.manifest["classes"]
        trained, chosen = protocol["trained_on"], protocol["chosen_on"]
    except (KeyError, TypeError) as error:
        raise FerLabError(f"The manifest of the run '{run.name}' is damaged: it has no sound {error}. Fetch or train it again.") from error
    faces = hashlib.sha256(scored.ids.astype("<i8").tobytes() + scored.labels.astype("<i8").tobytes()).hexdigest()[:16]
    return Terms(named(scored.split), faces, named(trained), named(chosen), ", ".join(classes))


def obstacles(a: str, a_terms: Terms, b: str, b_terms: Terms) -> tuple[str, ...]:
    """What keeps two runs from a test, a sentence each."""
    differing = apart(a_terms, b_terms)
    return tuple(_OBSTACLES[name].format(a=a, b=b, one=getattr(a_terms, name), other=getattr(b_terms, name)) for name in differing)


def apart(a: Terms, b: Terms) -> tuple[str, ...]:
    """The fields in which terms differ, without what goes without saying."""
    differing = _differing((a, b))
    if "measured_on" not in differing:
        return differing
    same = all(terms.chosen_on == terms.measured_on for terms in (a, b))
    unsaid = ("faces", "chosen_on") if same else ("faces",)
    return tuple(name for name in differing if name not in unsaid)


def titles(terms: Sequence[Terms]) -> tuple[str, ...]:
    """What each of some terms has that others have not, as a title: 'Learnt from Training (content 1a2b)'; empty where all are alike."""
    said = {name for a, b in combinations(terms, 2) for name in apart(a, b)}
    fields_told = [name for name in _differing(terms) if name in said]
    told = ["; ".join(_TITLES[name].format(getattr(each, name)) for name in fields_told) for each in terms]
    return tuple(words[:1].upper() + words[1:] for words in told)


def _differing(terms: Sequence[Terms]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(Terms) if len({getattr(each, item.name) for each in terms}) > 1)


def differ_in_training_data_alone(a: RunSpec, b: RunSpec) -> bool:
    """Whether two specs have the same fields but for the content of the split that is learnt from.

    Then a test between them is one of the training data: raw or cleaned, few faces or many.
    """
    bare = [replace(spec, data=replace(spec.data, name="", train_hash="")) for spec in (a, b)]
    return bare[0] == bare[1] and a.data.train_hash != b.data.train_hash


def remarks(a: str, a_run: "Run", b: str, b_run: "Run") -> tuple[str, ...]:
    """What to know beside a test of two runs, a sentence each: what gives one of them more than the other."""
    found = []
    if differ_in_training_data_alone(a_run.spec, b_run.spec):
        found.append(f"{a} and {b} differ in the faces that they learnt from and in nothing else; the test is of these.")
    flipped = [run.manifest["protocol"]["tta"] == "flip" for run in (a_run, b_run)]
    if flipped[0] != flipped[1]:
        flips, other = (a, b) if flipped[0] else (b, a)
        found.append(f"{flips} answers with the mean over a face and its mirror image, {other} does not; the difference includes this.")
    for name, run, earlier, first in ((a, a_run, b, b_run), (b, b_run, a, a_run)):
        if run.spec.start and run.spec.start == first.spec.hash:
            how = "goes on from the weights of" if run.spec.family == "cnn" else "reads the features of"
            found.append(f"{name} {how} {earlier}, so that it had the training of both.")
        elif run.spec.start and first.spec.start not in (run.spec.start, run.spec.hash):
            another = run.manifest.get("starts_from") or "a run that is not at hand"
            found.append(f"{name} builds on {another}, whose training it had besides its own.")
    return tuple(found)


def spec_differences(specs: Sequence[RunSpec]) -> tuple[SpecDifference, ...]:
    """The fields in which specs differ, in their order, and nothing else."""
    paths = [field_paths(spec) for spec in specs]
    names = dict.fromkeys(name for tree in paths for name in tree)
    differing = [name for name in names if any(name not in tree or tree[name] != paths[0].get(name) for tree in paths)]
    return tuple(SpecDifference(name, tuple(told(tree[name]) if name in tree else "" for tree in paths)) for name in differing)
