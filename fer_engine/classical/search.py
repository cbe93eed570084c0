"""Searches: nested cross-validations that are kept in a folder, fold by fold, and go on where they stopped.

A folder `searches/<name>/` of the run area (or of `checkpoints/`, for those that ship) holds `search.json` (what is
searched, on which data, how long it took, and once it is finished the outcome) and `results.csv` (a row for each
candidate and fold). Nothing else is needed to draw it.
"""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from fer_engine import settings
from fer_engine.classical import nested_cv
from fer_engine.classical.gram import explained_variance
from fer_engine.classical.nested_cv import JUDGE, Fold, NestedScores, Outcome
from fer_engine.classical.nested_fold import FoldScores, as_numbers
from fer_engine.classical.search_grid import Grid
from fer_engine.data.faceset import FaceSet, image_hashes
from fer_engine.distribution import Workers
from fer_engine.errors import FerLabError
from fer_engine.runs.files import make_folder, read_json, replacing, write_json

if TYPE_CHECKING:
    import pandas as pd

SEARCH, RESULTS, FOLDER = "search.json", "results.csv", "searches"
Features = Literal["pixels", "hog"]
FEATURES: dict[str, str] = {"pixels": "pixels", "hog": "histograms of oriented gradients"}
_JUDGE_WEIGHT = 0.3  # of an outer fold's own scoring, against an inner fold's


@dataclass(frozen=True)
class SearchSpec:
    """What is searched, on what.

    Attributes:
        grid: The candidates.
        features: 'pixels' or 'hog'; the principal components are of these.
        split: The split whose faces are searched.
        faces: How many of them, drawn in proportion to the emotions; 0 for all.
        outer: Outer folds.
        inner: Inner folds.
        seed: Of the draw and the folds.
        drop: As `nested_cv.run` has it; 0 tries every candidate on every fold.
    """

    grid: Grid
    features: Features = "pixels"
    split: str = "Training"
    faces: int = 0
    outer: int = 5
    inner: int = 5
    seed: int = 0
    drop: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be searched.

        Raises:
            FerLabError: With a sentence that names the field.
        """
        if self.features not in FEATURES:
            raise FerLabError(f"features is '{self.features}'; there are {', '.join(FEATURES)}.")
        if self.outer < 2 or self.inner < 2:
            raise FerLabError(f"outer is {self.outer} and inner {self.inner}; there are two folds at least.")
        if not 0 <= self.drop < 1 or self.faces < 0:
            raise FerLabError(f"drop is {self.drop} and faces {self.faces}; drop is a share below 1, and neither is below 0.")

    @property
    def fits(self) -> int:
        """Fits on inner folds that the plain way makes."""
        return len(self.grid) * self.outer * self.inner

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> "SearchSpec":
        """Out of JSON.

        Raises:
            FerLabError: Where it is none.
        """
        try:
            return cls(Grid.from_dict(tree["grid"]), **{name: value for name, value in tree.items() if name != "grid"})
        except (KeyError, TypeError) as error:
            raise FerLabError(f"What a search tries cannot be read: {error}.") from error


@dataclass(frozen=True)
class Search:
    """A search's folder. What is read from it is read once.

    Attributes:
        path: The folder; its name is the search's.
    """

    path: Path

    @property
    def name(self) -> str:
        """The search's label."""
        return self.path.name

    @property
    def shipped(self) -> bool:
        """Whether it came with the project."""
        return self.path.parent == settings.checkpoints_dir() / FOLDER

    @cached_property
    def about(self) -> dict[str, Any]:
        """All that `search.json` says."""
        tree = read_json(self.path / SEARCH)
        if not isinstance(tree, dict) or "spec" not in tree or "data" not in tree:
            raise FerLabError(f"{self.path / SEARCH} is damaged: it does not say what is searched. Remove the folder.")
        return tree

    @cached_property
    def spec(self) -> SearchSpec:
        """What is searched."""
        return SearchSpec.from_dict(self.about["spec"])

    @property
    def finished(self) -> bool:
        """Whether every fold is scored."""
        return "winner" in self.about

    def table(self) -> "pd.DataFrame":
        """A row for each candidate and fold: outer, inner (0: the outer fold itself), the setting, accuracy, n, seconds."""
        import pandas as pd

        path = self.path / RESULTS
        try:
            return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=_COLUMNS)
        except (OSError, ValueError) as error:
            raise FerLabError(f"{path} cannot be read: {error}. Remove it; the search then begins anew.") from error

    def scores(self) -> NestedScores:
        """The scores so far."""
        spec = self.spec
        scores = nested_cv.empty_scores(spec.grid, spec.outer, spec.inner)
        for pair, rows in self.table().groupby(["outer", "inner"]):
            outer, inner = cast(tuple[int, int], pair)
            if len(rows) != len(spec.grid):
                raise FerLabError(
                    f"{self.path / RESULTS} is damaged: fold {outer}.{inner} is not whole. Remove it; the search begins anew."
                )
            accuracy = rows["accuracy"].to_numpy(float).reshape(spec.grid.shape)
            nested_cv.keep(scores, Fold(outer, inner, np.empty(0), np.empty(0)), accuracy)
        return scores

    def outcome(self) -> Outcome:
        """What was found.

        Raises:
            FerLabError: Where the search is unfinished.
        """
        if not self.finished:
            raise FerLabError(f"The search '{self.name}' is unfinished. Go on with it: {how_to_go_on(self.name)}")
        return nested_cv.outcome(self.scores())


