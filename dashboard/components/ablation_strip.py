"""All rows of an ablation study before one face: a card for each, and what is apart from the base in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import ablation_resources, links, strip, strip_pictures, text
from dashboard.components import ablation_picker, answer_card, run_gallery, table_downloads
from dashboard.components.ablation_launch import data_label
from dashboard.run_listing import keyed
from dashboard.strip import Reply, Yardstick
from fer_engine.ablations import catalogue
from fer_engine.errors import FerLabError
from fer_engine.runs.store import list_runs

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.experiments.parts import DataSpec
    from fer_engine.experiments.studies import Study

CHOICE = "ablation"  # in the page's address
MOST = 40  # rows that are asked


@dataclass(frozen=True, eq=False)
class Asked:
    """A study, and its runs on some data.

    Attributes:
        study: The study.
        data: What its runs learnt from.
        replies: Its rows, not asked yet.
    """

    study: "Study"
    data: "DataSpec"
    replies: tuple[Reply, ...]

    @property
    def there(self) -> dict[str, str]:
        """What the page Ablations needs in its address to show the same."""
        return {"study": self.study.name, "on": data_label(self.data)}


def pick() -> Asked:
    """Let the visitor choose a study, and the data where there are several.

    Raises:
        FerLabError: Where the study's file is damaged.
    """
    from fer_engine.ablations.ledger import cells

    names = list(catalogue.names())
    links.follow(CHOICE, names)
    name = st.selectbox("Ablation study", names, key=CHOICE, bind="query-params")
    study = catalogue.find_study(name)
    data = ablation_picker.choose_data(quiet=True)
    replies = strip.askable(cells(study, data))
    there = sum(reply.run is not None for reply in replies)
    st.caption(f"{text.plain(study.title)}, {text.plain(study.source)}: {there} of {len(replies)} rows have a finished run")
    return Asked(study, data, replies)


def draw(asked: Asked, tile: "np.ndarray") -> None:
    """Draw what all rows say of a face uint8 (48, 48)."""
    replies = _ask(asked.replies[:MOST], tile)
    against = strip.yardstick(asked.study, replies)
    st.subheader(f"The rows of '{text.plain(asked.study.title)}'", anchor="strip")
    st.markdown(f"**{text.plain(strip.summary(replies, against))}**")
    if len(asked.replies) > MOST:
        st.caption(f"These are the first {MOST} of {len(asked.replies)} rows.")
    keys = {run.path: key for key, run in keyed(list_runs(studies=True)).items()}
    with st.container(horizontal=True, gap="small", key="cards"):
        for number, reply in enumerate(replies):
            with st.container(border=True, width=answer_card.WIDTH, gap="xsmall", key=f"card-{number}"):
                _card(reply, against, tile, asked, keys)
    if any(reply.answer for reply in replies):
        st.caption(
            "Each map is Grad-CAM++ for the row's own answer, in its default layer: bright places spoke for it. One run a row, that of "
            "the lowest seed whose weights are here; another seed may answer otherwise."
        )
        _downloads(asked.study, replies, against, tile)


def _ask(replies: Sequence[Reply], tile: "np.ndarray") -> tuple[Reply, ...]:
    """The rows with their answers, one run after the other."""
    bar = st.empty()
    found = []
    for number, reply in enumerate(replies):
        bar.progress(number / len(replies), f"Asking row {number + 1} of {len(replies)}: {text.plain(reply.row.title)} …")
        if reply.run is None:
            found.append(reply)
            continue
        try:
            found.append(replace(reply, answer=ablation_resources.strip_answer(reply.run, tile)))
        except (FerLabError, OSError) as error:
            found.append(replace(reply, problem=str(error)))
    bar.empty()
    return tuple(found)


def _card(reply: Reply, against: Yardstick, tile: "np.ndarray", asked: Asked, keys: dict) -> None:
    st.markdown(f"**{text.plain(reply.row.title)}**")
    if reply.run is None:
        st.badge("Not run", icon=":material/hourglass_empty:", color="gray")
        st.page_link(
            "../pages/ablations.py",
            label="Train it",
            icon=":material/model_training:",
            query_params=asked.there,
            help="On the page Ablations",
        )
        return
    if reply.answer is None:
        if reply.run.answers:
            st.badge("No answer", icon=":material/error:", color="red")
            st.caption(text.plain(reply.problem))
        else:
            st.badge("Without weights", icon=":material/weight:", color="gray")
            st.caption("It has its figures here, and answers for no face. Its run's page has the command that trains it again.")
            _its_run(reply, keys)
        return
    answer = reply.answer
    answer_card.draw_answer(answer.label, answer.probability)
    words = strip.agreement(reply, against)
    if words:
        apart = strip.agrees(reply, against) is False  # as text, since a badge would cut the words off in a narrow card
        st.markdown(f":material/call_split: **{words.capitalize()}**" if apart else f":material/check: {words.capitalize()}")
    caption = f"Grad-CAM++, {answer.layer}" if answer.cam else text.NO_MAP
    alt = f"{reply.row.title}: where it sees {answer.label}, by {caption}" if answer.cam else f"{reply.row.title}: the face, without a map"
    answer_card.draw_reasons(tile, answer.cam, answer.probabilities, caption, alt)
    _its_run(reply, keys)


def _its_run(reply: Reply, keys: dict) -> None:
    assert reply.run
    split, figures = text.evaluated(reply.run)
    one_of = f", one of {reply.finished}" if reply.finished > 1 else ""
    seed = f", seed {reply.seed}{one_of}" if reply.run.spec.family == "cnn" else ""  # an SVM's fit has no chance in it
    st.caption(f"Right on {text.percent(figures['accuracy'])} of {split}{seed}")
    where, name = {"run": keys[reply.run.path]}, text.plain(reply.run.name)
    st.page_link("../pages/runs.py", label="Open its run", icon=":material/table_view:", query_params=where, help=name)


def _downloads(study: "Study", replies: Sequence[Reply], against: Yardstick, tile: "np.ndarray") -> None:
    name = f"strip-{study.name}"
    table_downloads.draw(strip.table(replies, against), name, f"{study.title}: probabilities that each row gives one face")

    def picture() -> "np.ndarray":
        cards = [
            strip_pictures.Card(
                reply.row.title,
                ", ".join(
                    filter(None, (f"{reply.answer.label} {text.probability(reply.answer.probability)}", strip.agreement(reply, against)))
                ),
                reply.answer.probabilities,
                answer_card.seen(tile, reply.answer.cam),
            )
            for reply in replies
            if reply.answer
        ]
        return strip_pictures.sheet(cards, f"{study.title}: one face before {len(cards)} of {len(replies)} rows")

    run_gallery.save_png("Strip as PNG", picture, name)
