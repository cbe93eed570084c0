"""Data in, Plotly figures out. Knows no Streamlit; colours of text and grid are left to the page's theme, light or dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard.text import percent, probability
from fer_engine.labels import COLORS, NAMES

# Two that differ from every emotion's colour, on white and on near black. They are about as light as each other, so that
# what they tell apart is told apart by a mark, a dash or words, too.
MODEL_COLORS = {"A": "#6C6FE0", "B": "#B07A2E"}
QUIET = "#8A8F9C"  # for what is there to compare with; readable on both backgrounds
ROW = 29  # pixels a bar with its gap


@dataclass(frozen=True)
class Accuracy:
    """One model's accuracy, as the chart shows it. Shares from 0 to 1.

    Attributes:
        name: The run's name.
        accuracy: What was measured.
        low: Lower end of its 95% interval.
        high: Upper end.
        paper: The paper's figure on PrivateTest, or None.
    """

    name: str
    accuracy: float
    low: float
    high: float
    paper: float | None = None


@dataclass(frozen=True)
class Sparsity:
    """How many units of each layer are zero, for one model and one face.

    Attributes:
        slot: 'A' or 'B'.
        name: The run's name.
        layers: Names of the layers with weights, in order.
        share_zero: Share of zeros per layer, from 0 to 1.
    """

    slot: str
    name: str
    layers: Sequence[str]
    share_zero: Sequence[float]


def download_config(name: str, image_format: str = "png") -> dict[str, Any]:
    """Plotly's settings: no zoom, and a button that saves the figure under this name, 'png' or 'svg'."""
    return {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "scrollZoom": False,
        "toImageButtonOptions": {"format": image_format, "filename": name, "scale": 3 if image_format == "png" else 1},
    }


def probability_bars(probabilities: Sequence[float]) -> go.Figure:
    """Seven bars in class order, each in its emotion's colour with its probability beside it.

    Args:
        probabilities: (7,), from 0 to 1.
    """
    figure = go.Figure(_bars(100 * value for value in probabilities))
    figure.data[0].text = [probability(value) for value in probabilities]
    figure.update_layout(xaxis={"range": [0, 114], "title": "Probability (%)", "tickvals": [0, 25, 50, 75, 100]})
    return calm(figure, height=len(NAMES) * ROW + 48)


def class_distribution(counts: dict[str, int], longest: float) -> go.Figure:
    """One split's faces per emotion: bars of the share, labelled with count and share.

    Args:
        counts: Faces per emotion.
        longest: The highest share of all splits shown side by side, from 0 to 1, so that their bars share one scale.
    """
    total = sum(counts.values())
    shares = [counts[name] / total for name in NAMES]
    figure = go.Figure(_bars(100 * share for share in shares))
    ticks = list(range(0, round(100 * longest) + 1, 10 if longest <= 0.3 else 20))  # under the bars, not under their labels
    figure.data[0].text = [f"{counts[name]:,} · {percent(share)}" for name, share in zip(NAMES, shares, strict=True)]
    figure.update_layout(xaxis={"range": [0, 178 * longest], "title": "Share of the split's faces (%)", "tickvals": ticks})
    return calm(figure, height=len(NAMES) * ROW + 48)


def accuracies(rows: Sequence[Accuracy], split: str) -> go.Figure:
    """A dot with its 95% interval for each model, best on top; the paper's figures as open diamonds."""
    names = [row.name for row in rows]
    values = [100 * row.accuracy for row in rows]
    figure = go.Figure()
    known = [row for row in rows if row.paper is not None]
    if known:
        paper = go.Scatter(
            x=[100 * row.paper for row in known if row.paper is not None],
            y=[row.name for row in known],
            mode="markers",
            name="the paper, on PrivateTest (another split)",
            marker={"symbol": "diamond-open", "size": 9, "color": QUIET, "line": {"width": 2}},
            hovertemplate="%{y}: %{x:.1f}% of PrivateTest, says the paper<extra></extra>",
        )
        figure.add_trace(paper)
    figure.add_trace(
        go.Scatter(
            x=values,
            y=names,
            mode="markers+text",
            name=f"measured here, on {split}, with 95% interval",
            text=[percent(row.accuracy) for row in rows],
            textposition="top center",
            marker={"size": 10, "color": MODEL_COLORS["A"]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100 * (row.high - row.accuracy) for row in rows],
                "arrayminus": [100 * (row.accuracy - row.low) for row in rows],
                "thickness": 2,
                "width": 5,
            },
            hovertemplate="%{y}: %{x:.1f}%<extra></extra>",
        )
    )
    figure.update_layout(
        xaxis={"title": "Accuracy (%)", "ticksuffix": ""},
        yaxis={"categoryorder": "array", "categoryarray": names[::-1], "range": [-0.6, len(names) - 0.3]},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "traceorder": "reversed"},
    )
    return calm(figure, height=44 * len(rows) + (110 if known else 74), top=52 if known else 16, legend=bool(known))


def zeros_by_depth(models: Sequence[Sparsity]) -> go.Figure:
    """Share of zeros against depth, a line a model: does deeper mean sparser?"""
    figure = go.Figure()
    for model in models:
        depth = list(range(1, len(model.layers) + 1))
        figure.add_trace(
            go.Scatter(
                x=depth,
                y=[100 * share for share in model.share_zero],
                customdata=list(model.layers),
                mode="lines+markers",
                name=f"{model.slot}: {model.name}",
                line={"color": MODEL_COLORS[model.slot], "width": 2.5, "dash": "solid" if model.slot == "A" else "dot"},
                marker={"size": 8, "symbol": "circle" if model.slot == "A" else "square"},
                hovertemplate="%{customdata}: %{y:.0f}% zeros<extra>" + f"{model.slot}: {model.name}</extra>",
            )
        )
    deepest = max((len(model.layers) for model in models), default=1)
    figure.update_layout(
        xaxis={"title": "Depth (layers with weights)", "range": [0.7, deepest + 0.3], "dtick": 1 if deepest < 15 else 5},
        yaxis={"title": "Share of zeros (%)", "range": [0, 104], "tickvals": [0, 25, 50, 75, 100]},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    )
    return calm(figure, height=290, top=34, legend=True)


def _bars(lengths: Any) -> go.Bar:
    return go.Bar(
        x=list(lengths),
        y=list(NAMES),
        orientation="h",
        marker={"color": [COLORS[name] for name in NAMES]},
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
        width=0.72,
    )


def calm(figure: go.Figure, *, height: int, top: int = 4, legend: bool = False) -> go.Figure:
    """What all figures share: no background, no zoom by mistake, thin grid, classes from top to bottom."""
    figure.update_layout(
        height=height,
        margin={"t": top, "r": 8, "b": 44, "l": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=legend,
        dragmode=False,
        bargap=0.2,
        hoverlabel={"namelength": -1},
        autotypenumbers="strict",  # a run may be called 2024
    )
    figure.update_xaxes(fixedrange=True, zeroline=False, title_standoff=6, gridcolor="rgba(138,143,156,0.22)", automargin=True)
    figure.update_yaxes(fixedrange=True, zeroline=False, automargin=True, ticklabelstandoff=6, gridcolor="rgba(138,143,156,0.22)")
    if figure.data and isinstance(figure.data[0], go.Bar) and figure.data[0].orientation == "h":
        figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure
