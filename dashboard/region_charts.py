"""Shares of maps on regions of a face: as bars, as a table, in words. Knows no Streamlit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import MODEL_COLORS, QUIET, calm
from dashboard.text import probability
from fer_engine.explain.regions import REGIONS, TITLES

if TYPE_CHECKING:
    from fer_engine.explain.regions import RegionShare

Shares = Mapping[str, tuple["RegionShare", ...]]
ROW = 19  # pixels a bar


def region_bars(found: Shares, slot: str) -> go.Figure:
    """For each region a bar a map, labelled with share and share / area, and below them a grey one of the region's area.

    Args:
        found: Shares in the order of `REGIONS`, by what the map is called; one map or two.
        slot: 'A' or 'B', for the colour.
    """
    figure = go.Figure()
    for number, (title, shares) in enumerate(found.items()):
        color = MODEL_COLORS[slot] if number == 0 else _lighter(MODEL_COLORS[slot])
        figure.add_trace(_bars(title, [100 * (item.share or 0) for item in shares], [_told(item) for item in shares], color))
    areas = next(iter(found.values()))
    figure.add_trace(_bars("area", [100 * item.area for item in areas], [probability(item.area) for item in areas], QUIET))
    longest = 100 * max(max(item.share or 0, item.area) for shares in found.values() for item in shares)
    figure.update_layout(
        xaxis={"title": "Share of the map, of the picture (%)", "range": [0, 1.6 * longest]},
        legend={"x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        barmode="group",
    )
    bars = len(found) + 1
    return calm(figure, height=len(REGIONS) * (ROW * bars + 12) + 22 * bars + 58, top=22 * bars + 6, legend=True)


def _bars(title: str, lengths: list[float], told: list[str], color: str) -> go.Bar:
    return go.Bar(
        x=lengths,
        y=[TITLES[name] for name in REGIONS],
        name=title,
        orientation="h",
        marker={"color": color},
        text=told,
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra>" + title + "</extra>",
    )


def _lighter(color: str) -> str:
    """A colour at half strength, which is lighter on white and darker on black."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.5)"


def region_table(found: Shares) -> pd.DataFrame:
    """A row for each map and region: shares and areas in percent, and their ratio."""
    rows = [
        {
            "Map": title,
            "Region": TITLES[item.region],
            "Share (%)": None if item.share is None else round(100 * item.share, 2),
            "Area (%)": round(100 * item.area, 2),
            "Share / area": None if item.ratio is None else round(item.ratio, 3),
        }
        for title, shares in found.items()
        for item in shares
    ]
    return pd.DataFrame(rows)


def told(found: Shares) -> str:
    """The same in words, for a screen reader."""
    return " ".join(f"{title}: {', '.join(f'{TITLES[item.region]} {_told(item)}' for item in shares)}." for title, shares in found.items())


def _told(item: "RegionShare") -> str:
    if item.share is None:
        return "none"
    return probability(item.share) if item.ratio is None else f"{probability(item.share)} · ×{item.ratio:.1f}"
