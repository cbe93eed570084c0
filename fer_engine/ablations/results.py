"""What comes of a study: the paper's figure beside ours, and whether a conclusion holds.

With one run of each setting a difference is tested over faces alone (McNemar's exact test, a paired bootstrap), as
`fer_engine.evaluation.comparison` does; with several over faces and seeds, as `comparison_seeds` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fer_engine.ablations.ledger import Cell
from fer_engine.errors import FerLabError
from fer_engine.evaluation.comparison import Pair, compare
from fer_engine.evaluation.comparison_seeds import mean_difference, mean_interval
from fer_engine.evaluation.statistics import LEVEL, Interval, beyond_chance, holm
from fer_engine.experiments.paper import INCONSISTENCIES
from fer_engine.experiments.spec import SvmSpec
from fer_engine.experiments.studies import Claim, Row, Study

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.runs.store import Run

Verdict = Literal["holds", "does not hold", "cannot be told"]


@dataclass(frozen=True)
class RowResult:
    """A setting, and what its finished runs come to. Shares from 0 to 1.

    Attributes:
        row: The setting.
        asked: How many runs of it the study asks for.
        runs: The finished ones, by rising seed.
        seeds: Their seeds.
        accuracy: Mean of their accuracies; None where no run is finished.
        interval: Its 95% interval: of one run Wilson's over faces, of several over faces and seeds.
        n: Faces that each was measured on; 0 where no run is finished.
        protocol: How the figures came about, in words; empty where no run is finished.
        deduplicated: Mean accuracy on the faces that are not in Training, too; None where that is not known.
        averages: Mean precision, recall and F1, weighted by the emotions' faces; None where no run is finished.
    """

    row: Row
    asked: int
    runs: tuple["Run", ...]
    seeds: tuple[int, ...]
    accuracy: float | None = None
    interval: Interval | None = None
    n: int = 0
    protocol: str = ""
    deduplicated: float | None = None
    averages: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Difference:
    """How much more accurate one setting is than another. Shares from -1 to 1.

    Attributes:
        better: The setting that should be ahead.
        worse: The other one.
        seeds: How many pairs of runs, of one seed each, it is the mean of.
        n: Faces.
        value: Accuracy of the first minus that of the second.
        interval: Its 95% interval.
        p: Of no difference; where the study claims nothing, corrected after Holm for all differences that it tells.
    """

    better: Row
    worse: Row
    seeds: int
    n: int
    value: float
    interval: Interval
    p: float

    @property
    def ahead(self) -> bool:
        """Whether the first is ahead by more than chance."""
        return self.p < LEVEL and self.interval.low > 0


@dataclass(frozen=True)
class Conclusion:
    """What may be concluded.

    Attributes:
        verdict: Of the study's claim; None where it claims nothing.
        sentence: The verdict in words, with n and the number of seeds.
        differences: What it rests on, as far as there are runs.
        obstacles: What keeps runs from being compared, a sentence each.
    """

    verdict: Verdict | None
    sentence: str
    differences: tuple[Difference, ...]
    obstacles: tuple[str, ...] = ()


def results(study: Study, cells: Sequence[Cell]) -> tuple[RowResult, ...]:
    """A result for each setting, in the study's order, those without a run too.

    Args:
        study: The study.
        cells: The runs that it asks for, as `ledger.cells` gives them.

    Raises:
        FerLabError: Where a run's folder is damaged.
    """
    found = []
    for row in study.rows:
        mine = [cell for cell in cells if cell.row.key == row.key]
        there = [(cell.seed, cell.run) for cell in mine if cell.run and cell.run.finished]
        for _, run in there:
            _refuse_damaged(run)
        found.append(_result(row, len(mine), tuple(run for _, run in there), tuple(seed for seed, _ in there)))
    return tuple(found)


def _refuse_damaged(run: "Run") -> None:
    try:
        figures, told = next(iter(run.metrics.values())), run.manifest["protocol"]
        missing = [name for name in ("accuracy", "accuracy_ci95", "n") if name not in figures]
        missing += [name for name in ("tta", "chosen_on") if name not in told]
    except (KeyError, TypeError, AttributeError) as error:
        raise FerLabError(f"The run '{run.name}' is damaged ({error}). Train it again, or remove {run.path}.") from error
    if missing:
        raise FerLabError(f"The run '{run.name}' is damaged: it does not say {', '.join(missing)}. Train it again, or remove {run.path}.")


def _result(row: Row, asked: int, runs: tuple["Run", ...], seeds: tuple[int, ...]) -> RowResult:
    if not runs:
        return RowResult(row, asked, runs, seeds)
    measured = [next(iter(run.metrics.values())) for run in runs]
    accuracies, n = [figures["accuracy"] for figures in measured], measured[0]["n"]
    interval = Interval(*measured[0]["accuracy_ci95"]) if len(runs) == 1 else mean_interval(accuracies, n)
    precision, recall, f1 = (_mean(measured, f"weighted_{name}") for name in ("precision", "recall", "f1"))
    return RowResult(
        row,
        asked,
        runs,
        seeds,
        accuracy=float(np.mean(accuracies)),
        interval=interval,
        n=n,
        protocol=protocol(runs[0]),
        deduplicated=_mean(measured, "accuracy_deduplicated"),
        averages=None if precision is None or recall is None or f1 is None else (precision, recall, f1),
    )


def _mean(measured: Sequence[Mapping[str, Any]], name: str) -> float | None:
    """The mean of a figure over seeds; None where a run has it not."""
    values = [figures[name] for figures in measured if figures.get(name) is not None]
    return float(np.mean(values)) if len(values) == len(measured) else None


def protocol(run: "Run") -> str:
    """How a finished run's figure came about, without its n and its seeds: split, what chose, test-time augmentation, data."""
    split, told = next(iter(run.metrics)), run.manifest["protocol"]
    tta = "mean with the mirror image" if told["tta"] == "flip" else "the face alone"
    data = "" if run.spec.data.name == "fer2013" else f", {run.spec.data.name} data"
    choice = "the last epoch" if told.get("monitor") == "last" else f"chosen on {told['chosen_on']}"
    return f"{split}, {choice}, {tta}{data}"


