"""Run folders: finding, reading and naming them. A folder with a manifest is a finished run."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.evaluation.calibration import Calibration
from fer_engine.experiments.commands import command
from fer_engine.experiments.spec import CnnSpec, RunSpec, from_json
from fer_engine.runs.files import read_json
from fer_engine.runs.forms import LARGEST

if TYPE_CHECKING:
    import pandas as pd

SPEC, HISTORY, WEIGHTS, CALIBRATION = "spec.json", "history.csv", "weights.safetensors", "calibration.json"
PREDICTIONS, METRICS, MANIFEST, RESUME = "predictions.parquet", "metrics.json", "manifest.json", "resume.safetensors"
START = "start.json"  # where an unfinished run that builds on another says on which
EVALUATIONS = "evaluations"
HISTORY_COLUMNS = (
    "epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "valid_macro_f1", "learning_rate", "size", "seconds",
)  # fmt: skip
SHIPPED = "shipped"  # the folder of the run area that holds what is kept of shipped runs; no run has this name
STUDIES = "ablations"  # the folder of `checkpoints/` that holds the runs of ablation studies; no run has this name either
TAKEN = (SHIPPED, STUDIES, "searches", "imported", "recipes")  # names that folders of the run area have, and no run


@dataclass(frozen=True)
class Run:
    """A run folder. What is read from it is read once.

    Attributes:
        path: The folder; its name is the run's name.
    """

    path: Path

    @property
    def name(self) -> str:
        """The run's label."""
        return self.path.name

    @property
    def finished(self) -> bool:
        """Whether the run came to its end: the manifest is written last of all."""
        return (self.path / MANIFEST).is_file()

    @property
    def shipped(self) -> bool:
        """Whether it came with the project."""
        return self.path.parent == settings.checkpoints_dir() or self.of_study

    @property
    def of_study(self) -> bool:
        """Whether it came with the project as a row of an ablation study, and not as one of the reference runs."""
        return self.path.parent == settings.checkpoints_dir() / STUDIES

    @cached_property
    def spec(self) -> RunSpec:
        """What makes the run."""
        try:
            return from_json((self.path / SPEC).read_bytes())
        except OSError as error:
            raise FerLabError(f"{self.path} is no run folder: it has no {SPEC}.") from error

    @property
    def network_spec(self) -> CnnSpec:
        """What makes the run of a network.

        Raises:
            FerLabError: Where it is no network.
        """
        if not isinstance(self.spec, CnnSpec):
            raise FerLabError(f"The run '{self.name}' is an SVM, and this needs a network. Choose a run of a network.")
        return self.spec

    @property
    def answers(self) -> bool:
        """Whether its weights are here. Some rows of studies ship without: they have all figures, and answer for no face."""
        return (self.path / WEIGHTS).is_file()

    @property
    def weights(self) -> Path:
        """The file of its weights.

        Raises:
            FerLabError: Where it is not here, with the command that trains it again.
        """
        if not self.answers:
            again = self.command
            way_out = f": {again}" if again else "."
            raise FerLabError(f"The run '{self.name}' is here without its weights and answers for no face. Train it again{way_out}")
        return self.path / WEIGHTS

    @property
    def command(self) -> str:
        """The command that trains one like it on the data that are there; empty where no recipe comes near, or its start is lost."""
        from fer_engine.runs.begun import start_name

        if not self.spec.start:
            return command(self.spec)
        told = start_name(self)
        found = [run.name for run in list_runs(studies=True) if is_of(run, self.spec.start)]
        if not found:
            return ""
        return command(self.spec, told if told in found else found[0])

    @cached_property
    def manifest(self) -> dict:
        """Versions, machine, seconds, hashes, counts, preprocessing and protocol."""
        return _table(self.path / MANIFEST)

    @cached_property
    def metrics(self) -> dict[str, dict]:
        """The figures of each evaluated split, as `fer_engine.evaluation.metrics.Metrics` has them."""
        return _table(self.path / METRICS)

    @cached_property
    def calibration(self) -> Calibration:
        """How scores become probabilities."""
        try:
            return Calibration.from_dict(_table(self.path / CALIBRATION))
        except TypeError as error:
            raise FerLabError(f"{self.path / CALIBRATION} is damaged: {error}.") from error

    def history(self) -> "pd.DataFrame":
        """A row an epoch: losses, accuracies, learning rate, seconds. An SVM has no file of it, and no rows.

        Raises:
            FerLabError: As `read_history`.
        """
        import pandas as pd

        if self.spec.family == "svm":
            return pd.DataFrame(columns=list(HISTORY_COLUMNS), dtype=float)
        return read_history(self.path / HISTORY)

    def predictions(self) -> "pd.DataFrame":
        """A row a face of each evaluated split: id, split, label, and a score per emotion."""
        import pandas as pd

        return pd.read_parquet(self.path / PREDICTIONS)

    def clear_up(self) -> None:
        """Remove what going on needs, now that the run is finished; a process that is killed right behind its manifest leaves it."""
        with suppress(OSError):  # it takes space and does no harm
            for name in (RESUME, START):
                (self.path / name).unlink(missing_ok=True)

    def evaluations_dir(self) -> Path:
        """Where later evaluations are kept: beside an own run, and for a shipped one in the user's run area."""
        return (settings.runs_dir() / SHIPPED / self.name if self.shipped else self.path) / EVALUATIONS