_COLUMNS = ["outer", "inner", "n_components", "kernel", "C", "gamma", "accuracy", "n", "seconds"]


def how_to_go_on(name: str) -> str:
    """The command that goes on with a search."""
    return f"python -m fer_engine svm search --name {name} --resume"


def list_searches() -> tuple[Search, ...]:
    """All searches: first those that ship, then own ones, each by name."""
    areas = [area / FOLDER for area in (settings.checkpoints_dir(), settings.runs_dir())]
    return tuple(Search(path) for area in areas if area.is_dir() for path in sorted(area.iterdir()) if (path / SEARCH).is_file())


def find_search(name: str) -> Search:
    """The search of that name; of an own and a shipped one it is the own one.

    Raises:
        FerLabError: Where there is none.
    """
    found = list_searches()
    for search in reversed(found):
        if search.name == name:
            return search
    raise FerLabError(f"There is no search '{name}'. There are: {', '.join(search.name for search in found) or 'none yet'}.")


def prepare(name: str, spec: SearchSpec, faces: FaceSet) -> Search:
    """Make the folder of a new search.

    Args:
        name: What to call it.
        spec: What is searched.
        faces: The whole data set.

    Raises:
        FerLabError: Where the name is taken or cannot be a folder's, or the faces are too few.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise FerLabError(f"'{name}' cannot name a search: use up to 80 letters, digits, '.', '-' and '_', a letter or digit first.")
    path = settings.runs_dir() / FOLDER / name
    if (path / SEARCH).exists():
        raise FerLabError(f"There is a search '{name}' already. Go on with it: {how_to_go_on(name)}; or choose another name.")
    part = searched_faces(spec, faces)
    pieces = nested_cv.folds(part.labels, spec.outer, spec.inner, spec.seed)
    smallest = min(len(fold.train) for fold in pieces)
    most = spec.grid.n_components[-1]
    if most > smallest:
        raise FerLabError(f"{most:,} components need as many faces to learn from, and the smallest fold has {smallest:,}. Take more faces.")
    make_folder(path)
    data = {"name": faces.name, "split": spec.split, "n": len(part), "hash": part.content_hash, "order": _order(part)}
    write_json(
        path / SEARCH, {"spec": asdict(spec), "data": data, "begun": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": 0.0}
    )
    return Search(path)


def searched_faces(spec: SearchSpec, faces: FaceSet) -> FaceSet:
    """The faces that a search works on, in the order of the source.

    Of faces that are equal, pixel for pixel, it is the first alone: copies in the folds that learn and in those that judge
    would flatter every estimate.

    Raises:
        FerLabError: Where there are fewer than it asks for.
    """
    from sklearn.model_selection import train_test_split

    part = _without_copies(faces.part(spec.split))
    if not spec.faces or spec.faces == len(part):
        return part
    counts = np.unique(part.labels, return_counts=True)[1]
    if spec.faces > len(part) - len(counts):
        raise FerLabError(
            f"{spec.faces:,} faces are asked for, and {spec.split} has {len(part):,} different ones. Take fewer, or 0 for all."
        )
    if spec.faces < len(counts) or counts.min() < 2:
        raise FerLabError(
            f"{spec.faces} of these faces are too few: there must be one of each emotion at least, and one more to leave out."
        )
    rows, _ = train_test_split(np.arange(len(part)), train_size=spec.faces, stratify=part.labels, random_state=spec.seed)
    return part.take(np.sort(rows))


def _order(part: FaceSet) -> str:
    """Sixteen digits of the faces in their order, by which the folds go; the content's hash is the same for any order."""
    return hashlib.sha256(image_hashes(part.images).tobytes()).hexdigest()[:16]


def _without_copies(part: FaceSet) -> FaceSet:
    _, first = np.unique(image_hashes(part.images), return_index=True)
    return part if len(first) == len(part) else part.take(np.sort(first))


def features_of(spec: SearchSpec, faces: FaceSet) -> np.ndarray:
    """The rows (N, D) whose components are taken: uint8 pixels, or HOG."""
    if spec.features == "pixels":
        return faces.images.reshape(len(faces), -1)
    from fer_engine.features.hog import Hog

    return Hog().fit(faces.images).transform(faces.images)


@dataclass
class SearchProgress:
    """How far a search is.

    Attributes:
        done: Folds that are scored.
        total: Folds there are.
        seconds_left: About; None before the first fold is done.
        leading: The best candidate so far, in words; empty before the first fold is done.
        accuracy: Its mean accuracy over the inner folds so far.
    """

    done: int
    total: int
    seconds_left: float | None = None
    leading: str = ""
    accuracy: float | None = None
    updated: float = field(default_factory=time.time)


