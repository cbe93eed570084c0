"""What the specs of runs differ in, and nothing else."""

import streamlit as st

from dashboard import compare_tables
from dashboard.components import table_downloads
from dashboard.components.compare_view import Compared
from dashboard.text import plain


def draw(compared: Compared) -> None:
    """Draw a row a setting in which the runs differ."""
    from fer_engine.evaluation.comparison_terms import spec_differences

    entrants = compared.comparison.entrants
    names = [entrant.name for entrant in entrants]
    found = spec_differences([entrant.run.spec for entrant in entrants])
    if not found:
        st.info("The runs have the same spec: they differ in what chance, machine and version made of it.", icon=":material/info:")
        return
    st.markdown(f"The runs differ in **{len(found)}** settings; all others are the same. A dash: the family has no such setting.")
    frame = compare_tables.settings(found, names)
    st.table(frame.map(plain).rename(columns=plain), border="horizontal", hide_index=True, alt="Settings in which the runs differ")
    table_downloads.draw(frame, "compare-settings", f"Settings in which {', '.join(names)} differ")