def conclude(study: Study, found: Sequence[RowResult]) -> Conclusion:
    """Say what may be concluded from the runs that there are, and from no others.

    A claim holds where every difference that it rests on is more than chance, each at 5%: all of them must be, so that
    none needs a correction. It does not hold where one is the other way by more than chance, corrected after Holm.

    Args:
        study: The study.
        found: Its results.

    Raises:
        FerLabError: Where a run's folder is damaged.
    """
    by_key = {result.row.key: result for result in found}
    differences: list[Difference] = []
    obstacles: list[str] = []
    for better, worse in study.pairs:
        told = difference(by_key[better], by_key[worse])
        if isinstance(told, Difference):
            differences.append(told)
        else:
            obstacles += told
    needed = {key for pair in study.pairs for key in pair}
    missing = [result.row.title for result in found if result.row.key in needed and not result.runs]
    against = tuple(dict.fromkeys(obstacles))
    if study.claim is None:
        corrected = holm([item.p for item in differences])
        differences = [replace(item, p=p) for item, p in zip(differences, corrected, strict=True)]
        return Conclusion(None, _without_claim(study, differences, missing, against), tuple(differences), against)
    verdict, sentence = _judged(study.claim, differences, missing, against)
    return Conclusion(verdict, sentence, tuple(differences), against)


