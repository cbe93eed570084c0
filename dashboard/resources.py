"""What is computed once and kept: the one module with Streamlit's caches.

Models are shared by all visitors and bounded. What is made of a visitor's picture is kept for that visitor's session
alone, and is gone when the page is closed.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dashboard.run_listing import Row, Summary
    from fer_engine.data.faceset import FaceSet
    from fer_engine.data.loaded import LoadedData, Progress
    from fer_engine.evaluation.comparison import Comparison
    from fer_engine.evaluation.comparison_heads import HeadPair
    from fer_engine.evaluation.curves import Scored
    from fer_engine.evaluation.statistics import Interval
    from fer_engine.explain.classical import SvmExplanation
    from fer_engine.explain.explanation import Explanation
    from fer_engine.explain.gradcam import Method
    from fer_engine.explain.occlusion import Fill, OcclusionMap
    from fer_engine.faces import FoundFaces
    from fer_engine.predictors import Predictor
    from fer_engine.runs.store import Run

_EXPLAINING = threading.Lock()  # one at a time: two explanations on two cores take longer side by side than in turn


def finished_runs(*, studies: bool = False) -> tuple[tuple[Run, ...], tuple[str, ...]]:
    """The finished runs whose folders can be read, and a sentence for each that cannot.

    Args:
        studies: Whether to give, last of all, the runs that ship as rows of ablation studies, which are many.
    """
    from dashboard.run_listing import DAMAGE
    from fer_engine.runs.store import list_runs

    runs, problems = [], []
    for found in (run for run in list_runs(studies=studies) if run.finished):
        try:
            run = _read_run(str(found.path), stamp(found, "manifest.json"))
        except DAMAGE as error:
            problems.append(f"The run '{found.name}' cannot be read and is left out: {str(error) or type(error).__name__}")
        else:
            runs.append(run)
    return tuple(runs), tuple(problems)


_FIGURES = ("n", "accuracy", "accuracy_ci95", "macro_f1", "accuracy_deduplicated", "n_deduplicated", "per_class", "confusion_matrix")


@st.cache_resource(max_entries=500, show_spinner=False)
def _read_run(path: str, stamp: int) -> Run:  # noqa: ARG001 - the stamp is the cache's key
    """A run with everything read that a page lists of it."""
    from fer_engine.runs.store import Run

    run = Run(Path(path))
    figures = next(iter(run.metrics.values()), {}) if run.spec else {}
    missing = [field for field in _FIGURES if field not in figures]
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


def predictor(run: Run) -> Predictor:
    """The predictor of a finished run, shared by all visitors."""
    return _predictor(str(run.path), run.spec.hash, of_weights(run))


@st.cache_resource(max_entries=12, show_spinner="Loading the network …")
def _predictor(path: str, spec_hash: str, stamp: int) -> Predictor:  # noqa: ARG001 - both are the cache's key
    import torch

    from fer_engine.predictors import load_predictor
    from fer_engine.runs.store import Run

    # One face at a time gains nothing from a second thread, and two stall each other beside a training.
    torch.set_num_threads(1)
    return load_predictor(Run(Path(path)))


def answer(run: Run, tile: np.ndarray) -> np.ndarray:
    """The calibrated probabilities (7,) that a run gives a face uint8 (48, 48). Cached for the session."""
    if run.spec.family == "cnn":
        return explanation(run, tile, None, "gradcam++").probabilities
    return _answer(str(run.path), run.spec.hash, of_weights(run), np.ascontiguousarray(tile).tobytes(), run)


@st.cache_data(max_entries=64, scope="session", show_spinner="Asking the model …")
def _answer(path: str, spec_hash: str, stamp: int, tile: bytes, _run: Run) -> np.ndarray:  # noqa: ARG001 - the cache's key
    return predictor(_run).probabilities(np.frombuffer(tile, np.uint8).reshape(1, 48, 48))[0]


def explanation(run: Run, tile: np.ndarray, target: str | None, method: Method) -> Explanation:
    """What a run's network says of a face uint8 (48, 48), and why. Cached for the session.

    Args:
        run: A finished run.
        tile: The face.
        target: The emotion that the heat maps explain; the answer where it is None.
        method: 'gradcam++' or 'gradcam'.
    """
    identity = (str(run.path), run.spec.hash, of_weights(run))
    return _explanation(identity, tile.tobytes(), target, method, run)


@st.cache_resource(max_entries=24, scope="session", show_spinner="Asking the network …")
def _explanation(identity: tuple[str, str, int], tile: bytes, target: str | None, method: Method, _run: Run) -> Explanation:  # noqa: ARG001
    from fer_engine.explain.explanation import explain

    network = predictor(_run)
    with _EXPLAINING:
        return explain(network, np.frombuffer(tile, np.uint8).reshape(48, 48).copy(), target=target, method=method)


def occlusion(run: Run, tile: np.ndarray, target: str | None, patch: int, fill: Fill) -> OcclusionMap:
    """What hiding each place of a face uint8 (48, 48) takes from an emotion, by any run. Cached for the session.

    Args:
        run: A finished run.
        tile: The face.
        target: The emotion; the answer where it is None.
        patch: Side of the patch, pixels; it moves by half of that.
        fill: What it shows.
    """
    identity = (str(run.path), run.spec.hash, of_weights(run))
    return _occlusion(identity, tile.tobytes(), target, patch, fill, run)


@st.cache_resource(max_entries=24, scope="session", show_spinner="Hiding one place after the other …")
def _occlusion(identity: tuple[str, str, int], tile: bytes, target: str | None, patch: int, fill: Fill, _run: Run) -> OcclusionMap:  # noqa: ARG001
    from fer_engine.explain.occlusion import occlusion_map

    model, face = predictor(_run), np.frombuffer(tile, np.uint8).reshape(48, 48).copy()
    with _EXPLAINING:
        return occlusion_map(model, face, target=target, patch=patch, stride=patch // 2, fill=fill)


def svm_explanation(run: Run, tile: np.ndarray, target: str | None) -> SvmExplanation:
    """What a run's SVM says of a face uint8 (48, 48), and what it sees of it. Cached for the session."""
    identity = (str(run.path), run.spec.hash, of_weights(run))
    return _svm_explanation(identity, tile.tobytes(), target, run)


