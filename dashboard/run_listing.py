"""Runs as rows: what the table of all runs says of each. No Streamlit here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dashboard import text, training_words
from fer_engine.errors import FerLabError
from fer_engine.evaluation.statistics import wilson_interval
from fer_engine.experiments.bases import Base, nearest_base
from fer_engine.runs.forms import LARGEST
from fer_engine.runs.store import HISTORY, MANIFEST, SPEC

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.runs.store import Run

FINISHED = "finished"
# What reading a damaged folder may raise: files that are missing, no JSON or no table, or hold something else.
DAMAGE = (FerLabError, OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True, eq=False)
class Summary:
    """What a run folder says of its run, finished or not.

    Attributes:
        run: The run.
        base: The recipe that it comes nearest to, and what it changes.
        best_epoch: The epoch whose weights are kept, or None before the first.
        epochs: Epochs that were trained.
        accuracy: On the validation split, from 0 to 1: as measured at the end, or the best so far; None before the first epoch.
        interval: Its 95% interval; None before the first epoch, and where the number of faces is not known of an unfinished run.
        protocol: How the accuracy came about.
        seconds: Time that training took so far.
        date: When it was finished, or last written to.
        curve: Validation accuracy after each epoch, from 0 to 1.
    """

    run: Run
    base: Base
    best_epoch: int | None
    epochs: int
    accuracy: float | None
    interval: tuple[float, float] | None
    protocol: str
    seconds: float
    date: datetime
    curve: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Row:
    """A run in the table.

    Attributes:
        key: What tells it from every other run, in the page's address too: its name, or 'shipped/name' where an own run has
            the name.
        summary: What its folder says.
        state: 'finished', or what is with it: 'running', 'queued', 'stopped', 'failed', 'unfinished'.
        sentence: More on the state, for people; may be empty.
    """

    key: str
    summary: Summary
    state: str = FINISHED
    sentence: str = ""

    @property
    def run(self) -> Run:
        """The run."""
        return self.summary.run


def summarise(run: Run, history: pd.DataFrame | None = None) -> Summary:
    """Read a run folder.

    Args:
        run: The run.
        history: The epochs of an unfinished run, where they are known already.

    Raises:
        One of `DAMAGE`: Where the folder cannot be read.
    """
    summary = _finished(run) if run.finished else _unfinished(run, _history(run) if history is None else history)
    if not (0 <= summary.seconds <= LARGEST and 0 <= (summary.best_epoch or 0) <= LARGEST) or summary.date.utcoffset() is None:
        raise FerLabError(f"it tells of {summary.seconds:g} seconds, epoch {summary.best_epoch or 0:g} and an end at {summary.date}.")
    return summary


def _unfinished(run: Run, rows: pd.DataFrame) -> Summary:
    best = _best(rows, run.spec.monitor) if len(rows) else None
    accuracy = float(rows["valid_accuracy"][best]) if best is not None else None
    return Summary(
        run=run,
        base=nearest_base(run.spec),
        best_epoch=int(rows["epoch"][best]) if best is not None else None,
        epochs=len(rows),
        accuracy=accuracy,
        interval=_interval(accuracy, training_words.validated(run)),
        protocol=training_words.best_so_far(run) if best is not None else "",
        seconds=float(rows["seconds"].sum()) if best is not None else 0.0,
        date=datetime.fromtimestamp(last_written(run) / 1e9, UTC),
        curve=tuple(rows["valid_accuracy"]) if best is not None else (),
    )


def _interval(accuracy: float | None, n: int | None) -> tuple[float, float] | None:
    """The 95% interval of an accuracy on so many faces; None where either is not known."""
    if accuracy is None or not 0 <= accuracy <= 1 or not n:
        return None
    found = wilson_interval(round(accuracy * n), n)
    return found.low, found.high


def _finished(run: Run) -> Summary:
    _, figures = text.evaluated(run)
    low, high = (float(end) for end in figures["accuracy_ci95"])
    return Summary(
        run=run,
        base=nearest_base(run.spec),
        best_epoch=int(run.manifest["best_epoch"]) or None,
        epochs=int(run.manifest["epochs"]),
        accuracy=float(figures["accuracy"]),
        interval=(low, high),
        protocol=text.protocol(run),
        seconds=float(run.manifest["seconds"]),
        date=datetime.fromisoformat(run.manifest["finished"]),
        curve=tuple(run.history()["valid_accuracy"]),
    )


def origin(run: Run) -> str:
    """Where a run comes from: 'shipped', 'ablation' for one that ships as a row of a study, or 'own'."""
    return "ablation" if run.of_study else "shipped" if run.shipped else "own"


def last_written(run: Run) -> int:
    """When a run folder last changed in what the table says of it, nanoseconds since 1970.

    Raises:
        OSError: Where the folder is gone.
    """
    files = (MANIFEST,) if run.finished else (HISTORY, SPEC)
    return max((run.path / name).stat().st_mtime_ns for name in files if name != HISTORY or (run.path / name).exists())


def _history(run: Run) -> pd.DataFrame:
    """The epochs so far; none where the first is not through yet."""
    import pandas as pd

    return run.history() if (run.path / HISTORY).exists() else pd.DataFrame()


def _best(rows: pd.DataFrame, monitor: str) -> int:
    """The position of the epoch that would be kept now: of several that are no numbers, the last."""
    if monitor == "last" or rows[monitor].isna().all():
        return len(rows) - 1
    return int(rows[monitor].argmin() if monitor == "valid_loss" else rows[monitor].argmax())


def keyed(runs: Iterable[Run]) -> dict[str, Run]:
    """Runs by what tells them apart, in their order.

    Of an own and a shipped run of one name the name alone means the own one, as everywhere.
    """
    runs = list(runs)
    own = {run.name for run in runs if not run.shipped}
    return {f"shipped/{run.name}" if run.shipped and run.name in own else run.name: run for run in runs}


def chosen(
    rows: Sequence[Row], models: Sequence[str], heads: Sequence[str], states: Sequence[str], origins: Sequence[str], words: str
) -> tuple[Row, ...]:
    """The rows that pass a filter; an empty choice lets all pass.

    Args:
        rows: All rows.
        models: Networks by name.
        heads: Heads by name.
        states: States by name.
        origins: Where runs come from, as `origin` says it.
        words: What must stand somewhere in what the table says of the run, in whatever case.
    """
    wanted_words = " ".join(words.lower().split())

    def passes(row: Row) -> bool:
        spec = row.run.spec
        said = f"{row.key} {spec.model} {spec.head} {row.state} {row.summary.base} {row.summary.protocol}".lower()
        picked = ((models, spec.model), (heads, spec.head), (states, row.state), (origins, origin(row.run)))
        return all(not wanted or value in wanted for wanted, value in picked) and wanted_words in said

    return tuple(row for row in rows if passes(row))


COLUMNS = (
    "Status",
    "Run",
    "Model",
    "Head",
    "Recipe and changes",
    "Best epoch",
    "Accuracy",
    "95% interval",
    "By epoch",
    "Protocol",
    "Seconds",
    "Date",
    "From",
)


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """The table of all runs, a row a run, `COLUMNS` as columns; accuracies in percent."""
    import pandas as pd

    return pd.DataFrame([_cells(row) for row in rows], columns=list(COLUMNS)).astype({"Best epoch": "Int64"})


def _cells(row: Row) -> dict[str, Any]:
    summary, spec = row.summary, row.run.spec
    interval = summary.interval
    return {
        "Status": row.state,
        "Run": row.run.name,
        "Model": spec.model,
        "Head": spec.head,
        "Recipe and changes": str(summary.base),
        "Best epoch": summary.best_epoch,
        "Accuracy": None if summary.accuracy is None else 100 * summary.accuracy,
        "95% interval": f"{100 * interval[0]:.1f} – {100 * interval[1]:.1f}" if interval else "",
        "By epoch": [100 * value for value in summary.curve],
        "Protocol": summary.protocol,
        "Seconds": round(summary.seconds),
        "Date": summary.date,
        "From": origin(row.run),
    }
