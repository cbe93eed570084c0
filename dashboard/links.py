"""What a page's address asks for. A link says it when the visitor comes to the page; from then on what is chosen there counts.

Streamlit keeps what was chosen on a page when the visitor leaves it, and would answer a link that names a default with that.
"""

from collections.abc import Collection

import streamlit as st

_PAGE, _ARRIVED = "page-before", "arrived"


def arrive(page: str) -> None:
    """Note which page is run; whether the visitor has just come to it shows."""
    st.session_state[_ARRIVED] = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page


def asked(parameter: str) -> list[str]:
    """The values that the address gave a parameter when the visitor came to the page; nothing in later runs of it."""
    return st.query_params.get_all(parameter) if st.session_state.get(_ARRIVED, True) else []


def follow(parameter: str, options: Collection[str]) -> str:
    """Have the widget of that name show what a link asks for; gives what it asks for where that is none of the options."""
    for wanted in asked(parameter):
        if wanted in options:
            st.session_state[parameter] = wanted
        else:
            return wanted
    return ""
