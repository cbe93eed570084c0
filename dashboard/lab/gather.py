"""What a report of the laboratory is made of: run folders that can be read, and a sentence for each that cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from dashboard.run_listing import DAMAGE, keyed, summarise
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fer_engine.ablations.ledger import Cell
    from fer_engine.evaluation.comparison import Comparison
    from fer_engine.runs.store import Run

MOST = 24  # runs that are shown one by one, as many as Compare takes


@dataclass(frozen=True, eq=False)
class Lab:
    """What is reported.

    Attributes:
        runs: Finished runs that are compared and shown one by one, by what tells them apart.
        others: Finished runs that are listed alone.
        known: All finished runs that can be read, those of studies too.
        problems: What is left out and why, a sentence each.
    """

    runs: Mapping[str, Run]
    others: Mapping[str, Run]
    known: tuple[Run, ...]
    problems: tuple[str, ...]

    @cached_property
    def comparison(self) -> Comparison | None:
        """The runs side by side, which several chapters draw; None where there are fewer than two."""
        from fer_engine.evaluation.comparison import compare

        return compare(self.runs) if len(self.runs) > 1 else None

    def key(self, run: Run) -> str:
        """What a run is called here."""
        return next((key for key, found in (*self.runs.items(), *self.others.items()) if found.path == run.path), run.name)


def gather(names: Sequence[str] = ()) -> Lab:
    """Find what there is to report.

    Args:
        names: Names or folders of the runs that are compared and shown one by one; by default the reference runs, or
            where none ships the user's own.

    Raises:
        FerLabError: Where a run of that name is not there, unfinished or damaged, or too many are named.
    """
    from fer_engine.runs.store import finished_run, list_runs

    named = {run.path: run for run in (finished_run(name) for name in names)}
    if len(named) > MOST:
        raise FerLabError(f"{len(named)} runs are named; a report shows up to {MOST} one by one. Name fewer.")
    sound, problems = [], []
    for run in (*named.values(), *(run for run in list_runs(studies=True) if run.path not in named)):
        sentence = fault(run)
        if not sentence:
            sound.append(run)
        elif run.path in named:
            raise FerLabError(sentence)
        else:
            problems.append(sentence)
    of_studies = _studied(sound)
    free = [run for run in sound if not run.of_study and run.path not in of_studies]
    shown = list(named.values()) or [run for run in sound if run.shipped and not run.of_study] or free[:MOST]
    paths = {run.path for run in shown}
    others = [run for run in free if run.path not in paths]
    keys = {run.path: key for key, run in keyed((*shown, *others)).items()}
    mine, listed = ({keys[run.path]: run for run in part} for part in (shown, others))
    return Lab(mine, listed, tuple(sound), tuple(problems))


def fault(run: Run) -> str:
    """Why a run cannot be reported, as a sentence; empty where it can."""
    from fer_engine.evaluation.curves import scored_splits

    try:
        if not run.finished:
            epochs = summarise(run).epochs
            so_far = f" after {epochs} epoch{'s' if epochs != 1 else ''}" if epochs else ""
            return f"The run '{run.name}' is unfinished{so_far} and is left out."
        summarise(run)
        missing = [name for name in ("parameters", "milliseconds_per_face", "seconds") if name not in run.manifest]
        if missing or not scored_splits(run) or not run.calibration:
            return f"The run '{run.name}' is damaged and is left out: its folder has no {', '.join(missing) or 'answers'}."
    except DAMAGE as error:
        return f"The run '{run.name}' is damaged and is left out: {str(error) or type(error).__name__}"
    return ""


def sound_cells(cells: Iterable[Cell], known: Iterable[Run]) -> tuple[Cell, ...]:
    """A study's cells without the runs that cannot be read."""
    paths = {run.path for run in known}
    return tuple(cell if cell.run is None or cell.run.path in paths else replace(cell, run=None) for cell in cells)


def _studied(runs: Iterable[Run]) -> set[Path]:
    """The folders of own runs that a study's process trained, which their names tell."""
    return {run.path for run in runs if not run.shipped and run.name.startswith("ablate-")}
