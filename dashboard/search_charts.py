"""Figures of a search for an SVM's settings. Knows no Streamlit."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts import MODEL_COLORS, QUIET, calm

_CELL = 34  # pixels a row of a heat map


def heat_maps(
    means: np.ndarray, components: Sequence[int], rows: Sequence[str], prices: Sequence[float], best: tuple[int, int, int]
) -> go.Figure:
    """Accuracy by C and gamma, a panel for each number of components; the best cell has a frame.

    Args:
        means: (numbers of components, rows, prices), mean accuracies from 0 to 1; not a number where dropped.
        components: Numbers of components.
        rows: What the rows are called: values of gamma, or 'linear'.
        prices: Values of C.
        best: Place of the best cell.
    """
    columns = min(3, len(components))
    lines = -(-len(components) // columns)
    titles = [f"{number:,} components" for number in components]
    figure = make_subplots(lines, columns, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.02)
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    for place, panel in enumerate(means):
        words = [["" if np.isnan(value) else f"{100 * value:.1f}" for value in row] for row in panel]
        figure.add_trace(
            go.Heatmap(
                z=100 * panel,
                x=[f"{price:g}" for price in prices],
                y=list(rows),
                text=words,
                texttemplate="%{text}",
                coloraxis="coloraxis",
                hovertemplate="C %{x}, %{y}: %{z:.2f}%<extra></extra>",
            ),
            row=place // columns + 1,
            col=place % columns + 1,
        )
    number, row, column = best
    frame = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5, "line": {"color": "#D81B60", "width": 3}}
    figure.add_shape(type="rect", row=number // columns + 1, col=number % columns + 1, **frame)
    for column in range(1, columns + 1):
        figure.update_xaxes(title_text="C", row=lines, col=column)
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category")
    bar = {"title": {"text": "Accuracy (%)"}, "thickness": 12}
    figure = calm(figure, height=lines * (len(rows) * _CELL + 60) + 40, top=28)
    return figure.update_layout(coloraxis={"colorscale": "Cividis", "cmin": 100 * low, "cmax": 100 * high, "colorbar": bar})


def explained_variance(shares: Sequence[float], components: Sequence[int]) -> go.Figure:
    """Share of the variance that the leading components hold, marked at the numbers that the search tried.

    Args:
        shares: Share of the first 1, 2, ... components, from 0 to 1.
        components: Numbers that were tried.
    """
    numbers = np.arange(1, len(shares) + 1)
    curve = go.Scatter(x=numbers, y=100 * np.asarray(shares), mode="lines", line={"color": MODEL_COLORS["A"]})
    tried = [100 * shares[number - 1] for number in components]
    labels = [f"{share:.0f}%" for share in tried]
    places = {
        "mode": "markers+text",
        "text": labels,
        "textposition": "top left",
        "cliponaxis": False,
        "marker": {"color": MODEL_COLORS["A"], "size": 8},
    }
    figure = go.Figure([curve, go.Scatter(x=list(components), y=tried, **places)])
    figure.update_traces(hovertemplate="%{x:,} components: %{y:.1f}%<extra></extra>")
    # On a linear scale the first numbers, each about twice the one before, would lie on each other.
    span = {
        "title": "Principal components",
        "type": "log",
        "tickvals": [1, *components],
        "ticktext": ["1", *(f"{n:,}" for n in components)],
    }
    figure.update_layout(xaxis=span, yaxis={"title": "Variance explained (%)", "range": [0, 110]})
    return calm(figure, height=300)


def by_components(components: Sequence[int], means: Sequence[float], deviations: Sequence[float]) -> go.Figure:
    """The outer folds' accuracy for each number of components, with their spread.

    Args:
        components: Numbers of components.
        means: Mean accuracies over the outer folds, from 0 to 1.
        deviations: Their standard deviations.
    """
    figure = go.Figure(
        go.Scatter(
            x=[f"{number:,}" for number in components],
            y=100 * np.asarray(means),
            error_y={"type": "data", "array": 100 * np.asarray(deviations), "color": QUIET, "thickness": 1.5},
            mode="markers+text",
            text=[f"{100 * mean:.1f}" for mean in means],
            textposition="middle right",
            marker={"color": MODEL_COLORS["A"], "size": 9},
            hovertemplate="%{x} components: %{y:.2f}%<extra></extra>",
        )
    )
    span = {"title": "Principal components", "type": "category", "range": [-0.5, len(components) - 0.4]}
    figure.update_layout(xaxis=span, yaxis={"title": "Accuracy on the outer folds (%)"})
    return calm(figure, height=300)
