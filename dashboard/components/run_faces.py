"""The gallery of a run: right and wrong answers, the surest mistakes first."""

from collections.abc import Callable

import streamlit as st

from dashboard import resources
from dashboard.components import faces_at_hand, protocol_badge, run_gallery
from dashboard.face_tiles import ordered
from dashboard.run_listing import Row
from fer_engine.labels import NAMES

ANY = "any"
SHOWS: dict[str, bool | None] = {"mistakes": False, "right answers": True, "all": None}
ORDERS = {"surest first": True, "least sure first": False}


def draw(row: Row) -> None:
    """Draw the gallery; without the data set, say so."""
    run = row.run
    protocol_badge.draw(run)
    scored = resources.scored(run)
    faces = faces_at_hand.find(run, scored)
    if faces is None:
        return
    columns = st.columns([2, 2, 1, 1], gap="medium")
    again = run_gallery.first_page
    with columns[0]:
        show = st.segmented_control(
            "Show", list(SHOWS), default="mistakes", required=True, key="show", bind="query-params", on_change=again
        )
    with columns[1]:
        order = st.segmented_control(
            "Order", list(ORDERS), default="surest first", required=True, key="order", bind="query-params", on_change=again
        )
    label, answer = pair(columns[2], columns[3])
    positions = ordered(scored, right=SHOWS[show or "mistakes"], label=label, answer=answer, surest_first=ORDERS[order or "surest first"])
    st.markdown(f"**{len(positions):,}** of {len(scored.labels):,} faces.")
    run_gallery.draw(run, scored, faces, positions)


def pair(
    left: st.delta_generator.DeltaGenerator, right: st.delta_generator.DeltaGenerator, again: Callable[[], None] = run_gallery.first_page
) -> tuple[str | None, str | None]:
    """Let the visitor choose label and answer, which the page's address keeps; None for any. A new choice calls `again` first."""
    found: list[str | None] = []
    for place, name in ((left, "Label"), (right, "Answer")):
        chosen = place.selectbox(name, [ANY, *NAMES], key=name.lower(), bind="query-params", on_change=again)
        found.append(None if chosen == ANY else chosen)
    return found[0], found[1]
