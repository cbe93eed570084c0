"""Faces of a data set side by side, with a download of what is shown."""

from collections.abc import Sequence

import streamlit as st

from dashboard import text
from dashboard.components.run_gallery import save_png
from dashboard.data_gallery import Tile, tile_sheet

WIDTH = 112  # of a face with its words, pixels


def draw(tiles: Sequence[Tile], name: str, *, key: str) -> None:
    """Draw faces with what stands below each, and a button that saves them.

    Args:
        tiles: At least one.
        name: Of the file, without an ending; no two of a page share one.
        key: Of the container.
    """
    row(tiles, key=key)
    save(tiles, name)


def save(tiles: Sequence[Tile], name: str) -> None:
    """Draw a button that saves faces with what stands below each; `name` as in `draw`."""
    save_png("These faces as PNG", lambda: tile_sheet(tiles), name)


def row(tiles: Sequence[Tile], *, key: str) -> None:
    """Draw faces with what stands below each."""
    with st.container(horizontal=True, gap="small", key=key):
        for tile in tiles:
            with st.container(width=WIDTH, gap="xsmall"):
                st.image(tile.picture, width=tile.picture.shape[1], alt=tile.alt, output_format="PNG")
                st.caption(text.plain(tile.words))


def page_of(n: int, per_page: int, key: str) -> slice:
    """Let the visitor turn pages of n things; which of them are on the page."""
    pages = max(1, -(-n // per_page))
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    page = st.pagination(pages, key=key) if pages > 1 else 1
    return slice(per_page * (page - 1), per_page * page)


def first_page(*keys: str) -> None:
    """Begin at the first page again, of the things that `page_of` has by these keys; for choices that change."""
    for key in keys:
        st.session_state[key] = 1
