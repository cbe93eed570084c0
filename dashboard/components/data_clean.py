"""Writing the recipe of a cleaned data set: what to leave out, what to relabel, and how to train on what is left."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components import data_checks, data_pairs, data_view, table_downloads, train_data
from dashboard.components.data_view import Opened, votes
from dashboard.components.errors import sentences
from dashboard.text import plain
from fer_engine.data.audit_words import DROPS, RELABELS, needs
from fer_engine.data.faceset import SPLITS

if TYPE_CHECKING:
    from pathlib import Path

    from fer_engine.data.audit_findings import Further
    from fer_engine.data.audit_votes import Votes
    from fer_engine.data.cleaning import Rules
    from fer_engine.data.recipe import Recipe

WRITTEN = "clean-written"
NOTHING = "nothing"
TITLES = {
    "duplicates": "exact copies",
    "conflicts": "copies with conflicting labels",
    "leaked": "Training's twins of other splits",
    "near": "near copies",
    "blanks": "images that show nothing",
    "faceless": "images without a face (a slow check)",
    "suspects": "suspected labels (a slow check)",
    "nonfaces": "no face by FER+",
}
RELABEL_TITLES = {NOTHING: "nothing", "suspects": "suspects, as the check proposes (a slow check)", "votes": "by FER+'s majority"}


def draw(opened: Opened) -> None:
    """Draw the rules, write the recipe, and say what it touched."""
    from fer_engine.data.cleaning import Rules

    known = votes(opened)
    st.caption(
        "A recipe is a small file that lists every face to leave out or to relabel. Your data stay as they are; the recipe opens like a "
        "data set of its own. `python -m fer_engine data clean` writes the same."
    )
    left, right = st.columns(2, gap="medium")
    drop = left.multiselect("Leave out", list(DROPS), format_func=TITLES.__getitem__, key="clean-drop", bind="query-params")
    relabel = right.selectbox("Relabel", [NOTHING, *RELABELS], format_func=RELABEL_TITLES.__getitem__, key="clean-relabel")
    present = [split for split in SPLITS if split in opened.faces.splits]
    splits = left.multiselect("In", present, default=present[:1], key=f"clean-splits-{opened.file}", help="Splits that may be touched.")
    name = (
        right.text_input("What to call it", value=f"{opened.file}-cleaned", key=f"clean-name-{opened.file}").strip().removesuffix(".json")
    )
    for rule in drop:
        st.caption(f"**{TITLES[rule]}**: {DROPS[rule]}.")
    if relabel != NOTHING:
        st.caption(f"**{RELABEL_TITLES[relabel]}**: {RELABELS[relabel]}.")
    further = _further(opened, [*drop, relabel], known)
    ready = bool(name) and further is not None
    if st.button("Write the recipe", key="clean-write", type="primary", disabled=not ready, icon=":material/cleaning_services:"):
        st.session_state.pop(WRITTEN, None)
        assert further is not None
        with sentences():
            rules = Rules(tuple(drop), "" if relabel == NOTHING else relabel, tuple(splits))
            st.session_state[WRITTEN] = (opened.name, *_write(opened, rules, name, further))
    written = st.session_state.get(WRITTEN)
    if written and written[0] == opened.name:
        _outcome(*written[1:])
    data_pairs.draw(opened)


def _write(opened: Opened, rules: "Rules", name: str, further: "Further") -> "tuple[Recipe, Path]":
    from fer_engine.data.cleaning import clean, free_path

    rules.check(further.votes is not None)
    free_path(name)
    return clean(name, opened.name, opened.audit(), further, rules)


def _further(opened: Opened, rules: list[str], known: "Votes | None") -> "Further | None":
    """What the rules need beside copies; None where a slow check of them is not done, with the way to it drawn."""
    from fer_engine.data.audit_findings import Further

    wanted = needs(rules)
    scores = data_checks.face_scores(opened) if wanted["faceless"] else None
    training = data_checks.training_check(opened) if wanted["labels"] else None
    lacking = (wanted["faceless"] and scores is None) or (wanted["labels"] and training is None)
    return None if lacking else Further(known, scores, training)


def _open(own: str, page: str) -> None:
    train_data.take(own)
    data_view.go_to(page)


def _outcome(recipe: "Recipe", path: "Path") -> None:
    """What the rules touched, and how to train on what is left."""
    import pandas as pd

    left = sum(sum(each.values()) for each in recipe.result["counts"].values())
    told = f"'{recipe.name}' leaves {left:,} of {recipe.source['faces']:,} faces: {len(recipe.dropped):,} are left out, "
    st.success(plain(f"{told}{len(recipe.relabelled):,} relabelled. Recipe {recipe.hash}."), icon=":material/check:")
    if not recipe.touched:
        st.info("These rules touch no face.", icon=":material/info:")
        return
    columns = ("row", "rule", "label", "new", "pixels")
    frame = pd.DataFrame([{column: getattr(row, column) for column in columns} for row in recipe.touched])
    rules = pd.DataFrame({"Rule": recipe.by_rule().keys(), "Faces": recipe.by_rule().values()})
    st.table(rules, hide_index=True, width="content", alt=f"Faces that each rule of {recipe.name} touches")
    table_downloads.draw(rules, f"{recipe.name}-rules", f"Faces that each rule of the recipe {recipe.name} touches")
    st.caption("Every face that they touch:")
    table_downloads.draw(frame, f"{recipe.name}-recipe", f"Faces that the recipe {recipe.name} touches")
    own = f"recipes/{path.stem}"
    with st.container(horizontal=True, gap="small"):
        st.button("Train on it", icon=":material/model_training:", key="clean-train", on_click=_open, args=(own, "train"))
        st.button("Look at what is left", icon=":material/visibility:", key="clean-look", on_click=_open, args=(own, "data"))
    st.caption("In a terminal:")
    st.code(f"python -m fer_engine train --data {path}", language="bash")
