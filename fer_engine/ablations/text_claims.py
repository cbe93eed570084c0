"""Judges what the paper says in words: whether a claim holds, does not, or cannot be told, from the runs that there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_engine.ablations.results import RowResult, Verdict, difference, points
from fer_engine.errors import FerLabError
from fer_engine.evaluation.comparison import Comparison, Entrant, compare
from fer_engine.evaluation.comparison_seeds import mean_interval, mean_of
from fer_engine.evaluation.statistics import LEVEL, Interval, holm, mcnemar, percentile_interval, wilson_interval
from fer_engine.experiments.spec import SvmSpec
from fer_engine.experiments.studies import Study
from fer_engine.experiments.text_claims import Kind, TextClaim, claims_of
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.runs.store import Run


@dataclass(frozen=True)
class Judged:
    """A claim of the text, judged.

    Attributes:
        claim: The claim.
        verdict: What becomes of it.
        sentence: The verdict in words, with what it rests on.
        figures: A row each of what was measured, by name; shares from 0 to 1.
    """

    claim: TextClaim
    verdict: Verdict
    sentence: str
    figures: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class _Contrast:
    """A difference that a claim has above 0. Shares from -1 to 1."""

    words: str
    value: float
    interval: Interval
    p: float

    @property
    def told(self) -> str:
        low, high = points(self.interval.low), points(self.interval.high)
        return f"{self.words}: {points(self.value)} points ({low} to {high})"


def judge_all(study: Study, found: Sequence[RowResult]) -> tuple[Judged, ...]:
    """Judge what the paper's text says on a study's rows.

    Args:
        study: The study.
        found: Its results, as `fer_engine.ablations.results.results` gives them.

    Raises:
        FerLabError: Where a run's folder is damaged.
    """
    by_key = {result.row.key: result for result in found}
    return tuple(judge(claim, [by_key[key] for key in claim.rows]) for claim in claims_of(study.name))


def judge(claim: TextClaim, rows: Sequence[RowResult]) -> Judged:
    """Judge one claim.

    Args:
        claim: The claim.
        rows: The results of its rows, in its order.

    Raises:
        FerLabError: Where a run's folder is damaged.
    """
    return _JUDGES[claim.kind](claim, rows)


# Which converges fastest.


@dataclass(frozen=True)
class Convergence:
    """How soon a run converged: epochs from 1, and the seconds of these.

    Attributes:
        best: Its least validation loss.
        epochs: Epochs to that.
        seconds: Seconds to that.
        common: Epochs to the loss that all runs beside it reach, too.
        common_seconds: Seconds to that.
        last: Epochs that it was trained.
    """

    best: float
    epochs: int
    seconds: float
    common: int
    common_seconds: float
    last: int


def convergences(runs: Sequence["Run"]) -> tuple[Convergence, ...]:
    """How soon each of some runs converged; what all of them reach is the highest of their least losses.

    Raises:
        FerLabError: Where a history cannot be read.
    """
    read = [_history(run) for run in runs]
    level = max(losses.min() for losses, _ in read)
    return tuple(_convergence(losses, seconds, level) for losses, seconds in read)


def _history(run: "Run") -> tuple[np.ndarray, np.ndarray]:
    """Validation loss after each epoch, and the seconds until then."""
    try:
        frame = run.history()
        losses, seconds = frame["valid_loss"].to_numpy(float), frame["seconds"].to_numpy(float)
    except (OSError, ValueError, KeyError) as error:
        raise FerLabError(f"The history of the run '{run.name}' cannot be read: {error}.") from error
    if not len(losses) or not np.isfinite(losses).all():
        raise FerLabError(f"The history of the run '{run.name}' has no validation loss of every epoch; train it again.")
    return losses, seconds.cumsum()


def _convergence(losses: np.ndarray, seconds: np.ndarray, level: float) -> Convergence:
    best, common = int(losses.argmin()), int((losses <= level).argmax())
    return Convergence(float(losses[best]), best + 1, float(seconds[best]), common + 1, float(seconds[common]), len(losses))


def _fastest(claim: TextClaim, rows: Sequence[RowResult]) -> Judged:
    there, missing = _present(rows)
    seeds = _shared(there)
    if rows[0] not in there or len(there) < 2 or not seeds:
        return _untold(claim, missing)
    found = {seed: convergences([_run(row, seed) for row in there]) for seed in seeds}
    figures = tuple(_speed(row, seed, found[seed][place]) for seed in seeds for place, row in enumerate(there))
    told = "; ".join(_pace(row, [found[seed][place] for seed in seeds]) for place, row in enumerate(there))
    several = f"{len(seeds)} seeds" if len(seeds) > 1 else "1 seed"
    ground = f"at {several} a row{'' if len(seeds) > 1 else ', another of which can change it'}"
    faster = [_first(found[seed], place) for place in range(1, len(there)) for seed in seeds]
    if len(seeds) == 1 and not missing:  # epochs have no test over faces, and one seed alone shows no chance
        return _said(claim, "cannot be told", f"{ground}: {told}", figures)
    if not missing and all(mine for mine, _ in faster):
        return _said(claim, "holds", f"{ground}: {told}", figures)
    if len(seeds) > 1 and any(all(_first(found[seed], place)[1] for seed in seeds) for place in range(1, len(there))):
        return _said(claim, "does not hold", f"{ground}: {told}", figures)
    if missing:
        return replace(_untold(claim, missing), figures=figures)
    return _said(claim, "cannot be told", f"{ground}: neither it nor another is first by both counts and every seed: {told}", figures)


def _first(found: Sequence[Convergence], place: int) -> tuple[bool, bool]:
    """Whether the first of some runs, or the one at that place, converged in fewer epochs than the other by both counts."""
    mine, other = found[0], found[place]
    return (
        mine.epochs < other.epochs and mine.common < other.common,
        other.epochs < mine.epochs and other.common < mine.common,
    )


def _speed(row: RowResult, seed: int, found: Convergence) -> dict[str, Any]:
    return {
        "setting": row.row.title,
        "seed": seed,
        "least loss": found.best,
        "epochs to it": found.epochs,
        "seconds to it": found.seconds,
        "epochs to shared loss": found.common,
        "seconds to shared loss": found.common_seconds,
        "epochs trained": found.last,
    }


def _pace(row: RowResult, found: Sequence[Convergence]) -> str:
    """A row's pace in words; of several seeds the mean."""
    best, epochs, common = (float(np.mean([getattr(item, name) for item in found])) for name in ("best", "epochs", "common"))
    last = ", its last" if all(item.epochs == item.last for item in found) else ""
    return (
        f"{row.row.title} has its least loss ({best:.3f}) after {epochs:.3g} epochs{last}, and the loss that all reach after {common:.3g}"
    )


