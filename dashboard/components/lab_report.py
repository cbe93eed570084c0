"""The laboratory's report as a download: made when it is asked for, since it takes a while, and kept for the session."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.errors import sentences
from dashboard.text import plain

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

_KEPT = "lab-report"  # what was made last: (the runs that it was asked for, when, the file, what it leaves out)


def draw(runs: Sequence["Run"] = ()) -> None:
    """Draw the button that makes it, how far it is, and then the download.

    Args:
        runs: The runs that it compares and shows one by one; by default the reference runs.
    """
    wanted = tuple(str(run.path) for run in runs)
    with st.expander("Report of the laboratory", icon=":material/article:"):
        which = f"these {len(runs)} runs" if runs else "the reference runs"
        st.markdown(
            f"All tables and figures in one HTML file that opens anywhere, without network and data set: {which} compared and one by one, "
            "the paper's studies and yours, and searches. About 8 MB, in some 10 to 30 seconds. In a terminal: "
            "`python -m dashboard report --out lab.html`"
        )
        place = st.empty()
        if st.button("Make the report", key="lab-report-make", icon=":material/build:"):
            with sentences():
                _make(wanted, place)
        kept = st.session_state.get(_KEPT)
        if kept and kept[0] == wanted:
            _offer(*kept[1:])


def _make(wanted: tuple[str, ...], place: "st.delta_generator.DeltaGenerator") -> None:
    from dashboard.lab.document import lab_html
    from dashboard.lab.gather import gather

    bar = place.progress(0.0, "Reading the runs …")
    lab = gather(wanted)
    file = lab_html(lab, lambda share, chapter: bar.progress(share, f"{chapter} …")).encode()
    place.empty()
    st.session_state[_KEPT] = (wanted, datetime.now(UTC), file, lab.problems)


def _offer(made: datetime, file: bytes, problems: tuple[str, ...]) -> None:
    label = f"Save the report ({len(file) / 1e6:.1f} MB, made {made:%H:%M} UTC)"
    name = f"fer-lab-{made:%Y-%m-%d}.html"
    st.download_button(label, file, name, "text/html", key="lab-report-save", on_click="ignore", icon=":material/download:", type="primary")
    if problems:
        st.caption("It leaves out:  \n" + "  \n".join(map(plain, problems)))
