"""Analyse: a face before two models, what each says of it, and why."""

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences


def main() -> None:
    from dashboard import resources
    from dashboard.components import answers, downloads, face_view, heat_maps, layers, run_picker, source

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
    runs, problems = resources.finished_runs()
    for problem in problems:
        st.warning(problem)
    if not runs:
        st.info(
            "There is no trained network to ask yet. Fetch the project again with its `checkpoints/`, or train one: "
            "`python -m fer_engine train --model net2 --head softmax --name net2-softmax`",
            icon=":material/info:",
        )
        return
    models = run_picker.pick(runs)
    answers.draw(models, face.tile)

    st.header("Which pixels decided", anchor="heat-maps")
    shown = heat_maps.draw(models, face.tile)

    st.header("What every layer makes of it", anchor="layers")
    chosen = layers.draw(models, shown)

    st.header("Take it with you", anchor="downloads")
    with sentences():
        downloads.draw(models, face, shown, chosen)


st.title("Analyse a face")
style.apply()
st.markdown("Two networks side by side. :material/lock: Nothing leaves this machine, and nothing is kept once you close the page.")
with sentences():
    main()
