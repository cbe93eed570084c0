"""From which weights a run starts: fresh ones, or those of a finished run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources
from dashboard.run_listing import keyed
from dashboard.text import plain
from fer_engine.runs.begun import start_name

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

FRESH = "fresh weights"


@dataclass(frozen=True)
class Start:
    """From which weights a run starts.

    Attributes:
        run: The finished run, or None for fresh weights and for what is not chosen yet.
        told: The choice as people read it; empty where it is still to be made.
        usual: From what the run starts that is copied, or fresh weights.
    """

    run: "Run | None"
    told: str
    usual: str = FRESH


@dataclass(frozen=True)
class Origin:
    """Where a run that is copied started.

    Attributes:
        name: The run that it started from, or fresh weights.
        run: That run; None for fresh weights, and where it is not here.
    """

    name: str
    run: "Run | None" = None

    @property
    def missing(self) -> bool:
        """Whether it is a run that is not here."""
        return self.name != FRESH and self.run is None


def origin(pattern: "Run | None") -> Origin:
    """Where the run that is copied started, among all finished runs that there are, those of studies, too."""
    start = pattern.network_spec.start if pattern else ""
    if not pattern or not start:
        return Origin(FRESH)
    name = start_name(pattern)
    found = [run for run in resources.finished_runs(studies=True)[0] if run.spec.hash == start]
    run = next((run for run in found if run.name == name), found[0] if found else None)
    return Origin(run.name if run else name or f"of spec {start}", run)


def warn(pattern: "Run", missing: Origin) -> None:
    """Say that the run that a copied run started from is not here."""
    st.warning(
        f"**{plain(pattern.name)}** started from the weights of the run **{plain(missing.name)}**, which is not here, or has been trained "
        "anew. Choose what to start from; with other weights, or fresh ones, this is another training.",
        icon=":material/link_off:",
    )


def choose(model: str, pattern: "Run | None", before: Origin) -> Start:
    """Let the visitor choose; a copied run starts where the run did, and nothing is chosen where that is not here."""
    runs = [run for run in resources.finished_runs()[0] if run.spec.model == model]
    offered = keyed([*runs, *([before.run] if before.run and before.run.path not in [run.path for run in runs] else [])])
    names = [FRESH, *offered]
    usual = next((name for name, run in offered.items() if before.run and run.path == before.run.path), FRESH)
    chosen = st.selectbox(
        "Start from",
        names,
        index=None if before.missing else names.index(usual),
        placeholder="choose a finished run, or fresh weights",
        key=key_of(pattern.name if pattern else model),
        persist_state="session",
        help="Fresh weights, or those of a finished run of the same network, which then keeps its layers.",
    )
    return Start(offered.get(chosen or ""), chosen or "", before.name if before.missing else usual)


def key_of(name: str) -> str:
    """The key of the choice, by the network, or by the run that is copied."""
    return f"from-{name}"
