"""One widget for each field of a spec, made from data: a field that joins the spec joins the form."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from dashboard.components.train_draft import Base, numbers_of, pairs_of
from fer_engine.experiments.fields import GROUPS, TOLD, SpecField, spec_fields
from fer_engine.experiments.spec import field_paths

COLUMNS = 3


def draw(base: Base) -> dict[str, Any]:
    """Draw the fields in their groups, filled from the base.

    Returns:
        The values by dotted name, as `fer_engine.experiments.spec.override` takes them.
    """
    usual = field_paths(base.spec)
    order = (list(dict.fromkeys(GROUPS.values())), list(TOLD))
    fields = sorted(spec_fields(type(base.spec)), key=lambda field: (_place(field.group, order[0]), _place(field.path, order[1])))
    values: dict[str, Any] = {}
    for group, members in groupby(fields, key=lambda field: field.group):
        st.markdown(f"**{group}**")
        fixed = group == "Network" and base.starts_from is not None
        if fixed and base.starts_from:
            st.caption(f"The layers are those of {base.starts_from.name}, whose weights this run starts from.")
        for number, field in enumerate(members):
            if number % COLUMNS == 0:
                columns = st.columns(COLUMNS, vertical_alignment="bottom")  # a row at a time, so that widgets stand in lines
            with columns[number % COLUMNS]:
                values[field.path] = _widget(field, usual[field.path], f"{base.key}-{field.path}", fixed)
    return values


def _place(name: str, known: list[str]) -> int:
    return known.index(name) if name in known else len(known)


def _widget(field: SpecField, value: Any, key: str, fixed: bool) -> Any:
    """The widget that fits a field's kind; it keeps its value while the visitor is elsewhere."""
    shared: dict[str, Any] = {"key": key, "help": f"`{field.path}` {field.told.help}", "disabled": fixed, "persist_state": "session"}
    if field.kind == "choice":
        return st.selectbox(field.label, field.choices, index=field.choices.index(value), **shared)
    if field.kind == "switch":
        return st.toggle(field.label, value, **shared)
    if field.kind == "whole":
        return st.number_input(field.label, value=value, step=1, **shared)
    if field.kind == "number":
        return st.number_input(field.label, value=value, step=_step(value), format="%g", **shared)
    if field.kind in ("list", "pairs"):
        write, read = (_told, numbers_of) if field.kind == "list" else (_pairs_told, pairs_of)
        return read(st.text_input(field.label, write(value), placeholder="none", **shared) or "")
    return st.text_input(field.label, value, **shared)


def _told(numbers: Sequence[Any]) -> str:
    return ", ".join(map(str, numbers))


def _pairs_told(pairs: Sequence[Sequence[Any]]) -> str:
    return _told(["-".join(map(str, pair)) for pair in pairs])


def _step(value: float | None) -> float:
    """A step of the value's own size: 0.01 for 0.05, 1 for 10."""
    return 10.0 ** math.floor(math.log10(abs(value))) if value else 0.05
