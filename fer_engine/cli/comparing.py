"""`compare`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from fer_engine.cli.comparing_seeds import group_row, print_seeds, seed_pair_row
from fer_engine.cli.output import Json, out, percent, print_json, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Comparison, Entrant, Pair
    from fer_engine.evaluation.comparison_costs import Cost
    from fer_engine.evaluation.statistics import Interval
    from fer_engine.runs.store import Run


def compare(
    runs: Annotated[list[str], typer.Argument(help="Names or folders of two finished runs or more.", metavar="RUN RUN [...]")],
    split: Annotated[str | None, typer.Option(help="A split that all were scored on; by default each run's own.")] = None,
    as_json: Json = False,
) -> None:
    """Compare finished runs on the same faces: which differences there are, and which are more than chance."""
    from fer_engine.evaluation.comparison import compare as compare_runs
    from fer_engine.evaluation.comparison_notes import notes
    from fer_engine.evaluation.comparison_seeds import over_seeds

    comparison = compare_runs(_named(runs), split)
    costs, seeds = _costs(comparison), over_seeds(comparison)
    if as_json:
        for entrant in comparison.entrants:
            print_json(run_row(entrant, comparison, costs[entrant.name]))
        for pair in comparison.pairs:
            print_json(pair_row(pair))
        for row in (*map(group_row, seeds.groups), *map(seed_pair_row, seeds.pairs)):
            print_json(row)
        return
    _print_runs(comparison, costs)
    _print_settings(comparison)
    _print_tests(comparison)
    for pair in comparison.pairs:
        out.print(" ".join(f"{words}." for words in (pair.verdict, pair.verdict_f1) if words), highlight=False, markup=False)
    print_seeds(seeds)
    say(dict.fromkeys(remark for pair in comparison.pairs for remark in pair.remarks))
    say(words for name, took in costs.items() if (words := took.told(name)))
    say(notes(comparison))


def _named(names: list[str]) -> dict[str, "Run"]:
    """The runs by name; by what was typed where two have one name."""
    from fer_engine.runs.store import finished_run

    found = {typed: finished_run(typed) for typed in names}
    if len({run.path for run in found.values()}) < len(names):
        raise FerLabError("A run is named twice. Name different runs.")
    labels = [run.name for run in found.values()]
    return {run.name if labels.count(run.name) == 1 else typed: run for typed, run in found.items()}


def run_row(entrant: "Entrant", comparison: "Comparison", took: "Cost") -> dict[str, Any]:
    """One run of a comparison as JSON has it; runs of one protocol have one number."""
    group = next(number for number, members in enumerate(comparison.groups, start=1) if entrant in members)
    return {
        "kind": "run",
        "name": entrant.name,
        "spec_hash": entrant.run.spec.hash,
        "protocol": group,
        **asdict(entrant.terms),
        "n": len(entrant.scored.labels),
        "tta": entrant.tta,
        "accuracy": entrant.accuracy,
        "accuracy_ci95": _ends(entrant.accuracy_interval),
        "accuracy_deduplicated": entrant.figures.get("accuracy_deduplicated"),
        "macro_f1": entrant.macro_f1,
        "macro_f1_ci95": _ends(entrant.macro_f1_interval),
        **asdict(took),
    }


def pair_row(pair: "Pair") -> dict[str, Any]:
    """One pair of a comparison as JSON has it; differences are B minus A, None where no test is made."""
    from fer_engine.evaluation.comparison_terms import spec_differences

    differing = spec_differences([pair.a.run.spec, pair.b.run.spec])
    row: dict[str, Any] = {"kind": "pair", "a": pair.a.name, "b": pair.b.name, "verdict": pair.verdict, "verdict_f1": pair.verdict_f1}
    row |= {"tta": [pair.a.tta, pair.b.tta], "obstacles": pair.obstacles, "remarks": pair.remarks, "test": None}
    if pair.test:
        test = asdict(pair.test)
        test |= {"distinguishable": pair.test.distinguishable, "macro_f1_distinguishable": pair.test.macro_f1_distinguishable}
        test |= {f"{name}_ci95": list(test.pop(f"{name}_interval").values()) for name in ("accuracy", "macro_f1")}
        row["test"] = test
    return row | {"settings": {item.field: list(item.values) for item in differing}}


def _costs(comparison: "Comparison") -> "dict[str, Cost]":
    from fer_engine.evaluation.comparison_costs import cost
    from fer_engine.runs.store import list_runs

    known = list_runs(studies=True)
    return {entrant.name: cost(entrant.run, known) for entrant in comparison.entrants}


def _ends(interval: "Interval") -> list[float]:
    return [interval.low, interval.high]


def _between(interval: "Interval") -> str:
    return f"{percent(interval.low)} to {percent(interval.high)}"


def _print_runs(comparison: "Comparison", costs: "dict[str, Cost]") -> None:
    names = [entrant.name for entrant in comparison.entrants]
    measured = Column("measured on", min_width=11)
    figures = ("accuracy (95% interval)", "macro F1 (95% interval)", "train s", "ms a\nface")
    table = Table(_named_column("run", names), measured, *figures)
    for entrant in comparison.entrants:
        took = costs[entrant.name]
        table.add_row(
            escape(entrant.name),
            f"{entrant.scored.split}, n = {len(entrant.scored.labels):,}, {'flip' if entrant.tta == 'flip' else 'no'} TTA",
            f"{percent(entrant.accuracy)} ({_between(entrant.accuracy_interval)})",
            f"{percent(entrant.macro_f1)} ({_between(entrant.macro_f1_interval)})",
            f"{took.seconds:,.0f}",
            f"{took.milliseconds:.1f}",
        )
    out.print(table)


def _named_column(title: str, names: list[str]) -> Column:
    """A column that is as wide as the longest name."""
    return Column(title, min_width=max(map(len, names)), no_wrap=True)


def _print_settings(comparison: "Comparison") -> None:
    from fer_engine.evaluation.comparison_terms import spec_differences

    differing = spec_differences([entrant.run.spec for entrant in comparison.entrants])
    if not differing:
        out.print("The runs have the same spec.")
        return
    names = [Column(escape(entrant.name), overflow="fold") for entrant in comparison.entrants]
    table = Table(_named_column("setting that differs", [item.field for item in differing]), *names)
    for item in differing:
        table.add_row(item.field, *[escape(value) for value in item.values])
    out.print(table)


def _print_tests(comparison: "Comparison") -> None:
    if not comparison.tests:
        return
    names = [entrant.name for entrant in comparison.entrants]
    p = "p (Holm)" if comparison.tests > 1 else "p"
    figures = (Column("of", min_width=8), "alone right, A : B", Column("B − A, points", min_width=7), p)
    table = Table(_named_column("A", names), _named_column("B", names), *figures)
    for pair in comparison.pairs:
        ends, test = (escape(pair.a.name), escape(pair.b.name)), pair.test
        if test is None:
            table.add_row(*ends, "-", "-", "not tested", "-")
            continue
        mark = "†" if pair.mirrored else ""
        accuracy = (_points(test.accuracy, test.accuracy_interval) + mark, f"{test.p_holm:.2g}")
        table.add_row(*ends, "accuracy", f"{test.only_a:,} : {test.only_b:,}", *accuracy)
        table.add_row("", "", "macro F1", "", _points(test.macro_f1, test.macro_f1_interval) + mark, f"{test.macro_f1_p_holm:.2g}")
    table.caption = "p of accuracy: McNemar's exact test; of macro F1: paired bootstrap"
    if any(pair.test and pair.mirrored for pair in comparison.pairs):
        table.caption += "; † one of the two alone with the mirror image of each face"
    out.print(table)


def _points(value: float, interval: "Interval") -> str:
    low, middle, high = (f"{100 * number:+.1f}" for number in (interval.low, value, interval.high))
    return f"{middle} ({low} to {high})"
