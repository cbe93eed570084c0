"""Ablations: studies that change one setting at a time, the paper's figures beside ours, and what may be concluded."""

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences


def main() -> None:
    from dashboard.components import ablation_launch, ablation_picker, ablation_results, lab_report
    from fer_engine.ablations.ledger import cells

    chosen = ablation_picker.pick()
    if chosen:
        study, data, seeds = chosen
        with st.spinner("Looking for runs …"):
            found = cells(study, data, seeds)
        with sentences():
            ablation_results.draw(study, found)
        st.header("Train what is missing", anchor="train")
        with sentences():
            ablation_launch.draw(study, found, seeds)
    ablation_picker.bring()
    lab_report.draw()


st.title("Ablations")
style.apply()
st.markdown(
    "One setting changed at a time: what the paper prints, what is measured here, and whether a conclusion follows. A study's process goes "
    "on when you close the browser."
)
with sentences():
    main()
