"""A run's figures in Plotly. Knows no Streamlit; what is clicked or grows while one looks is in `altair_charts`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts import MODEL_COLORS, QUIET, calm
from dashboard.text import percent, probability
from dashboard.training_words import loss_name, of_training_alone
from fer_engine.labels import COLORS, N_CLASSES, NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.evaluation.curves import Reliability, Roc
    from fer_engine.experiments.spec import RunSpec

Quantity = Literal["accuracy", "loss"]
Against = Literal["epochs", "seconds"]

AND_LINE = "<br>"  # where a title goes on below
TRAIN, VALID, EPOCH = "training", "validation", "Epoch"
# Told apart by dashes too. As dark on white as they are bright on near black, so that words in them can be read on both.
LINES = {TRAIN: "#777C89", VALID: MODEL_COLORS["A"]}
_AVERAGES = {"micro average": ("#6C6FE0", "dash"), "macro average": ("#B07A2E", "dot")}
ROOM = 122  # pixels to the right of lines for what is written at their ends
# Ends of the scale of a confusion matrix, from nothing to all, on a light and on a dark page.
_SCALES = {False: ((244, 245, 251), (43, 47, 134)), True: ((35, 38, 58), (201, 204, 255))}


@dataclass(frozen=True)
class TimeAxis:
    """How far each epoch's end is along the axis.

    Attributes:
        values: (E,).
        title: The axis' title with its unit.
    """

    values: np.ndarray
    title: str

    @property
    def layout(self) -> dict[str, Any]:
        """Plotly's settings: from the start to a little beyond the last epoch's end, few epochs ticked one by one."""
        last = float(self.values[-1]) if len(self.values) else 1.0
        ticks = {"dtick": 1} if self.title == EPOCH and last <= 15 else {}
        return {"title": self.title, "range": [0, 1.02 * last]} | ticks


@dataclass(frozen=True)
class EndLabel:
    """What stands beside the end of a line.

    Attributes:
        name: The line.
        told: Its name and last value.
        shift: Pixels upwards, so that two labels do not cover each other.
    """

    name: str
    told: str
    shift: int


@dataclass(frozen=True)
class Cell:
    """One cell of a confusion matrix.

    Attributes:
        label: What its faces are labelled.
        answer: What the model answered.
        count: Faces.
        share: Their share of the label's faces, from 0 to 1.
        told: The number in the cell.
        fill: Its colour, hexadecimal.
        ink: The number's colour: black or white, whichever differs more from the fill.
    """

    label: str
    answer: str
    count: int
    share: float
    told: str
    fill: str
    ink: str


def time_axis(history: "pd.DataFrame", against: Against) -> TimeAxis:
    """Epochs, or the time spent since the start in the unit that suits it."""
    if against == "epochs":
        return TimeAxis(history["epoch"].to_numpy(), EPOCH)
    spent = history["seconds"].to_numpy(float).cumsum()
    longest = spent[-1] if len(spent) else 0
    unit, seconds = ("s", 1) if longest < 180 else ("min", 60) if longest < 3 * 3600 else ("h", 3600)
    return TimeAxis(spent / seconds, f"Time since the start ({unit})")


def quantity_title(quantity: Quantity, spec: "RunSpec | None" = None) -> str:
    """The title of the axis of accuracy or loss, with its unit; in a second line what the loss of training has for itself."""
    if quantity == "accuracy":
        return "Accuracy (%)"
    words = ", ".join(of_training_alone(spec))
    return f"{loss_name(spec)}{AND_LINE}{TRAIN}: {words}" if words else loss_name(spec)


def line_title(name: str, quantity: Quantity, spec: "RunSpec | None" = None) -> str:
    """What a line is called where it is pointed at: that of training's loss with what it has for itself."""
    words = ", ".join(of_training_alone(spec)) if quantity == "loss" and name == TRAIN else ""
    return f"{name} ({words})" if words else name


def history_values(history: "pd.DataFrame", quantity: Quantity) -> dict[str, np.ndarray]:
    """Training's and validation's values of each epoch, (E,) each, accuracies in percent."""
    factor = 100 if quantity == "accuracy" else 1
    return {name: factor * history[f"{column}_{quantity}"].to_numpy(float) for name, column in ((TRAIN, "train"), (VALID, "valid"))}


