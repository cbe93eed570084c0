"""Runs side by side in Plotly. Knows no Streamlit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import plotly.graph_objects as go

from dashboard.charts import MODEL_COLORS, QUIET, calm
from dashboard.compare_cells import BETTER, NOTHING, difference_cells
from dashboard.compare_tables import points, points_interval
from dashboard.run_charts import EPOCH, Against, hexadecimal, matrix
from dashboard.text import percent
from fer_engine.labels import COLORS, N_CLASSES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.evaluation.comparison import Entrant, Pair
    from fer_engine.evaluation.comparison_faces import RecallChange
    from fer_engine.evaluation.comparison_trust import Coverage, Trust
    from fer_engine.evaluation.statistics import Interval

Quantity = Literal["valid_accuracy", "valid_loss", "train_accuracy"]
TITLES: dict[Quantity, str] = {
    "valid_accuracy": "Validation accuracy (%)",
    "valid_loss": "Validation loss (nats; squared hinge for SVM heads)",
    "train_accuracy": "Training accuracy (%)",
}
# Runs are told apart by colour, dash and mark together, so that no two of the first twelve look alike.
_COLORS = (MODEL_COLORS["A"], MODEL_COLORS["B"], "#2C8C99", "#A04E8C", "#75852B", "#777C89")
_DASHES = ("solid", "dash", "dot", "dashdot")
_MARKS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "x")
_LEAST = 0.01  # of a cost on a logarithmic axis; a fit of a moment is told as 0.0 s
_MIRROR = " (mirror image"  # begins what a pair's name says where one alone answers with mirror images
_LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}


@dataclass(frozen=True)
class Difference:
    """A difference with its 95% interval, shares from -1 to 1.

    Attributes:
        name: What differs.
        value: By how much.
        interval: Its interval.
        clear: Whether it is more than chance.
    """

    name: str
    value: float
    interval: "Interval"
    clear: bool


@dataclass(frozen=True)
class Spot:
    """A run in the chart of costs.

    Attributes:
        name: The run.
        cost: What it took, seconds or milliseconds.
        accuracy: From 0 to 1.
        front: Whether no other run is as cheap and as accurate.
    """

    name: str
    cost: float
    accuracy: float
    front: bool


def histories(runs: Mapping[str, "pd.DataFrame"], quantity: Quantity, against: Against) -> go.Figure:
    """One quantity of several trainings over each other, against epochs or time.

    Args:
        runs: A run's `history()` by its name.
        quantity: A column of it.
        against: 'epochs' or 'seconds'.
    """
    longest = max((rows["seconds"].sum() for rows in runs.values()), default=0)
    unit, seconds = ("s", 1) if longest < 180 else ("min", 60) if longest < 3 * 3600 else ("h", 3600)
    factor = 100 if quantity.endswith("accuracy") else 1
    figure = go.Figure()
    for number, (name, rows) in enumerate(runs.items()):
        x = rows["epoch"] if against == "epochs" else rows["seconds"].cumsum() / seconds
        hover = "epoch %{customdata}: %{y:.4g}<extra>" + name + "</extra>"
        y = factor * rows[quantity].to_numpy(float)
        figure.add_trace(go.Scatter(x=x, y=y, customdata=rows["epoch"], name=name, hovertemplate=hover, **_look(number)))
    title = EPOCH if against == "epochs" else f"Time since the start ({unit})"
    figure.update_layout(xaxis={"title": title, "rangemode": "tozero"}, yaxis={"title": TITLES[quantity]}, legend=_LEGEND)
    return calm(figure, height=360, top=60, legend=True)


def _look(number: int) -> dict[str, Any]:
    color = _COLORS[number % len(_COLORS)]
    return {
        "mode": "lines+markers",
        "line": {"color": color, "width": 2.5, "dash": _DASHES[number % len(_DASHES)]},
        "marker": {"size": 6, "symbol": _MARKS[number % len(_MARKS)], "color": color},
    }


def of_pairs(pairs: Iterable["Pair"]) -> list[Difference]:
    """The tested ones of some pairs as `differences` takes them, B minus A; where one alone answers with mirror images, that is said."""
    found = []
    for pair in pairs:
        if pair.test:
            mark = f"{_MIRROR}: {pair.mirrored} alone)" if pair.mirrored else ""
            name = f"{pair.b.name} − {pair.a.name}{mark}"
            found.append(Difference(name, pair.test.accuracy, pair.test.accuracy_interval, pair.test.distinguishable))
    return found


def differences(rows: Sequence[Difference], title: str) -> go.Figure:
    """Differences with their 95% intervals about a line at zero; those within chance are grey and hollow.

    Names stand above their rows: two runs' names beside them would leave a telephone no room.
    """
    figure = go.Figure()
    for clear, name in ((True, "more than chance"), (False, "within chance")):
        mine = [row for row in rows if row.clear == clear]
        color = MODEL_COLORS["A"] if clear else QUIET
        figure.add_trace(
            go.Scatter(
                x=[100 * row.value for row in mine],
                y=[row.name for row in mine],
                mode="markers",
                name=name,
                marker={"size": 10, "color": color, "symbol": "circle" if clear else "circle-open", "line": {"width": 2}},
                error_x=_error_bars([(row.value, row.interval) for row in mine], color),
                text=[f"{points(row.value)} points ({points_interval(row.interval)})" for row in mine],
                hovertemplate="%{y}: %{text}<extra></extra>",
            )
        )
    figure.add_vline(x=0, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    names = [row.name for row in rows]
    figure.update_layout(
        xaxis={"title": title},
        yaxis={"categoryorder": "array", "categoryarray": names[::-1], "range": [-0.4, len(names) - 0.1], "showticklabels": False},
        legend=_LEGEND,
    )
    for name in names:
        figure.add_annotation(
            text=name.replace(_MIRROR, f"<br>{_MIRROR.strip()}"),  # on a line of its own, or a telephone cuts it off
            x=0,
            xref="paper",
            xanchor="left",
            align="left",
            y=name,
            yanchor="bottom",
            yshift=8,
            showarrow=False,
            font={"color": QUIET},
        )
    row = 66 if any(_MIRROR in name for name in names) else 50
    return calm(figure, height=row * len(rows) + 110, top=44, legend=True)


def _error_bars(values: Sequence[tuple[float, "Interval"]], color: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * (interval.high - value) for value, interval in values],
        "arrayminus": [100 * (value - interval.low) for value, interval in values],
        "thickness": 2,
        "width": 5,
        "color": color,
    }


def recalls(changes: Sequence["RecallChange"]) -> go.Figure:
    """How recall changes from A to B, emotion by emotion in its colour, with 95% intervals where there are any."""
    known = [row for row in changes if row.difference is not None]
    figure = go.Figure()
    for row in known:
        assert row.difference is not None
        interval = f" ({points_interval(row.interval)})" if row.interval else ""
        figure.add_trace(
            go.Scatter(
                x=[100 * row.difference],
                y=[row.emotion],
                mode="markers",
                name=row.emotion,
                marker={"size": 11, "color": COLORS[row.emotion]},
                error_x=_error_bars([(row.difference, row.interval)], COLORS[row.emotion]) if row.interval else None,
                text=[f"{points(row.difference)} points{interval}, {row.support:,} faces"],
                hovertemplate="%{y}: %{text}<extra></extra>",
            )
        )
    figure.add_vline(x=0, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    order = [row.emotion for row in known]
    figure.update_layout(xaxis={"title": "Recall, B − A (points)"}, yaxis={"categoryorder": "array", "categoryarray": order[::-1]})
    return calm(figure, height=300, top=10)


def agreement(shares: np.ndarray, names: Sequence[str]) -> go.Figure:
    """Share of faces to which two runs give the same answer, in percent, a number in each cell."""
    told = [[f"{100 * value:.1f}" for value in line] for line in shares]
    heat = go.Heatmap(
        z=100 * shares,
        x=list(names),
        y=list(names),
        zmin=0,
        zmax=100,
        # Light at both ends of what agreements are, so that one colour of ink is legible on all.
        colorscale=[[0, "#F4F5FB"], [1, "#B9BCF0"]],
        showscale=False,
        xgap=2,
        ygap=2,
        text=told,
        texttemplate="%{text}",
        textfont={"color": "#000000", "size": 13},
        hovertemplate="%{y} and %{x}: %{text}% the same answer<extra></extra>",
    )
    figure = go.Figure(heat)
    figure.update_layout(xaxis={"title": "Same answer (% of faces)", "showgrid": False}, yaxis={"showgrid": False, "autorange": "reversed"})
    return calm(figure, height=46 * len(names) + 90, top=10)


def confusion_difference(difference: np.ndarray) -> go.Figure:
    """Faces (7, 7) that B has more than A in each cell: blue where A is better, brown where B is."""
    cells = difference_cells(difference)
    largest = max(1, int(np.abs(difference).max()))
    good = np.where(np.eye(N_CLASSES, dtype=bool), difference, -difference)
    hover = [f"{cell.label}, answered {cell.answer}: {cell.told} faces, better here: {cell.better}" for cell in cells]
    scale = [(-largest, hexadecimal(BETTER["A"][False])), (0, hexadecimal(NOTHING[False])), (largest, hexadecimal(BETTER["B"][False]))]
    return matrix(cells, good, hover, scale, "faces, B − A")


def pareto(spots: Sequence[Spot], title: str) -> go.Figure:
    """Accuracy against a cost on a logarithmic axis; a line joins the runs that no other beats.

    In a crowd only those on the line have their names beside them; the others tell theirs to the mouse.
    """
    front = sorted((spot for spot in spots if spot.front), key=lambda spot: spot.cost)
    line = {"color": MODEL_COLORS["A"], "width": 2, "shape": "hv"}
    figure = go.Figure(
        go.Scatter(
            x=[max(spot.cost, _LEAST) for spot in front],
            y=[100 * spot.accuracy for spot in front],
            mode="lines",
            line=line,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    costs, accuracies = np.maximum([spot.cost for spot in spots], _LEAST), 100 * np.array([spot.accuracy for spot in spots])
    low, high = np.log10(costs.min()), np.log10(costs.max())
    room, margin = 0.2 * (high - low) + 0.15, 0.15 * np.ptp(accuracies) + 0.5  # for the names
    x, y = np.log10(costs) / (high - low + 2 * room), accuracies / (np.ptp(accuracies) + 2 * margin)
    places, crowded = _name_places(x, y), _crowded(x, y)
    for kept, name in ((True, "on the front"), (False, "another is as cheap and as accurate, or better")):
        mine = [number for number, spot in enumerate(spots) if spot.front == kept]
        figure.add_trace(
            go.Scatter(
                x=costs[mine],
                y=accuracies[mine],
                mode="markers+text",
                name=name,
                text=["" if crowded[number] and not kept else spots[number].name for number in mine],
                customdata=[spots[number].name for number in mine],
                textposition=[places[number] for number in mine],
                cliponaxis=False,
                marker={"size": 11, "color": MODEL_COLORS["A"] if kept else QUIET, "symbol": "circle" if kept else "circle-open"},
                hovertemplate="%{customdata}: %{y:.1f}% at %{x:,.4g}<extra></extra>",
            )
        )
    figure.update_layout(
        xaxis={"title": title, "type": "log", "range": [low - room, high + room], **_ticks(10 ** (low - room), 10 ** (high + room))},
        yaxis={"title": "Accuracy (%)", "range": [accuracies.min() - 1.4 * margin, accuracies.max() + 1.4 * margin]},
        legend=_LEGEND,
    )
    return calm(figure, height=380, top=64, legend=True)


def _name_places(x: np.ndarray, y: np.ndarray) -> list[str]:
    """Where each spot's name stands, above or below it, so that neighbours' names do not cover each other; shares of the axes."""
    places: dict[int, str] = {}
    for number in np.argsort(x, kind="stable"):
        near = [other for other in places if abs(x[other] - x[number]) < 0.3 and abs(y[other] - y[number]) < 0.08]
        above = sum(places[other] == "top center" for other in near)
        places[int(number)] = "bottom center" if 2 * above > len(near) else "top center"
    return [places[number] for number in range(len(x))]


def _crowded(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether more than two other spots are so near that their names would cover each other; shares of the axes."""
    near = (abs(x[:, None] - x) < 0.15) & (abs(y[:, None] - y) < 0.08)
    return np.asarray(near.sum(1) > 3)