def run_search(search: Search, faces: FaceSet, workers: Workers, listener: Callable[[SearchProgress], None] = lambda _: None) -> Outcome:
    """Score what is not scored yet, keeping each fold as it is done, and write the outcome.

    Args:
        search: A prepared or begun search.
        faces: The whole data set it was prepared on.
        workers: Who does the work.
        listener: Told at the start and after each fold.

    Raises:
        FerLabError: Where the data set is another one.
    """
    spec, part = search.spec, searched_faces(search.spec, faces)
    if part.content_hash != search.about["data"]["hash"]:
        raise FerLabError(f"The search '{search.name}' was begun on other faces than these. Name the data set that it was begun on.")
    if search.about["data"].get("order", _order(part)) != _order(part):
        what = f"The search '{search.name}' was begun on these faces in another order, so that its folds are others"
        raise FerLabError(f"{what}. Name the file or folder that it was begun on.")
    pieces = nested_cv.folds(part.labels, spec.outer, spec.inner, spec.seed)
    keeper, rows = _Keeper(search, pieces, workers, listener), features_of(spec, part)
    nested_cv.run(rows, part.labels, pieces, keeper.scores, workers, keeper, drop=spec.drop, known=keeper.known)
    found = nested_cv.outcome(keeper.scores)
    keeper.finish(found, explained_variance(as_numbers(rows), spec.grid.n_components[-1]))
    return found


class _Keeper:
    """Writes each fold as it is done, and tells how far the search is."""

    def __init__(self, search: Search, pieces: tuple[Fold, ...], workers: Workers, listener: Callable[[SearchProgress], None]) -> None:
        self.search, self.pieces, self.workers, self.listener = search, pieces, workers, listener
        self.table, self.scores = search.table(), search.scores()
        known = self.table[["outer", "inner"]].drop_duplicates()
        self.known = {(int(outer), int(inner)) for outer, inner in known.itertuples(index=False)}
        self.done = set(self.known)
        self.before, self.began = float(search.about["seconds"]), time.monotonic()
        self.tell()

    def __call__(self, fold: Fold, found: FoldScores) -> None:
        """Keep a fold."""
        import pandas as pd

        rows = [
            (fold.outer, fold.inner, setting.n_components, setting.kernel, setting.C, setting.gamma, accuracy, found.n, found.seconds)
            for setting, accuracy in zip(self.search.spec.grid, found.accuracy.ravel(), strict=True)
        ]
        added = pd.DataFrame(rows, columns=_COLUMNS).round({"seconds": 2})
        self.table = pd.concat([self.table, added], ignore_index=True) if len(self.table) else added
        with replacing(self.search.path / RESULTS) as temporary:
            self.table.to_csv(temporary, index=False)
        self.done.add((fold.outer, fold.inner))
        write_json(self.search.path / SEARCH, self.search.about | {"seconds": self.seconds})
        self.tell()

    @property
    def seconds(self) -> float:
        return round(self.before + time.monotonic() - self.began, 1)

    def tell(self) -> None:
        fresh = sum(_weight(fold) for fold in self.done - self.known)
        left = sum(_weight((fold.outer, fold.inner)) for fold in self.pieces if (fold.outer, fold.inner) not in self.done)
        seconds = (time.monotonic() - self.began) * left / fresh if fresh else None
        progress = SearchProgress(len(self.done), len(self.pieces), seconds)
        with np.errstate(all="ignore"):
            counts = np.isfinite(self.scores.inner).sum((0, 1))
            means = np.where(counts, np.nansum(self.scores.inner, (0, 1)) / np.maximum(counts, 1), -np.inf)
        if counts.any():
            place = nested_cv.best(self.search.spec.grid, np.where(counts == counts.max(), means, -np.inf))
            progress.leading, progress.accuracy = nested_cv.setting_at(self.search.spec.grid, place).told(), float(means[place])
        self.listener(progress)

    def finish(self, found: Outcome, explained: np.ndarray) -> None:
        from fer_engine.evaluation.manifest import processor

        about = self.search.about | {
            "seconds": self.seconds,
            "workers": {"backend": self.workers.backend, "jobs": self.workers.jobs, "processor": processor()},
            "winner": asdict(found.winner) | {"inner_accuracy": round(found.winner_accuracy, 6)},
            "paper": {"n_components": found.paper_best, "accuracy": round(max(item.mean for item in found.paper), 6)},
            "nested": {"accuracy": round(found.nested.mean, 6), "deviation": round(found.nested.deviation, 6)},
            "explained_variance": [round(float(share), 5) for share in explained],
        }
        write_json(self.search.path / SEARCH, about)
        self.search.__dict__.pop("about", None)  # it is read again


def _weight(fold: tuple[int, int]) -> float:
    return _JUDGE_WEIGHT if fold[1] == JUDGE else 1.0