# Whether gains fall.


def _falling(claim: TextClaim, rows: Sequence[RowResult]) -> Judged:
    there, missing = _present(rows)
    seeds = _shared(there)
    if missing or not seeds:
        return _untold(claim, missing)
    shared = [_only(row, seeds) for row in rows]
    steps = [(after, before) for before, after in pairwise(shared)]
    gains = []
    for after, before in steps:
        told = difference(after, before)
        if isinstance(told, tuple):
            return _blocked(claim, told)
        gains.append(_Contrast(f"{before.row.title} to {after.row.title}", told.value, told.interval, told.p))
    entrants = {seed: _compared(rows, seed).entrants for seed in seeds}
    falls = [_fall(place, rows, entrants) for place in range(len(steps) - 1)]
    figures = tuple(
        {"step": item.words, "difference": item.value, "low": item.interval.low, "high": item.interval.high, "p": item.p}
        for item in (*gains, *falls)
    )
    n = rows[0].n
    return _weighed(claim, (*gains, *falls), f"at n = {n:,} and {_seeds(seeds)}", "", figures)


def _fall(place: int, rows: Sequence[RowResult], entrants: Mapping[int, Sequence[Entrant]]) -> _Contrast:
    """How much more the step after a row brings than the one after that, in accuracy."""
    from scipy import stats

    weights = (-1, 2, -1)

    def combined(of: Sequence[Any]) -> Any:
        return sum(weight * item for weight, item in zip(weights, of, strict=True))

    three = {seed: found[place : place + 3] for seed, found in entrants.items()}
    titles = [row.row.title for row in rows[place : place + 3]]
    words = f"what {titles[0]} to {titles[1]} brings more than {titles[1]} to {titles[2]}"
    if len(three) > 1:
        return _over_seeds(words, [combined([item.right.astype(float) for item in found]) for found in three.values()], most=2.0)
    (found,) = three.values()
    value, draws = float(combined([item.accuracy for item in found])), combined([item.resampled.accuracy for item in found])
    error = float(draws.std())
    p = 2 * float(stats.norm.sf(abs(value) / error)) if error else 1.0
    return _Contrast(words, value, percentile_interval(draws), p)


