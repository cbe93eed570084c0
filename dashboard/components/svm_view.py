"""What an SVM sees of the face: rebuilt from its components, its gradients, its landmarks, or a network's layer."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import pictures, resources, text
from dashboard.components.heat_maps import SIZE
from dashboard.components.run_picker import Model

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.explain.classical import BlockView, SvmExplanation

EIGENFACE = 60  # pixels
_EIGENFACES = (
    "An eigenface is a direction in which the training faces differ most, the first one most of all. Mid grey is none of it, and its "
    "sign means nothing by itself. The number is how much of it this face has beyond the mean face."
)


def draw(model: Model, tile: "np.ndarray", target: str | None) -> "SvmExplanation":
    """Draw what a model's SVM sees; gives what it says.

    Args:
        model: A model whose run is an SVM.
        tile: The face.
        target: The emotion whose machines are told of; None for the answer.
    """
    explanation = resources.svm_explanation(model.run, tile, target)
    st.markdown(_votes(model, explanation))
    for number, view in enumerate(explanation.blocks):
        _DRAWN[view.kind](model, view, number, tile)
    return explanation


def _votes(model: Model, explanation: "SvmExplanation") -> str:
    duels = explanation.duels
    won = sum(distance > 0 for distance in duels.values())
    closest = min(duels, key=lambda name: abs(duels[name]))
    signed = f"{duels[closest]:+.2f}".replace("-", "\N{MINUS SIGN}")
    return (
        f"Model {model.slot} has no layers: it measures the face once, and 21 machines vote, one for each two emotions. "
        f"Of the six for **{explanation.target}**, {won} vote for it; the closest is against {closest} ({signed}; beyond ±1 the face "
        "is outside the margin)."
    )


def _parts(view: "BlockView") -> str:
    """How many components there are, and what they keep of this face."""
    if not view.n_components:
        return ""
    kept = "" if view.kept is None else f", which keep {text.percent(view.kept, 0)} of what tells this face from the mean"
    return f"{view.n_components} principal components{kept}"


def _pictures(key: str, *shown: "tuple[np.ndarray, str, str]") -> None:
    """Pictures side by side, each with its caption and its words for a screen reader."""
    with st.container(horizontal=True, gap="small", key=f"heat-{key}"):
        for picture, caption, alt in shown:
            st.image(picture, caption=caption, alt=alt, width=SIZE)


def _face(view: "BlockView", tile: "np.ndarray") -> "tuple[np.ndarray, str, str]":
    """The face as the block takes it."""
    from fer_engine.explain.render import face_image

    if view.aligned:
        return (
            face_image(view.face),
            "The face, aligned by its landmarks",
            "The face, so turned, scaled and moved that its parts lie in place",
        )
    return face_image(tile), "The face", "The face as the model gets it"


def _pixels(model: Model, view: "BlockView", number: int, tile: "np.ndarray") -> None:
    from fer_engine.explain.render import face_image

    st.markdown(f"**Pixels**: {_parts(view) or 'all 2,304'}.")
    if view.rebuilt is None or not view.eigenfaces:
        _pictures(f"block-{model.key}-{number}", _face(view, tile))
        return
    caption = f"Rebuilt from {view.n_components} components"
    _pictures(
        f"block-{model.key}-{number}",
        _face(view, tile),
        (face_image(view.rebuilt), caption, f"{caption}: all that model {model.slot} sees of the face"),
    )
    _eigenfaces(model, view, number)


def _eigenfaces(model: Model, view: "BlockView", number: int) -> None:
    from fer_engine.explain.face_pictures import eigenface_image, told_eigenface

    st.caption("The leading eigenfaces, each with its number and how much of it this face has", help=_EIGENFACES)
    with st.container(horizontal=True, gap="xsmall", key=f"strip-block-{model.key}-{number}"):
        for item in view.eigenfaces:
            picture = pictures.resized(eigenface_image(item.pixels, 48), (2 * EIGENFACE, 2 * EIGENFACE))
            alt = f"Eigenface {item.number}, coefficient {item.coefficient:.2f}, {text.percent(item.share, 0)} of the difference"
            st.image(picture, caption=told_eigenface(item), alt=alt, width=EIGENFACE)


def _hog(model: Model, view: "BlockView", number: int, tile: "np.ndarray") -> None:
    assert view.gradients is not None
    st.markdown(f"**Gradients (HOG)**{': ' + _parts(view) if view.n_components else ''}.")
    caption = "Its edges: brighter is stronger"
    _pictures(
        f"block-{model.key}-{number}",
        _face(view, tile),
        (view.gradients, caption, "In each cell a stroke along each edge, as bright as the edge is strong"),
    )


def _landmarks(model: Model, view: "BlockView", number: int, tile: "np.ndarray") -> None:
    from fer_engine.explain.face_pictures import points_image
    from fer_engine.explain.regions import LICENCE

    assert view.points is not None
    forms = " and ".join(model.run.spec.features[number].forms)  # type: ignore[union-attr]  # the run of an SVM
    st.markdown(f"**Landmarks**: {forms} of 68 points{'; ' + _parts(view) if view.n_components else ''}.")
    alt = "The face with 68 points on jaw, brows, nose, eyes and mouth"
    _pictures(f"block-{model.key}-{number}", (points_image(tile, view.points), "The 68 points", alt))
    st.caption(LICENCE)


def _network(model: Model, view: "BlockView", number: int, tile: "np.ndarray") -> None:  # noqa: ARG001 - as the others
    name = text.plain(view.network)
    st.markdown(
        f"**A network's features**: the {view.width:,} units of `{view.layer}` of **{name}**, its last layer before the scores"
        f"{'; ' + _parts(view) if view.n_components else ''}. The SVM stands in the place of that network's scores. "
        f"Choose {name} as the other model to see its layers."
    )


_DRAWN = {"pixels": _pixels, "hog": _hog, "landmarks": _landmarks, "cnn": _network}