def history_curves(
    history: "pd.DataFrame", quantity: Quantity, against: Against = "epochs", *, chosen: int = 0, spec: "RunSpec | None" = None
) -> go.Figure:
    """Training and validation against epochs or time, named at their ends, the chosen epoch marked.

    Args:
        history: A run's `history()`.
        quantity: 'accuracy' or 'loss'.
        against: 'epochs' or 'seconds'.
        chosen: The epoch whose weights were kept (from 1), or 0 for none yet.
        spec: The run's spec, which says what the losses are; the plain cross-entropy where it is left out.
    """
    axis, values = time_axis(history, against), history_values(history, quantity)
    figure = go.Figure()
    for name, line in values.items():
        told, dash = line_title(name, quantity, spec), "dash" if name == TRAIN else "solid"
        figure.add_trace(_line(axis.values, line, told, LINES[name], dash, history["epoch"]))
    for end in end_labels(values, "%" if quantity == "accuracy" else ""):
        place = {"x": axis.values[-1], "y": values[end.name][-1], "xanchor": "left", "xshift": 8, "yshift": end.shift}
        figure.add_annotation(**place, text=end.told, showarrow=False)
    found = np.flatnonzero(history["epoch"] == chosen)
    if len(found):
        _mark_chosen(figure, float(axis.values[found[0]]), float(values[VALID][found[0]]), chosen)
    figure.update_layout(xaxis=axis.layout, yaxis={"title": quantity_title(quantity, spec)})
    figure = calm(figure, height=320, top=30)
    return figure.update_layout(margin={"r": ROOM})


def _line(x: np.ndarray, y: np.ndarray, name: str, color: str, dash: str, epochs: "pd.Series") -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        name=name,
        customdata=epochs,
        mode="lines+markers",
        line={"color": color, "width": 2.5, "dash": dash},
        marker={"size": 5 if len(x) > 12 else 7},
        hovertemplate="epoch %{customdata}: %{y:.4g}<extra>" + name + "</extra>",
    )


def end_labels(values: dict[str, np.ndarray], unit: str = "") -> tuple[EndLabel, ...]:
    """What stands beside the end of each line: its name and last value, apart where the ends are close."""
    if not all(len(line) for line in values.values()):
        return ()
    spread = np.ptp(np.concatenate(list(values.values()))) or 1
    ends = {name: line[-1] for name, line in values.items()}
    close = len(ends) > 1 and np.ptp(list(ends.values())) < 0.1 * spread
    upper = max(ends, key=lambda name: ends[name])
    told = {name: f"{name} {value:.1f}%" if unit == "%" else f"{name} {value:.4g}" for name, value in ends.items()}
    return tuple(EndLabel(name, told[name], 0 if not close else 8 if name == upper else -8) for name in ends)


def _mark_chosen(figure: go.Figure, x: float, y: float, epoch: int) -> None:
    figure.add_vline(x=x, line={"color": QUIET, "width": 1, "dash": "dot"})
    figure.add_annotation(x=x, y=1, yref="paper", yanchor="bottom", text=f"chosen: epoch {epoch}", showarrow=False)
    ring = {"symbol": "circle-open", "size": 14, "color": LINES[VALID], "line": {"width": 2.5}}
    figure.add_trace(go.Scatter(x=[x], y=[y], mode="markers", marker=ring, hoverinfo="skip", name="chosen"))


def learning_rate(history: "pd.DataFrame", against: Against = "epochs") -> go.Figure:
    """The learning rate at the end of each epoch."""
    axis = time_axis(history, against)
    figure = go.Figure(_line(axis.values, history["learning_rate"].to_numpy(float), "learning rate", QUIET, "solid", history["epoch"]))
    figure.update_layout(
        xaxis=axis.layout,
        yaxis={"title": "Learning rate", "rangemode": "tozero", "exponentformat": "power"},
    )
    return calm(figure, height=240, top=12)


def confusion_cells(counts: np.ndarray, *, shares: bool, dark: bool = False) -> tuple[Cell, ...]:
    """The cells of a confusion matrix, row by row.

    Args:
        counts: (7, 7), a row a label and a column an answer.
        shares: Tell and colour by the share of the row instead of by faces.
        dark: For a dark page.
    """
    rows = counts.sum(1, keepdims=True)
    share = counts / np.maximum(rows, 1)
    depth = share if shares else counts / max(1, counts.max())
    cells = []
    for label, answer in np.ndindex(N_CLASSES, N_CLASSES):
        fill = blend(float(depth[label, answer]), *_SCALES[dark])
        told = f"{counts[label, answer]:,}" if not shares else probability(share[label, answer]) if rows[label, 0] else "–"
        cells.append(
            Cell(
                NAMES[label], NAMES[answer], int(counts[label, answer]), float(share[label, answer]), told, hexadecimal(fill), ink_on(fill)
            )
        )
    return tuple(cells)