@st.cache_resource(max_entries=24, scope="session", show_spinner="Asking the SVM …")
def _svm_explanation(identity: tuple[str, str, int], tile: bytes, target: str | None, _run: Run) -> SvmExplanation:  # noqa: ARG001
    from fer_engine.explain.classical import explain_svm

    return explain_svm(predictor(_run), np.frombuffer(tile, np.uint8).reshape(48, 48).copy(), target=target)


@st.cache_resource(max_entries=12, scope="session", show_spinner="Looking for the parts of the face …")
def points_of_face(tile: bytes) -> np.ndarray:
    """The 68 landmarks (68, 2) of a face given as the bytes of uint8 (48, 48). Cached for the session."""
    from fer_engine.features.landmarks import landmarks

    return landmarks(np.frombuffer(tile, np.uint8).reshape(1, 48, 48))[0]


def of_weights(run: Run) -> int:
    """When a run's weights were last changed, as `stamp`.

    Raises:
        FerLabError: Where it has none here, with the command that trains it again.
    """
    return stamp(run, run.weights.name)


def stamp(run: Run, name: str) -> int:
    """When a file of a run was last changed, nanoseconds; a run trained anew under the same name is another run."""
    try:
        return (run.path / name).stat().st_mtime_ns
    except OSError:
        raise FerLabError(f"The run '{run.name}' has lost its file {name}; train it again or remove its folder.") from None


def all_runs() -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """A row for each run that can be read, shipped and own, finished and not, and a sentence for each that cannot."""
    from dashboard.run_listing import DAMAGE, FINISHED, Row, keyed, last_written
    from fer_engine.runs.jobs import list_jobs
    from fer_engine.runs.store import list_runs

    jobs = {job.run.path: job for job in list_jobs()}
    rows, problems = [], []
    for key, run in keyed(list_runs(studies=True)).items():
        try:
            summary = _summary(str(run.path), run.finished, last_written(run))
        except DAMAGE as error:
            problems.append(f"The run '{key}' cannot be read and is left out: {str(error) or type(error).__name__}")
            continue
        job = None if run.finished else jobs.get(run.path)
        state = FINISHED if run.finished else job.state if job else "unfinished"
        rows.append(Row(key, summary, state, job.sentence if job else ""))
    return tuple(rows), tuple(problems)


@st.cache_resource(max_entries=500, show_spinner=False)
def _summary(path: str, finished: bool, stamp: int) -> Summary:  # noqa: ARG001 - the last two are the cache's key
    from dashboard.run_listing import summarise
    from fer_engine.runs.store import Run

    return summarise(Run(Path(path)))


def changed_files(run: Run) -> tuple[str, ...]:
    """The files of a finished run that are gone, or are not those that its manifest signed."""
    from fer_engine.runs.checks import signed

    names = signed(run.spec.family)
    stamps = tuple((run.path / name).stat().st_mtime_ns if (run.path / name).is_file() else 0 for name in names)
    return _changed_files(str(run.path), stamp(run, "manifest.json"), stamps)


@st.cache_resource(max_entries=100, show_spinner=False)
def _changed_files(path: str, stamp: int, stamps: tuple[int, ...]) -> tuple[str, ...]:  # noqa: ARG001 - the stamps are the cache's key
    from fer_engine.runs.checks import signed
    from fer_engine.runs.files import file_hash
    from fer_engine.runs.store import Run

    run = Run(Path(path))
    told = {name: entry.get("sha256") for name, entry in run.manifest.get("files", {}).items()}
    names = signed(run.spec.family)
    return tuple(name for name in names if not (run.path / name).is_file() or file_hash(run.path / name) != told.get(name))


def history(run: Run) -> pd.DataFrame:
    """A row an epoch of a run that has a history."""
    return _history(str(run.path), stamp(run, "history.csv"))


