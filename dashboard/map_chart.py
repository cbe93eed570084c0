"""The map of faces in Plotly: a colour and a sign an emotion. Knows no Streamlit."""

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from dashboard.charts import calm
from fer_engine.labels import COLORS, NAMES

if TYPE_CHECKING:
    from fer_engine.data.face_map import FaceMap
    from fer_engine.data.faceset import FaceSet

SIGNS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star")  # of the emotions, for those who see no colours


def face_map(found: "FaceMap", faces: "FaceSet") -> go.Figure:
    """The faces of a map; each point carries its number on the map, its row and how many of its nearest share its label.

    Args:
        found: The map.
        faces: The data set.
    """
    figure, labels = go.Figure(), np.asarray(faces.labels)[found.places]
    for label, name in enumerate(NAMES):
        own = np.flatnonzero(labels == label)
        if len(own):
            figure.add_trace(
                go.Scattergl(
                    x=found.points[own, 0],
                    y=found.points[own, 1],
                    mode="markers",
                    name=name,
                    marker={"color": COLORS[name], "symbol": SIGNS[label], "size": 6, "opacity": 0.75},
                    customdata=np.stack([own, faces.ids[found.places[own]], np.round(10 * found.agreement[own])], axis=1).astype(np.int64),
                    hovertemplate=f"{name}, row %{{customdata[1]}}: %{{customdata[2]}} of the 10 nearest are {name}, too<extra></extra>",
                )
            )
    calm(figure, height=560, top=36, legend=True)
    return figure.update_layout(
        dragmode="select",
        xaxis={"visible": False, "fixedrange": False},
        yaxis={"visible": False, "fixedrange": False, "scaleanchor": "x"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"},
    )
