"""Runs: everything that was trained, in one table, and each run opened to its last figure."""

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences
from dashboard.text import plain


def main() -> None:
    from dashboard import resources
    from dashboard.components import lab_report, run_actions, run_import, run_table, run_view

    run_actions.say_outcome()
    run_import.draw()
    with st.spinner("Reading the runs …"):
        rows, problems = resources.all_runs()
    for problem in problems:
        st.warning(plain(problem))
    if not rows:
        st.info(
            "There is no run yet. Fetch the project again with its `checkpoints/`, or train one: "
            "`python -m fer_engine train --model net2 --recipe quick --name first --data synthetic`",
            icon=":material/info:",
        )
        return
    row = run_table.draw(rows)
    if row:
        run_view.draw(row, rows)
    lab_report.draw()


st.title("Runs")
style.apply()
st.markdown("Everything that was trained. Click a row to open a run; the address in the browser holds the choice.")
with sentences():
    main()
