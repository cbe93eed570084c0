"""Taking it away: pictures as PNG, numbers as JSON. Made when clicked, not before."""

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard import text
from dashboard.components.face_view import Chosen
from dashboard.components.heat_maps import Shown
from dashboard.components.region_shares import Parts
from dashboard.components.run_picker import Model
from dashboard.pictures import probability_picture, resized
from fer_engine.explain.face_pictures import block_pictures, regions_image, signed_image
from fer_engine.explain.render import activation_grid, overlay, to_png

if TYPE_CHECKING:
    from fer_engine.explain.occlusion import OcclusionMap


def draw(models: tuple[Model, ...], face: Chosen, shown: Shown, layers: dict[str, str], parts: Parts | None) -> None:
    """Draw the download buttons.

    Args:
        models: Model A, and model B where there is one.
        face: The face that they were asked about.
        shown: What was shown of them.
        layers: The layer whose channels are shown, by the slot of each network.
        parts: The parts of the face, or None.
    """
    for model, column in zip(models, st.columns(len(models), gap="large"), strict=True):
        with column, st.container(horizontal=True, gap="small"):
            for what, make in _pictures(model, face, shown, layers).items():
                name = f"{model.run.name}-{what.lower().replace(' ', '-')}.png"
                _button(f"{what}, {model.slot}", make, name, "image/png")
    with st.container(horizontal=True, gap="small"):
        _button("Face, 48×48", partial(to_png, face.tile), "face.png", "image/png")
        if parts:
            _button("Regions", partial(_regions, face, parts), "regions.png", "image/png")
        whose = "both" if len(models) > 1 else "A"
        _button(f"Numbers of {whose}", partial(numbers, models, face, shown), "analysis.json", "application/json", ":material/data_object:")


def _pictures(model: Model, face: Chosen, shown: Shown, layers: dict[str, str]) -> dict[str, Callable[[], bytes]]:
    """What can be saved of a model, by its name, each made when it is asked for."""
    slot = model.slot
    found: dict[str, Callable[[], bytes]] = {}
    told = shown.explanations.get(slot) or shown.svms.get(slot)
    if told:
        found["Probabilities"] = lambda: to_png(probability_picture(told.probabilities, f"{told.run}: {told.predicted}"))
    if slot in shown.explanations:
        explanation = shown.explanations[slot]
        found["Heat map"] = lambda: to_png(overlay(face.tile, explanation.cams[shown.layers[slot]], shown.opacity, size=768))
        if slot in layers:
            found["Channels"] = lambda: to_png(activation_grid(explanation.activations[layers[slot]]))
    if slot in shown.occlusions:
        occlusion = shown.occlusions[slot]
        found["Occlusion"] = lambda: to_png(np.hstack([overlay(face.tile, occlusion.evidence, shown.opacity), _signed(occlusion)]))
    if slot in shown.svms:
        for number, view in enumerate(shown.svms[slot].blocks):
            for what, draw_it in block_pictures(view).items():
                name = {"hog": "HOG"}.get(what, what.capitalize())
                found[name if name not in found else f"{name} {number + 1}"] = partial(_png, draw_it)
    return found


def _png(draw_it: "Callable[[], np.ndarray]") -> bytes:
    return to_png(draw_it())


def _signed(occlusion: "OcclusionMap") -> "np.ndarray":
    """The map at the size of the overlay beside it."""
    return resized(signed_image(occlusion.map), (384, 384))


def _regions(face: Chosen, parts: Parts) -> bytes:
    return to_png(regions_image(face.tile, parts.regions, parts.points, size=768))


def _button(label: str, make: Callable[[], bytes], name: str, mime: str, icon: str = ":material/download:") -> None:
    st.download_button(label, make, name, mime, key=f"download-{label}", on_click="ignore", icon=icon)


def numbers(models: tuple[Model, ...], face: Chosen, shown: Shown) -> bytes:
    """Everything that was measured, as JSON.

    Returns:
        UTF-8: the face, and per model its run, protocol, probabilities, figures of every layer or block, occlusion and regions.
    """
    answers: list[dict[str, Any]] = []
    for model in models:
        slot = model.slot
        told = shown.explanations.get(slot) or shown.svms.get(slot)
        if not told:
            continue
        answer: dict[str, Any] = {"slot": slot, "spec_hash": model.run.spec.hash, "protocol": text.protocol(model.run)}
        answer |= {"map_layer": shown.layers.get(slot)} | told.to_dict()
        if slot in shown.occlusions:
            answer["occlusion"] = shown.occlusions[slot].to_dict()
        if slot in shown.shares:
            answer["regions"] = {name: [item.to_dict() for item in shares] for name, shares in shown.shares[slot].items()}
        answers.append(answer)
    tree = {
        "image": face.picture,
        "size": list(face.size),
        "box": list(face.box),
        "crop": list(face.crop),
        "notices": list(face.notices),
        "models": answers,
    }
    return (json.dumps(tree, indent=2, allow_nan=False) + "\n").encode()
