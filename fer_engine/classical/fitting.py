"""An SVM run from spec to finished folder, the same folder as a network's but for the history."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fer_engine.classical.backend import svc
from fer_engine.classical.blocks import Block, Measure, fit_block, halved, measures
from fer_engine.classical.files import COUNTS, DUAL, INTERCEPTS, VECTORS, load_machine, save_machine
from fer_engine.data.faceset import FaceSet
from fer_engine.data.known import set_name
from fer_engine.errors import FerLabError
from fer_engine.evaluation.manifest import Course, describe, describe_machine
from fer_engine.evaluation.results import write_results
from fer_engine.experiments.spec import to_json, with_data
from fer_engine.experiments.svm_spec import FeatureSpec, SvmSpec
from fer_engine.features.cache import cached
from fer_engine.features.landmarks import predictor_hash
from fer_engine.labels import N_CLASSES
from fer_engine.predictors import CnnPredictor, load_predictor
from fer_engine.runs import store
from fer_engine.runs.begun import note_start, refuse_other, refuse_taken, started_from
from fer_engine.runs.files import file_hash, make_folder, write_json, write_text
from fer_engine.svm_predictor import SvmPredictor, hidden_layer, mirrored

MEGABYTES = 20  # a model may have


@dataclass(frozen=True)
class Fitted:
    """A fitted SVM.

    Attributes:
        blocks: Its blocks of features.
        arrays: libsvm's arrays, by their names in the file.
        seconds: How long features and fit took.
    """

    blocks: tuple[Block, ...]
    arrays: dict[str, np.ndarray]
    seconds: float


def prepare_svm(spec: SvmSpec, faces: FaceSet, name: str = "", network: store.Run | None = None) -> tuple[SvmSpec, store.Run]:
    """Settle the spec on the data and the network, and make the run folder.

    Raises:
        FerLabError: Where a split or the network is missing, or a run of that name exists.
    """
    spec = settle_svm(spec, faces, network)
    folder = store.run_path(name or f"{spec.model}-{spec.hash}")
    refuse_taken(folder)
    make_folder(folder)
    write_text(folder / store.SPEC, to_json(spec))
    note_start(folder, network)
    return spec, store.Run(folder)


def reopen_svm(run: store.Run, faces: FaceSet) -> store.Run | None:
    """The network that an unfinished SVM run reads, or None for none.

    Raises:
        FerLabError: Where the run is finished, or data or network are not what it was begun on.
    """
    assert isinstance(run.spec, SvmSpec)
    network = started_from(run)
    refuse_other(run, settle_svm(replace(run.spec, start=""), faces, network))
    return network


def settle_svm(spec: SvmSpec, faces: FaceSet, network: store.Run | None = None) -> SvmSpec:
    """The spec with the content hashes of its data and of the network's spec.

    Raises:
        FerLabError: Where a split is missing, an emotion has no face to learn from, or the network is missing, superfluous or
            without weights.
    """
    train, valid = faces.part(spec.data.train), faces.part(spec.data.valid)
    if spec.needs_network != bool(network):
        wanted = "reads a network: say which one with --from" if spec.needs_network else "reads no network: leave out --from"
        raise FerLabError(f"{spec.model} {wanted}.")
    if len(np.unique(train.labels)) < N_CLASSES:
        raise FerLabError(f"An SVM learns all {N_CLASSES} emotions, but {spec.data.train} has {len(np.unique(train.labels))} of them.")
    start = network.network_spec.hash if network and network.weights else ""
    return replace(with_data(spec, train.content_hash, valid.content_hash, set_name(faces, train)), start=start)


def fit_run(
    spec: SvmSpec, run: store.Run, faces: FaceSet, network: store.Run | None = None, say: Callable[[str], None] = lambda _: None
) -> store.Run:
    """Fit an SVM, measure what was saved, and write the manifest last of all.

    Args:
        spec: Settled by `prepare_svm`.
        run: Its folder.
        faces: The data set.
        network: The run whose hidden layer is read, or None.
        say: Told in words what is done next.

    Raises:
        FerLabError: With a sentence, where fitting or saving fails.
    """
    reader = load_predictor(network) if network else None
    assert reader is None or isinstance(reader, CnnPredictor)
    train, valid = faces.part(spec.data.train), faces.part(spec.data.valid)
    fitted = fit(
        spec,
        train,
        hidden_layer(reader) if reader else None,
        f"{file_hash(network.weights)}:{reader.tta}" if network and reader else "",
        say,
    )
    weights = run.path / store.WEIGHTS
    save_machine(fitted.blocks, fitted.arrays, weights)
    say("Measuring what was saved")
    blocks, machine = load_machine(spec, weights)
    # Any scale will do until the scores, which need none, have given it.
    predictor = SvmPredictor(spec, blocks, machine, None, reader, name=run.name)  # type: ignore[arg-type]
    predictor.calibration = write_results(run.path, predictor.scores(valid.images), train, valid)
    course = Course(fitted.seconds, sum(array.size for array in fitted.arrays.values()))
    told = describe(spec, run.path, faces, course, predictor, describe_machine(_cores(), _cores(), precision="half, as saved"))
    told |= {"starts_from": network.name if network else None, "support_vectors": len(fitted.arrays[VECTORS])}
    if network:
        told["network_sha256"] = file_hash(network.weights)
    if spec.needs_landmarks:
        told["landmarks_sha256"] = predictor_hash()
    write_json(run.path / store.MANIFEST, told)
    run.clear_up()
    return store.Run(run.path)


def fit(
    spec: SvmSpec, train: FaceSet, hidden: Measure | None = None, network: str = "", say: Callable[[str], None] = lambda _: None
) -> Fitted:
    """Fit blocks and machine on the faces of a split; features come out of the cache where they are known.

    The machine is fitted on rows that are rounded as the file keeps them: saved in half precision, it loses nothing. A
    machine that is rounded afterwards does, where C is high (1.7 points of the paper's on PCA).

    Args:
        spec: What to fit.
        train: Faces to learn from.
        hidden: What gives the hidden layer of the network, for a block of the kind 'cnn'.
        network: What that network's features are known by: the hash of its weights, and whether they are means over a mirror image.
        say: Told in words what is done next.
    """
    began = time.perf_counter()
    blocks, rows = [], []
    faces = np.ascontiguousarray(train.images)
    sides = [faces, mirrored(faces)] if spec.mirror else [faces]
    for feature, measure in zip(spec.features, measures(spec.features, hidden), strict=True):
        say(f"Features: {feature.kind}")
        found = [_measured(feature, measure, train, side, mirror, network) for mirror, side in enumerate(sides)]
        measured = np.concatenate(found) if spec.mirror else found[0]
        blocks.append(fit_block(feature, measured))
        rows.append(halved(blocks[-1].rows(measured)))
    inputs, labels = np.hstack(rows), np.tile(np.asarray(train.labels), len(sides))
    say(f"Fitting on {len(labels):,} faces with {inputs.shape[1]} features each")
    return Fitted(tuple(blocks), _fit_machine(spec, inputs, labels), time.perf_counter() - began)


def _measured(feature: FeatureSpec, measure: Measure, train: FaceSet, faces: np.ndarray, mirror: int, network: str) -> np.ndarray:
    """The features of a split's faces, or of their mirror images, out of the cache where they are known."""
    kinds: dict[str, dict[str, Any]] = {
        "pixels": {"standardise": feature.standardise},
        "hog": {"cell": feature.cell, "block": feature.block, "orientations": feature.orientations},
        "landmarks": {"forms": list(feature.forms)},
        "cnn": {"network": network},
    }
    points = {"predictor": predictor_hash()} if feature.kind == "landmarks" or feature.align else {}
    parameters: dict[str, Any] = {"kind": feature.kind, "mirror": mirror, "align": feature.align} | kinds[feature.kind] | points
    return cached(parameters, train, lambda: measure(faces))


def _fit_machine(spec: SvmSpec, inputs: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    weight = None if spec.class_weight == "none" else spec.class_weight
    machine = svc(kernel=spec.kernel, C=spec.C, gamma=spec.gamma, class_weight=weight, break_ties=True, cache_size=1000)
    machine.fit(inputs, labels)
    vectors = np.asarray(machine.support_vectors_)
    size = vectors.size * 2 / 1e6
    if size > MEGABYTES and spec.kernel == "rbf":
        raise FerLabError(
            f"The machine has {len(vectors):,} support vectors of {vectors.shape[1]} features, {size:.0f} MB; {MEGABYTES} MB are allowed. "
            "Lower features.n_components, or leave out mirrored faces (mirror)."
        )
    dual = np.asarray(machine.dual_coef_)
    return {VECTORS: vectors, DUAL: dual, COUNTS: np.asarray(machine.n_support_), INTERCEPTS: np.asarray(machine.intercept_)}


def _cores() -> int:
    from fer_engine.training.neighbour import cores

    return cores()
