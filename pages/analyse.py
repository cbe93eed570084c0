"""Analyse: a face before two models, or before all rows of an ablation, what each says of it, and why."""

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences
from dashboard.text import plain


def main() -> None:
    from dashboard import resources
    from dashboard.components import against, downloads, face_view, heat_maps, layers, occlusion_maps, region_shares, source

    picture = source.choose()
    if picture is None:
        return
    st.header("What the models see", anchor="face")
    face = None
    with sentences():
        face = face_view.draw(picture)
    if face is None:
        return

    st.header("What they say", anchor="answers")
    runs, problems = resources.finished_runs(studies=True)
    runs = tuple(run for run in runs if run.answers)
    for problem in problems:
        st.warning(plain(problem))
    if not runs:
        st.info(
            "There is no trained network to ask yet. Fetch the project again with its `checkpoints/`, or train one: "
            "`python -m fer_engine train --model net2 --head softmax --name net2-softmax`",
            icon=":material/info:",
        )
        return
    models = against.draw(runs, face.tile)

    st.header("Which pixels decided", anchor="heat-maps")
    shown = heat_maps.draw(models, face.tile)
    hidden, parts = st.container(), st.container()  # these take seconds, and are filled when all else is there

    st.header("What each model makes of it", anchor="layers")
    chosen = layers.draw(models, face.tile, shown)

    downloading = st.container()
    with hidden:
        occlusion_maps.draw(models, face.tile, shown)
    found = None
    with parts, sentences():
        found = region_shares.draw(models, face.tile, shown)
    with downloading, sentences():
        st.header("Take it with you", anchor="downloads")
        downloads.draw(models, face, shown, chosen, found)


st.title("Analyse a face")
style.apply()
st.markdown(
    "Two models side by side, or one beside all rows of an ablation. :material/lock: Nothing leaves this machine, and nothing is kept "
    "once you close the page."
)
with sentences():
    main()
