"""A data set in Plotly: exposure and focus of its images, what its faults cost. Knows no Streamlit."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from dashboard.charts import MODEL_COLORS, QUIET, calm
from dashboard.text import percent
from fer_engine.data.faceset import SPLITS

if TYPE_CHECKING:
    from fer_engine.data.audit_costs import Cost
    from fer_engine.data.audit_quality import Quality

SPLIT_COLORS = dict(zip(SPLITS, (MODEL_COLORS["A"], MODEL_COLORS["B"], QUIET), strict=True))
_DASHES = dict(zip(SPLITS, ("solid", "dash", "dot"), strict=True))
# What is measured, with its unit, and the bins' edges; values beyond the last edge are counted in the last bin.
MEASURES = {
    "brightness": ("Mean of the pixels (grey levels)", np.linspace(0, 256, 65)),
    "contrast": ("Standard deviation (grey levels)", np.linspace(0, 128, 65)),
    "sharpness": ("Variance of Laplacian / of pixels", np.linspace(0, 3, 61)),
}


def quality_histogram(quality: "Quality", split: np.ndarray, name: str) -> go.Figure:
    """Shares of each split's images by brightness, contrast or sharpness, a line a split.

    Args:
        quality: Of N images.
        split: (N,) their splits.
        name: One of `MEASURES`.
    """
    title, edges = MEASURES[name]
    values = np.clip(getattr(quality, name), edges[0], np.nextafter(edges[-1], 0))
    figure = go.Figure()
    for own in (each for each in SPLITS if (split == each).any()):
        chosen = values[split == own]
        line = go.Scatter(
            x=(edges[:-1] + edges[1:]) / 2,
            y=100 * np.histogram(chosen, edges)[0] / len(chosen),
            mode="lines",
            name=own,
            line={"color": SPLIT_COLORS[own], "dash": _DASHES[own], "width": 2.5, "shape": "hvh"},
            hovertemplate=f"{own}, about %{{x:.3g}}: %{{y:.2f}}% of its images<extra></extra>",
        )
        figure.add_trace(line)
    figure.update_layout(
        xaxis={"title": title, "range": [edges[0], edges[-1]]},
        yaxis={"title": "Share of the split's images (%)", "rangemode": "tozero"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    )
    return calm(figure, height=290, top=36, legend=True)


def cost_bars(rows: Sequence["Cost"]) -> go.Figure:
    """One run's accuracy on each kind of faces, a dot with its 95% interval each; the first kind, all faces, as a line across.

    Args:
        rows: The kinds of one run, all faces first.
    """
    known = [row for row in rows if row.accuracy is not None]
    accuracies = [100 * (row.accuracy or 0.0) for row in known]
    names = [f"{row.faces} (n = {row.n:,})" for row in known]
    dots = go.Scatter(
        x=accuracies,
        y=names,
        mode="markers+text",
        text=[percent(accuracy / 100) for accuracy in accuracies],
        textposition="top center",
        marker={"size": 10, "color": MODEL_COLORS["A"]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * row.high - accuracy for row, accuracy in zip(known, accuracies, strict=True)],
            "arrayminus": [accuracy - 100 * row.low for row, accuracy in zip(known, accuracies, strict=True)],
            "thickness": 2,
            "width": 5,
        },
        hovertemplate="%{y}: %{x:.1f}%<extra></extra>",
    )
    figure = go.Figure(dots)
    if accuracies:
        figure.add_vline(x=accuracies[0], line={"color": QUIET, "dash": "dot", "width": 1.5})
    figure.update_layout(
        xaxis={"title": "Accuracy (%)", "range": [0, 101]},
        yaxis={
            "categoryorder": "array",
            "categoryarray": names[::-1],
            "range": [-0.6, len(names) - 0.3],
            "tickvals": names,
            # A narrow page has no room for them in one line.
            "ticktext": ["<br>".join(wrap(name.replace(" = ", "\u00a0=\u00a0"), 24)) for name in names],
        },
    )
    return calm(figure, height=52 * len(known) + 64, top=12)
