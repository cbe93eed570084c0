"""FER+'s votes: how far ten annotators agree, what they say of each label and face, and what a run gets right by that."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import resources, text
from dashboard.components import data_tiles, protocol_badge, table_downloads
from dashboard.components.data_costs import fitting_runs
from dashboard.components.data_view import VOTES, Opened, votes
from dashboard.data_gallery import face_tile, vote_bars_html
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.data.audit_votes import Votes

PER_PAGE = 12
ORDERS = ("least agreed", "label has fewest votes", "most agreed")


def draw(opened: Opened) -> None:
    """Draw agreement, votes by label, a run's accuracy by agreement, and faces with their votes."""
    known = votes(opened)
    if known is None:
        st.info(
            f"FER+ (Barsoum et al., 2016) is ten annotators' word on each FER2013 face, in the file {VOTES}. Say above where it lies; the "
            "drawn faces and most own sets have no votes.",
            icon=":material/info:",
        )
        return
    _agreement(opened, known)
    _labels(opened, known)
    _accuracy(opened, known)
    _faces(opened, known)


def _agreement(opened: Opened, known: "Votes") -> None:
    from dashboard import charts, data_charts

    st.subheader("How far annotators agree", anchor="agreement")
    agreeing, labels = known.agreeing, np.asarray(opened.faces.labels)
    st.markdown(
        f"On average **{10 * known.agreement.mean():.1f}** of ten agree. The label has the most votes for "
        f"**{text.percent(1 - float(known.differs(labels).mean()))}** of the faces."
    )
    frame = agreement_table(opened, known)
    told = ", ".join(f"{number} of 10: {(agreeing == number).sum():,}" for number in range(11))
    st.plotly_chart(
        data_charts.agreement_bars(agreeing, opened.faces.split),
        key="votes-agreement",
        config=charts.download_config(f"{opened.file}-agreement", "svg"),
        alt=f"Faces by how many of ten annotators agree: {told}",
    )
    table_downloads.draw(frame, f"{opened.file}-agreement", f"Faces of {opened.faces.name} by how many of ten FER+ annotators agree")


def agreement_table(opened: Opened, known: "Votes") -> "pd.DataFrame":
    """A row a number of annotators who agree, with the faces of each split."""
    import pandas as pd

    split, agreeing = opened.faces.split, known.agreeing
    columns = {own: np.bincount(agreeing[split == own], minlength=11) for own in opened.faces.splits}
    return pd.DataFrame({"Annotators of ten who agree": np.arange(11)} | columns)


def _labels(opened: Opened, known: "Votes") -> None:
    import pandas as pd

    from dashboard import charts, data_charts
    from fer_engine.data.audit_votes import CHOICES

    st.subheader("What they say of each label", anchor="votes-by-label")
    shares = known.by_label(np.asarray(opened.faces.labels))
    own = [
        f"{name}: {text.percent(shares[label, label], 0)} for it" for label, name in enumerate(NAMES) if np.isfinite(shares[label, label])
    ]
    st.plotly_chart(
        data_charts.vote_bars(shares),
        key="votes-by-label",
        config=charts.download_config(f"{opened.file}-votes", "svg"),
        alt="Mean share of the votes that a label's faces have for it. " + ", ".join(own),
    )
    frame = pd.DataFrame({"Label": NAMES} | {choice: (100 * shares[:, number]).round(1) for number, choice in enumerate(CHOICES)})
    table_downloads.draw(frame, f"{opened.file}-votes", f"Mean share of the FER+ votes (%) by label, {opened.faces.name}")


def _accuracy(opened: Opened, known: "Votes") -> None:
    from dashboard import charts, data_charts
    from fer_engine.data.audit_costs import by_agreement, costs_table, places_in

    st.subheader("What a run gets right, by agreement", anchor="accuracy-by-agreement")
    runs = {run.name: run for run in fitting_runs(opened)}
    if not runs:
        st.info("No finished run was scored on these very faces.", icon=":material/info:")
        return
    name = st.selectbox("Run", list(runs), key="votes-run", bind="query-params")
    run = runs[name]
    protocol_badge.draw(run)
    scored = resources.scored(run)
    rows = by_agreement(name, scored.answers == scored.labels, places_in(opened.audit(), run, scored), known)
    st.plotly_chart(
        data_charts.cost_bars(rows),
        key="votes-accuracy",
        config=charts.download_config(f"{opened.file}-agreement-{name}", "svg"),
        alt="; ".join(f"{row.faces}: {text.percent(row.accuracy or 0)} of {row.n:,}" for row in rows),
    )
    st.caption("Right or wrong is by the data set's own label, as everywhere; 95% intervals, n in brackets.")
    table_downloads.draw(costs_table(rows), f"{opened.file}-agreement-{name}", f"Accuracy by agreement of annotators: {text.protocol(run)}")


def _faces(opened: Opened, known: "Votes") -> None:
    st.subheader("The votes for a face", anchor="votes-of-faces")
    order = st.segmented_control(
        "Faces first that are", ORDERS, default=ORDERS[0], required=True, key="votes-order", bind="query-params", on_change=_first
    )
    places = ordered(known, np.asarray(opened.faces.labels), order or ORDERS[0])
    shown = places[data_tiles.page_of(len(places), PER_PAGE, "page-votes")]
    tiles = [face_tile(opened.faces, int(place), votes=known) for place in shown]
    with st.container(horizontal=True, gap="medium", key="votes-faces"):
        for place, tile in zip(shown, tiles, strict=True):
            with st.container(width=176, gap="xsmall"):
                st.image(tile.picture, width=tile.picture.shape[1], alt=tile.alt, output_format="PNG")
                st.caption(f"{opened.faces.ids[place]}: {NAMES[opened.faces.labels[place]]}")
                st.html(vote_bars_html(known.counts[place]))
    data_tiles.save(tiles, f"{opened.file}-votes-faces")


def _first() -> None:
    data_tiles.first_page("page-votes")


def ordered(known: "Votes", labels: np.ndarray, order: str) -> np.ndarray:
    """Places (N,) of the faces in one of `ORDERS`; of equal ones the first in the data set first."""
    by = {
        "least agreed": known.agreement,
        "most agreed": -known.agreement,
        "label has fewest votes": known.support(labels) - known.agreement,
    }[order]
    return np.argsort(by, kind="stable")
