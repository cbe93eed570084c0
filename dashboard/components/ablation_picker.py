"""Choosing a study, the data that its runs learnt from, and the number of seeds; and bringing a study of one's own."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import links
from dashboard.components.ablation_launch import NEXT, labelled_data
from dashboard.components.errors import sentences
from dashboard.text import plain
from fer_engine.ablations import catalogue

if TYPE_CHECKING:
    from fer_engine.experiments.parts import DataSpec
    from fer_engine.experiments.studies import Study

EXAMPLE = """title = "Learning rate and batch size"
base = {recipe = "ours", model = "net5", head = "softmax"}
seeds = 2

[vary]
"optimizer.lr" = [0.02, 0.08]
batch_size = [32, 256]
"""


def pick() -> "tuple[Study, DataSpec, int] | None":
    """Let the visitor choose; None where no run of any data is there to begin with, or the study's file is damaged."""
    for key, value in st.session_state.pop(NEXT, {}).items():
        st.session_state[key] = value
    names = list(catalogue.names())
    links.follow("study", names)
    name = st.selectbox("Study", names, key="study", bind="query-params")
    study = None
    with sentences():
        study = catalogue.find_study(name)
    if study is None:
        return None
    st.subheader(f"{plain(study.title)}, {study.source}", anchor=False)
    left, right = st.columns([3, 1], gap="large")
    with left:
        data = choose_data()
    with right:
        seeds = st.number_input(
            "Seeds a row",
            1,
            100,
            study.seeds,
            key=f"seeds-{name}",
            help="Runs of each setting, by seeds from 0, or more where they are finished. An SVM is fitted once.",
        )
    return study, data, int(seeds)


def choose_data(*, quiet: bool = False) -> "DataSpec":
    """The data whose runs are shown: of runs that there are, or that was just launched on.

    Args:
        quiet: Whether to ask nothing where there is one alone.
    """
    known = labelled_data()
    if quiet and len(known) == 1:
        return next(iter(known.values()))
    links.follow("on", known)
    return known[st.selectbox("Runs that learnt from", list(known), key="on", bind="query-params")]


def _replaced(sentence: str) -> None:
    st.toast(plain(sentence), icon=":material/history:", duration="long")


def bring() -> None:
    """A form for a study of one's own."""
    with st.expander("A study of your own", icon=":material/add:"):
        st.markdown(
            "A base, and the fields that it varies, one at a time, named as in `python -m fer_engine train --set`; `recipe` is ours, paper "
            'or quick. A finished run can be the base, too: `base = "net5-softmax"`. `[set]` takes fields that all rows share. The same '
            "text as a file: `python -m fer_engine ablate mine.toml`."
        )
        name = st.text_input("Name of the study", placeholder="learning-rates", key="own-study-name", max_chars=40)
        content = st.text_area("The study, as TOML", EXAMPLE, height=220, key="own-study-text")
        if st.button("Keep it", key="own-study-keep", disabled=not name.strip()):
            with sentences():
                study = catalogue.keep(name.strip(), content, say=_replaced)
                st.session_state[NEXT] = {"study": study.name}
                st.rerun()