def difference(better: RowResult, worse: RowResult) -> Difference | tuple[str, ...]:
    """The difference over the seeds that both settings have; else what is in the way, nothing where runs are missing."""
    firsts, seconds = (dict(zip(result.seeds, result.runs, strict=True)) for result in (better, worse))
    if firsts and seconds:  # an SVM's one fit stands beside every seed of a network
        firsts, seconds = (
            dict.fromkeys(others, mine[0]) if isinstance(row.spec, SvmSpec) else mine
            for row, mine, others in ((better.row, firsts, seconds), (worse.row, seconds, firsts))
        )
    shared = [seed for seed in firsts if seed in seconds]
    if not shared:
        return ()
    names = {seed: (f"{better.row.title} (seed {seed})", f"{worse.row.title} (seed {seed})") for seed in shared}
    runs = {names[seed][place]: side[seed] for seed in shared for place, side in enumerate((firsts, seconds))}
    comparison = compare(runs)
    pairs = [comparison.pair(names[seed][1], names[seed][0]) for seed in shared]  # the pair's difference is its second minus its first
    against = tuple(sentence for pair in pairs for sentence in pair.obstacles)
    return against or _tested(better.row, worse.row, pairs)


def _tested(better: Row, worse: Row, pairs: Sequence[Pair]) -> Difference:
    tests = [pair.test for pair in pairs if pair.test]
    if len(tests) == 1:
        (test,) = tests
        return Difference(better, worse, 1, test.n, test.accuracy, test.accuracy_interval, test.p)
    mean = mean_difference(pairs)
    return Difference(better, worse, len(tests), tests[0].n, mean.value, mean.interval, mean.p)


def _judged(claim: Claim, differences: Sequence[Difference], missing: Sequence[str], against: Sequence[str]) -> tuple[Verdict, str]:
    contrary = _contrary(differences)
    open_ones = [item for item in differences if not item.ahead]
    about = f"{claim.source} ({claim.words})"
    if contrary:
        return "does not hold", f"{about} does not hold {ground(contrary)}: {_list(contrary)}."
    if missing:
        rows = f"{'these rows have' if len(missing) > 1 else 'this row has'} not been run: {'; '.join(missing)}"
        return "cannot be told", f"{about} cannot be told yet: {rows}."
    if len(differences) < len(claim.pairs):
        why = " ".join(against) or "The rows that it rests on have no seed in common."
        return "cannot be told", f"{about} cannot be told: {why}"
    if open_ones:
        return "cannot be told", f"{about} cannot be told {ground(open_ones)}: {_list(open_ones)}."
    return "holds", f"{about} holds {ground(differences)}: {_list(differences)}."


def _contrary(differences: Sequence[Difference]) -> list[Difference]:
    """Those in which the first is behind by more than chance: one is enough against a claim, so that p is corrected after Holm."""
    corrected = holm([item.p for item in differences])
    return [item for item, p in zip(differences, corrected, strict=True) if p < LEVEL and item.interval.high < 0]


def clear(conclusion: Conclusion) -> tuple[bool, ...]:
    """Which differences of a conclusion are more than chance, as its sentence counts them."""
    if conclusion.verdict is None:
        return tuple(beyond_chance(item.p, item.interval) for item in conclusion.differences)
    contrary = _contrary(conclusion.differences)
    return tuple(item.ahead or item in contrary for item in conclusion.differences)


def _without_claim(study: Study, differences: Sequence[Difference], missing: Sequence[str], against: Sequence[str]) -> str:
    """What comes of a study that claims nothing; each difference's p is corrected already."""
    if not study.pairs:
        return "Nothing is concluded from it: its rows are not held against each other."
    if not differences:
        if missing:
            return f"Nothing can be told yet. Not run: {'; '.join(missing)}."
        return f"Nothing can be told: {' '.join(against) or 'no two rows share a seed.'}"
    rest = f" Not run: {'; '.join(missing)}." if missing else ""
    clear = [item for item in differences if beyond_chance(item.p, item.interval)]
    if not clear:
        return f"No row differs from '{differences[0].worse.title}' by more than chance {ground(differences)}: {_list(differences)}.{rest}"
    return f"More than chance {ground(clear)}: {_list(clear)}.{rest}"