def blend(depth: float, low: Sequence[int], high: Sequence[int]) -> tuple[int, ...]:
    """The colour so far (0 to 1) on the way from one to another; red, green and blue from 0 to 255."""
    return tuple(round(a + depth * (b - a)) for a, b in zip(low, high, strict=True))


def hexadecimal(color: Sequence[int]) -> str:
    """A colour of red, green and blue as '#RRGGBB'."""
    return "#" + "".join(f"{part:02X}" for part in color)


def ink_on(color: Sequence[int]) -> str:
    """Black or white: whichever stands out more (WCAG 2's relative luminance), so that the contrast is 4.5 or more."""
    linear = [part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in color]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#FFFFFF"


def confusion(counts: np.ndarray, *, shares: bool, dark: bool = False) -> go.Figure:
    """A confusion matrix with its number in each cell; arguments as `confusion_cells`."""
    cells = confusion_cells(counts, shares=shares, dark=dark)
    table = np.array([cell.share if shares else cell.count for cell in cells], float).reshape(N_CLASSES, N_CLASSES)
    ends = [hexadecimal(end) for end in _SCALES[dark]]
    highest = 1 if shares else max(1, counts.max())
    hover = [f"{cell.label}, answered {cell.answer}: {cell.count:,} faces, {percent(cell.share)} of {cell.label}" for cell in cells]
    unit = "share of the label's faces" if shares else "faces"
    return matrix(cells, table, hover, [(0, ends[0]), (highest, ends[1])], unit)


class Numbered(Protocol):
    """A cell of a label and an answer."""

    @property
    def label(self) -> str:
        """What its faces are labelled."""

    @property
    def answer(self) -> str:
        """What is answered."""

    @property
    def told(self) -> str:
        """Its number in words."""

    @property
    def ink(self) -> str:
        """The number's colour, hexadecimal."""


def matrix(cells: Sequence[Numbered], values: np.ndarray, hover: Sequence[str], scale: Sequence[tuple[float, str]], unit: str) -> go.Figure:
    """A matrix of labels and answers, a number in each cell.

    Args:
        cells: Row by row, a row a label.
        values: What the colours are of, (7, 7).
        hover: Words of each cell.
        scale: Values with their colours, by rising value.
        unit: What the numbers are, as the axis says it.
    """
    low, high = scale[0][0], scale[-1][0]
    heat = go.Heatmap(
        z=values,
        x=list(NAMES),
        y=list(NAMES),
        zmin=low,
        zmax=high,
        colorscale=[[(value - low) / (high - low), color] for value, color in scale],
        showscale=False,
        xgap=2,
        ygap=2,
        text=np.array(hover).reshape(N_CLASSES, N_CLASSES),
        hovertemplate="%{text}<extra></extra>",
    )
    # All numbers at once: one by one, each would check all before it again.
    numbers = [
        {"x": cell.answer, "y": cell.label, "text": cell.told, "font": {"color": cell.ink, "size": 13}, "showarrow": False}
        for cell in cells
    ]
    figure = go.Figure(heat)
    figure.update_layout(
        annotations=numbers, xaxis={"title": f"Answer ({unit})", "showgrid": False}, yaxis={"title": "Label", "showgrid": False}
    )
    return calm(figure, height=430, top=10).update_yaxes(autorange="reversed")


