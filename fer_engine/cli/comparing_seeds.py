"""What `compare` says of runs that differ in their seed alone."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Column, Table

from fer_engine.cli.output import out, percent

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison_seeds import OverSeeds, SeedGroup, SeedPair


def print_seeds(found: "OverSeeds") -> None:
    """Print means and spread of the recipes with several seeds, and what comes of every two of them; nothing where there is none."""
    if not found.groups:
        return
    name = Column("over seeds", min_width=max(len(group.name) for group in found.groups), no_wrap=True)
    table = Table(name, "seeds", "n", "TTA", "mean accuracy (95% interval)", "lowest to highest")
    for group in found.groups:
        table.add_row(
            escape(group.name),
            ", ".join(map(str, group.seeds)),
            f"{group.n:,}",
            group.tta,
            f"{percent(group.accuracy)} ({percent(group.interval.low)} to {percent(group.interval.high)})",
            f"{percent(group.lowest)} to {percent(group.highest)}",
        )
    out.print(table)
    how = ", corrected after Holm" if sum(pair.test is not None for pair in found.pairs) > 1 else ""
    for pair in found.pairs:
        p = f" p = {pair.test.p_holm:.2g}{how}." if pair.test else ""
        out.print(f"{pair.verdict}.{p}", highlight=False, markup=False)


def group_row(group: "SeedGroup") -> dict[str, Any]:
    """A recipe with several seeds as JSON has it."""
    return {
        "kind": "seeds",
        "name": group.name,
        "runs": [entrant.name for entrant in group.entrants],
        "seeds": group.seeds,
        "n": group.n,
        "tta": group.tta,
        "accuracy": group.accuracy,
        "accuracy_ci95": [group.interval.low, group.interval.high],
        "lowest": group.lowest,
        "highest": group.highest,
    }


def seed_pair_row(pair: "SeedPair") -> dict[str, Any]:
    """Two recipes over the seeds that both have as JSON has it; differences are B minus A, None where no test is made."""
    row: dict[str, Any] = {"kind": "seed pair", "a": pair.a.name, "b": pair.b.name, "verdict": pair.verdict}
    row |= {"tta": [pair.a.tta, pair.b.tta], "test": None}
    if pair.test:
        test = asdict(pair.test) | {"distinguishable": pair.test.distinguishable}
        row["test"] = test | {"accuracy_ci95": list(test.pop("accuracy_interval").values())}
    return row
