"""Classical: nested cross-validation of SVMs on principal components, launched, watched and read."""

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences


def main() -> None:
    from dashboard import links
    from dashboard.components import search_launch, search_view
    from fer_engine.classical.search import list_searches

    names = list(dict.fromkeys(search.name for search in list_searches()))
    if names:
        links.follow("search", names)
        if (begun := st.session_state.pop("next-search", None)) in names:
            st.session_state["search"] = begun  # before the widget is drawn, or not at all
        chosen = st.selectbox("Search", names, key="search", bind="query-params")
        with sentences():
            search_view.draw(chosen)
    st.header("New search", anchor="new")
    with sentences():
        search_launch.draw()


st.title("Classical")
style.apply()
st.markdown(
    "Which settings suit an SVM on principal components? Inner folds choose, outer folds judge. A search is a process of its own: "
    "it goes on when you close the browser."
)
with sentences():
    main()
