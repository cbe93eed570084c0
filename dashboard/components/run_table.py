"""The table of all runs: its filter, its rows, the choice of one, which the page's address keeps, and of several to compare."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard import links
from dashboard.components import run_compare, run_gallery, table_downloads
from dashboard.run_listing import COLUMNS, Row, chosen, origin, table
from dashboard.text import plain

CHOICE = "run"  # in the page's address
TABLE = "runs-table"
MARKED = "runs-marked"  # keys of the runs whose boxes are ticked, those that a filter hides, too
_HELP = {
    "Recipe and changes": "The recipe that the run comes nearest to, and the fields that it changes.",
    "Best epoch": "The epoch whose weights are kept.",
    "Accuracy": "On the validation split, in percent. How it came about says the column 'Protocol'; compare within one protocol alone.",
    "95% interval": "Of the accuracy, in percent, after Wilson: over faces, for one training.",
    "By epoch": "Validation accuracy after each epoch, without test-time augmentation; all rows have one scale.",
    "Protocol": "Split and number of faces, what epoch and calibration were chosen on, test-time augmentation, seeds.",
    "Seconds": "Time that training took, or has taken so far.",
    "Date": "When it was finished, or last written to.",
    "From": "Ships with the project, ships as a row of an ablation study, or is your own.",
}


def draw(rows: Sequence[Row]) -> Row | None:
    """Draw filter, table and choice; gives the chosen run, or None."""
    gone = links.follow(CHOICE, [row.key for row in rows])  # before the table ticks what is open
    shown = chosen(rows, *_filter(rows))
    if shown:
        _table(shown, _marked(rows))
    else:
        st.info("No run passes this filter. Empty it, or take one part back.", icon=":material/filter_alt_off:")
    run_compare.several(rows, _marked(rows))
    return _choice(rows, gone)


def choose(key: str | None) -> None:
    """Open the run of that key, or close the one that is open; for callbacks, which come before the page is drawn."""
    if key != st.session_state.get(CHOICE):
        run_gallery.first_page()
    st.session_state[CHOICE] = key


def _marked(rows: Sequence[Row]) -> list[str]:
    """The keys of the runs that are to be compared, two or more; none where fewer are ticked."""
    known = {row.key for row in rows}
    keys = [key for key in st.session_state.get(MARKED, []) if key in known]
    return keys if len(keys) > 1 else []


def _filter(rows: Sequence[Row]) -> tuple[list[str], list[str], list[str], list[str], str]:
    values: tuple[tuple[str, Callable[[Row], str]], ...] = (
        ("Model", lambda row: row.run.spec.model),
        ("Head", lambda row: row.run.spec.head),
        ("Status", lambda row: row.state),
        ("From", lambda row: origin(row.run)),
    )
    picked = []
    with st.container(horizontal=True, gap="small"):
        hint = "What must stand in a row, such as: seed 1"
        words = st.text_input("Find", key="find", bind="query-params", placeholder="name, field or value", help=hint, width=260)
        for label, value in values:
            options = sorted({value(row) for row in rows})
            key = f"only-{label.lower()}"
            picked.append(st.multiselect(label, options, key=key, bind="query-params", placeholder="all", width=150))
    return picked[0], picked[1], picked[2], picked[3], words or ""


def _table(rows: tuple[Row, ...], marked: list[str]) -> None:
    frame = table(rows)
    # Before its list below is drawn for the first time, the choice is in the address alone.
    key = st.session_state[CHOICE] if CHOICE in st.session_state else st.query_params.get(CHOICE)
    ticked = [number for number, row in enumerate(rows) if row.key in marked or (not marked and row.key == key)]
    selected, cells = _selection()
    if cells or sorted(selected) != ticked:
        st.session_state[TABLE] = {"selection": {"rows": ticked, "columns": [], "cells": []}}
    st.dataframe(
        frame,
        key=TABLE,
        hide_index=True,
        on_select=partial(_row_clicked, [row.key for row in rows]),
        selection_mode=("multi-row", "single-cell"),
        column_config=_columns(frame["By epoch"]),
        placeholder="",
        alt=f"{len(rows)} runs; to open one by keyboard, use the list below the table",
    )
    table_downloads.draw(frame.drop(columns="By epoch"), "runs", "All runs that pass the filter, accuracies in percent")


def _row_clicked(keys: list[str]) -> None:
    """A click on a cell opens its row's run, as the only tick in a box does; more ticks than one are runs to compare."""
    rows, cells = _selection()
    if cells:
        choose(keys[cells[0][0]])
        return
    hidden = [key for key in st.session_state.get(MARKED, []) if key not in keys]
    ticked = hidden + [keys[number] for number in rows if number < len(keys)]
    st.session_state[MARKED] = ticked
    if len(ticked) < 2:
        choose(ticked[0] if ticked else None)


def _selection() -> tuple[list[int], list[tuple[int, str]]]:
    """The rows and the cells that are selected."""
    if TABLE not in st.session_state:
        return [], []
    selection = st.session_state[TABLE]["selection"]
    return list(selection["rows"]), list(selection["cells"])


def _columns(curves: Any) -> dict[str, Any]:
    config = st.column_config
    values = [value for curve in curves for value in curve] or [0.0, 100.0]
    kinds: dict[str, Callable[..., Any]] = {
        "Run": partial(config.TextColumn, pinned=True),
        "Recipe and changes": partial(config.TextColumn, width="medium"),
        "Accuracy": partial(config.NumberColumn, format="%.1f%%"),
        "By epoch": partial(config.LineChartColumn, width="small", y_min=min(values), y_max=max(values)),
        "Seconds": partial(config.NumberColumn, format="localized"),
        "Date": partial(config.DatetimeColumn, format="YYYY-MM-DD HH:mm", timezone=st.context.timezone),
    }
    return {name: kinds.get(name, config.Column)(name, help=_HELP.get(name)) for name in COLUMNS}


def _choice(rows: Sequence[Row], gone: str) -> Row | None:
    by_key = {row.key: row for row in rows}
    key = st.selectbox(
        "Open a run",
        list(by_key),
        index=None,
        key=CHOICE,
        bind="query-params",
        placeholder="click a row of the table, or choose here",
        on_change=run_gallery.first_page,
    )
    if gone:
        st.warning(f"There is no run '{plain(gone)}' here that can be read.", icon=":material/link_off:")
    return by_key.get(key) if key else None
