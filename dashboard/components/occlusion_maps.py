"""What each place of the face is worth: a patch hides one after the other, for any model."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources, text
from dashboard.components.errors import sentences
from dashboard.components.heat_maps import SIZE, Shown
from dashboard.components.run_picker import Model

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.explain.occlusion import Fill, OcclusionMap

PATCHES = (6, 8, 12, 16)  # their halves bring them from border to border of 48 pixels
FILLS: "dict[str, Fill]" = {"blur": "blur", "mean grey": "mean"}
_HELP = {
    "patch": "Side of the patch that hides a place; it moves by half of that. A larger one tells fewer places apart.",
    "fill": "What the patch shows. The blurred face keeps the brightness and draws no edges; grey of the face's mean has edges of its own.",
    "log-odds": "Measured is the drop of the log-odds of the calibrated probability, since a probability near 100% hardly moves.",
    "margin": "Measured is the drop of the mean signed distance of the emotion's six machines, since votes stay or jump by one.",
}


def draw(models: tuple[Model, ...], tile: "np.ndarray", shown: Shown) -> None:
    """Draw the controls and a map per model; keeps the maps in `shown`."""
    st.subheader("Hide a place: what does the answer lose?", anchor="occlusion")
    st.markdown(
        "A patch moves over the face (Zeiler and Fergus, 2014), and the model is asked each time. Bright: without this place the model "
        "believes less in the emotion. Blue: it believes more. This asks for nothing but answers, so any two models can be compared."
    )
    with st.container(horizontal=True, gap="large"):
        patch = st.segmented_control(
            "Patch (pixels)", PATCHES, default=8, required=True, key="patch", bind="query-params", help=_HELP["patch"]
        )
        fill = st.segmented_control(
            "Filled with", list(FILLS), default="blur", required=True, key="fill", bind="query-params", help=_HELP["fill"]
        )
    for model, column in zip(models, st.columns(len(models), gap="large"), strict=True):
        with column, sentences():
            found = resources.occlusion(model.run, tile, shown.target, patch or 8, FILLS[fill or "blur"])
            shown.occlusions[model.slot] = found
            _map(model, found, tile, shown.opacity)


def _map(model: Model, found: "OcclusionMap", tile: "np.ndarray", opacity: float) -> None:
    from fer_engine.explain.face_pictures import signed_image
    from fer_engine.explain.render import overlay

    st.markdown(_told(model, found), help=_HELP[found.unit])
    positions = f"{found.grid.side}×{found.grid.side}"
    with st.container(horizontal=True, gap="small", key=f"heat-hidden-{model.key}"):
        st.image(
            overlay(tile, found.evidence, opacity),
            caption=f"What {found.target} rests on",
            alt=f"Which places model {model.slot}, {model.run.name}, needs for {found.target}: {_place(found)}",
            width=SIZE,
        )
        st.image(
            signed_image(found.map),
            caption=f"The map: {positions} patches",
            alt=f"The same map without the face, {positions} squares, blue where hiding speaks for {found.target}",
            width=SIZE,
        )


def _told(model: Model, found: "OcclusionMap") -> str:
    if found.evidence.blank:
        return f"Model {model.slot}: no single place that is hidden takes anything from **{found.target}**."
    after = found.probability - found.largest_probability_drop
    odds = found.unit == "log-odds"
    taken = f"{float(found.map.max()):.2f} {'nats from the log-odds' if odds else 'from the margin'}"
    return (
        f"Model {model.slot}: hiding the brightest place takes {taken} of **{found.target}**; its probability"
        f"{'' if odds else ', which is made of votes,'} goes from {text.percent(found.probability)} to {text.percent(after)}."
    )


def _place(found: "OcclusionMap") -> str:
    peak = found.evidence.peak
    return f"most of all row {peak[0]}, column {peak[1]} of 48" if peak else "none"
