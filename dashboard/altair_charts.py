"""Figures that must bear a click or grow while one looks: Altair, which Streamlit redraws in place. Knows no Streamlit."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import altair as alt
import numpy as np
import pandas as pd

from dashboard.compare_cells import difference_cells
from dashboard.run_charts import (
    AND_LINE,
    LINES,
    Against,
    Quantity,
    confusion_cells,
    end_labels,
    history_values,
    line_title,
    quantity_title,
    time_axis,
)
from fer_engine.experiments.spec import RunSpec
from fer_engine.labels import NAMES

CELL = "cell"  # the selection: st.altair_chart(..., on_select="rerun").selection.cell is [{"label": ..., "answer": ...}]


def confusion_matrix(counts: np.ndarray, *, shares: bool, dark: bool = False, names: Sequence[str] = NAMES) -> alt.LayerChart:
    """A confusion matrix with its number in each cell; a click selects a cell, a click beside it lets it go.

    Args:
        counts: (7, 7), a row a label and a column an answer.
        shares: Tell and colour by the share of the row instead of by faces.
        dark: For a dark page.
        names: The emotions to show; there are no faces of the others.
    """
    unit = "share of the label's faces" if shares else "faces"
    tooltip = [
        alt.Tooltip("count:Q", title="Faces", format=","),
        alt.Tooltip("share:Q", title="Share of the label's faces", format=".1%"),
    ]
    cells = [asdict(cell) for cell in confusion_cells(counts, shares=shares, dark=dark) if {cell.label, cell.answer} <= set(names)]
    return _clickable(cells, f"Answer ({unit})", tooltip)


def confusion_difference(difference: np.ndarray, *, dark: bool = False) -> alt.LayerChart:
    """Confusion of model B minus model A, in the colour of the one that the cell speaks for; clicks as in `confusion_matrix`.

    Args:
        difference: Faces (7, 7), a row a label and a column an answer.
        dark: For a dark page.
    """
    tooltip = [alt.Tooltip("told:N", title="Faces, B − A"), alt.Tooltip("better:N", title="Better here")]
    return _clickable([asdict(cell) for cell in difference_cells(difference, dark=dark)], "Answer (faces, B − A)", tooltip)


def _clickable(cells: list[dict[str, Any]], title: str, tooltip: list[alt.Tooltip]) -> alt.LayerChart:
    """A matrix of labels and answers with a number in each cell; a click selects one."""
    picked = alt.selection_point(name=CELL, fields=["label", "answer"], on="click", clear="dblclick", empty=False)
    base = alt.Chart(pd.DataFrame(cells)).encode(
        x=alt.X("answer:N", sort=list(NAMES), title=title, axis=alt.Axis(labelAngle=0, ticks=False, domain=False)),
        y=alt.Y("label:N", sort=list(NAMES), title="Label", axis=alt.Axis(ticks=False, domain=False)),
    )
    fill = base.mark_rect(cursor="pointer", cornerRadius=3).encode(
        color=alt.Color("fill:N", scale=None),
        stroke=alt.when(picked).then(alt.value("#E69F00")).otherwise(alt.value("transparent")),
        strokeWidth=alt.value(3),
        tooltip=[alt.Tooltip("label:N", title="Label"), alt.Tooltip("answer:N", title="Answer"), *tooltip],
    )
    number = base.mark_text(fontSize=13).encode(text="told:N", color=alt.Color("ink:N", scale=None))
    return as_vectors(alt.layer(fill.add_params(picked), number).properties(height=round(len(cells) ** 0.5) * 46 + 60))


def as_vectors(chart: alt.LayerChart | alt.FacetChart) -> alt.LayerChart:
    """The chart drawn as SVG and not as pixels, so that the page can save what it shows (`figure_formats.js`)."""
    return cast(alt.LayerChart, chart.properties(usermeta={"embedOptions": {"renderer": "svg"}}))


def live_curves(history: pd.DataFrame, quantity: Quantity, against: Against = "epochs", *, spec: RunSpec | None = None) -> alt.LayerChart:
    """Training and validation so far, named with their last value at their ends; arguments as `run_charts.history_curves`."""
    axis, values, title = time_axis(history, against), history_values(history, quantity), quantity_title(quantity, spec)
    named = {name: line_title(name, quantity, spec) for name in values}
    epochs = history["epoch"].to_numpy()
    tables = [{"x": axis.values, "y": line, "line": name, "named": named[name], "epoch": epochs} for name, line in values.items()]
    rows = pd.concat([pd.DataFrame(table) for table in tables])
    x = alt.X("x:Q", title=axis.title, axis=alt.Axis(tickMinStep=1 if against == "epochs" else 0, grid=False), scale=alt.Scale(zero=True))
    y = alt.Y("y:Q", title=title.split(AND_LINE), scale=alt.Scale(zero=False, padding=12))
    color = alt.Color("line:N", scale=alt.Scale(domain=list(LINES), range=list(LINES.values())), legend=None)
    base = alt.Chart(rows).encode(x=x, y=y, color=color)
    dash = alt.StrokeDash("line:N", scale=alt.Scale(domain=list(LINES), range=[[6, 4], [1, 0]]), legend=None)
    line = base.mark_line(strokeWidth=2.5).encode(strokeDash=dash)
    value = alt.Tooltip("y:Q", title=title.split(AND_LINE)[0], format=".4~g")
    tooltip = [alt.Tooltip("named:N", title="Line"), alt.Tooltip("epoch:Q", title="Epoch"), value]
    points = base.mark_circle(size=42, opacity=1).encode(tooltip=tooltip)
    labels = [
        alt.Chart(pd.DataFrame([{"x": axis.values[-1], "y": values[end.name][-1], "line": end.name, "told": end.told}]))
        .mark_text(align="left", baseline="middle", dx=8, dy=-end.shift, fontSize=12)
        .encode(x=x, y=y, text="told:N", color=color)
        for end in end_labels(values, "%" if quantity == "accuracy" else "")
    ]
    return cast(alt.LayerChart, alt.layer(line, points, *labels).properties(height=260))
