"""The gallery of a data set: its faces by split, emotion, FER+ agreement and what a run says, a page at a time."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st

from dashboard import resources
from dashboard.components import data_checks, data_tiles, table_downloads
from dashboard.components.data_view import Opened, votes
from dashboard.data_gallery import Wanted, chosen, face_tile
from fer_engine.data.audit_quality import FACELESS_BELOW
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.data.audit_votes import Votes

ANY = "any"
PER_PAGE = 48
PAGE = "page-gallery"
FOUND = (ANY, "exact copies", "near copies", "conflicting labels", "in two splits", "shows nothing", "no face", "suspected label")
VERDICTS = {"any": None, "right": True, "wrong": False}


def draw(opened: Opened) -> None:
    """Draw the filters and a page of faces."""
    known = votes(opened)
    columns = [*st.columns([1, 1, 2], gap="medium", vertical_alignment="bottom"), *st.columns(3, gap="medium")]
    split = columns[0].selectbox("Split", [ANY, *opened.faces.splits], key="split", bind="query-params", on_change=_first)
    label = columns[1].selectbox("Label", [ANY, *NAMES], key="emotion", bind="query-params", on_change=_first)
    agreement = columns[2].slider(
        "FER+ annotators who agree, of 10",
        0,
        10,
        (0, 10),
        key="agree",
        disabled=known is None,
        on_change=_first,
        help="How many of the ten chose what most of them chose. Needs the FER+ votes.",
    )
    among = _verdict(opened, columns[3], columns[4])
    found = columns[5].selectbox(
        "Found", FOUND, key="found", bind="query-params", on_change=_first, help="What the parts 'Copies' and 'Labels' found of them."
    )
    if found != ANY:
        flawed = _flawed(opened, found)
        among = flawed if among is None else among & flawed
    limits = (agreement[0] / 10, agreement[1] / 10) if known else None
    rows = chosen(opened.faces, Wanted(_some(split), _some(label), limits, among), known)
    st.markdown(f"**{len(rows):,}** of {len(opened.faces):,} faces.")
    if not len(rows):
        st.info("There is no such face.", icon=":material/info:")
        return
    if known is not None:
        st.caption("Below each face: its label · what most of the ten FER+ annotators chose, and how many of them.")
    shown = rows[data_tiles.page_of(len(rows), PER_PAGE, PAGE)]
    data_tiles.draw([face_tile(opened.faces, int(row), votes=known) for row in shown], f"{opened.file}-faces", key="gallery")
    table_downloads.draw(listed(opened, rows, known), f"{opened.file}-faces", f"Faces of {opened.faces.name}, as listed")


def _some(given: str) -> str | None:
    return None if given == ANY else given


def _first() -> None:
    st.session_state[PAGE] = 1


def _verdict(opened: Opened, left: Any, right: Any) -> np.ndarray | None:
    """Which faces (N,) a run that the visitor chooses gets right, or wrong; None for any."""
    from fer_engine.data.audit import Audit
    from fer_engine.data.audit_costs import places_in
    from fer_engine.data.audit_groups import Groups

    runs = {run.name: run for run in resources.finished_runs()[0]}
    verdict: Literal["any", "right", "wrong"] = left.selectbox(
        "Answer", list(VERDICTS), key="verdict", bind="query-params", on_change=_first, help="What a run answers, against the label."
    )
    name = right.selectbox("Of the run", list(runs), key="by", bind="query-params", disabled=verdict == ANY, on_change=_first)
    if VERDICTS[verdict] is None or name is None:
        return None
    scored = resources.scored(runs[name])
    try:
        places = places_in(Audit(opened.faces, Groups(()), None, np.zeros(0, bool)), runs[name], scored)
    except FerLabError as error:
        st.info(f"{error}", icon=":material/info:")
        return np.zeros(len(opened.faces), bool)
    found = np.zeros(len(opened.faces), bool)
    found[places] = (scored.answers == scored.labels) == VERDICTS[verdict]
    return found


def _flawed(opened: Opened, what: str) -> np.ndarray:
    """Which faces (N,) an audit found to be so; of suspected labels only once they were looked for."""
    audit, mask = opened.audit(), np.zeros(len(opened.faces), bool)
    assert audit.near is not None
    if what == "shows nothing":
        return audit.blank
    if what == "no face":
        scores = data_checks.face_scores(opened, offer=False)
        if scores is None:
            st.info("No face was looked for yet: the part 'Copies' does that.", icon=":material/info:")
        return mask if scores is None else scores < FACELESS_BELOW
    if what == "suspected label":
        checked = data_checks.training_check(opened, offer=False)
        if checked is None:
            st.info("Training's labels were not checked yet: the part 'Labels' does that.", icon=":material/info:")
        else:
            mask[checked.suspects] = True
        return mask
    groups = {
        "exact copies": audit.exact.groups,
        "near copies": audit.near.groups,
        "conflicting labels": (*audit.exact.conflicting, *audit.near.conflicting),
        "in two splits": (*audit.exact.crossing, *audit.near.crossing),
    }[what]
    mask[[row for group in groups for row in group.rows]] = True
    return mask


def listed(opened: Opened, rows: np.ndarray, known: "Votes | None") -> "pd.DataFrame":
    """A row a face: its row in the data set, split, label, and the FER+ votes where they are known."""
    import pandas as pd

    from fer_engine.data.audit_votes import CHOICES

    faces = opened.faces
    columns: dict[str, Any] = {"Row": faces.ids[rows], "Split": faces.split[rows], "Label": np.array(NAMES)[faces.labels[rows]]}
    if known is not None:
        own = known.take(rows)
        columns |= {"FER+ majority": np.array(CHOICES)[own.majority], "FER+ agreement": own.agreement.round(3)}
    return pd.DataFrame(columns)
