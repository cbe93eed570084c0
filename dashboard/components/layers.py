"""What every layer makes of the face: a strip of all layers, the channels of one, and how sparse they get with depth."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import pictures, text
from dashboard.components import svm_view
from dashboard.components.errors import sentences
from dashboard.components.heat_maps import Shown
from dashboard.components.run_picker import Model

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.explain.activations import LayerActivation
    from fer_engine.explain.explanation import Explanation
    from fer_engine.models.config import Stage

THUMBNAIL = 56  # pixels
ALL = "all"
_HELP = (
    "Zeros: the share of the layer's values that are exactly zero. Concentration: how few places hold the activation (the Gini index), "
    "from 0 for evenly spread to 1 for a single place."
)


def draw(models: tuple[Model, ...], tile: "np.ndarray", shown: Shown) -> dict[str, str]:
    """Draw the layers of networks, and what SVMs see; gives the layer shown, by the slot of each network."""
    chosen: dict[str, str] = {}
    if shown.explanations:
        st.markdown("Each small picture is the most active channel of a layer, with its size. Choose a layer to see all its channels.")
    for model in models:
        with sentences():
            if model.slot in shown.explanations:
                chosen[model.slot] = _choose(model, shown.explanations[model.slot])
    for model, column in zip(models, st.columns(len(models), gap="large"), strict=True):
        with column, sentences():
            if model.slot in chosen:
                _channels(model, shown.explanations[model.slot].activations[chosen[model.slot]])
            elif model.run.spec.family == "svm":
                shown.svms[model.slot] = svm_view.draw(model, tile, shown.target)
    with sentences():
        _zeros(models, shown.explanations)
    return chosen


def _choose(model: Model, explanation: "Explanation") -> str:
    """One model's strip of all layers, each with its most active channel, and the choice of one."""
    activations = explanation.activations
    names = list(activations)
    label, key = f"Layer of model {model.slot}", f"layer_{model.key}"
    name = st.pills(label, names, default=names[0], required=True, key=key, bind="query-params", wrap=True)
    with st.container(horizontal=True, gap="xsmall", key=f"strip-{model.key}"):
        for each, activation in activations.items():
            caption = f"{each}  \n{_size(activation.stage)}"
            st.image(_thumbnail(activation), caption=caption, alt=f"Most active channel of {each}", width=THUMBNAIL)
    return name if name in activations else names[0]


def _thumbnail(activation: "LayerActivation") -> "np.ndarray":
    """The most active channel, or all units of a layer without maps, as a small square."""
    from fer_engine.explain.render import activation_grid, channel_image

    maps = activation.values.ndim == 3
    picture = channel_image(activation, int(activation.order[0]), upscale=4) if maps else activation_grid(activation, upscale=8)
    return pictures.resized(picture, (2 * THUMBNAIL, 2 * THUMBNAIL))


def _size(stage: "Stage") -> str:
    return f"{stage.side}×{stage.side}" if stage.side > 1 else f"{stage.channels}"


def _facts(activation: "LayerActivation") -> str:
    stage = activation.stage
    what = f"{stage.channels} channels of {stage.side}×{stage.side}" if stage.side > 1 else f"{stage.channels} units"
    if stage.kind == "scores":
        return "One score per emotion, before it becomes a probability"
    spread = "" if math.isnan(activation.concentration) else f" · concentration {activation.concentration:.2f}"
    return f"{what[0].upper()}{what[1:]} · {text.percent(activation.share_zero, 0)} zeros{spread}"


def _channels(model: Model, activation: "LayerActivation") -> None:
    """All channels of a layer as a grid, or one of them enlarged."""
    from fer_engine.explain.render import activation_grid, channel_image

    stage = activation.stage
    what = "channels" if stage.side > 1 else "units"
    st.caption(_facts(activation), help=_HELP)
    order = [str(number) for number in activation.order]
    channel = st.selectbox(
        f"{what.capitalize()} of {stage.name}, model {model.slot}",
        [ALL, *order],
        key=f"channel_{model.key}",
        bind="query-params",
        help=f"All {what}, the most active first, or one of them enlarged, by its number.",
    )
    if channel in (ALL, None):
        picture = activation_grid(activation)
        caption = f"All {stage.channels} {what}, the most active first, on one scale: dark is zero, yellow the layer's maximum"
    else:
        picture = channel_image(activation, int(channel))
        caption = f"{what.removesuffix('s').capitalize()} {channel} of {stage.name}, from zero (dark) to its own maximum (yellow)"
    st.image(picture, caption=caption, alt=f"Activations of {stage.name} in model {model.slot}, {model.run.name}", width="stretch")


def _zeros(models: tuple[Model, ...], explanations: dict[str, "Explanation"]) -> None:
    from dashboard import charts

    rows = []
    for model in models:
        if model.slot in explanations:
            activations = explanations[model.slot].activations.values()
            learnt = [item for item in activations if item.stage.kind in ("conv", "fc")]
            names = [item.stage.name for item in learnt]
            rows.append(charts.Sparsity(model.slot, model.run.name, names, [item.share_zero for item in learnt]))
    if not rows:
        return
    st.subheader("Does deeper mean sparser?", anchor="sparser")
    told = "; ".join(
        f"model {row.slot}, {row.name}: " + ", ".join(f"{n} {text.percent(z, 0)}" for n, z in zip(row.layers, row.share_zero, strict=True))
        for row in rows
    )
    st.plotly_chart(
        charts.zeros_by_depth(rows),
        key="zeros",
        config=charts.download_config("zeros-by-depth", "svg"),
        alt=f"Share of zeros per layer for this face. {told}.",
    )
