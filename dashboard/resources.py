"""What is computed once and kept: the one module with Streamlit's caches.

Models are shared by all visitors and bounded. What is made of a visitor's picture is kept for that visitor's session
alone, and is gone when the page is closed.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.explain.explanation import Explanation
    from fer_engine.explain.gradcam import Method
    from fer_engine.faces import FoundFaces
    from fer_engine.predictors import CnnPredictor
    from fer_engine.runs.store import Run

_EXPLAINING = threading.Lock()  # one at a time: two explanations on two cores take longer side by side than in turn


def finished_runs() -> tuple[tuple[Run, ...], tuple[str, ...]]:
    """The finished runs whose folders can be read, and a sentence for each that cannot."""
    from fer_engine.runs.store import list_runs

    runs, problems = [], []
    for found in (run for run in list_runs() if run.finished):
        try:
            run = _read_run(str(found.path), _stamp(found, "manifest.json"))
        except (FerLabError, OSError, ValueError) as error:
            problems.append(f"The run '{found.name}' cannot be read and is left out: {error}")
        else:
            runs.append(run)
    return tuple(runs), tuple(problems)


@st.cache_resource(max_entries=500, show_spinner=False)
def _read_run(path: str, stamp: int) -> Run:  # noqa: ARG001 - the stamp is the cache's key
    """A run with everything read that a page lists of it."""
    from fer_engine.runs.store import Run

    run = Run(Path(path))
    figures = next(iter(run.metrics.values()), {}) if run.spec else {}
    missing = [field for field in ("n", "accuracy", "accuracy_ci95") if field not in figures]
    missing += [field for field in ("parameters", "milliseconds_per_face", "protocol") if field not in run.manifest]
    if missing:
        raise FerLabError(f"its folder does not say {', '.join(missing)}.")
    return run


@st.cache_resource(max_entries=3, scope="session", show_spinner="Looking for faces …")
def find_faces(data: bytes, name: str, whole_image: bool) -> FoundFaces:
    """The faces of an image file. Cached for the session; an image that cannot be read raises FerLabError."""
    from fer_engine.faces import find_faces as find

    return find(data, name, whole_image=whole_image)


@st.cache_resource(max_entries=32, show_spinner=False)
def sample_png(name: str) -> bytes:
    """A sample picture as the bytes of a PNG file."""
    from fer_engine.explain.render import to_png
    from fer_engine.samples import get_sample

    return to_png(get_sample(name).load())


def predictor(run: Run) -> CnnPredictor:
    """The predictor of a finished run, shared by all visitors."""
    return _predictor(str(run.path), run.spec.hash, _stamp(run, "weights.safetensors"))


@st.cache_resource(max_entries=12, show_spinner="Loading the network …")
def _predictor(path: str, spec_hash: str, stamp: int) -> CnnPredictor:  # noqa: ARG001 - both are the cache's key
    import torch

    from fer_engine.predictors import load_predictor
    from fer_engine.runs.store import Run

    # One face at a time gains nothing from a second thread, and two stall each other beside a training.
    torch.set_num_threads(1)
    return load_predictor(Run(Path(path)))


def explanation(run: Run, tile: np.ndarray, target: str | None, method: Method) -> Explanation:
    """What a run's network says of a face uint8 (48, 48), and why. Cached for the session.

    Args:
        run: A finished run.
        tile: The face.
        target: The emotion that the heat maps explain; the answer where it is None.
        method: 'gradcam++' or 'gradcam'.
    """
    identity = (str(run.path), run.spec.hash, _stamp(run, "weights.safetensors"))
    return _explanation(identity, tile.tobytes(), target, method, run)


@st.cache_resource(max_entries=24, scope="session", show_spinner="Asking the network …")
def _explanation(identity: tuple[str, str, int], tile: bytes, target: str | None, method: Method, _run: Run) -> Explanation:  # noqa: ARG001
    from fer_engine.explain.explanation import explain

    network = predictor(_run)
    with _EXPLAINING:
        return explain(network, np.frombuffer(tile, np.uint8).reshape(48, 48).copy(), target=target, method=method)


def _stamp(run: Run, name: str) -> int:
    """When a file of a run was last changed, nanoseconds; a run trained anew under the same name is another run."""
    try:
        return (run.path / name).stat().st_mtime_ns
    except OSError:
        raise FerLabError(f"The run '{run.name}' has lost its file {name}; train it again or remove its folder.") from None
