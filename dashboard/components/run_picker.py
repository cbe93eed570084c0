"""Choosing the models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import streamlit as st

from dashboard import links, text
from dashboard.run_listing import keyed
from fer_engine.runs.store import SHIPPED

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

Slot = Literal["A", "B"]
FAVOURITES: dict[Slot, str] = {"A": "net12-svm", "B": "net2-softmax"}


@dataclass(frozen=True)
class Model:
    """A run in one of the two places.

    Attributes:
        slot: 'A' or 'B'.
        run: A finished run.
    """

    slot: Slot
    run: "Run"

    @property
    def key(self) -> str:
        """Ends the keys of this model's widgets."""
        return self.slot.lower()


def pick(runs: Sequence["Run"]) -> tuple[Model, Model]:
    """Let the visitor choose model A and model B out of one or more finished runs."""
    left, right = st.columns(2, gap="large")
    with left:
        first = _pick("A", runs, default=0)
    with right:
        second = _pick("B", runs, default=len(runs) - 1)
    return first, second


def pick_first(runs: Sequence["Run"]) -> Model:
    """Let the visitor choose model A alone."""
    return _pick("A", runs, default=0)


def _follow_link(key: str, by_name: "Mapping[str, Run]") -> None:
    """Take the run that the page's address names, also by the name that it has among unfinished ones; say where it is not there."""
    wanted = links.follow(key, by_name)
    if not wanted:
        return
    bare = wanted.removeprefix(f"{SHIPPED}/")
    if bare != wanted and bare in by_name and by_name[bare].shipped:
        st.session_state[key] = bare
        return
    st.warning(
        f"There is no finished run '{text.plain(wanted)}' here that can be read and has its weights; another one answers.",
        icon=":material/link_off:",
    )


def _pick(slot: Slot, runs: Sequence["Run"], default: int) -> Model:
    by_name = keyed(runs)  # of an own and a shipped one of one name the name alone means the own one, as everywhere
    names = list(by_name)
    _follow_link(slot.lower(), by_name)
    favourite = names.index(FAVOURITES[slot]) if FAVOURITES[slot] in names else min(default, len(names) - 1)
    name = st.selectbox(f"Model {slot}", names, index=favourite, key=slot.lower(), bind="query-params")
    run = by_name[name]
    split, figures = text.evaluated(run)
    low, high = figures["accuracy_ci95"]
    st.caption(
        f"{text.model_words(run.spec)}  \n{text.percent(figures['accuracy'])} of {split} right ({100 * low:.1f} – {100 * high:.1f})",
        help=f"{text.plain(text.protocol(run))}. In brackets the 95% interval.",
    )
    return Model(slot, run)
