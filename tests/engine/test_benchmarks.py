"""The benchmarks' parts: a baseline that trains, and speeds of every kind that is printed."""

import json

import numpy as np
import pytest
import torch
from small_runs import ONE_THREAD, small

from benchmarks import plain, time_to_accuracy, training
from benchmarks.watch import Rows
from fer_engine.experiments import lab
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig
from fer_engine.training import fit
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
    spec, epochs, run_epoch = small(), [], fit.run_epoch

    def noted(trainer, epoch, listener):
        row = run_epoch(trainer, epoch, listener)
        epochs.append((row.size, len(trainer.labels), len(trainer.valid_labels)))
        return row

    monkeypatch.setattr(lab, "recipe", lambda name: spec)
    monkeypatch.setattr(fit, "run_epoch", noted)
    turns = training._ours("net5")
    assert next(turns) == {}  # it has warmed up
    for _ in range(2):
        turn = next(turns)
        assert set(turn) == {"ours", "same_size"}
        assert turn["ours"] > 0 < turn["same_size"]
    faces = training.STEPS * spec.batch_size  # as many as the plain side takes in a turn
    assert epochs == 2 * [(40, faces, 1), (48, faces, 1)]


class FakeSide:
    """A side that trains nothing: its speeds are those of its turns, and of all networks the same."""

    seconds = 0.0  # of a turn
    clock = 0.0

    def __init__(self, work) -> None:
        self.kinds = ("plain",) if work is training._plain else ("ours", "same_size")
        self.turns = dict.fromkeys(training.NETWORKS, 0)
        self.ended = False

    def ask(self, name):
        FakeSide.clock += self.seconds
        self.turns[name] += 1
        number = self.turns[name] - 1
        return {kind: {"plain": 100.0, "ours": 300.0, "same_size": 200.0}[kind] + number for kind in self.kinds} if number else {}

    def end(self):
        self.ended = True


@pytest.fixture
def faked(monkeypatch):
    """Both sides faked, by a clock of their own."""
    monkeypatch.setattr(training, "_Side", FakeSide)
    monkeypatch.setattr(training.time, "monotonic", lambda: FakeSide.clock)
    monkeypatch.setattr(FakeSide, "clock", 0.0)


@pytest.mark.parametrize(("seconds", "turns"), [(1.0, [5, 5, 5]), (2.0, [3, 3, 2]), (9.0, [2, 2, 2])])
def test_turns_end_in_time_but_for_two_of_each_network(monkeypatch, faked, seconds, turns):
    monkeypatch.setattr(FakeSide, "seconds", seconds)
    results = training.measure_speed(deadline=training.QUICK)
    assert [row["turns"] for row in results.values()] == turns
    middle = (1 + turns[0]) / 2
    assert results["net2"]["ours"] == 300 + middle
    assert results["net2"]["ratio"] == round((300 + middle) / (100 + middle), 2)


@pytest.mark.parametrize("options", [["--quick", "--json"], ["--json"]])
def test_last_line_is_json_with_both_speeds_and_their_ratio(monkeypatch, capsys, faked, options):
    accuracies = {"plain": {"accuracy": 0.5, "seconds": 9.0}, "ours": {"accuracy": 0.6, "seconds": 3.0}}
    monkeypatch.setattr(training, "compare_accuracy", lambda name: accuracies)
    monkeypatch.setattr("sys.argv", ["training", *options])
    training.main()
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    if "--quick" not in options:
        assert told.pop("accuracy_after_3_epochs") == accuracies
    assert list(told) == ["net2", "net5", "net12"]
    for row in told.values():
        assert row["plain"] > 0 < row["ours"]
        assert row["ratio"] == pytest.approx(row["ours"] / row["plain"], abs=0.006)


def test_time_to_accuracy_tells_when_each_seed_reached_it(monkeypatch, capsys):
    curves = {0: [(10.0, 0.5), (20.0, 0.65), (30.0, 0.66)], 1: [(11.0, 0.6), (21.0, 0.64)]}
    monkeypatch.setattr(time_to_accuracy, "train", lambda model, seed: curves[seed])
    monkeypatch.setattr("sys.argv", ["time_to_accuracy", "--seeds", "2", "--model", "net2", "--json"])
    time_to_accuracy.main()
    *_, reached, ends, last = capsys.readouterr().out.splitlines()
    assert reached == "net2 to 64.5%: reached by 1 of 2 seeds; by seed [20.0, None]"
    assert ends == "at the end: [66.0, 64.0]% after [30, 21] s"
    told = json.loads(last)
    assert told == {
        "model": "net2",
        "target": 0.645,
        "seconds": [20.0, None],
        "curves": [[list(point) for point in curves[seed]] for seed in curves],
    }
    monkeypatch.setattr("sys.argv", ["time_to_accuracy", "--seeds", "1", "--target", "0.6"])
    time_to_accuracy.main()
    assert "res8 to 60.0%: 20 s on average; by seed [20.0]" in capsys.readouterr().out


def test_curve_of_a_run_is_kept(noise_faces):
    rows = Rows()
    run = train_run(prepare(small(), noise_faces, "watched"), noise_faces, ONE_THREAD, rows)
    assert [row.epoch for row in rows] == [1, 2, 3, 4]
    assert rows[-1].valid_accuracy == pytest.approx(run.history()["valid_accuracy"].iloc[-1], abs=1e-5)