# Whether an emotion is found.


def _recall(claim: TextClaim, rows: Sequence[RowResult]) -> Judged:
    there, missing = _present(rows)
    seeds = _shared(there)
    if rows[0] not in there or len(there) < 2 or not seeds:
        return _untold(claim, missing)
    compared = {seed: _compared(there, seed) for seed in seeds}
    against = dict.fromkeys(words for comparison in compared.values() for pair in comparison.pairs for words in pair.obstacles)
    if against:
        return _blocked(claim, tuple(against))
    entrants = {seed: comparison.entrants for seed, comparison in compared.items()}
    label = NAMES.index(claim.emotion)
    if not len(_hits(next(iter(entrants.values()))[0], label)):
        return _blocked(claim, (f"No face that they were measured on is labelled {claim.emotion}.",))
    found = tuple(_found(row, [entrants[seed][place] for seed in seeds], label) for place, row in enumerate(there))
    contrasts = [_more(there, place, [entrants[seed] for seed in seeds], label) for place in range(1, len(there))]
    ground = f"at n = {found[0]['of']:,} faces of {claim.emotion} and {_seeds(seeds)}"
    told = "; ".join(
        f"{row['setting']} finds {100 * row['recall']:.0f}% ({100 * row['low']:.0f} to {100 * row['high']:.0f})" for row in found
    )
    judged = _weighed(claim, contrasts, ground, told, found)
    if missing and judged.verdict != "does not hold":
        return replace(_untold(claim, missing), figures=found)
    return judged


def _hits(entrant: Entrant, label: int) -> np.ndarray:
    """Whether each face of an emotion is answered with it."""
    return entrant.right[entrant.scored.labels == label]


def _found(row: RowResult, of_seeds: Sequence[Entrant], label: int) -> dict[str, Any]:
    hits = [_hits(entrant, label) for entrant in of_seeds]
    shares, n = [float(hit.mean()) for hit in hits], len(hits[0])
    single = len(shares) == 1 or isinstance(row.row.spec, SvmSpec)
    interval = wilson_interval(int(hits[0].sum()), n) if single else mean_interval(shares, n)
    share = {"recall": float(np.mean(shares)), "low": interval.low, "high": interval.high}
    return {"setting": row.row.title, "seeds": 1 if single else len(shares), "of": n} | share


def _more(rows: Sequence[RowResult], place: int, of_seeds: Sequence[Sequence[Entrant]], label: int) -> _Contrast:
    """How much more of an emotion a row finds than the first."""
    words = f"{rows[place].row.title} minus {rows[0].row.title}"
    pairs = [(_hits(entrants[0], label), _hits(entrants[place], label)) for entrants in of_seeds]
    if len(pairs) > 1:
        return _over_seeds(words, [theirs.astype(float) - mine for mine, theirs in pairs])
    ((mine, theirs),) = pairs
    draws = of_seeds[0][place].resampled.recall[:, label] - of_seeds[0][0].resampled.recall[:, label]
    exact = mcnemar(int((mine & ~theirs).sum()), int((theirs & ~mine).sum()))
    return _Contrast(words, float(theirs.mean() - mine.mean()), percentile_interval(draws[np.isfinite(draws)]), exact)


# What the kinds share.


def _over_seeds(words: str, by_seed: Sequence[np.ndarray], most: float = 1.0) -> _Contrast:
    found = mean_of(by_seed, most)
    return _Contrast(words, found.value, found.interval, found.p)