def roc_curves(curves: "Roc") -> go.Figure:
    """ROC curves of the seven emotions and their averages, the area under each beside its name."""
    figure = go.Figure(
        go.Scatter(x=[0, 100], y=[0, 100], mode="lines", line={"color": QUIET, "width": 1}, hoverinfo="skip", showlegend=False)
    )
    for curve in curves.all:
        if curve.auc is None:
            continue
        color, dash = _AVERAGES.get(curve.name, (COLORS.get(curve.name), "solid"))
        # A thousandth is half a pixel; thousands of steps would only make the page slow.
        points = np.unique(np.stack([curve.fpr, curve.tpr], 1).round(3), axis=0)
        figure.add_trace(
            go.Scatter(
                x=100 * points[:, 0],
                y=100 * points[:, 1],
                mode="lines",
                name=f"{curve.name} {curve.auc:.3f}",
                line={"color": color, "width": 3 if curve.name in _AVERAGES else 2, "dash": dash},
                hovertemplate="%{y:.1f}% found at %{x:.1f}% false alarms<extra>" + curve.name + "</extra>",
            )
        )
    figure.update_layout(
        xaxis={"title": "False positive rate (%)", "range": [-1, 101]},
        yaxis={"title": "True positive rate (%)", "range": [-1, 101]},
        legend={"title": "Area under the curve", "x": 1, "xanchor": "right", "y": 0.02, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
    )
    return calm(figure, height=470, top=10, legend=True)


def reliability_diagram(found: "Reliability") -> go.Figure:
    """Accuracy against confidence, bin by bin, with the faces of each bin below; on the diagonal sureness is earned."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.74, 0.26], vertical_spacing=0.05)
    middles, width = 50 * (found.edges[1:] + found.edges[:-1]), 100 / len(found.count)
    told = [f"{100 * low:.0f} to {100 * high:.0f}%" for low, high in zip(found.edges[:-1], found.edges[1:], strict=True)]
    common = {"x": middles, "width": 0.9 * width, "customdata": told}
    bars = go.Bar(
        y=100 * found.accuracy,
        marker={"color": MODEL_COLORS["A"]},
        text=np.round(100 * found.confidence, 1),
        textposition="none",
        hovertemplate="sure by %{customdata}: mean %{text}%, right %{y:.1f}%<extra></extra>",
        **common,
    )
    faces = go.Bar(
        y=found.count,
        marker={"color": QUIET},
        text=[f"{count:,}" if count else "" for count in found.count],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="sure by %{customdata}: %{y:,} faces<extra></extra>",
        **common,
    )
    figure.add_trace(bars, row=1, col=1)
    figure.add_trace(faces, row=2, col=1)
    line = {"color": MODEL_COLORS["B"], "width": 2, "dash": "dot"}
    figure.add_trace(go.Scatter(x=[0, 100], y=[0, 100], mode="lines", line=line, hoverinfo="skip"), row=1, col=1)
    figure.update_yaxes(title="Accuracy (%)", range=[0, 102], row=1, col=1)
    figure.update_yaxes(title="Faces", range=[0, 1.25 * max(1, found.count.max())], nticks=3, row=2, col=1)
    figure.update_xaxes(range=[0, 101], row=1, col=1)
    figure.update_xaxes(title="Confidence: probability of the answer (%)", range=[0, 101], row=2, col=1)
    title = f"Expected calibration error {percent(found.error)}, {len(found.count)} bins, {found.count.sum():,} faces"
    figure = calm(figure, height=460, top=36)
    font = {"size": 12, "weight": "normal"}  # whole in half a page, where two runs stand beside each other
    return figure.update_layout(title={"text": title, "font": font, "x": 0, "xanchor": "left", "y": 0.985, "yanchor": "top"})


def split_counts(counts: dict[str, dict[str, int]]) -> go.Figure:
    """Faces per emotion of each split, as shares on one scale, side by side.

    Args:
        counts: {split: {emotion: faces}}, as the manifest has them.
    """
    totals = {split: max(1, sum(of.values())) for split, of in counts.items()}
    titles = [f"{split}: {sum(of.values()):,} faces" for split, of in counts.items()]
    figure = make_subplots(rows=1, cols=len(counts), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.04)
    longest = max(of[name] / totals[split] for split, of in counts.items() for name in NAMES)
    for column, (split, of) in enumerate(counts.items(), start=1):
        bars = go.Bar(
            x=[100 * of[name] / totals[split] for name in NAMES],
            y=list(NAMES),
            orientation="h",
            marker={"color": [COLORS[name] for name in NAMES]},
            text=[f"{of[name]:,} · {percent(of[name] / totals[split])}" for name in NAMES],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra>" + split + "</extra>",
        )
        figure.add_trace(bars, row=1, col=column)
        figure.update_xaxes(title="Share of the split's faces (%)", range=[0, 175 * longest], row=1, col=column)
    return calm(figure, height=290, top=32)