def _ticks(low: float, high: float) -> dict[str, Any]:
    """Ticks of a logarithmic axis at 1, 2 and 5 times the powers of ten, or finer where these are too few."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8), tuple(np.arange(1, 10, 0.2).round(1))):
        values = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(values) >= 3:
            break
    return {"tickvals": values, "ticktext": [f"{value:,.4g}" if value < 10_000 else f"{value:,.0f}" for value in values]}


def coverage(runs: Mapping[str, "Coverage"]) -> go.Figure:
    """Accuracy on the faces that are answered, against their share, where each run leaves out what it is least sure of."""
    figure = go.Figure()
    for number, (name, found) in enumerate(runs.items()):
        shown = found.coverage >= 0.02  # below, a handful of faces makes the line jump
        places = np.unique(np.linspace(0, shown.sum() - 1, min(250, int(shown.sum()))).round().astype(int))
        x, y, sure = (values[shown][places] for values in (100 * found.coverage, 100 * found.accuracy, 100 * found.confidence))
        hover = "%{x:.0f}% answered, those sure by %{customdata:.0f}% or more: %{y:.1f}% right<extra>" + name + "</extra>"
        figure.add_trace(go.Scatter(x=x, y=y, customdata=sure, name=name, hovertemplate=hover, **_look(number) | {"mode": "lines"}))
    figure.update_layout(
        xaxis={"title": "Faces that are answered, the surest first (%)", "range": [0, 101]},
        yaxis={"title": "Accuracy on them (%)"},
        legend=_LEGEND,
    )
    return calm(figure, height=360, top=60, legend=True)


def margins(runs: Mapping[str, "Trust"]) -> go.Figure:
    """How far the answer leads the next one, of right and of wrong answers: quartiles and range of each run."""
    figure = go.Figure()
    looks = (("right answers", True, MODEL_COLORS["A"]), ("wrong answers (hollow)", False, MODEL_COLORS["B"]))
    for name, wanted, color in looks:
        spread = [
            np.quantile(found.margins[found.right == wanted], [0, 0.25, 0.5, 0.75, 1]) if (found.right == wanted).any() else [None] * 5
            for found in runs.values()
        ]
        ends = list(zip(*[[value if value is None else 100 * value for value in five] for five in spread], strict=True))
        keys = ("lowerfence", "q1", "median", "q3", "upperfence")
        filled = {} if wanted else {"fillcolor": "rgba(0,0,0,0)"}
        figure.add_trace(
            go.Box(
                y=list(runs), orientation="h", name=name, marker={"color": color}, **filled, **dict(zip(keys, map(list, ends), strict=True))
            )
        )
    figure.update_layout(
        boxmode="group",
        xaxis={"title": "Lead over the next emotion (points)", "range": [-1, 101]},
        yaxis={"autorange": "reversed"},
        legend=_LEGEND,
    )
    return calm(figure, height=70 * len(runs) + 120, top=44, legend=True)


def spots(entrants: Sequence["Entrant"], costs: Sequence[float]) -> tuple[list[Spot], np.ndarray]:
    """Runs as `pareto` takes them, and which of them no other beats.

    Args:
        entrants: The runs.
        costs: What each took.
    """
    from fer_engine.evaluation.comparison_costs import pareto_front

    front = pareto_front(costs, [entrant.accuracy for entrant in entrants])
    found = [Spot(item.name, cost, item.accuracy, bool(best)) for item, cost, best in zip(entrants, costs, front, strict=True)]
    return found, front


def told_differences(rows: Sequence[Difference]) -> str:
    """The chart of differences for those who do not see it."""
    return "; ".join(f"{row.name} {points(row.value)} ({points_interval(row.interval)})" for row in rows)


def told_spots(spots: Sequence[Spot], unit: str) -> str:
    """The chart of costs for those who do not see it."""
    return "; ".join(
        f"{spot.name} {percent(spot.accuracy)} at {spot.cost:,.4g} {unit}{', on the front' if spot.front else ''}" for spot in spots
    )