def _weighed(claim: TextClaim, contrasts: Sequence[_Contrast], ground: str, told: str, figures: Sequence[Mapping[str, Any]]) -> Judged:
    """The verdict that differences come to: all above 0 by more than chance, or one below it, corrected after Holm."""
    corrected = holm([item.p for item in contrasts])
    contrary = [item for item, p in zip(contrasts, corrected, strict=True) if p < LEVEL and item.interval.high < 0]
    unsure = [item for item in contrasts if not (item.p < LEVEL and item.interval.low > 0)]
    verdict: Verdict = "does not hold" if contrary else "cannot be told" if unsure else "holds"
    basis = "; ".join(item.told for item in contrary or unsure or contrasts)
    return _said(claim, verdict, f"{ground}: {'; '.join(filter(None, (told, basis)))}", tuple(figures))


def _said(claim: TextClaim, verdict: Verdict, rest: str, figures: tuple[Mapping[str, Any], ...]) -> Judged:
    return Judged(claim, verdict, f"{_about(claim)} {verdict} {rest.removesuffix('.')}.", figures)


def _blocked(claim: TextClaim, against: Sequence[str]) -> Judged:
    return Judged(claim, "cannot be told", f"{_about(claim)} cannot be told: {' '.join(against)}")


def _untold(claim: TextClaim, missing: Sequence[str]) -> Judged:
    why = f"not run {'is' if len(missing) == 1 else 'are'} {'; '.join(missing)}" if missing else "its rows have no seed in common"
    return Judged(claim, "cannot be told", f"{_about(claim)} cannot be told yet: {why}.")


def _about(claim: TextClaim) -> str:
    return f"What the paper says in {claim.source} ({claim.words})"


def _present(rows: Sequence[RowResult]) -> tuple[list[RowResult], list[str]]:
    """The rows with a finished run, and the titles of the others."""
    return [row for row in rows if row.runs], [row.row.title for row in rows if not row.runs]


def _shared(rows: Sequence[RowResult]) -> tuple[int, ...]:
    """The seeds that all networks have; an SVM's one fit stands beside each."""
    networks = [set(row.seeds) for row in rows if not isinstance(row.row.spec, SvmSpec)]
    return tuple(sorted(set.intersection(*networks))) if networks else (0,)


def _run(row: RowResult, seed: int) -> "Run":
    return row.runs[0] if isinstance(row.row.spec, SvmSpec) else row.runs[row.seeds.index(seed)]


def _only(row: RowResult, seeds: Sequence[int]) -> RowResult:
    """A row with its runs by these seeds alone; an SVM's one fit stands beside each."""
    if isinstance(row.row.spec, SvmSpec):
        return row
    return replace(row, runs=tuple(_run(row, seed) for seed in seeds), seeds=tuple(seeds))


def _compared(rows: Sequence[RowResult], seed: int) -> Comparison:
    return compare({row.row.title: _run(row, seed) for row in rows})


def _seeds(seeds: Sequence[int]) -> str:
    return f"{len(seeds)} seeds a row" if len(seeds) > 1 else "1 seed a row, so over faces alone"


_JUDGES: Mapping[Kind, Callable[[TextClaim, Sequence[RowResult]], Judged]] = {
    "fastest": _fastest,
    "falling": _falling,
    "recall": _recall,
}


def table(judged: Judged) -> "pd.DataFrame":
    """What a claim rests on as a table to be read; shares in percent, of a difference in points."""
    import pandas as pd

    return pd.DataFrame([_READ[judged.claim.kind](row) for row in judged.figures], dtype=object)


def _read_speed(row: Mapping[str, Any]) -> dict[str, Any]:
    words = {"least loss": f"{row['least loss']:.3f}"}
    words |= {name: f"{row[name]:,.0f}" for name in ("seconds to it", "seconds to shared loss")}
    return dict(row) | words


def _read_step(row: Mapping[str, Any]) -> dict[str, Any]:
    interval = f"{points(row['low'])} to {points(row['high'])}"
    return {
        "step": row["step"],
        "points": points(row["difference"]),
        "95% interval": interval,
        "p": "< 0.001" if row["p"] < 0.001 else f"{row['p']:.2g}",
    }


def _read_recall(row: Mapping[str, Any]) -> dict[str, Any]:
    interval = f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"
    told = {"recall, %": f"{100 * row['recall']:.1f}", "95% interval, %": interval}
    return {"setting": row["setting"]} | told | {"seeds": row["seeds"], "n": row["of"]}


_READ: Mapping[Kind, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "fastest": _read_speed,
    "falling": _read_step,
    "recall": _read_recall,
}
