"""What model A is held against: another model, or all rows of an ablation study."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import links
from dashboard.components import answers, run_picker
from dashboard.components.errors import sentences
from dashboard.components.run_picker import Model

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.runs.store import Run

ANOTHER, ABLATION = "another model", "an ablation"


def draw(runs: Sequence["Run"], tile: "np.ndarray") -> tuple[Model, ...]:
    """Draw the choice and the answers; gives the models that the rest of the page is about, one or two.

    Args:
        runs: Finished runs, at least one.
        tile: The face, uint8 (48, 48).
    """
    links.follow("against", (ANOTHER, ABLATION))
    way = st.segmented_control(
        "Compare model A with",
        [ANOTHER, ABLATION],
        default=ANOTHER,
        required=True,
        key="against",
        bind="query-params",
        help="An ablation is a study that changes one setting at a time: all of its rows that were trained answer for this face.",
    )
    if way != ABLATION:
        models = run_picker.pick(runs)
        answers.draw(models, tile)
        return models
    from dashboard.components import ablation_strip

    left, right = st.columns(2, gap="large")
    asked = None
    with left:
        model = run_picker.pick_first(runs)
    with right, sentences():
        asked = ablation_strip.pick()
    answers.draw((model,), tile)
    if asked:
        with sentences():
            ablation_strip.draw(asked, tile)
    return (model,)
