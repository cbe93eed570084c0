"""Chapters of a report on ablation studies: the paper's figures beside ours, what follows, and what does not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import ablation_charts, ablation_tables, compare_charts
from dashboard.lab.gather import sound_cells
from dashboard.report_parts import bullets, missing, paragraph
from dashboard.run_listing import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashboard.lab.gather import Lab
    from dashboard.report_parts import Sheet
    from fer_engine.ablations.results import RowResult
    from fer_engine.experiments.parts import DataSpec
    from fer_engine.experiments.studies import Study

_KINDS = {"holds": " holds", "does not hold": " fails"}


def papers(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The paper's studies, each with its figure beside ours, also where there is no run yet."""
    from fer_engine.experiments.studies import PAPER_STUDIES

    for study in PAPER_STUDIES:
        for data, found in _found(lab, study, always=True):
            yield from _study(study, data, found, sheet)


def own(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """Studies of ours and of the user that have runs, and the names of those that have none."""
    from fer_engine.ablations import catalogue
    from fer_engine.experiments.studies import PAPER_STUDIES

    idle = []
    for name in catalogue.names():
        if name in {study.name for study in PAPER_STUDIES}:
            continue
        try:
            study = catalogue.find_study(name)
            sets = _found(lab, study, always=False)
        except DAMAGE as error:
            yield missing(f"The study '{name}' cannot be read: {str(error) or type(error).__name__}")
            continue
        for data, found in sets:
            yield from _study(study, data, found, sheet)
        if not sets:
            idle.append(f"{study.title} ({name})")
    if idle:
        yield paragraph(f"No run yet, or none but the base's: {', '.join(idle)}.")


def _found(lab: Lab, study: Study, *, always: bool) -> list[tuple[DataSpec, tuple[RowResult, ...]]]:
    """A study's results on each data set that it has runs on.

    Args:
        lab: What is reported.
        study: The study.
        always: Whether to give results without any run where there are no others, and to count the base's runs.
    """
    from fer_engine.ablations.ledger import cells, known_data
    from fer_engine.ablations.results import results
    from fer_engine.experiments.parts import DataSpec

    sets = known_data() or (DataSpec(),)
    told = [(data, results(study, sound_cells(cells(study, data), lab.known))) for data in sets]
    there = [
        (data, found) for data, found in told if any(result.runs and (always or result.row.key in _own_rows(study)) for result in found)
    ]
    return there or (told[:1] if always else [])


def _own_rows(study: Study) -> set[str]:
    """Keys of the rows that make the study: those that are no base of ours, or all where it has no others."""
    keys = {row.key for row in study.rows}
    return {key for key in keys if not key.startswith("ours-") and not (study.base and key == study.base.key)} or keys


def _study(study: Study, data: DataSpec, found: Sequence[RowResult], sheet: Sheet) -> Iterator[str]:
    where = "" if data.name == "fer2013" else f", on {data.name} ({data.train_hash[:6]})"
    yield sheet.heading(3, f"{study.title}{where}", f"study-{study.name}")
    try:
        yield from _parts(study, found, sheet)
    except DAMAGE as error:
        yield missing(f"The study ends here, since a run's folder is damaged: {str(error) or type(error).__name__}")


def _parts(study: Study, found: Sequence[RowResult], sheet: Sheet) -> Iterator[str]:
    from fer_engine.ablations.results import conclude, notes

    conclusion, name = conclude(study, found), f"ablation-{study.name}"
    yield paragraph(f"From {study.source}." if study.source != "ours" else "A study of ours.", "quiet")
    yield paragraph(conclusion.sentence, f"verdict{_KINDS.get(conclusion.verdict or '', '')}")
    yield bullets(conclusion.obstacles) if conclusion.obstacles else ""
    lacking = [result.row.title for result in found if not result.runs]
    if lacking:
        yield missing(f"{len(lacking)} of {len(found)} rows have no finished run yet: {'; '.join(lacking)}.")
    caption = ablation_tables.caption(study, found)
    if any(result.runs or result.row.printed for result in found):
        marks = ablation_tables.marks(found)
        chart = ablation_charts.settings(marks, ablation_tables.split_of(found))
        yield sheet.figure(chart, name, f"Accuracy (%). {caption}", f"{caption} {ablation_charts.told(marks)}")
    yield sheet.table(ablation_tables.results(found).fillna("–"), name, caption)
    if conclusion.differences:
        rows = ablation_tables.differences(conclusion)
        words = f"{study.title}: differences in accuracy (points) that the conclusion rests on, with 95% intervals."
        chart = compare_charts.differences(rows, "Difference in accuracy (points)")
        yield sheet.figure(chart, f"{name}-differences", words, f"{words} {compare_charts.told_differences(rows)}")
        yield sheet.table(ablation_tables.tests(conclusion), f"{name}-differences", f"{words} {ablation_tables.tested(conclusion)}")
    yield from _claims(study, found, sheet)
    yield bullets(notes(study, found))


def _claims(study: Study, found: Sequence[RowResult], sheet: Sheet) -> Iterator[str]:
    """What the paper's text says of these rows, judged."""
    from fer_engine.ablations.text_claims import judge_all, table

    for item in judge_all(study, found):
        yield paragraph(item.sentence, f"verdict{_KINDS.get(item.verdict, '')}")
        if item.figures:
            caption = f"What is measured of: {item.claim.words} ({item.claim.source}). {item.claim.note}"
            yield sheet.table(ablation_tables.titled(table(item)), f"ablation-{study.name}-{item.claim.key}", caption)


def inconsistencies(lab: Lab, sheet: Sheet) -> Iterator[str]:  # noqa: ARG001 - as all chapters
    """Figures of the paper that cannot all be right, or that its words do not agree with."""
    import pandas as pd

    from fer_engine.experiments.paper import INCONSISTENCIES

    frame = pd.DataFrame(
        {
            "What": item.words,
            "As printed": "; ".join(f"{figure.text} ({figure.source})" for figure in item.figures) or "–",
            "Studies": ", ".join(item.studies),
        }
        for item in INCONSISTENCIES
    )
    yield paragraph("Shown as printed, and to be kept in mind where the paper's figures stand beside ours.")
    yield sheet.table(frame, "inconsistencies", "The paper's own inconsistencies, with the figures that they are about.")
