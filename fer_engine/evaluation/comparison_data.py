"""What other training data bring: runs that differ in the faces that they learnt from, and in nothing else."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from fer_engine.errors import FerLabError
from fer_engine.evaluation.comparison import Pair, compare
from fer_engine.experiments.parts import spec_hash

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.runs.store import Run


@dataclass(frozen=True, eq=False)
class DataPair:
    """Two runs of one recipe on different training data, tested on the same faces.

    Attributes:
        pair: The two, the one that learnt from more faces first.
        learnt: How many faces each learnt from.
        sets: What the data set of each is called.
    """

    pair: Pair
    learnt: tuple[int, int]
    sets: tuple[str, str]


def data_pairs(runs: Sequence["Run"]) -> tuple[DataPair, ...]:
    """All pairs of finished runs that differ in the training data alone.

    Raises:
        FerLabError: Where the folder of such a run is damaged.
    """
    alike: dict[str, dict[str, Run]] = defaultdict(dict)  # by what they share, then by what they learnt from
    for run in runs:
        data = run.spec.data
        alike[spec_hash(replace(run.spec, data=replace(data, train_hash="")))].setdefault(data.train_hash, run)
    return tuple(_data_pair(a, b) for group in alike.values() for a, b in combinations(group.values(), 2))


def learnt_from(run: "Run") -> int:
    """How many faces a finished run learnt from."""
    try:
        return sum(run.manifest["counts"][run.spec.data.train].values())
    except (KeyError, TypeError, AttributeError) as error:
        raise FerLabError(f"The run '{run.name}' is damaged: its manifest does not count its training faces ({error}).") from error


def _data_pair(a: "Run", b: "Run") -> DataPair:
    more, fewer = sorted((a, b), key=learnt_from, reverse=True)
    names = ("first", "second") if more.name == fewer.name else (more.name, fewer.name)
    pair = compare({names[0]: more, names[1]: fewer}).pairs[0]
    return DataPair(pair, (learnt_from(more), learnt_from(fewer)), (more.spec.data.name, fewer.spec.data.name))


def data_table(found: Sequence[DataPair]) -> "pd.DataFrame":
    """A row a run: what it learnt from, accuracy and macro F1 on the faces that both were measured on, with 95% intervals."""
    import pandas as pd

    rows = []
    for each in found:
        for entrant, learnt, called in zip((each.pair.a, each.pair.b), each.learnt, each.sets, strict=True):
            rows.append(
                {
                    "Run": entrant.name,
                    "Learnt from": called,
                    "Training faces": learnt,
                    "n": len(entrant.scored.labels),
                    "Accuracy, %": round(100 * entrant.accuracy, 2),
                    "95% interval": f"{100 * entrant.accuracy_interval.low:.1f} – {100 * entrant.accuracy_interval.high:.1f}",
                    "Macro F1": round(entrant.macro_f1, 3),
                }
            )
    return pd.DataFrame(rows)
