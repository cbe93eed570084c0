"""The badges of runs that are compared: one where all came about alike, else one for each way, with the runs' names."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import text
from dashboard.components import protocol_badge

if TYPE_CHECKING:
    from fer_engine.evaluation.comparison import Entrant


def draw(entrants: Sequence["Entrant"]) -> None:
    """Draw them."""
    names: dict[str, list[str]] = {}
    for entrant in entrants:
        names.setdefault(text.protocol(entrant.run), []).append(entrant.name)
    for words, members in names.items():
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            protocol_badge.say(words, protocol_badge.EXPLAINED)
            if len(names) > 1:
                st.caption(text.plain(", ".join(members)), width="content")


def told(entrants: Sequence["Entrant"]) -> str:
    """The same in words, for the captions of downloads."""
    return text.protocols(entrant.run for entrant in entrants)
