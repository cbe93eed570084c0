"""The laboratory's report: every table and figure in one file, from run folders alone. No Streamlit here."""
