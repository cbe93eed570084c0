"""The form that begins a search."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.components import train_data
from dashboard.components.errors import sentences
from fer_engine.classical.search import FEATURES, SearchSpec, prepare
from fer_engine.classical.search_grid import GRIDS

if TYPE_CHECKING:
    from fer_engine.classical.search_grid import Grid

WORDS = {
    "quick": "Quick: a few candidates, minutes",
    "wider": "Wider: lower C, unwhitened components",
    "paper": "The paper's 210 candidates",
}


def draw() -> None:
    """Draw it."""
    data = train_data.choose()
    left, right = st.columns(2, gap="large")
    with left:
        features: Any = st.selectbox("Principal components of", list(FEATURES), format_func=FEATURES.__getitem__, key="search-features")
        name: Any = st.selectbox("Candidates", list(WORDS), format_func=WORDS.__getitem__, key="search-grid")
    with right:
        faces = st.number_input("Faces", 100, 50_000, 1000, step=500, key="search-faces", help="Drawn in proportion to the emotions.")
        folds = st.number_input("Folds, outer and inner", 2, 10, 5, key="search-folds")
    grid = GRIDS[name]
    spec = SearchSpec(grid, features, faces=int(faces), outer=int(folds), inner=int(folds))
    _candidates(grid, spec)
    label = st.text_input("Name", f"{features}-{name}-{int(faces)}", key=f"search-name-{features}-{name}-{int(faces)}", max_chars=80)
    if st.button("Search", type="primary", icon=":material/search:", key="launch-search", disabled=not data.loaded):
        with sentences(), st.spinner("Launching …"):
            _launch(label.strip(), spec, data)


def _candidates(grid: "Grid", spec: SearchSpec) -> None:
    def told(values: tuple[float, ...]) -> str:
        return ", ".join(f"{value:g}" for value in values)

    st.caption(
        f"{len(grid)} candidates: components {told(grid.n_components)}; {' and '.join(grid.kernels)}; C {told(grid.C)}; "
        f"gamma {told(grid.gamma)}. The plain way would make {spec.fits:,} fits; here distances, kernels and components are shared."
    )


def _launch(name: str, spec: SearchSpec, data: train_data.Data) -> None:
    from fer_engine.classical import search_jobs

    assert data.loaded is not None
    search = prepare(name, spec, data.loaded.faces)
    search_jobs.start(search, data.name, skip_bad=data.skip_bad)
    st.session_state["next-search"] = search.name
    st.rerun()
