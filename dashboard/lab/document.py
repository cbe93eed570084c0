"""The laboratory's report, chapter by chapter."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dashboard.lab import apart, compared, measures, runs, searches, studies
from dashboard.report_parts import Sheet, bullets, contents_list, missing, page, paragraph
from dashboard.run_listing import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dashboard.lab.gather import Lab

logger = logging.getLogger(__name__)

CHAPTERS: tuple[tuple[str, Callable[[Lab, Sheet], Iterator[str]]], ...] = (
    ("How to read this", runs.protocol),
    ("Reference networks", runs.networks),
    ("Support vector machines", runs.machines),
    ("Other runs", runs.others),
    ("Later evaluations", runs.later),
    ("Pairwise comparison", compared.pairs),
    ("What runs differ in", apart.apart),
    ("Accuracy against time", compared.costs),
    ("Softmax or SVM", compared.heads),
    ("The paper's studies", studies.papers),
    ("Where the paper disagrees with itself", studies.inconsistencies),
    ("Our own studies", studies.own),
    ("Training", measures.training),
    ("Confusion matrices", measures.confusion),
    ("ROC curves", measures.roc),
    ("Calibration", measures.calibration),
    ("Searches for an SVM's settings", searches.searches),
    ("Data", runs.data),
    ("How the runs were made", runs.making),
)


def lab_html(lab: Lab, progress: Callable[[float, str], object] = lambda *_: None) -> str:
    """The report as the text of an HTML file that needs nothing else.

    What cannot be drawn is a sentence in its place.

    Args:
        lab: What is reported.
        progress: Called with the share that is done and the chapter that comes next.
    """
    sheet, parts = Sheet(), []
    for number, (title, chapter) in enumerate(CHAPTERS):
        progress(number / len(CHAPTERS), title)
        parts.append(sheet.heading(2, title))
        parts += guarded(title, chapter(lab, sheet))
    progress(1.0, "Done")
    return page("FER Lab: report", "\n".join((_title(lab), *parts)), contents_list(sheet.contents))


def guarded(what: str, parts: Iterable[str]) -> list[str]:
    """The parts as far as they can be made, and a sentence in the place of the rest."""
    found = []
    try:
        for part in parts:
            found.append(part)
    except DAMAGE as error:
        logger.info("'%s' could not be reported whole.", what, exc_info=True)
        found.append(missing(f"'{what}' ends here, since a folder that it is drawn from is damaged: {str(error) or type(error).__name__}"))
    return found


def _title(lab: Lab) -> str:
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    runs_told = f"{len(lab.runs)} run{'s' if len(lab.runs) != 1 else ''} shown one by one, {len(lab.known)} finished in all"
    told = f'<header><h1>FER Lab: report</h1><p class="quiet">Made {made} from run folders alone, without the data set. {runs_told}.</p>'
    if not lab.known:
        told += missing("There is no finished run yet, neither one that ships nor one of your own: the paper's figures stand alone.")
    if lab.problems:
        told += paragraph("Left out:") + bullets(lab.problems)
    return told + "</header>"
