"""A data set in Plotly: exposure and focus of its images, what its faults cost. Knows no Streamlit."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from dashboard.charts import MODEL_COLORS, QUIET, calm
from dashboard.text import percent
from fer_engine.data.audit_votes import CHOICES
from fer_engine.data.faceset import SPLITS
from fer_engine.labels import COLORS, NAMES

if TYPE_CHECKING:
    from fer_engine.data.audit_costs import Cost
    from fer_engine.data.audit_quality import Quality

SPLIT_COLORS = dict(zip(SPLITS, (MODEL_COLORS["A"], MODEL_COLORS["B"], QUIET), strict=True))
_DASHES = dict(zip(SPLITS, ("solid", "dash", "dot"), strict=True))
CHOICE_COLORS = COLORS | {"contempt": "#6B4C9A", "unknown": QUIET, "no face": "#4A4F5C"}
_PATTERNS = {"unknown": "/", "no face": "x"}  # or they were hard to tell from neutral's grey
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


def agreement_bars(agreeing: np.ndarray, split: np.ndarray) -> go.Figure:
    """Share of each split's faces by how many of ten annotators agree, a bar a split and number.

    Args:
        agreeing: (N,) annotators of ten who chose what most of them chose.
        split: (N,) the faces' splits.
    """
    figure, numbers = go.Figure(), np.arange(11)
    for own in (each for each in SPLITS if (split == each).any()):
        shares = 100 * np.bincount(agreeing[split == own], minlength=11) / (split == own).sum()
        bar = go.Bar(x=numbers, y=shares, name=own, marker_color=SPLIT_COLORS[own])
        figure.add_trace(bar.update(hovertemplate=f"{own}, %{{x}} of 10 agree: %{{y:.1f}}% of its faces<extra></extra>"))
    least = int(agreeing.min()) if len(agreeing) else 0
    figure.update_layout(
        xaxis={"title": "Annotators of ten who agree", "dtick": 1, "range": [least - 0.6, 10.6]},
        yaxis={"title": "Share of the split's faces (%)", "rangemode": "tozero"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        barmode="group",
    )
    return calm(figure, height=290, top=36, legend=True)


def vote_bars(shares: np.ndarray) -> go.Figure:
    """How the votes for the faces of each label are spread: a bar a label, a piece of it a choice, named where there is room.

    Args:
        shares: (7, 10) mean shares, a row a label and a column a choice.
    """
    figure = go.Figure()
    for number, choice in enumerate(CHOICES):
        values = 100 * shares[:, number]
        bar = go.Bar(
            x=values,
            y=list(NAMES),
            name=choice,
            orientation="h",
            marker={"color": CHOICE_COLORS[choice], "pattern": {"shape": _PATTERNS.get(choice, "")}},
            text=[
                f"{choice} {value:.0f}%" if value >= (8 if choice == label else 15) else ""
                for label, value in zip(NAMES, np.nan_to_num(values), strict=True)
            ],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
        )
        figure.add_trace(bar.update(hovertemplate=f"labelled %{{y}}: %{{x:.1f}}% of the votes for {choice}<extra></extra>"))
    figure.update_layout(
        barmode="stack",
        xaxis={"title": "Mean share of the FER+ votes (%)", "range": [0, 100]},
        yaxis={"title": "Label", "categoryorder": "array", "categoryarray": list(NAMES)},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    return calm(figure, height=len(NAMES) * 38 + 130, top=76, legend=True)


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
        cliponaxis=False,  # or the words at 0 and 100% would be cut
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
        xaxis={"title": "Accuracy (%)", "range": [-4, 106], "tickvals": [0, 20, 40, 60, 80, 100]},
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