@st.cache_resource(max_entries=32, show_spinner=False)
def _history(path: str, stamp: int) -> pd.DataFrame:  # noqa: ARG001 - the stamp is the cache's key
    from fer_engine.runs.store import Run

    return Run(Path(path)).history()


def scored(run: Run) -> Scored:
    """What a finished run said of each face of the split that it was scored on when it ended."""
    return _scored(str(run.path), stamp(run, "predictions.parquet"), stamp(run, "calibration.json"))


@st.cache_resource(max_entries=16, show_spinner=False)
def _scored(path: str, predictions: int, calibration: int) -> Scored:  # noqa: ARG001 - the stamps are the cache's key
    from fer_engine.evaluation.curves import scored_splits
    from fer_engine.runs.store import Run

    splits = scored_splits(Run(Path(path)))
    if not splits:
        raise FerLabError(f"The predictions of the run '{Path(path).name}' are empty; train it again.")
    return next(iter(splits.values()))


def macro_f1_interval(run: Run) -> Interval:
    """The 95% interval of a finished run's macro F1 on the split that it was scored on when it ended."""
    return _macro_f1_interval(str(run.path), stamp(run, "predictions.parquet"), stamp(run, "calibration.json"))


@st.cache_resource(max_entries=100, show_spinner=False)
def _macro_f1_interval(path: str, predictions: int, calibration: int) -> Interval:
    from fer_engine.evaluation.intervals import macro_f1_interval

    return macro_f1_interval(_scored(path, predictions, calibration))


def comparison(runs: Mapping[str, Run]) -> Comparison:
    """Finished runs side by side, by what to call them."""
    return _comparison(_identities(runs))


@st.cache_resource(max_entries=8, show_spinner="Comparing the runs …")
def _comparison(identities: tuple[_Identity, ...]) -> Comparison:
    from fer_engine.evaluation.comparison import compare
    from fer_engine.runs.store import Run

    return compare({name: Run(Path(path)) for name, path, *_ in identities})


def compared_heads(runs: Mapping[str, Run]) -> tuple[HeadPair, ...]:
    """Every SVM on a network among finished runs, beside the network with a softmax."""
    return _compared_heads(_identities(runs))


@st.cache_resource(max_entries=4, show_spinner="Comparing the heads …")
def _compared_heads(identities: tuple[_Identity, ...]) -> tuple[HeadPair, ...]:
    from fer_engine.evaluation.comparison_heads import compare_heads
    from fer_engine.runs.store import Run

    return compare_heads({name: Run(Path(path)) for name, path, *_ in identities})


_Identity = tuple[str, str, int, int, int]
_COMPARED = ("manifest.json", "predictions.parquet", "calibration.json")


def _identities(runs: Mapping[str, Run]) -> tuple[_Identity, ...]:
    """What tells runs from others of their names, and from what they were before."""
    return tuple((name, str(run.path), *(stamp(run, file) for file in _COMPARED)) for name, run in runs.items())  # type: ignore[misc]


@dataclass
class _Place:
    """Where a data set is kept, and who opens it; a lock lets the first visitor open it and all others wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    data: LoadedData | None = None


def split_of_data(name: str, split: str, progress: Progress) -> FaceSet:
    """One split of a data set, shared by all visitors; the images of the set are memory-mapped.

    Args:
        name: A path, or 'synthetic' in one of its forms, as `fer_engine.data.source.open_data` takes it.
        split: The split.
        progress: Called with the fraction done and what is being done, where the data is read for the first time.

    Raises:
        FerLabError: Where the data cannot be read, or has no such split.
    """
    from fer_engine.data.source import open_data

    changed = last_changed(name)
    place = _place(name, changed)
    with place.lock:
        if place.data is None:
            # Bad rows are left out: faces are shown where the content hash of their split is the run's, whatever else there is.
            place.data = open_data(name, skip_bad=True, progress=progress)
    return _split(name, changed, split, place.data)


@st.cache_resource(max_entries=3, show_spinner=False)
def _place(name: str, stamp: int) -> _Place:  # noqa: ARG001 - both are the cache's key
    return _Place()


@st.cache_data(ttl=2, max_entries=8, show_spinner=False)  # a folder of many images takes a moment, and is asked about at each look
def last_changed(name: str) -> int:
    """When the file or a folder of a data set was last changed, nanoseconds; 0 for a drawn set."""
    try:
        folders = [folder for folder, _, _ in os.walk(name)]  # none of a file; what comes into a folder or goes changes that folder
        return max(Path(path).stat().st_mtime_ns for path in (name, *folders))
    except OSError:  # a drawn set, or nothing there
        return 0


@st.cache_resource(max_entries=3, show_spinner=False)
def _split(name: str, stamp: int, split: str, _data: LoadedData) -> FaceSet:  # noqa: ARG001 - the first two are the cache's key
    part = _data.faces.part(split)
    _ = part.content_hash  # once, not at every look
    return part


@st.cache_resource(max_entries=3, show_spinner="Drawing faces …")
def drawn_faces(name: str) -> LoadedData:
    """The synthetic set of that name, such as 'synthetic:700'."""
    from fer_engine.data.source import open_data

    return open_data(name)
