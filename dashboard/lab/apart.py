"""A chapter of a report on what sets runs apart: settings, emotions and cells of some pairs, faces that none gets right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import compare_charts, compare_tables, text
from dashboard.lab.compared import told
from dashboard.report_parts import folded, missing, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashboard.lab.gather import Lab
    from dashboard.report_parts import Sheet
    from fer_engine.evaluation.comparison import Comparison, Entrant, Pair

MOST = 6  # pairs that are drawn where all are: those of four runs
_RECALL = (
    "Recall: the share of an emotion's faces that are answered right. Intervals: paired bootstrap over all faces. p: McNemar's exact test "
    "within the emotion, corrected after Holm for the seven."
)


def apart(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """Settings in which the runs differ, recall and confusion from A to B, and the faces that all get wrong."""
    comparison = lab.comparison
    if comparison is None:
        yield missing("A comparison needs two finished runs or more, and there are fewer here.")
        return
    yield from _settings(comparison.entrants, sheet)
    pairs, which = chosen(lab, comparison)
    yield paragraph(f"Emotions and cells: {which}.") if pairs else ""
    for pair in pairs:
        yield folded(f"A: {pair.a.name}, B: {pair.b.name}", list(_pair(pair, sheet)))
    for title, group in compare_tables.face_groups(comparison):
        if len(group) > 1:
            yield paragraph(title, "quiet") if title else ""
            yield from _missed(group, sheet)


def chosen(lab: Lab, comparison: Comparison) -> tuple[tuple[Pair, ...], str]:
    """The pairs that are drawn, and which these are in words: all where they are few, else a network's two heads."""
    from fer_engine.evaluation.comparison_heads import compare_heads

    same = tuple(pair for pair in comparison.pairs if pair.a.terms.faces == pair.b.terms.faces)
    if len(same) <= MOST:
        return same, "every two runs on the same faces"
    heads = tuple(comparison.pair(item.pair.a.name, item.pair.b.name) for item in compare_heads(lab.runs))
    return heads[:MOST], "a network with softmax (A) and with an SVM in its place (B); name up to four runs for all of their pairs"


def _settings(entrants: Sequence[Entrant], sheet: Sheet) -> Iterator[str]:
    from fer_engine.evaluation.comparison_terms import spec_differences

    found = spec_differences([entrant.run.spec for entrant in entrants])
    if not found:
        yield paragraph("The runs have the same spec: they differ in what chance, machine and version made of it.")
        return
    frame = compare_tables.settings(found, [entrant.name for entrant in entrants])
    caption = f"The {len(found)} settings in which the runs differ; all others are the same. A dash: the family has no such setting."
    table = sheet.table(frame, "compare-settings", caption, tall=True)
    yield table if len(entrants) < 5 else folded(f"{len(found)} settings in which the {len(entrants)} runs differ", [table])


def _pair(pair: Pair, sheet: Sheet) -> Iterator[str]:
    from fer_engine.evaluation.comparison_faces import confusion_difference, recall_changes

    names, name = f"A: {pair.a.name}, B: {pair.b.name}", f"{pair.a.name}-to-{pair.b.name}"
    how = told((pair.a, pair.b))
    changes = recall_changes(pair)
    frame = compare_tables.recalls(changes)
    words = "; ".join(f"{row['Emotion']} {row['B − A (points)']}" for row in frame.to_dict("records"))
    caption = f"Change of recall from A to B, points. {names}. {how}."
    yield sheet.figure(compare_charts.recalls(changes), f"{name}-recall", caption, f"{caption} {words}")
    ground = _RECALL if pair.test else "Without intervals and p: the runs are of different protocols, and no test is made between them."
    yield sheet.table(frame, f"{name}-recall", f"Recall per emotion. {names}. {ground} {how}.")
    difference = confusion_difference(pair.a, pair.b)
    caption = f"Confusion of B minus A, faces; blue where A is better, brown where B is. {names}. {how}."
    yield sheet.figure(compare_charts.confusion_difference(difference), f"{name}-confusion", caption)
    yield sheet.table(compare_tables.difference_matrix(difference), f"{name}-confusion", f"Confusion of B minus A: a row a label. {names}.")


def _missed(group: Sequence[Entrant], sheet: Sheet) -> Iterator[str]:
    from fer_engine.evaluation.comparison_faces import missed_by_all

    found, names = missed_by_all(group), [entrant.name for entrant in group]
    total, same = len(group[0].scored.ids), int(found.unanimous.sum())
    yield paragraph(
        f"No run of these {len(group)} answers {len(found.ids):,} of {total:,} faces right ({text.percent(len(found.ids) / total)}); on "
        f"{same:,} of them all give one and the same wrong answer, where the label may be what is wrong."
    )
    if len(found.ids):
        caption = f"Faces that all get wrong, by their row in the data set. {told(group)}."
        table = sheet.table(compare_tables.missed(found, names), "compare-all-wrong", caption, tall=True)
        yield folded(f"The {len(found.ids):,} faces that all get wrong", [table])
