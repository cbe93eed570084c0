"""The map of a data set's faces: a box or a lasso around some of them shows who they are."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard import data_resources, resources
from dashboard.components import data_tiles, table_downloads
from dashboard.components.data_view import Opened, progress
from dashboard.data_gallery import face_tile
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from fer_engine.data.face_map import FaceMap

USUAL = "net5-softmax"
PER_PAGE = 48
CHART = "face-map"
BUTTONS = [["select2d", "lasso2d", "zoom2d", "pan2d", "resetScale2d", "toImage"]]


def draw(opened: Opened) -> None:
    """Draw the choices, the map, and the faces that were selected on it."""
    from fer_engine.data.face_map import METHODS, SIZES

    runs = {run.name: run for run in resources.finished_runs()[0] if run.spec.family == "cnn"}
    if not runs:
        st.info("The map is drawn by what a network makes of the faces, and no network is trained yet.", icon=":material/info:")
        return
    left, middle, right = st.columns([2, 1, 1], gap="medium", vertical_alignment="bottom")
    name = left.selectbox("As seen by the network", list(runs), index=list(runs).index(USUAL) if USUAL in runs else 0, key="map-by")
    method = middle.segmented_control("Arranged by", METHODS, default=METHODS[0], required=True, key="map-method", bind="query-params")
    size = right.selectbox("Faces, at most", SIZES, index=1, format_func="{:,}".format, key="map-size")
    with progress() as show:
        found = data_resources.face_map(opened.key, opened.faces, runs[name], method or METHODS[0], size, show)
    _chart(opened, found, name, method or METHODS[0])
    lonely = st.toggle(
        "Show the faces without a neighbour of their label",
        key="map-lonely",
        help="None of the ten nearest has their label: unusual faces, and wrong labels. Needs no mouse.",
    )
    chosen = np.flatnonzero(found.agreement == 0) if lonely else _selected(found)
    if not len(chosen) and lonely:
        st.info("Every face has a neighbour of its label.", icon=":material/check:")
    elif not len(chosen):
        st.info("Draw a box or a lasso around points to see their faces. A click on an emotion's name hides it.", icon=":material/select:")
    rows = found.places[chosen] if len(chosen) else found.places
    frame = map_table(opened, found, chosen if len(chosen) else np.arange(len(found.places)))
    table_downloads.draw(frame, f"{opened.file}-map", f"Faces of {opened.faces.name} on the map by {name}, {method}")
    if len(chosen):
        st.markdown(f"**{len(rows):,}** faces: {_shares(opened, rows)}.")
        shown = rows[data_tiles.page_of(len(rows), PER_PAGE, "page-map")]
        data_tiles.draw([face_tile(opened.faces, int(row)) for row in shown], f"{opened.file}-map-faces", key="map-faces")


def _chart(opened: Opened, found: "FaceMap", name: str, method: str) -> None:
    from dashboard import charts, map_chart

    told = (
        "keeps neighbours; distances between far groups, and the axes, mean nothing" if method == "t-SNE" else "keeps the two widest axes"
    )
    st.caption(
        f"{len(found.places):,} of {len(opened.faces):,} faces by what the last hidden layer of {name} makes of them; {method} {told}. "
        f"Of the ten faces nearest to one in that layer {100 * float(found.agreement.mean()):.0f}% have its label."
    )
    st.plotly_chart(
        map_chart.face_map(found, opened.faces),
        key=CHART,
        on_select="rerun",
        selection_mode=("box", "lasso"),
        config=charts.download_config(f"{opened.file}-map-{name}", "png") | {"modeBarButtons": BUTTONS},
        alt=f"Map of {len(found.places):,} faces by {name} and {method}, a colour and a sign an emotion.",
    )


def _selected(found: "FaceMap") -> np.ndarray:
    """Numbers (K,) of the selected faces on the map."""
    state: Any = st.session_state.get(CHART)
    points = state["selection"]["points"] if state else []
    return numbers_of(points, len(found.places))


def numbers_of(points: list[dict[str, Any]], n: int) -> np.ndarray:
    """Numbers (K,) from 0 to n that the selected points carry, each once, in order; those of an earlier map are left out.

    What a point carries comes back as a list, or, out of a typed array, as a dictionary by place.
    """
    carried = [point["customdata"] for point in points if "customdata" in point]
    told = {int(each["0"] if isinstance(each, dict) else each[0]) for each in carried}
    return np.array(sorted(number for number in told if number < n), dtype=np.int64)


def _shares(opened: Opened, rows: np.ndarray) -> str:
    counts = np.bincount(opened.faces.labels[rows], minlength=len(NAMES))
    return ", ".join(f"{NAMES[label]} {counts[label]:,}" for label in np.argsort(-counts, kind="stable") if counts[label])


def map_table(opened: Opened, found: "FaceMap", numbers: np.ndarray) -> "pd.DataFrame":
    """A row a face: its row in the data set, split, label, place on the map, and how many of its nearest share its label."""
    import pandas as pd

    faces, own = opened.faces, found.places[numbers]
    columns = {"Row": faces.ids[own], "Split": faces.split[own], "Label": np.array(NAMES)[faces.labels[own]]}
    columns |= {"x": found.points[numbers, 0].round(3), "y": found.points[numbers, 1].round(3)}
    return pd.DataFrame(columns | {"Nearest with its label": found.agreement[numbers].round(2)})
