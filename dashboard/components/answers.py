"""What models say of a face: label, probabilities, and whether two agree."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources, text
from dashboard.components.errors import sentences
from dashboard.components.run_picker import Model
from fer_engine.labels import COLORS, NAMES

if TYPE_CHECKING:
    import numpy as np


def draw(models: tuple[Model, ...], tile: "np.ndarray") -> None:
    """Draw the answers side by side, and, of two, a sentence on whether they agree."""
    verdict = st.container()
    answers: list[str] = []
    for model, column in zip(models, st.columns(len(models), gap="large"), strict=True):
        with column, sentences():
            probabilities = resources.answer(model.run, tile)
            _answer(model, probabilities)
            answers.append(NAMES[int(probabilities.argmax())])
    if len(answers) == 2:
        with verdict:
            st.markdown(_verdict(models, answers))


def _verdict(models: tuple[Model, ...], answers: list[str]) -> str:
    if models[0].run.path == models[1].run.path:
        return ":material/info: Both are the same model; choose another one to compare."
    if answers[0] == answers[1]:
        return f":material/check_circle: The two models agree: **{answers[0]}**."
    return f":material/compare_arrows: The two models disagree: A says **{answers[0]}**, B says **{answers[1]}**."


def _answer(model: Model, answer: "np.ndarray") -> None:
    from dashboard import charts

    probabilities = [float(value) for value in answer]
    label = NAMES[int(answer.argmax())]
    swatch = f"<span style='color:{COLORS[label]}' aria-hidden='true'>■</span>"
    st.markdown(f"### {swatch} {model.slot} says {label}, {text.probability(max(probabilities))}", unsafe_allow_html=True)
    told = ", ".join(f"{name} {text.percent(value)}" for name, value in zip(NAMES, probabilities, strict=True))
    st.plotly_chart(
        charts.probability_bars(probabilities),
        key=f"bars-{model.key}",
        config=charts.download_config(f"probabilities-{model.run.name}"),
        alt=f"Probabilities by model {model.slot}, {model.run.name}: {told}.",
    )
