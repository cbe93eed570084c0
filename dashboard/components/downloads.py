"""Taking it away: pictures as PNG, numbers as JSON. Made when clicked, not before."""

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import text
from dashboard.components.face_view import Chosen
from dashboard.components.heat_maps import Shown
from dashboard.components.run_picker import Model
from dashboard.pictures import probability_picture
from fer_engine.explain.render import activation_grid, overlay, to_png

if TYPE_CHECKING:
    from fer_engine.explain.explanation import Explanation


def draw(models: tuple[Model, Model], face: Chosen, shown: Shown, layers: dict[str, str]) -> None:
    """Draw the download buttons.

    Args:
        models: Model A and model B.
        face: The face that they were asked about.
        shown: Their explanations, and the layers of the heat maps.
        layers: The layer whose channels are shown, by slot.
    """
    for model, column in zip(models, st.columns(2, gap="large"), strict=True):
        if model.slot not in shown.explanations or model.slot not in layers:
            continue
        explanation = shown.explanations[model.slot]
        with column, st.container(horizontal=True, gap="small"):
            for what, make in _pictures(explanation, face, shown, model.slot, layers[model.slot]).items():
                name = f"{model.run.name}-{what.lower().replace(' ', '-')}.png"
                _button(f"{what}, {model.slot}", make, name, "image/png")
    with st.container(horizontal=True, gap="small"):
        _button("Face, 48×48", partial(to_png, face.tile), "face.png", "image/png")
        _button("Numbers of both", partial(numbers, models, face, shown), "analysis.json", "application/json", ":material/data_object:")


def _pictures(explanation: "Explanation", face: Chosen, shown: Shown, slot: str, layer: str) -> dict[str, Callable[[], bytes]]:
    cam = explanation.cams[shown.layers[slot]]
    return {
        "Probabilities": lambda: to_png(probability_picture(explanation.probabilities, f"{explanation.run}: {explanation.predicted}")),
        "Heat map": lambda: to_png(overlay(face.tile, cam, shown.opacity, size=768)),
        "Channels": lambda: to_png(activation_grid(explanation.activations[layer])),
    }


def _button(label: str, make: Callable[[], bytes], name: str, mime: str, icon: str = ":material/download:") -> None:
    st.download_button(label, make, name, mime, key=f"download-{label}", on_click="ignore", icon=icon)


def numbers(models: tuple[Model, Model], face: Chosen, shown: Shown) -> bytes:
    """Everything that was measured, as JSON.

    Returns:
        UTF-8: the face, and per model its run, protocol, probabilities and figures of every layer.
    """
    answers: list[dict[str, Any]] = []
    for model in models:
        if model.slot in shown.explanations:
            protocol = {"slot": model.slot, "spec_hash": model.run.spec.hash, "protocol": text.protocol(model.run)}
            answers.append(protocol | {"map_layer": shown.layers[model.slot]} | shown.explanations[model.slot].to_dict())
    tree = {
        "image": face.picture,
        "size": list(face.size),
        "box": list(face.box),
        "crop": list(face.crop),
        "notices": list(face.notices),
        "models": answers,
    }
    return (json.dumps(tree, indent=2, allow_nan=False) + "\n").encode()
