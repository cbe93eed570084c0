"""Figures of an ablation study. Knows no Streamlit."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.charts import MODEL_COLORS, QUIET, calm
from dashboard.text import percent


@dataclass(frozen=True)
class Mark:
    """A setting as the chart shows it. Shares from 0 to 1.

    Attributes:
        title: The setting.
        paper: The paper's figure, or None.
        accuracy: Ours, or None where it has not been run.
        low: Lower end of its 95% interval.
        high: Upper end.
    """

    title: str
    paper: float | None = None
    accuracy: float | None = None
    low: float = 0.0
    high: float = 0.0


def settings(marks: Sequence[Mark], split: str) -> go.Figure:
    """Settings in the study's order from top to bottom: the paper's figure as an open diamond, ours as a dot with its interval.

    Args:
        marks: The settings; those without any figure keep their place.
        split: What ours were measured on.
    """
    figure = go.Figure()
    printed = [mark for mark in marks if mark.paper is not None]
    ours = [mark for mark in marks if mark.accuracy is not None]
    if printed:
        figure.add_trace(
            go.Scatter(
                x=[100 * mark.paper for mark in printed if mark.paper is not None],
                y=[mark.title for mark in printed],
                mode="markers",
                name="the paper, on PrivateTest (another split)",
                marker={"symbol": "diamond-open", "size": 10, "color": QUIET, "line": {"width": 2}},
                hovertemplate="%{y}: %{x:.4g}% of PrivateTest, says the paper<extra></extra>",
            )
        )
    if ours:
        figure.add_trace(_ours(ours, split))
    titles = [mark.title for mark in marks]
    figure.update_layout(
        xaxis={"title": "Accuracy (%)"},
        yaxis={"type": "category", "categoryorder": "array", "categoryarray": titles[::-1], "range": [-0.6, len(titles) - 0.4]},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    )
    return calm(figure, height=42 * len(marks) + 120, top=52, legend=True)


def _ours(marks: Sequence[Mark], split: str) -> go.Scatter:
    values = [100 * mark.accuracy for mark in marks if mark.accuracy is not None]
    highs, lows = [100 * mark.high for mark in marks], [100 * mark.low for mark in marks]
    return go.Scatter(
        x=values,
        y=[mark.title for mark in marks],
        mode="markers+text",
        name=f"measured here, on {split}, with 95% interval",
        text=[percent(value / 100) for value in values],
        textposition="top center",
        marker={"size": 10, "color": MODEL_COLORS["A"]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - value for high, value in zip(highs, values, strict=True)],
            "arrayminus": [value - low for low, value in zip(lows, values, strict=True)],
            "thickness": 2,
            "width": 5,
        },
        hovertemplate="%{y}: %{x:.2f}%<extra></extra>",
    )


def told(marks: Sequence[Mark]) -> str:
    """The same in words, for those who do not see it."""
    words = []
    for mark in marks:
        paper = "" if mark.paper is None else f"paper {percent(mark.paper)}, "
        ours = "not run" if mark.accuracy is None else f"ours {percent(mark.accuracy)} ({percent(mark.low)} to {percent(mark.high)})"
        words.append(f"{mark.title}: {paper}{ours}")
    return "; ".join(words)
