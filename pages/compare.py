"""Compare: two runs or more side by side, and which of their differences are more than chance."""

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences
from dashboard.text import plain


def main() -> None:
    from dashboard import resources
    from dashboard.components import compare_picker, compare_view, lab_report

    with st.spinner("Reading the runs …"):
        runs, problems = resources.finished_runs(studies=True)
    for problem in problems:
        st.warning(plain(problem))
    if len(runs) < 2:
        st.info(
            "A comparison needs two finished runs. Fetch the project again with its `checkpoints/`, or train another one: "
            "`python -m fer_engine train --model net2 --recipe quick --name second --data synthetic`",
            icon=":material/info:",
        )
        return
    chosen = compare_picker.pick(runs)
    if len(chosen) < 2:
        st.info("Choose one more run: a comparison needs two or more.", icon=":material/info:")
        return
    compare_view.draw(chosen, runs)
    lab_report.draw(list(chosen.values()))


st.title("Compare")
style.apply()
st.markdown("Runs side by side, on the same faces. What differs by more than chance is said in words; the address holds the choice.")
with sentences():
    main()
