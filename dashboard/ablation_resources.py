"""What is concluded from studies, and what their rows say of a face: caches of what ablations need, beside `resources`.

Conclusions are kept for all visitors. What is made of a visitor's picture is kept for that visitor's session alone.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from fer_engine.runs.store import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.strip import Answer
    from fer_engine.ablations.results import Conclusion, RowResult
    from fer_engine.ablations.text_claims import Judged
    from fer_engine.experiments.studies import Study
    from fer_engine.runs.store import Run

_ASKING = threading.Lock()  # one run in memory at a time, whoever asks


def conclusion(study: Study, found: Sequence[RowResult]) -> Conclusion:
    """What may be concluded from the runs that there are."""
    return _conclusion(repr(study), _identities(found), study, tuple(found))


def judged(study: Study, found: Sequence[RowResult]) -> tuple[Judged, ...]:
    """What becomes of what the paper's text says on a study's rows."""
    return _judged(study.name, _identities(found), study, tuple(found))


def _identities(found: Sequence[RowResult]) -> tuple[tuple[str, int, str, int], ...]:
    """What tells the runs of a study's rows from what they were before."""
    return tuple(
        (result.row.key, seed, str(run.path), (run.path / MANIFEST).stat().st_mtime_ns)
        for result in found
        for seed, run in zip(result.seeds, result.runs, strict=True)
    )


@st.cache_resource(max_entries=32, show_spinner="Testing the differences …")
def _conclusion(
    words: str,  # noqa: ARG001 - the first two are the cache's key
    identities: tuple[tuple[str, int, str, int], ...],  # noqa: ARG001
    _study: Study,
    _found: tuple[RowResult, ...],
) -> Conclusion:
    from fer_engine.ablations.results import conclude

    return conclude(_study, _found)


@st.cache_resource(max_entries=16, show_spinner="Judging what the text says …")
def _judged(
    name: str,  # noqa: ARG001 - the first two are the cache's key
    identities: tuple[tuple[str, int, str, int], ...],  # noqa: ARG001
    _study: Study,
    _found: tuple[RowResult, ...],
) -> tuple[Judged, ...]:
    from fer_engine.ablations.text_claims import judge_all

    return judge_all(_study, _found)


def strip_answer(run: Run, tile: np.ndarray) -> Answer:
    """What a run of a study says of a face uint8 (48, 48), with its map. Cached for the session.

    The run is loaded, asked and let go: of a study of many runs one at a time is in memory, and what is kept is small.

    Raises:
        FerLabError: Where its folder is damaged.
    """
    return _strip_answer(str(run.path), (run.path / MANIFEST).stat().st_mtime_ns, np.ascontiguousarray(tile).tobytes())


@st.cache_resource(max_entries=128, scope="session", show_spinner=False)
def _strip_answer(path: str, stamp: int, tile: bytes) -> Answer:  # noqa: ARG001 - the stamp is the cache's key
    import torch

    from dashboard.strip import Answer
    from fer_engine.explain.explanation import explain
    from fer_engine.predictors import load_predictor
    from fer_engine.runs.store import Run

    face = np.frombuffer(tile, np.uint8).reshape(48, 48).copy()
    with _ASKING:
        torch.set_num_threads(1)  # one face gains nothing from a second thread
        run = Run(Path(path))
        predictor = load_predictor(run)
        if run.spec.family != "cnn":
            return Answer(predictor.probabilities(face[None])[0])
        told = explain(predictor, face)
        return Answer(told.probabilities, told.cams[told.default_layer], told.default_layer)
