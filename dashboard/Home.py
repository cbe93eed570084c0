"""Entry of the dashboard: `streamlit run dashboard/Home.py`. The table of pages, and nothing else."""

from pathlib import Path

import streamlit as st

from dashboard import links

PAGES = Path(__file__).resolve().parents[1] / "pages"

st.set_page_config(page_title="FER Lab", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
page = st.navigation(
    [
        st.Page(PAGES / "home.py", title="Home", default=True),
        st.Page(PAGES / "data.py", title="Data", url_path="data"),
        st.Page(PAGES / "analyse.py", title="Analyse", url_path="analyse"),
        st.Page(PAGES / "train.py", title="Train", url_path="train"),
        st.Page(PAGES / "runs.py", title="Runs", url_path="runs"),
        st.Page(PAGES / "classical.py", title="Classical", url_path="classical"),
        st.Page(PAGES / "compare.py", title="Compare", url_path="compare"),
        st.Page(PAGES / "ablations.py", title="Ablations", url_path="ablations"),
    ]
)
links.arrive(page.url_path)
page.run()
