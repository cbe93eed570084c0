"""Runs as a table with the paper's figures beside them, as they are shown and as they are taken away. No Streamlit here."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from dashboard import text
from dashboard.charts import Accuracy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from fer_engine.runs.store import Run

_DEDUPLICATED = "On faces not in Training"
EXPLAINED = (
    "95% interval after Wilson. Some faces of the split stand, pixel for pixel, in Training too; one column leaves them out. Time a face: "
    "one at a time, on one thread of the machine that trained the network, with both passes where a face is flipped."
)


def groups(runs: Sequence[Run]) -> list[tuple[str, list[Run]]]:
    """Finished runs by their protocol, so that no two protocols share a table unmarked; the most accurate first."""
    ordered = sorted(runs, key=lambda run: (text.protocol(run), -text.evaluated(run)[1]["accuracy"]))
    return [(words, list(members)) for words, members in groupby(ordered, key=text.protocol)]


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """A row a run of one protocol: what it is, accuracy with its 95% interval, the paper's where it has one, costs."""
    import pandas as pd

    papers, networks = any(paper(run) for run in runs), all(run.spec.family == "cnn" for run in runs)
    return pd.DataFrame([_row(run, papers=papers, networks=networks) for run in runs])


def _row(run: Run, *, papers: bool, networks: bool) -> dict[str, str]:
    split, figures = text.evaluated(run)
    low, high = figures["accuracy_ci95"]
    printed, clean = paper(run), figures["accuracy_deduplicated"]
    if networks:  # alone in the table: in two columns they are read at a glance
        model = {"Network": text.network_title(run.spec.model), "Head": text.HEADS[run.spec.head]}
    else:
        model = {"Model": text.model_words(run.spec)}
    row = {
        "Run": run.name,
        **model,
        f"{split} accuracy": text.percent(figures["accuracy"]),
        "95% interval": f"{100 * low:.1f} – {100 * high:.1f}",
        _DEDUPLICATED: "–" if clean is None else text.percent(clean),
    }
    if papers:
        row["Paper, on PrivateTest"] = f"{printed:.1f}%" if printed else "–"
    return row | {
        "Parameters": text.count(run.manifest["parameters"]),
        "Time a face": f"{run.manifest['milliseconds_per_face']:.1f} ms",
    }


def paper(run: Run) -> float | None:
    """The paper's figure for a run that ships, percent of PrivateTest."""
    from fer_engine.experiments.lab import REFERENCE
    from fer_engine.experiments.svm_lab import SVM_REFERENCE

    shipped = (REFERENCE | SVM_REFERENCE).get(run.name) if run.shipped else None
    return shipped.paper_accuracy if shipped else None


def spots(runs: Sequence[Run]) -> list[Accuracy]:
    """Runs as `charts.accuracies` takes them."""
    found = []
    for run in runs:
        figures = text.evaluated(run)[1]
        (low, high), printed = figures["accuracy_ci95"], paper(run)
        found.append(Accuracy(run.name, figures["accuracy"], low, high, printed / 100 if printed else None))
    return found


def told(rows: Sequence[Accuracy]) -> str:
    """The chart of accuracies for those who do not see it."""
    return "; ".join(f"{row.name} {text.percent(row.accuracy)}, {text.percent(row.low)} to {text.percent(row.high)}" for row in rows)
