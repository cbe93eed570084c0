"""The benchmarks' parts: a baseline that trains, and speeds of every kind that is printed."""

import numpy as np
import pytest
import torch
from small_runs import ONE_THREAD, small

from benchmarks import plain, training
from benchmarks.watch import Rows
from fer_engine.experiments import lab
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig
from fer_engine.training.run import prepare, train_run


def test_plain_recipe_learns(monkeypatch, noise_faces):
    torch.manual_seed(0)
    network = registry.build("net5", NetworkConfig(widths=(8, 8), hidden=(16,), dropout=0))
    train = noise_faces.part("Training")
    monkeypatch.setattr(plain.DataLoader, "__init__", _without_workers(plain.DataLoader.__init__))
    batches = plain.loader(train.images, train.labels, 14, training=True)
    steps = plain.steps(network, batches)
    losses = [next(steps) for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.85 * np.mean(losses[:10])
    assert plain.accuracy(network, plain.loader(train.images, train.labels, 14, training=False)) >= 0.28  # chance: 1/7


def _without_workers(original):
    def make(self, *arguments, **options):
        original(self, *arguments, **(options | {"num_workers": 0, "persistent_workers": False}))

    return make


def test_our_side_tells_its_speed_by_recipe_and_at_full_size(monkeypatch):
    spec = small()
    monkeypatch.setattr(lab, "recipe", lambda name: spec)
    turns = training._ours("net5")
    for _ in range(2):
        turn = next(turns)
        assert set(turn) == {"ours", "same_size"}
        assert turn["ours"] > 0 < turn["same_size"]


def test_curve_of_a_run_is_kept(noise_faces):
    rows = Rows()
    run = train_run(prepare(small(), noise_faces, "watched"), noise_faces, ONE_THREAD, rows)
    assert [row.epoch for row in rows] == [1, 2, 3, 4]
    assert rows[-1].valid_accuracy == pytest.approx(run.history()["valid_accuracy"].iloc[-1], abs=1e-5)
