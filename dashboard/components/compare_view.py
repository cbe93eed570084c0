"""The comparison, section by section; the page's address keeps which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources
from dashboard.components.errors import sentences

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Comparison
    from fer_engine.runs.store import Run


@dataclass(frozen=True, eq=False)
class Compared:
    """What the sections draw.

    Attributes:
        comparison: The runs that were chosen.
        known: All finished runs.
    """

    comparison: "Comparison"
    known: Sequence["Run"]


def draw(chosen: dict[str, "Run"], known: Sequence["Run"]) -> None:
    """Draw the section that is chosen, of the runs that are."""
    sections = _sections()
    section = st.segmented_control(
        "Section", list(sections), default="Verdict", required=True, key="view", bind="query-params", label_visibility="collapsed"
    )
    with sentences():
        sections[section or "Verdict"](Compared(resources.comparison(chosen), known))


def _sections() -> dict[str, Callable[[Compared], None]]:
    from dashboard.components import (
        compare_agreement,
        compare_classes,
        compare_costs,
        compare_curves,
        compare_errors,
        compare_heads,
        compare_settings,
        compare_trust,
        compare_verdict,
    )

    return {
        "Verdict": compare_verdict.draw,
        "Settings": compare_settings.draw,
        "Training": compare_curves.draw,
        "Errors": compare_errors.draw,
        "Per class": compare_classes.draw,
        "Agreement": compare_agreement.draw,
        "Cost": compare_costs.draw,
        "Certainty": compare_trust.draw,
        "Softmax or SVM?": compare_heads.draw,
    }
