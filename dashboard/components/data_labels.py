"""Likely label errors: what a model that has not learnt a face's label would give it, the surest contradictions first."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import resources, text
from dashboard.components import data_checks, data_tiles, protocol_badge, table_downloads
from dashboard.components.data_costs import fitting_runs
from dashboard.components.data_view import Opened, votes
from dashboard.data_gallery import face_tile
from fer_engine.data.audit import TRAINING
from fer_engine.data.audit_labels import SURE, LabelCheck, check_labels
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.data.audit_votes import Votes

QUICK = "Training, by a quick model"
PER_PAGE = 40


def draw(opened: Opened) -> None:
    """Draw the likely label errors of Training, or of the split that a run was scored on."""
    known = votes(opened)
    runs = {f"{text.evaluated(run)[0]}, by {run.name}": run for run in fitting_runs(opened)}
    choices = [*runs, *([QUICK] if TRAINING in opened.faces.splits else [])]
    if not choices:
        st.info("There is no finished run to ask, and no Training faces.", icon=":material/info:")
        return
    chosen = st.selectbox(
        "Split, and who is asked",
        choices,
        key="judge",
        bind="query-params",
        help="A run is asked about the split that it did not learn from.",
    )
    if chosen == QUICK:
        found = data_checks.training_check(opened)
        if found is None:
            return
        rows, check = found.rows, found.check
    else:
        from fer_engine.data.audit_costs import places_in

        run = runs[chosen]
        protocol_badge.draw(run)
        scored = resources.scored(run)
        rows, check = places_in(opened.audit(), run, scored), check_labels(scored.labels, scored.probabilities)
    _suspects(opened, rows, check, known, chosen)


def _suspects(opened: Opened, rows: np.ndarray, check: LabelCheck, known: "Votes | None", judge: str) -> None:
    places = check.ranked
    st.markdown(
        f"**{len(places):,}** of {len(rows):,} labels are likely wrong, by confident learning: another emotion is likelier than the label "
        f"by {text.percent(SURE, 0)} or more. The surest contradictions come first."
    )
    if known is not None:
        _against(rows, check, known, opened)
    if not len(places):
        return
    frame = suspects_table(opened, rows, check, known)
    table_downloads.draw(frame, f"{opened.file}-suspects", f"Likely label errors of {opened.faces.name}: {judge}")
    shown = places[data_tiles.page_of(len(places), PER_PAGE, "page-suspects")]
    tiles = [
        face_tile(opened.faces, int(rows[place]), f"{NAMES[opened.faces.labels[rows[place]]]} → {NAMES[check.proposed[place]]}")
        for place in shown
    ]
    data_tiles.draw(tiles, f"{opened.file}-suspects", key="suspects")


def _against(rows: np.ndarray, check: LabelCheck, known: "Votes", opened: Opened) -> None:
    from fer_engine.data.audit_findings import against_votes

    told = against_votes(rows, check, known, np.asarray(opened.faces.labels))
    chance = told["label_ranking_chance"]
    st.caption(
        f"Against the FER+ votes: another choice than the label has most votes in {text.percent(chance)} of all these faces, in "
        f"{_share(told['suspects_confirmed_by_votes'])} of the suspects and in {_share(told['first_hundred_confirmed_by_votes'])} of the "
        f"first hundred. Average precision of the ranking {told['label_ranking_average_precision']:.3f}; by chance {chance:.3f}."
    )


def _share(value: float) -> str:
    return "none" if np.isnan(value) else text.percent(value)


def suspects_table(opened: Opened, rows: np.ndarray, check: LabelCheck, known: "Votes | None") -> "pd.DataFrame":
    """A row a suspect: its row in the data set, label, the one proposed, the quality of the label, and the FER+ votes."""
    import pandas as pd

    from fer_engine.data.audit_votes import CHOICES

    places, names = check.ranked, np.array(NAMES)
    own = rows[places]
    columns = {
        "Row": opened.faces.ids[own],
        "Split": opened.faces.split[own],
        "Label": names[opened.faces.labels[own]],
        "Proposed": names[check.proposed[places]],
        "Label quality": check.quality[places].round(4),
    }
    if known is not None:
        votes_of = known.take(own)
        columns |= {
            "FER+ majority": np.array(CHOICES)[votes_of.majority],
            "FER+ votes for the label": votes_of.support(opened.faces.labels[own]).round(2),
        }
    return pd.DataFrame(columns)
