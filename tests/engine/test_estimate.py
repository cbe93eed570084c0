"""What a run will take, measured beforehand; and what is said where memory ends."""

import io
import json
import sys
from dataclasses import asdict

import pytest
import torch
from fer_files import csv_text, faces_of_noise, rows_of
from small_runs import ONE_THREAD, small

from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import to_json
from fer_engine.training import estimate as estimating
from fer_engine.training import fit
from fer_engine.training.estimate import Estimate, measure, measure_here
from fer_engine.training.faults import explained, refuse_divergence
from fer_engine.training.run import prepare, train_run


def test_estimate_counts_every_epoch_and_the_memory():
    two, four = (measure_here(small(epochs=epochs), "synthetic:140", ONE_THREAD) for epochs in (2, 4))
    for estimate, epochs in ((two, 2), (four, 4)):
        assert estimate.total_seconds == pytest.approx(epochs * estimate.seconds_per_epoch)
        assert estimate.images_per_second > 0
        assert estimate.memory_bytes > 50_000_000  # torch alone takes more


@pytest.mark.slow
def test_estimate_comes_from_a_process_of_its_own():
    estimate = measure(small(), "synthetic:140", ONE_THREAD)
    assert isinstance(estimate, Estimate)
    assert estimate.seconds_per_epoch > 0


def test_what_cannot_be_trained_is_said_before_it_is_launched():
    with pytest.raises(FerLabError, match="batch_size is 5000, but there are only"):
        measure(small(batch_size=5000), "synthetic:140", ONE_THREAD)


@pytest.fixture
def csv_with_a_bad_row(tmp_path):
    rows = rows_of(faces_of_noise(60))
    path = tmp_path / "fer2013.csv"
    path.write_text(csv_text([*rows, rows[0] | {"pixels": "1 2 3"}]))
    return str(path)


@pytest.mark.slow
def test_what_can_be_launched_can_be_measured(csv_with_a_bad_row):
    faces = open_data(csv_with_a_bad_row, skip_bad=True).faces
    first = train_run(prepare(small(epochs=1), faces, "first"), faces, ONE_THREAD)
    estimate = measure(small(learns="head"), csv_with_a_bad_row, ONE_THREAD, first, skip_bad=True)
    assert estimate.seconds_per_epoch > 0
    with pytest.raises(FerLabError, match="name a finished run to start from"):
        measure_here(small(learns="head"), csv_with_a_bad_row, ONE_THREAD, skip_bad=True)
    with pytest.raises(FerLabError, match="pixel"):
        measure_here(small(), csv_with_a_bad_row, ONE_THREAD)


@pytest.mark.parametrize(
    ("sizes", "epochs", "timed"),
    [
        ((40, 48), 4, {40: 2, 48: 2}),
        ((40, 48), 5, {40: 3, 48: 2}),
        ((36, 40, 44, 48), 2, {36: 1, 44: 1}),
        ((40, 48, 48), 3, {40: 1, 48: 2}),
    ],
)
def test_each_size_counts_for_the_epochs_that_are_trained_at_it(monkeypatch, sizes, epochs, timed):
    asked = []
    monkeypatch.setattr(estimating, "_seconds_per_face", lambda trainer, size: asked.append(size) or size)
    estimate = measure_here(small(sizes=list(sizes), epochs=epochs), "synthetic:140", ONE_THREAD)
    assert asked == list(timed)
    assert estimate.images_per_second == pytest.approx(epochs / sum(size * number for size, number in timed.items()))


def test_measuring_process_lets_everything_else_go_first(monkeypatch, capsys):
    kind = []
    question = {"spec": to_json(small(batch_size=5000)), "data": "synthetic:140", "hardware": asdict(ONE_THREAD), "start": ""}
    monkeypatch.setattr(estimating, "be_kind", lambda: kind.append(True))
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(question | {"skip_bad": False})))
    estimating.main()
    assert kind == [True]
    assert "batch_size is 5000" in json.loads(capsys.readouterr().out)["sentence"]


def test_measure_that_takes_too_long_is_stopped_and_says_so(monkeypatch):
    monkeypatch.setattr(estimating, "LONGEST", 0.05)
    with pytest.raises(FerLabError, match=r"not through after 0\.05 seconds, and the measure was stopped"):
        measure(small(), "synthetic:140", ONE_THREAD)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        MemoryError(),
    ],
)
def test_end_of_memory_names_the_field_to_change(noise_faces, monkeypatch, error):
    def fail(*_: object) -> torch.Tensor:
        raise error

    monkeypatch.setattr(fit, "train_step", fail)
    with pytest.raises(FerLabError, match=r"not enough for batches of 16 faces of 48 pixels\. Lower batch_size"):
        train_run(prepare(small(), noise_faces, "large"), noise_faces, ONE_THREAD)


def test_batch_that_no_machine_holds_is_a_sentence():
    with pytest.raises(FerLabError, match="Lower batch_size"), explained(small()):
        torch.empty(2**60, dtype=torch.uint8)


def test_other_faults_pass():
    with pytest.raises(RuntimeError, match="a bug"), explained(small()):
        raise RuntimeError("a bug")


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_divergence_says_where(loss):
    with pytest.raises(FerLabError, match=rf"The loss became {loss} in epoch 3, step 7: the training diverged\. Lower optimizer\.lr"):
        refuse_divergence(loss, 3, 7)


def test_divergence_ends_the_run_at_once(noise_faces):
    steps = []

    class Watch(fit.Silent):
        def batch(self, epoch, step, steps_, images_per_second):
            steps.append((epoch, step))

    with pytest.raises(FerLabError, match="in epoch 1, step"):
        train_run(prepare(small(**{"optimizer.lr": 1e30}), noise_faces, "wild"), noise_faces, ONE_THREAD, Watch())
    assert len(steps) < 5  # an epoch has five
