"""Errors as sentences: what a visitor reads where a result would have been."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.text import plain
from fer_engine.errors import FerLabError

logger = logging.getLogger(__name__)


@contextmanager
def sentences() -> Iterator[None]:
    """Show what goes wrong inside as a sentence in its place; the traceback of a surprise goes to the log alone."""
    try:
        yield
    except FerLabError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception:
        logger.exception("A part of the page failed.")
        st.error(
            "Something went wrong here that should not have. Reload the page; if it stays, the terminal that runs FER Lab has the details.",
            icon=":material/error:",
        )
