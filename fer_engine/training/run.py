"""A run from spec to finished folder: `train_run` trains, `finish` measures and signs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from lightning_fabric import Fabric

from fer_engine import settings
from fer_engine.data.audit_votes import votes_hash
from fer_engine.data.faceset import FaceSet
from fer_engine.data.known import set_name
from fer_engine.errors import FerLabError
from fer_engine.evaluation.evaluate import judge
from fer_engine.evaluation.manifest import Course, describe, describe_machine
from fer_engine.evaluation.results import write_results
from fer_engine.experiments.spec import CnnSpec, to_json, with_data
from fer_engine.predictors import CnnPredictor, load_network, network_scores, save_weights
from fer_engine.runs import store
from fer_engine.runs.begun import note_start, refuse_other, refuse_taken, started_from
from fer_engine.runs.files import file_hash, make_folder, write_json, write_text
from fer_engine.training.device import by_the_first, open_fabric
from fer_engine.training.fit import Fitted, Listener, Silent, fit
from fer_engine.training.hardware import Hardware
from fer_engine.training.leading import leads
from fer_engine.training.neighbour import cores


@dataclass(frozen=True)
class Job:
    """A run to be trained.

    Attributes:
        spec: What to train; the data's hashes are filled in here.
        folder: Its run folder.
        starts_from: The finished run whose weights it starts from, or None for fresh ones.
    """

    spec: CnnSpec
    folder: Path
    starts_from: store.Run | None = None


def prepare(spec: CnnSpec, faces: FaceSet, name: str = "", starts_from: store.Run | None = None) -> Job:
    """Settle the spec on the data and make its run folder in the user's run area.

    Args:
        spec: What to train.
        faces: The data set.
        name: The run's label; by default network, head and the spec's hash.
        starts_from: A finished run to start from.

    Raises:
        FerLabError: Where a split is missing, or a run of that name exists.
    """
    spec = settle(spec, faces, starts_from)
    folder = store.run_path(name or f"{spec.model}-{spec.head}-{spec.hash}")
    if not leads():
        return Job(spec, folder, starts_from)
    refuse_taken(folder)
    make_folder(folder)
    write_text(folder / store.SPEC, to_json(spec))
    note_start(folder, starts_from)
    return Job(spec, folder, starts_from)


def settle(spec: CnnSpec, faces: FaceSet, starts_from: store.Run | None = None) -> CnnSpec:
    """The spec with the content hashes of its data and of the run that it starts from.

    Raises:
        FerLabError: Where a split is missing, the batch is larger than the training split, the run to start from is here without
            its weights, or the head alone is to learn on layers that are fresh.
    """
    if spec.learns == "head" and starts_from is None:
        raise FerLabError("learns is 'head', but the layers below it would be fresh: name a finished run to start from (--from).")
    train, valid = faces.part(spec.data.train), faces.part(spec.data.valid)
    if spec.batch_size > len(train):
        raise FerLabError(f"batch_size is {spec.batch_size}, but there are only {len(train)} faces to train on.")
    start = starts_from.spec.hash if starts_from and starts_from.weights else ""
    spec = with_data(spec, train.content_hash, valid.content_hash, set_name(faces, train))
    return replace(spec, start=start, data=replace(spec.data, votes_hash=votes_hash() if spec.votes else ""))


def reopen(run: store.Run, faces: FaceSet) -> Job:
    """The job of an unfinished run.

    Raises:
        FerLabError: Where the run is finished, or the data is not what it was begun on.
    """
    starts_from = started_from(run)
    refuse_other(run, settle(run.network_spec, faces, starts_from))
    return Job(run.network_spec, run.path, starts_from)


def train_run(job: Job, faces: FaceSet, hardware: Hardware | None = None, listener: Listener | None = None) -> store.Run:
    """Train a job to its end, from where it is.

    Raises:
        FerLabError: With a sentence, where training fails; what is saved so far stays and `reopen` goes on.
    """
    hardware, listener = hardware or Hardware(), Silent() if listener is None else listener
    fabric = open_fabric(hardware)
    train, valid = faces.part(job.spec.data.train), faces.part(job.spec.data.valid)
    start = job.starts_from.weights if job.starts_from else None
    with ExitStack() as held:
        with by_the_first(fabric) as first:
            if first:
                held.enter_context(_alone_in(job.folder))
        fitted = fit(job.spec, train, valid, job.folder, fabric, start=start, listener=listener, compiled=hardware.compiled)
        with by_the_first(fabric) as first:
            if first:
                listener.measuring()
                finish(job, faces, fitted, fabric, hardware.compiled)
    return store.Run(job.folder)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes from training the same run; the lock goes with the process, whatever ends it."""
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise FerLabError(f"The run '{folder.name}' is being trained by another process. Wait for it, or stop it first.") from None
    for left_over in folder.glob(".*.tmp"):  # of a process that was killed while it wrote
        left_over.unlink(missing_ok=True)
    try:
        yield
    finally:
        lock.release()


def finish(job: Job, faces: FaceSet, fitted: Fitted, fabric: Fabric, compiled: bool) -> None:
    """Save weights in half precision, measure what was saved, and write the manifest last of all."""
    spec, folder = job.spec, job.folder
    train, valid = faces.part(spec.data.train), faces.part(spec.data.valid)
    save_weights(fitted.weights, folder / store.WEIGHTS)
    network = load_network(spec, folder / store.WEIGHTS)
    calibration = write_results(folder, network_scores(network, valid.images, spec.tta), train, valid)
    predictor = CnnPredictor(network, calibration, spec.tta, name=folder.name)
    started = job.starts_from.name if job.starts_from else None
    progress = fitted.progress
    learning = network.body["scores"] if spec.learns == "head" else network
    learnt = sum(parameter.numel() for parameter in learning.parameters())
    course = Course(progress.seconds, learnt, progress.epoch, progress.best_epoch)
    told = describe(spec, folder, faces, course, predictor, _machine(fabric) | {"compiled": compiled})
    write_json(folder / store.MANIFEST, told | {"starts_from": started} | _before(job, valid) | _votes(spec))
    store.Run(folder).clear_up()


def _before(job: Job, valid: FaceSet) -> dict[str, Any]:
    """What the run that this one started from answers on the same faces: how much the training brought."""
    if job.starts_from is None:
        return {}
    network = load_network(job.spec, job.starts_from.weights)
    metrics = judge(network_scores(network, valid.images, job.spec.tta), valid)
    return {"before": {"accuracy": metrics.accuracy, "accuracy_ci95": metrics.accuracy_ci95, "macro_f1": metrics.macro_f1}}


def _votes(spec: CnnSpec) -> dict[str, Any]:
    """Which table of FER+'s votes was learnt from."""
    path = settings.votes_path()
    return {"votes": {"file": path.name, "sha256": file_hash(path)}} if spec.votes and path else {}


def _machine(fabric: Fabric) -> dict[str, Any]:
    device = torch.cuda.get_device_name() if fabric.device.type == "cuda" else "cpu"
    return describe_machine(cores(), torch.get_num_threads(), fabric.world_size, device, str(fabric._precision.precision))