def ground(differences: Sequence[Difference]) -> str:
    """What the differences were measured on, in words; where they have different numbers of seeds, each says its own."""
    n, seeds = differences[0].n, min(item.seeds for item in differences)
    most = max(item.seeds for item in differences)
    if all(isinstance(row.spec, SvmSpec) for item in differences for row in (item.better, item.worse)):
        return f"at n = {n:,}, over faces (an SVM's fit has no chance in it)"
    if seeds < most:
        alone = ", by one over faces alone: another seed can change it" if seeds == 1 else ""
        return f"at n = {n:,} and {seeds} to {most} seeds a row{alone}"
    alone = ", so over faces alone: another seed can change it" if seeds == 1 else ""
    return f"at n = {n:,} and {seeds} seed{_s(seeds)} a row{alone}"


def _list(differences: Sequence[Difference]) -> str:
    several = len({item.seeds for item in differences}) > 1
    return "; ".join(f"{told(item)}{f', {item.seeds} seed{_s(item.seeds)}' if several else ''}" for item in differences)


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def told(item: Difference) -> str:
    """A difference in words, for example '300 minus 32: +1.2 points (0.3 to 2.1)'."""
    low, high = (points(end) for end in (item.interval.low, item.interval.high))
    return f"{item.better.title} minus {item.worse.title}: {points(item.value)} points ({low} to {high})"


def points(share: float) -> str:
    """A difference in points with its sign: '+1.2', '−0.3', '0.0'."""
    value = 100 * share
    return "0.0" if abs(value) < 0.05 else f"{value:+.1f}".replace("-", "−")


def table(found: Sequence[RowResult]) -> "pd.DataFrame":
    """A study's results as a table to be read; what is not there is None, and what has not been run says so."""
    import pandas as pd

    rows = []
    for result in found:
        told = {"setting": result.row.title, "paper, % of PrivateTest": None, "paper's source": None}
        if result.row.printed:
            told |= {"paper, % of PrivateTest": f"{100 * result.row.printed.share:.4g}", "paper's source": result.row.printed.source}
        told |= {
            "ours, %": "not run",
            "95% interval, %": None,
            "without Training's images, %": None,
            "seeds": f"{len(result.runs)} of {result.asked}",
            "n": None,
            "protocol": None,
        }
        if result.accuracy is not None and result.interval is not None:
            told["ours, %"] = f"{100 * result.accuracy:.1f}"
            told["95% interval, %"] = f"{100 * result.interval.low:.1f} to {100 * result.interval.high:.1f}"
            told |= {"n": f"{result.n:,}", "protocol": result.protocol}
        if result.deduplicated is not None:
            told["without Training's images, %"] = f"{100 * result.deduplicated:.1f}"
        told |= _averages(result)
        rows.append(told | {"runs": ", ".join(run.name for run in result.runs) or None})
    return pd.DataFrame(rows, dtype=object)


def _averages(result: RowResult) -> dict[str, str | None]:
    """The paper's precision, recall and F1 and ours, where the paper prints them."""
    printed = result.row.summary
    if printed is None:
        return {}
    ours = result.averages
    return {
        "paper, precision / recall / F1": " / ".join(item.text for item in (printed.precision, printed.recall, printed.f1)),
        "ours, precision / recall / F1": " / ".join(f"{value:.2f}" for value in ours) if ours else None,
    }


def notes(study: Study, found: Sequence[RowResult]) -> tuple[str, ...]:
    """What to know before reading a study's table, a sentence each: of its rows, of the paper's figures, of ours."""
    told = [*study.notes, *dict.fromkeys(row.note for row in study.rows if row.note)]
    told += [item.words for item in INCONSISTENCIES if study.name in item.studies]
    if any(row.printed for row in study.rows):
        told.append("The paper's figures are on PrivateTest, another split, and without intervals: not to compare digit by digit.")
    if any(result.runs for result in found):
        told.insert(0, f"Measured on: {'; '.join(dict.fromkeys(result.protocol for result in found if result.runs))}.")
    if any(next(iter(run.metrics)) == run.manifest["protocol"]["chosen_on"] for result in found for run in result.runs):
        told.append("Ours are on the split that epochs and hyper-parameters were chosen on, so that each is a little too good.")
    return tuple(dict.fromkeys(told))
