"""Which parts of the face decided: the share of each map on brows, eyes, nose, mouth, the rest of the face and outside."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import region_charts, resources, text
from dashboard.components import table_downloads
from dashboard.components.errors import sentences
from dashboard.components.heat_maps import Shown
from dashboard.components.run_picker import Model

if TYPE_CHECKING:
    import numpy as np

    from dashboard.region_charts import Shares

WIDTH = 288  # pixels


@dataclass(frozen=True, eq=False)
class Parts:
    """What was found of a face.

    Attributes:
        points: The 68 landmarks (68, 2), pixels.
        regions: The region of each pixel, uint8 (48, 48).
    """

    points: "np.ndarray"
    regions: "np.ndarray"


def draw(models: tuple[Model, ...], tile: "np.ndarray", shown: Shown) -> Parts | None:
    """Draw the regions of the face, and each model's shares, which are kept in `shown`; None where there are no landmarks."""
    from fer_engine.errors import FerLabError
    from fer_engine.features.landmarks import predictor_file

    st.subheader("Which parts of the face decided?", anchor="regions")
    try:
        predictor_file()
    except FerLabError as error:
        st.info(f"The parts of the face are found by its landmarks. {text.plain(str(error))}", icon=":material/info:")
        return None
    parts = _parts(tile)
    for model, column in zip(models, st.columns(len(models), gap="large"), strict=True):
        with column, sentences():
            shown.shares[model.slot] = _measured(model, parts.regions, shown)
            _shares(model, shown.shares[model.slot], shown)
    return parts


def _measured(model: Model, regions: "np.ndarray", shown: Shown) -> "Shares":
    """The shares of a model's maps, by what each map is called; a map that is 0 everywhere is left out."""
    from fer_engine.explain.regions import region_shares

    maps = {}
    if model.slot in shown.explanations:
        explanation = shown.explanations[model.slot]
        name = "Grad-CAM++" if explanation.method == "gradcam++" else "Grad-CAM"
        maps[f"{name}, {shown.layers[model.slot]}"] = explanation.cams[shown.layers[model.slot]]
    if model.slot in shown.occlusions:
        maps["occlusion"] = shown.occlusions[model.slot].evidence
    return {name: region_shares(cam.map_48, regions) for name, cam in maps.items() if not cam.blank}


def _parts(tile: "np.ndarray") -> Parts:
    """Draw the regions with what they mean; gives them."""
    from fer_engine.explain.face_pictures import regions_image
    from fer_engine.explain.regions import LICENCE, region_map

    points = resources.points_of_face(tile.tobytes())
    regions = region_map(points)
    with st.container(horizontal=True, gap="medium", key="parts"):
        st.image(
            regions_image(tile, regions, points),
            caption="The regions, after 68 landmarks",
            alt="The face with its landmarks and the borders of brows, eyes, nose, mouth, the rest of the face and what is outside",
            width=WIDTH,
        )
        with st.container(width=420):
            st.markdown(
                "How much of a map lies in each region, and, in grey, how much of the picture the region is. A map that is the same "
                "everywhere would have the shares of the areas, so a region with more than that counts for more than its area, by "
                "the factor behind the share (×). A map of few positions is blurred over neighbouring regions."
            )
            st.caption(LICENCE)
    return Parts(points, regions)


def _shares(model: Model, found: "Shares", shown: Shown) -> None:
    """One model's chart and its table to take away."""
    from dashboard import charts

    if not found:
        st.info(f"Model {model.slot}: no map has anything that speaks for the emotion.", icon=":material/info:")
        return
    target = (shown.explanations.get(model.slot) or shown.occlusions[model.slot]).target
    st.plotly_chart(
        region_charts.region_bars(found, model.slot),
        key=f"regions-{model.key}",
        config=charts.download_config(f"regions-{model.run.name}-{target}", "svg"),
        alt=f"Model {model.slot}, {model.run.name}, {target}. {region_charts.told(found)}",
    )
    frame = region_charts.region_table(found)
    caption = f"Share of the maps for {target} on each region of one face, {model.run.name}"
    table_downloads.draw(frame, f"{model.run.name}-{model.key}-regions", caption)
