"""Which pixels decided: class activation maps over the face, of both models at one scale."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources
from dashboard.components.errors import sentences
from dashboard.components.run_picker import Model
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import numpy as np

    from dashboard.region_charts import Shares
    from fer_engine.explain.classical import SvmExplanation
    from fer_engine.explain.explanation import Explanation
    from fer_engine.explain.gradcam import Method
    from fer_engine.explain.occlusion import OcclusionMap

METHODS: "dict[str, Method]" = {"Grad-CAM++": "gradcam++", "Grad-CAM": "gradcam"}
ANSWER = "its answer"
SIZE = 216  # pixels; two side by side fit half a page
NO_LAYERS = (
    ":material/info: These maps come of a network's layers, and this model has none. "
    "What each place of the face is worth to it stands below, where places are hidden."
)


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page shows of both models, for what comes further down. Dictionaries are by slot and fill on the way.

    Attributes:
        explanations: What each network said.
        layers: The layer of its heat map.
        opacity: From 0 to 1.
        target: The emotion that was asked about; None for each model's answer.
        svms: What each SVM said.
        occlusions: The occlusion map of each model.
        shares: The shares of each model's maps on the regions of the face, by what the map is called.
    """

    explanations: dict[str, "Explanation"]
    layers: dict[str, str]
    opacity: float
    target: str | None = None
    svms: dict[str, "SvmExplanation"] = field(default_factory=dict)
    occlusions: dict[str, "OcclusionMap"] = field(default_factory=dict)
    shares: dict[str, "Shares"] = field(default_factory=dict)


def draw(models: tuple[Model, ...], tile: "np.ndarray") -> Shown:
    """Draw the controls and a map per model."""
    st.markdown(
        "Bright places spoke for the emotion, dark ones did not. The deeper the layer, the more its positions know of the expression, "
        "and the fewer they are."
    )
    target = st.pills("Evidence for", [ANSWER, *NAMES], default=ANSWER, required=True, key="class", bind="query-params", wrap=True)
    with st.container(horizontal=True, gap="large"):
        method = st.segmented_control("Method", list(METHODS), default="Grad-CAM++", required=True, key="method", bind="query-params")
        opacity = st.slider("Opacity (%)", 0, 100, 60, step=5, key="opacity", bind="query-params", width=220) / 100
    shown = Shown({}, {}, opacity, None if target in (ANSWER, None) else target)
    for model, column in zip(models, st.columns(len(models), gap="large"), strict=True):
        with column, sentences():
            if model.run.spec.family != "cnn":
                st.markdown(NO_LAYERS)
                continue
            explanation = resources.explanation(model.run, tile, shown.target, METHODS[method or "Grad-CAM++"])
            shown.explanations[model.slot] = explanation
            shown.layers[model.slot] = _map(model, explanation, tile, opacity)
    return shown


def _map(model: Model, explanation: "Explanation", tile: "np.ndarray", opacity: float) -> str:
    """One model's layer and its map; gives the layer's name."""
    from fer_engine.explain.render import cam_image, overlay

    layers = list(explanation.cams)
    layer = st.selectbox(
        f"Map of model {model.slot}, from layer",
        layers,
        index=layers.index(explanation.default_layer),
        key=f"map_{model.key}",
        bind="query-params",
    )
    cam = explanation.cams[layer]
    if cam.blank:
        st.info(f"Nothing in {layer} speaks for {explanation.target}. Try another layer or emotion.", icon=":material/info:")
    positions = f"{cam.resolution}×{cam.resolution}"
    with st.container(horizontal=True, gap="small", key=f"heat-{model.key}"):
        st.image(
            overlay(tile, cam, opacity),
            caption=f"Evidence for {explanation.target}",
            alt=_told(model, explanation, layer),
            width=SIZE,
        )
        st.image(
            cam_image(cam),
            caption=f"The map: {positions} positions",
            alt=f"The same map without the face, {positions} squares",
            width=SIZE,
        )
    return layer


def _told(model: Model, explanation: "Explanation", layer: str) -> str:
    peak = explanation.cams[layer].peak
    place = f"strongest at row {peak[0]}, column {peak[1]} of 48" if peak else "nowhere"
    return f"Where model {model.slot}, {model.run.name}, sees {explanation.target} in layer {layer}: {place}"
