"""Chapters of a report that hold runs against each other: every pair tested, what accuracy costs, and the two heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import compare_charts, compare_tables, text
from dashboard.report_parts import bullets, folded, missing, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dashboard.lab.gather import Lab
    from dashboard.report_parts import Sheet
    from fer_engine.evaluation.comparison import Comparison, Entrant, Pair
    from fer_engine.evaluation.comparison_costs import Cost

_AT_ONCE = 45  # differences in one figure: those of ten runs
TESTED = (
    "Differences are B minus A, in points; their 95% intervals are a paired bootstrap over faces. McNemar's exact test asks whether the "
    "faces that one run alone answers right are split evenly; p of F1 is twice the share of draws on the other side of no difference. "
    "Either p (Holm) is corrected for all pairs here."
)


def told(entrants: Iterable[Entrant]) -> str:
    """How the figures of some runs came about."""
    return "; ".join(dict.fromkeys(text.protocol(entrant.run) for entrant in entrants))


def _too_few() -> str:
    return missing("A comparison needs two finished runs or more, and there are fewer here.")


def pairs(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """Every two runs, tested; figures of each; where they say the same."""
    from fer_engine.evaluation.comparison_notes import notes

    comparison = lab.comparison
    if comparison is None:
        yield _too_few()
        return
    tested = [pair for pair in comparison.pairs if pair.test]
    clear = [pair for pair in tested if pair.test and pair.test.distinguishable]
    yield paragraph(
        f"Pairs: {len(comparison.pairs)}, of which {len(tested)} can be tested. In {len(clear)} the accuracies differ by more than "
        "chance (p after Holm below 0.05, and an interval without 0)."
    )
    remarks = dict.fromkeys(remark for pair in comparison.pairs for remark in pair.remarks)
    yield bullets(notes(comparison))
    if remarks:
        yield folded(f"{len(remarks)} remarks on what one run of a pair has more than the other", [bullets(remarks)])
    took = _took(lab, comparison)
    for title, group in compare_tables.groups(comparison):
        yield paragraph(title, "quiet") if title else ""
        yield sheet.table(compare_tables.metrics(group, took), "compare-runs", f"Runs side by side. {told(group)}. {_FIGURES}")
    for title, group in compare_tables.face_groups(comparison):
        if len(group) > 1:
            yield paragraph(title, "quiet") if title else ""
            mine = [pair for pair in tested if pair.a in group]
            yield sheet.table(compare_tables.matrix(mine, group), "compare-matrix", f"{_MATRIX} {told(group)}.") if mine else ""
            yield _agreement(group, sheet)
    yield from _seeds(comparison, sheet)
    if tested:
        yield folded(f"The {len(tested)} differences as figures", list(_differences(tested, sheet)))
    caption = f"Every pair of runs. {told(comparison.entrants)}. {TESTED}"
    yield sheet.table(compare_tables.verdicts(comparison.pairs), "compare-verdicts", caption, tall=True)


def _seeds(comparison: Comparison, sheet: Sheet) -> Iterator[str]:
    from fer_engine.evaluation.comparison_seeds import over_seeds

    found = over_seeds(comparison)
    if not found.groups:
        return
    how = told(entrant for group in found.groups for entrant in group.entrants)
    yield bullets(f"{pair.verdict}." for pair in found.pairs) if found.pairs else ""
    yield sheet.table(compare_tables.seed_groups(found.groups), "compare-seeds", f"Over seeds. {how}. {compare_tables.OVER_SEEDS}")
    if found.pairs:
        yield sheet.table(compare_tables.seed_pairs(found.pairs), "compare-seed-pairs", f"Every two recipes over seeds. {how}.")


_FIGURES = (
    "Accuracy with Wilson's interval, macro F1 with a bootstrap's. Calibration error: as fitted, on the split that it was fitted on. "
    "Training: with the runs that a run starts from. A face: one at a time on one thread."
)
_MATRIX = (
    "Accuracy of the row's run minus that of the column's, points; * more than chance (p after Holm below 0.05, an interval without 0); "
    "† one of the two alone with the mirror image of each face."
)


def _differences(tested: Sequence[Pair], sheet: Sheet) -> Iterator[str]:
    for first in range(0, len(tested), _AT_ONCE):
        part = tested[first : first + _AT_ONCE]
        rows = compare_charts.of_pairs(part)
        how = told(tuple(end for pair in part for end in (pair.a, pair.b)))
        caption = f"Differences in accuracy, points, with 95% intervals (paired bootstrap over faces). {how}."
        alt = f"{caption} {compare_charts.told_differences(rows)}"
        yield sheet.figure(compare_charts.differences(rows, "Accuracy, points (95% interval)"), "compare-differences", caption, alt)


def _agreement(group: tuple[Entrant, ...], sheet: Sheet) -> str:
    from fer_engine.evaluation.comparison_faces import agreement

    names, shares = [entrant.name for entrant in group], agreement(group)
    caption = f"Faces with the same answer (%), right or wrong. {told(group)}."
    return sheet.figure(compare_charts.agreement(shares, names), "compare-agreement", caption) + sheet.table(
        compare_tables.agreements(shares, names), "compare-agreement", caption
    )


def _took(lab: Lab, comparison: Comparison) -> dict[str, Cost]:
    from fer_engine.evaluation.comparison_costs import cost

    return {entrant.name: cost(entrant.run, lab.known) for entrant in comparison.entrants}


def costs(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """Accuracy against seconds of training and milliseconds a face, and which runs no other beats."""
    comparison = lab.comparison
    if comparison is None:
        yield _too_few()
        return
    took = _took(lab, comparison)
    yield paragraph(
        "A run is on the front where no other is both as cheap and as accurate. A run that starts from another's weights is charged for "
        "that one's training, too."
    )
    for title, group in compare_tables.groups(comparison):
        yield paragraph(title, "quiet") if title else ""
        yield from _cost(group, took, sheet)
    remarks = [words for name, cost in took.items() if (words := cost.told(name))]
    if len({cost.machine for cost in took.values()}) > 1:
        remarks.append("The runs were timed on different machines or threads; times compare within one machine alone.")
    yield bullets(remarks) if remarks else ""


def _cost(group: tuple[Entrant, ...], took: dict[str, Cost], sheet: Sheet) -> Iterator[str]:
    fronts = {}
    for kind, title, unit, values in (
        ("training", "Training (s), logarithmic", "s", [took[entrant.name].seconds for entrant in group]),
        ("answering", "Time a face (ms), logarithmic", "ms", [took[entrant.name].milliseconds for entrant in group]),
    ):
        spots, fronts[kind] = compare_charts.spots(group, values)
        line = "the line joins the runs that no other beats, which alone are named in a crowd"
        caption = f"Accuracy (%) against the time of {kind} ({unit}); {line}. {told(group)}."
        yield sheet.figure(
            compare_charts.pareto(spots, title), f"compare-{kind}", caption, f"{caption} {compare_charts.told_spots(spots, unit)}"
        )
    caption = f"Accuracy and what it takes. Own part: without the runs that a run starts from. {told(group)}."
    yield sheet.table(compare_tables.costs(group, took, fronts), "compare-costs", caption)


def heads(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The same network with a softmax and with an SVM in its place."""
    from fer_engine.evaluation.comparison_costs import cost
    from fer_engine.evaluation.comparison_heads import compare_heads

    found = compare_heads(lab.runs) if len(lab.runs) > 1 else ()
    if not found:
        yield missing("No network is here with both heads.")
        return
    tested = [item.pair for item in found]
    entrants = {entrant.name: entrant for pair in tested for entrant in (pair.a, pair.b)}
    yield bullets(" ".join(f"{words}." for words in (pair.verdict, pair.verdict_f1) if words) for pair in tested)
    rows = compare_charts.of_pairs(tested)
    caption = f"SVM minus softmax, accuracy in points, with 95% intervals. {told(entrants.values())}."
    if rows:
        alt = f"{caption} {compare_charts.told_differences(rows)}"
        yield sheet.figure(compare_charts.differences(rows, "SVM minus softmax, accuracy (points)"), "softmax-or-svm", caption, alt)
    took = {name: cost(entrant.run, lab.known) for name, entrant in entrants.items()}
    frame = compare_tables.heads(found, took, compare_tables.papers({name: entrant.run for name, entrant in entrants.items()}))
    yield sheet.table(frame, "softmax-or-svm", f"Softmax or SVM. {told(entrants.values())}. p is corrected after Holm for all networks.")
    remarks = dict.fromkeys(remark for pair in tested for remark in (*pair.obstacles, *pair.remarks))
    yield bullets(
        (*remarks, "The paper's figures are on PrivateTest, another split, and without intervals: not to compare digit by digit.")
    )
