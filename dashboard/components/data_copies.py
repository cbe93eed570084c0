"""Copies in a data set: exact and near ones, those whose labels conflict first; and images that show nothing."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components import data_checks, data_tiles, table_downloads
from dashboard.components.data_view import Opened
from dashboard.data_gallery import face_tile
from fer_engine.data.audit import TRAINING, Audit, groups_table
from fer_engine.data.audit_groups import MAX_BITS, MIN_CORRELATION, Group, Groups
from fer_engine.data.audit_quality import FACELESS_BELOW

if TYPE_CHECKING:
    import numpy as np

KINDS = ("exact copies", "near copies")
SHOWS = ("all", "labels conflict", "across splits", "within one split")
GROUPS, IMAGES = 8, 24  # on a page


def draw(opened: Opened) -> None:
    """Draw copies, blank images, and images without a face."""
    found = opened.audit()
    assert found.near is not None
    st.subheader("Copies", anchor="copies")
    kind = st.segmented_control("Kind", KINDS, default=KINDS[0], required=True, key="copies", bind="query-params", on_change=_first)
    groups = found.near if kind == KINDS[1] else found.exact
    _figures(found, groups)
    if kind == KINDS[1]:
        st.caption(
            f"Near copies are one photograph cut, lit or watermarked otherwise: perceptual hashes (64 bits) that differ in at most "
            f"{MAX_BITS} bits and pixels that correlate by {MIN_CORRELATION} or more. Groups that are exact copies alone are not repeated."
        )
    show = st.segmented_control("Show", SHOWS, default="all", required=True, key="groups", bind="query-params", on_change=_first)
    within = tuple(group for group in groups.groups if not group.crosses)
    chosen = {"labels conflict": groups.conflicting, "across splits": groups.crossing, "within one split": within}.get(
        show or "all", groups.groups
    )
    _groups(opened, chosen, (kind or KINDS[0]).replace(" ", "-"), found.blank)
    st.subheader("Images that show nothing", anchor="blank")
    _images(opened, found.blank.nonzero()[0], "blank", "No image is of one grey, or nearly.")
    st.subheader("Images without a face", anchor="faceless")
    _faceless(opened)


def _first() -> None:
    """Begin at the first page again; for choices that change."""
    data_tiles.first_page(*map(_page, KINDS))


def _page(kind: str) -> str:
    return f"page-{kind.replace(' ', '-')}"


def _figures(found: Audit, groups: Groups) -> None:
    others = [split for split in found.faces.splits if split != TRAINING]
    figures = {
        "Groups": len(groups.groups),
        "Images in them": groups.images,
        "Groups with conflicting labels": len(groups.conflicting),
        "Groups across splits": len(groups.crossing),
    } | {f"{split} images with a twin in Training": len(groups.twins(split, TRAINING)) for split in others}
    with st.container(horizontal=True, gap="large"):
        for name, number in figures.items():
            st.metric(name, f"{number:,}", width="content")


def _groups(opened: Opened, groups: tuple[Group, ...], kind: str, blank: "np.ndarray") -> None:
    if not groups:
        st.info("There is no such group.", icon=":material/check:")
        return
    table_downloads.draw(groups_table(opened.faces, Groups(groups)), f"{opened.file}-{kind}", f"Groups of {kind} in {opened.faces.name}")
    shown = data_tiles.page_of(len(groups), GROUPS, _page(kind))
    for number, group in enumerate(groups[shown], start=shown.start + 1):
        marks = (":orange-badge[labels conflict] " if group.conflicting else "") + (":blue-badge[across splits] " if group.crosses else "")
        marks += ":gray-badge[shows nothing]" if blank[group.rows[0]] else ""
        st.markdown(f"**{number}.** {len(group.rows)} images {marks}")
        tiles = [
            face_tile(opened.faces, row, f"{opened.faces.ids[row]}: {_label(opened, row)}, {opened.faces.split[row]}")
            for row in group.rows[:IMAGES]
        ]
        data_tiles.row(tiles, key=f"group-{kind}-{number}")


def _label(opened: Opened, row: int) -> str:
    from fer_engine.labels import NAMES

    return NAMES[opened.faces.labels[row]]


def _images(opened: Opened, rows: "np.ndarray", what: str, none: str) -> None:
    if not len(rows):
        st.info(none, icon=":material/check:")
        return
    st.markdown(f"**{len(rows):,}** of {len(opened.faces):,} images.")
    shown = data_tiles.page_of(len(rows), IMAGES, f"page-{what}")
    tiles = [
        face_tile(opened.faces, int(row), f"{opened.faces.ids[row]}: {_label(opened, int(row))}, {opened.faces.split[row]}")
        for row in rows[shown]
    ]
    data_tiles.draw(tiles, f"{opened.file}-{what}", key=what)


def _faceless(opened: Opened) -> None:
    scores = data_checks.face_scores(opened)
    if scores is not None:
        rows = (scores < FACELESS_BELOW).nonzero()[0]
        _images(opened, rows, "faceless", "The detector sees a face in every image.")