def read_history(path: Path) -> "pd.DataFrame":
    """The table of a run's epochs.

    Raises:
        FerLabError: Where it is missing, or is not one row of numbers for each epoch.
    """
    import numpy as np
    import pandas as pd

    try:
        table = pd.read_csv(path)
        numbers = table[list(HISTORY_COLUMNS)].to_numpy(np.float64)
        if list(numbers[:, 0]) != list(range(1, len(table) + 1)) or not ((numbers[:, -1] >= 0) & (numbers[:, -1] <= LARGEST)).all():
            raise ValueError("its epochs do not go on one by one, each with its seconds")
    except (OSError, ValueError, LookupError, TypeError) as error:  # pandas' own errors are ValueErrors
        reason = " ".join(str(error).split())
        what = f"The run '{path.parent.name}' is damaged: {path.name} is missing or no table of its epochs ({reason})."
        raise FerLabError(f"{what} Train it again, or remove {path.parent}.") from error
    return table


def _table(path: Path) -> dict:
    tree = read_json(path)
    if not isinstance(tree, dict) or not tree:
        raise FerLabError(f"{path} is damaged: it holds nothing that can be used.")
    return tree


def list_runs(*, studies: bool = False) -> tuple[Run, ...]:
    """All runs: first the reference runs that ship, then own ones, each by name.

    Args:
        studies: Whether to give, last of all, the runs that ship as rows of ablation studies, which are many.
    """
    areas = (settings.checkpoints_dir(), settings.runs_dir(), *((settings.checkpoints_dir() / STUDIES,) if studies else ()))
    found: list[Run] = []
    for area in areas:
        if area.is_dir():
            found += [Run(folder) for folder in sorted(area.iterdir()) if (folder / SPEC).is_file()]
    return tuple(found)


def is_of(run: Run, spec_hash: str) -> bool:
    """Whether a run is finished and of that spec; one that cannot be read is not."""
    with suppress(FerLabError):
        return run.finished and run.spec.hash == spec_hash
    return False


def _by_precedence() -> tuple[Run, ...]:
    """All runs; of one name an own run comes before a reference run, and that before a study's."""
    return tuple(sorted(list_runs(studies=True), key=lambda run: (run.shipped, run.of_study)))


def find_run(name: str | Path) -> Run:
    """The run of that name, or the run folder at that path. Of an own and a shipped run of one name it is the own one.

    Raises:
        FerLabError: Where there is none.
    """
    if (Path(name) / SPEC).is_file():
        return Run(Path(name).resolve())
    for run in _by_precedence():
        if run.name == str(name):
            return run
    known = ", ".join(run.name for run in list_runs()) or "none yet"
    more = ", and those of ablation studies" if any(run.of_study for run in _by_precedence()) else ""
    raise FerLabError(f"There is no run '{name}'. There are: {known}{more}.")


def finished_run(name: str | Path) -> Run:
    """As `find_run`, for a run that came to its end; an unfinished own run does not hide a shipped one of its name.

    Raises:
        FerLabError: Where there is none, or it is unfinished.
    """
    run = find_run(name)
    if not run.finished:
        for other in _by_precedence():
            if other.finished and other.name == str(name):
                return other
        raise FerLabError(f"The run '{run.name}' is unfinished. Go on with it: python -m fer_engine train --name {run.name} --resume")
    return run


def unfinished_run(name: str) -> Run:
    """The own run of that name that did not come to its end; without a name, the only one that did not.

    Raises:
        FerLabError: Where there is none, it is finished, or several could be meant.
    """
    own = [run for run in list_runs() if not run.shipped]
    waiting = [run for run in own if not run.finished]
    if not name and len(waiting) == 1:
        return waiting[0]
    known = ", ".join(run.name for run in waiting) or "none"
    if not name:
        raise FerLabError(f"Say with --name which run to go on with. Unfinished runs: {known}.")
    for run in own:
        if run.name == name:
            if run.finished:
                run.clear_up()
                raise FerLabError(f"The run '{name}' is finished; there is nothing to go on with.")
            return run
    raise FerLabError(f"There is no run '{name}' to go on with. Unfinished runs: {known}.")


def run_path(name: str) -> Path:
    """The folder for an own run of that name.

    Raises:
        FerLabError: Where the name could not be a folder's on every system, or is one of the run area's own folders.
    """
    if name.lower() in TAKEN:
        raise FerLabError(f"'{name}' cannot name a run: a folder of the run area is called so. Choose another name.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise FerLabError(f"'{name}' cannot name a run: use up to 80 letters, digits, '.', '-' and '_', a letter or digit first.")
    return settings.runs_dir() / name
