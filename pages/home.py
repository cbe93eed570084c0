"""Home: what this is, what the models reach, what they learnt from, and the way to each page."""

import streamlit as st

from dashboard import resources
from dashboard.components import class_counts, runs_table, style
from dashboard.components.errors import sentences
from dashboard.text import plain

st.title("FER Lab")
style.apply()
st.markdown(
    "A laboratory for facial-expression recognition. Put a face before two models, networks or support vector machines, and see, side "
    "by side, what each says, how sure it is, what every layer makes of the face, and which pixels decided. All runs on this machine."
)
with st.container(horizontal=True, gap="small"):
    if st.button("Analyse a face", icon=":material/arrow_forward:", type="primary"):
        st.switch_page("../pages/analyse.py")
    if st.button("Train a network", icon=":material/model_training:"):
        st.switch_page("../pages/train.py")
    if st.button("See all runs", icon=":material/table_view:"):
        st.switch_page("../pages/runs.py")

with sentences():
    runs, problems = resources.finished_runs()
    for problem in problems:
        st.warning(plain(problem))
    shipped = [run for run in runs if run.shipped]
    st.header("Reference networks", anchor="networks")
    networks = [run for run in shipped if run.spec.family == "cnn"]
    if networks:
        st.markdown(
            "Trained on FER2013's Training faces after the networks of *Gummidela, Donepudi and Rodda*, each with two heads. The paper's "
            "figures are of PrivateTest, **another split**: they stand here for orientation and cannot be compared digit by digit. The SVM "
            "heads went on from the softmax runs' weights, so these rows do not compare the heads on equal terms."
        )
        runs_table.draw(networks, key="shipped")
    else:
        st.info(
            "No reference network is in `checkpoints/`. Fetch the project again with its checkpoints, or train one: "
            "`python -m fer_engine train --model net2 --head softmax --name net2-softmax`"
        )
    machines = [run for run in shipped if run.spec.family == "svm"]
    if machines:
        st.header("Reference support vector machines", anchor="svms")
        st.markdown(
            "On principal components of the pixels, on gradients and landmarks of the face, and on what the networks have learnt; with "
            "the paper's settings where the name says so."
        )
        runs_table.draw(machines, key="svms")
    own = [run for run in runs if not run.shipped]
    if own:
        st.header("Your runs", anchor="own-runs")
        runs_table.draw(own, key="own")

st.header("What they learnt from", anchor="data")
with sentences():
    class_counts.draw()
