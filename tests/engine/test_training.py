"""A run from spec to finished folder, interrupted and not."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save
from small_runs import ONE_THREAD, small

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec, OptimizerSpec, from_json
from fer_engine.labels import NAMES
from fer_engine.predictors import load_predictor
from fer_engine.runs import store
from fer_engine.runs.files import file_hash
from fer_engine.runs.records import trained_on
from fer_engine.training import fit
from fer_engine.training.device import cpu_gains_from_bf16
from fer_engine.training.fit import Silent
from fer_engine.training.hardware import Hardware
from fer_engine.training.optimizers import learning_rate
from fer_engine.training.run import prepare, reopen, train_run

FILES = ("spec.json", "history.csv", "weights.safetensors", "calibration.json", "predictions.parquet", "metrics.json", "manifest.json")


class StopAfter(Silent):
    """Interrupts a run after some steps of some epoch."""

    def __init__(self, epoch: int, step: int) -> None:
        self.place = (epoch, step)

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        if (epoch, step) == self.place:
            raise KeyboardInterrupt


@pytest.fixture
def finished(noise_faces) -> store.Run:
    return train_run(prepare(small(), noise_faces, "whole"), noise_faces, ONE_THREAD)


def test_finished_run_is_a_folder_that_explains_itself(finished, noise_faces):
    assert sorted(path.name for path in finished.path.iterdir()) == sorted(FILES)
    manifest = finished.manifest
    assert manifest["spec_hash"] == finished.spec.hash
    assert manifest["classes"] == list(NAMES)
    assert manifest["counts"]["Training"] == dict.fromkeys(NAMES, 10)
    assert manifest["protocol"]["chosen_on"] == "PublicTest"
    for name, entry in manifest["files"].items():
        assert file_hash(finished.path / name) == entry["sha256"]
    assert finished.spec.data.train_hash == noise_faces.part("Training").content_hash
    assert len(finished.history()) == 4


def test_predictions_and_metrics_are_those_of_the_weights_as_saved(finished, noise_faces):
    valid = noise_faces.part("PublicTest")
    scores = load_predictor(finished).scores(valid.images)
    table = finished.predictions()
    assert np.array_equal(table[list(NAMES)].to_numpy(), scores)
    assert table["id"].tolist() == valid.ids.tolist()
    assert finished.metrics["PublicTest"]["accuracy"] == pytest.approx((scores.argmax(1) == valid.labels).mean())


def test_weights_are_saved_in_half_precision(finished):
    weights = load_file(finished.path / store.WEIGHTS)
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16, torch.int64}


@pytest.mark.parametrize(("optimizer", "average"), [("sgd", 0.0), ("sgd", 0.9), ("adam", 0.0), ("adadelta", 0.0), ("rmsprop", 0.0)])
@pytest.mark.parametrize("place", [(1, 2), (3, 4)])
def test_interrupted_run_goes_on_to_the_same_end(noise_faces, optimizer, average, place):
    spec = replace(small(), optimizer=OptimizerSpec(name=optimizer, lr=0.01), average=average)
    whole = train_run(prepare(spec, noise_faces, "whole"), noise_faces, ONE_THREAD)
    job = prepare(spec, noise_faces, "broken")
    with pytest.raises(KeyboardInterrupt):
        train_run(job, noise_faces, ONE_THREAD, StopAfter(*place))
    assert not store.Run(job.folder).finished
    resumed = train_run(reopen(store.Run(job.folder), noise_faces), noise_faces, ONE_THREAD)
    for name in ("weights.safetensors", "predictions.parquet", "metrics.json", "calibration.json"):
        assert file_hash(resumed.path / name) == file_hash(whole.path / name), name
    timed = ["seconds"]
    assert resumed.history().drop(columns=timed).equals(whole.history().drop(columns=timed))
    assert not (resumed.path / store.RESUME).exists()


@pytest.mark.skipif(not cpu_gains_from_bf16(), reason="this processor does not multiply bfloat16 itself, and takes long to make as if")
def test_interrupted_run_in_half_precision_on_two_threads_goes_on_to_the_same_end(noise_faces):
    hardware = Hardware(device="cpu", precision="bf16-mixed", threads=2)
    spec = small(**{"network.widths": [32, 64], "network.hidden": [64], "batch_size": 35, "epochs": 2})  # enough for two threads
    whole = train_run(prepare(spec, noise_faces, "whole"), noise_faces, hardware)
    job = prepare(spec, noise_faces, "broken")
    with pytest.raises(KeyboardInterrupt):
        train_run(job, noise_faces, hardware, StopAfter(2, 1))
    resumed = train_run(reopen(store.Run(job.folder), noise_faces), noise_faces, hardware)
    assert (resumed.manifest["machine"]["precision"], resumed.manifest["machine"]["threads"]) == ("bf16-mixed", 2)
    for name in ("weights.safetensors", "predictions.parquet", "metrics.json", "calibration.json"):
        assert file_hash(resumed.path / name) == file_hash(whole.path / name), name
    assert resumed.history().drop(columns="seconds").equals(whole.history().drop(columns="seconds"))


def test_run_goes_on_only_with_the_data_that_it_was_begun_on(noise_faces):
    job = prepare(small(), noise_faces, "begun")
    other = replace(noise_faces, images=255 - noise_faces.images)
    with pytest.raises(FerLabError, match="'begun' was begun on other data"):
        reopen(store.Run(job.folder), other)


def test_finished_run_is_not_gone_on_with(finished, noise_faces):
    with pytest.raises(FerLabError, match="'whole' is finished"):
        reopen(finished, noise_faces)


def test_name_that_is_taken_is_refused_with_the_way_out(finished, noise_faces):
    with pytest.raises(FerLabError, match="There is a run 'whole' already. Choose another --name"):
        prepare(small(), noise_faces, "whole")


def test_run_that_saved_nothing_yet_does_not_hold_its_name(noise_faces):
    prepare(small(epochs=3), noise_faces, "again")
    job = prepare(small(), noise_faces, "again")
    assert store.Run(job.folder).spec == job.spec


def test_run_with_a_state_holds_its_name_until_it_is_removed(noise_faces):
    job = prepare(small(), noise_faces, "half")
    with pytest.raises(KeyboardInterrupt):
        train_run(job, noise_faces, ONE_THREAD, StopAfter(2, 1))
    with pytest.raises(FerLabError, match="unfinished run 'half' already. Go on with it"):
        prepare(small(), noise_faces, "half")


def without_progress(path: Path) -> None:
    path.write_bytes(save(load_file(path)))


@pytest.mark.parametrize(
    ("name", "damage", "sentence"),
    [
        (store.RESUME, lambda path: path.write_bytes(path.read_bytes()[:-100]), "The run cannot go on from .*resume.safetensors: "),
        (store.RESUME, lambda path: path.write_bytes(bytes(1000)), "The run cannot go on from .*resume.safetensors: "),
        (store.RESUME, without_progress, "The run cannot go on from .*resume.safetensors: "),
        (store.HISTORY, Path.unlink, "history.csv is missing or no table"),
        (store.HISTORY, lambda path: path.write_bytes(b"\xff"), "history.csv is missing or no table"),
        (store.HISTORY, lambda path: path.write_text("".join(path.open().readlines()[:2])), "history.csv lacks epoch 2"),
    ],
    ids=["cut off", "zeros", "no progress", "no history", "no text", "an epoch missing"],
)
def test_damaged_state_is_a_sentence_with_the_way_out(noise_faces, name, damage, sentence):
    job = prepare(small(), noise_faces, "half")
    with pytest.raises(KeyboardInterrupt):
        train_run(job, noise_faces, ONE_THREAD, StopAfter(3, 1))
    damage(job.folder / name)
    with pytest.raises(FerLabError, match=f"{sentence}.*(, and begin it anew|Train it again, or remove )"):
        train_run(reopen(store.Run(job.folder), noise_faces), noise_faces, ONE_THREAD)


def test_two_processes_do_not_train_one_run(noise_faces):
    job = prepare(small(), noise_faces, "shared")

    class Second(Silent):
        def epoch(self, row, epochs):
            train_run(job, noise_faces, ONE_THREAD)

    with pytest.raises(FerLabError, match="'shared' is being trained by another process"):
        train_run(job, noise_faces, ONE_THREAD, Second())


@pytest.mark.parametrize(
    ("hardware", "sentence"),
    [
        ({"device": "gpu9"}, "There is no device 'gpu9'"),
        ({"precision": "64-bit"}, "There is no precision '64-bit'"),
        ({"threads": -1}, "threads is -1"),
    ],
)
def test_hardware_that_is_not_there_is_a_sentence(hardware, sentence):
    with pytest.raises(FerLabError, match=sentence):
        Hardware(**hardware)


def test_same_faces_under_another_file_name_are_the_same_data(noise_faces):
    job = prepare(small(), noise_faces, "named")
    renamed = replace(noise_faces, name="a copy")
    assert reopen(store.Run(job.folder), renamed).spec == job.spec


@pytest.mark.parametrize("name", ["../out", "a/b", ".hidden", "a b", "x" * 81])
def test_name_that_could_leave_the_run_area_is_refused(noise_faces, name):
    with pytest.raises(FerLabError, match="cannot name a run"):
        prepare(small(), noise_faces, name)


@pytest.mark.parametrize(("monitor", "column", "best"), [("valid_loss", "valid_loss", "min"), ("valid_accuracy", "valid_accuracy", "max")])
def test_monitor_chooses_the_epoch(noise_faces, monitor, column, best):
    run = train_run(prepare(small(monitor=monitor), noise_faces, monitor), noise_faces, ONE_THREAD)
    history = run.history()
    row = history[column].idxmin() if best == "min" else history[column].idxmax()
    assert run.manifest["best_epoch"] == history["epoch"][row]


def test_last_epoch_is_kept_where_nothing_chooses(noise_faces):
    run = train_run(prepare(small(monitor="last"), noise_faces, "last"), noise_faces, ONE_THREAD)
    assert run.manifest["best_epoch"] == 4


def test_patience_ends_a_run_that_gets_no_better(noise_faces):
    spec = replace(small(patience=2, epochs=30), optimizer=OptimizerSpec(lr=1e-12))  # nothing is learnt
    run = train_run(prepare(spec, noise_faces, "idle"), noise_faces, ONE_THREAD)
    assert run.manifest["epochs"] == run.manifest["best_epoch"] + 2 < 30


def test_smaller_faces_come_first(finished):
    assert finished.history()["size"].tolist() == [40, 40, 48, 48]


def test_svm_head_starts_from_a_finished_run_and_says_so(finished, noise_faces):
    spec = replace(small(head="svm", epochs=1, label_smoothing=0.0), network=finished.spec.config)
    run = train_run(prepare(spec, noise_faces, "under-svm", starts_from=finished), noise_faces, ONE_THREAD)
    assert run.spec.start == finished.spec.hash
    assert run.manifest["starts_from"] == "whole"
    fresh = train_run(prepare(replace(spec, seed=1), noise_faces, "fresh"), noise_faces, ONE_THREAD)
    start = load_file(finished.path / store.WEIGHTS)["body.conv1.0.weight"]

    def distance(other: store.Run) -> float:
        return float((load_file(other.path / store.WEIGHTS)["body.conv1.0.weight"].float() - start.float()).norm())

    assert distance(run) < 0.5 * distance(fresh)


def test_divergence_is_a_sentence_with_the_field_to_change(noise_faces):
    job = prepare(small(**{"optimizer.lr": 1e12}), noise_faces, "wild")
    with pytest.raises(FerLabError, match=r"diverged\. Lower optimizer\.lr"):
        train_run(job, noise_faces, ONE_THREAD)


def test_divergence_in_the_last_step_is_a_sentence_before_anything_is_saved(noise_faces):
    """One step leaves weights that answer nothing; its own loss was that of the weights before."""
    changes = {"optimizer.lr": 1e30, "epochs": 1, "batch_size": 70, "sizes": [48], "schedule.name": "constant"}
    job = prepare(small(**changes), noise_faces, "late")
    with pytest.raises(
        FerLabError, match=r"The validation loss became \w+ in epoch 1, step 1: the training diverged\. Lower optimizer\.lr\."
    ):
        train_run(job, noise_faces, ONE_THREAD)
    assert [path.name for path in job.folder.iterdir()] == ["spec.json"]


def test_batch_larger_than_the_data_is_a_sentence(noise_faces):
    with pytest.raises(FerLabError, match="batch_size is 5000, but there are only 70 faces to train on"):
        prepare(small(batch_size=5000), noise_faces, "big")


def test_full_disk_ends_the_run_with_a_sentence_and_keeps_the_last_state(noise_faces, monkeypatch):
    job = prepare(small(), noise_faces, "full")
    original, written = Path.write_bytes, []

    def write_until_full(self, data):
        written.append(self)
        if len(written) > 2:
            original(self, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, data)

    with monkeypatch.context() as patch, pytest.raises(FerLabError, match="no space left on device"):
        patch.setattr(Path, "write_bytes", write_until_full)
        train_run(job, noise_faces, ONE_THREAD)
    assert not list(job.folder.glob(".*.tmp"))
    whole = train_run(prepare(small(), noise_faces, "whole"), noise_faces, ONE_THREAD)
    resumed = train_run(reopen(store.Run(job.folder), noise_faces), noise_faces, ONE_THREAD)
    assert file_hash(resumed.path / store.WEIGHTS) == file_hash(whole.path / store.WEIGHTS)


def test_spec_in_the_folder_is_the_spec_that_was_trained(finished):
    assert from_json((finished.path / "spec.json").read_text()) == finished.spec
    assert json.loads((finished.path / "spec.json").read_text())["family"] == "cnn"


def test_learning_rate_rises_and_falls_as_said():
    spec = CnnSpec().schedule
    rates = [learning_rate(spec, 1.0, step / 100) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[round(100 * spec.warmup)] == pytest.approx(1)
    assert rates[-1] == pytest.approx(0.001)
    assert learning_rate(replace(spec, name="constant"), 0.3, 0.9) == 0.3


def test_history_has_a_row_an_epoch_with_finite_figures(finished):
    history = finished.history()
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert np.isfinite(history.to_numpy(dtype=float)).all()
    assert isinstance(history, pd.DataFrame)


def test_compiled_network_trains_as_the_plain_one(finished, noise_faces, monkeypatch):
    """With a compiler that changes nothing; what it compiles and what is saved are the same network."""
    monkeypatch.setattr(fit, "COMPILER", "eager")
    compiled = train_run(prepare(small(), noise_faces, "compiled"), noise_faces, replace(ONE_THREAD, compiled=True))
    assert file_hash(compiled.path / store.WEIGHTS) == file_hash(finished.path / store.WEIGHTS)
    assert [run.manifest["machine"]["compiled"] for run in (compiled, finished)] == [True, False]
    assert trained_on(compiled).compiled


def test_a_run_begun_anew_from_fresh_weights_forgets_what_it_was_to_start_from(noise_faces):
    first = train_run(prepare(small(epochs=1), noise_faces, "first"), noise_faces, ONE_THREAD)
    begun = prepare(small(epochs=1, seed=1), noise_faces, "second", first)
    assert reopen(store.Run(begun.folder), noise_faces).starts_from is not None
    again = prepare(small(epochs=1), noise_faces, "second")
    assert reopen(store.Run(again.folder), noise_faces).starts_from is None
