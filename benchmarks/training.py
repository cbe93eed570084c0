"""Images a second of our training against the plain recipe (`benchmarks/plain.py`), for the paper's three networks.

    python -m benchmarks.training [--quick] [--json]

Same network, same batch, as many threads as cores. Each side has a process of its own, and they take turns of as many
faces, so that whatever else the machine does falls on both. A turn of ours is `run_epoch`, whole: order, augmentation,
schedule, steps, looks at the loss, and validation, of one face, since the plain side has none. The plain side's workers
have some batches ready when its turn begins, so that the ratios are a little low. What is printed is the median over the
turns:

- ours: our engine by our recipe, whose faces grow over the epochs (`CnnSpec.sizes`), averaged over an epoch of each size;
- same size: our engine with all faces at 48 pixels, which is the plain recipe's work.

`--quick` measures speed alone, on noise, and ends within 50 s, with fewer turns where the machine is slow. Without it
both also train net5 for three epochs of FER2013 (`FER_LAB_DATA`), one after the other and chosen by nothing: ours on faces
that grow up to 40 pixels, the plain side on 48. Their accuracies on PublicTest and seconds are printed.
"""

import argparse
import json
import math
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

NETWORKS = ("net2", "net5", "net12")
TURNS, LEAST = 5, 2  # of each network: as many as there are, and those that are taken however late it is
STEPS = 3  # batches of a turn
QUICK = 44.0  # seconds after which no turn of --quick should end


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description="Images a second of our training against the plain recipe.")
    parser.add_argument("--quick", action="store_true", help="speed alone, on noise, in under a minute")
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    options = parser.parse_args()
    deadline = time.monotonic() + QUICK if options.quick else math.inf
    from benchmarks.machine import machine

    print(f"# {machine()}")
    results = measure_speed(deadline)
    print(f"{'network':<9}{'plain':>8}{'same size':>11}{'ratio':>7}{'ours':>8}{'ratio':>7}{'turns':>7}   images a second, median of turns")
    for name, row in results.items():
        ratios = f"{row['same_size']:>11.0f}{row['ratio_same_size']:>7.2f}{row['ours']:>8.0f}{row['ratio']:>7.2f}{row['turns']:>7}"
        print(f"{name:<9}{row['plain']:>8.0f}{ratios}")
    if not options.quick:
        results["accuracy_after_3_epochs"] = compare_accuracy("net5")
        print("net5, three epochs, PublicTest:", results["accuracy_after_3_epochs"])
    if options.json:
        print(json.dumps(results))


def measure_speed(deadline: float = math.inf) -> dict[str, Any]:
    """Images a second of each network and side.

    Args:
        deadline: When no turn should be going on any more, by `time.monotonic()`; each network has `LEAST` all the same.
    """
    sides = [_Side(_plain), _Side(_ours)]
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in NETWORKS}
    took: dict[str, float] = {}
    try:
        for name in NETWORKS:
            _turn(sides, name)  # makes the network, and trains a little that does not count
        for number in range(TURNS):
            for name in NETWORKS:
                began = time.monotonic()
                if number < LEAST or began + took[name] <= deadline:
                    turns[name].append(_turn(sides, name))
                    took[name] = time.monotonic() - began
    finally:
        for side in sides:
            side.end()
    return {name: _row(turns[name]) for name in NETWORKS}


def _turn(sides: "list[_Side]", name: str) -> dict[str, float]:
    return {key: rate for side in sides for key, rate in side.ask(name).items()}


def _row(turns: list[dict[str, float]]) -> dict[str, float]:
    row = {key: statistics.median(turn[key] for turn in turns) for key in turns[0]}
    ratios = {"ratio": row["ours"] / row["plain"], "ratio_same_size": row["same_size"] / row["plain"]}
    return {key: round(value, 2) for key, value in (row | ratios).items()} | {"turns": len(turns)}


class _Side:
    """One side's process: takes a network's name, and answers with its turn's images a second by kind."""

    def __init__(self, work: Callable[[str], Iterator[dict[str, float]]]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work))  # no daemon: the plain side has workers
        self.process.start()
        theirs.close()  # so that nobody waits for a process that failed

    def ask(self, name: str) -> dict[str, float]:
        self.pipe.send(name)
        return self.pipe.recv()

    def end(self) -> None:
        with suppress(OSError):
            self.pipe.send("end")
        self.process.join()


def _serve(pipe: Any, work: Callable[[str], Iterator[dict[str, float]]]) -> None:
    from benchmarks.machine import threads

    threads()
    turns: dict[str, Iterator[dict[str, float]]] = {}
    while (name := pipe.recv()) != "end":
        if name not in turns:
            turns[name] = work(name)
        pipe.send(next(turns[name]))


def _noise(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 48, 48), dtype=np.uint8), rng.integers(0, 7, n)


def _plain(name: str) -> Iterator[dict[str, float]]:
    from benchmarks import plain
    from fer_engine.experiments import lab
    from fer_engine.models import registry

    batch = lab.recipe(name).batch_size
    training = plain.steps(registry.build(name), plain.loader(*_noise(100 * batch), batch, training=True))
    next(training)
    yield {}
    while True:
        began = time.perf_counter()
        for _ in range(STEPS):
            next(training)
        yield {"plain": STEPS * batch / (time.perf_counter() - began)}


def _ours(name: str) -> Iterator[dict[str, float]]:
    import torch

    from fer_engine.data.augment import draw
    from fer_engine.data.faceset import FaceSet
    from fer_engine.experiments import lab
    from fer_engine.training.device import open_fabric
    from fer_engine.training.fit import Silent, prepare_trainer, run_epoch, set_to_train, train_step
    from fer_engine.training.hardware import Hardware

    spec = lab.recipe(name)
    images, labels = _noise(STEPS * spec.batch_size)
    faces = FaceSet(images, labels, np.full(len(labels), "Training"), np.arange(len(labels)))
    trainer = prepare_trainer(spec, faces, faces.take(np.arange(1)), open_fabric(Hardware(device="cpu")))
    sizes = sorted({*spec.sizes, 48})
    set_to_train(trainer)
    for size in sizes:
        train_step(trainer, torch.arange(spec.batch_size), draw(spec.batch_size, 0, 0), size)
    yield {}
    while True:
        times = {}
        for size in sizes:
            trainer.spec = replace(spec, sizes=(size,))
            times[size] = run_epoch(trainer, 0, Silent()).seconds / len(labels)
        yield {"ours": 1 / statistics.mean(times[size] for size in spec.sizes), "same_size": 1 / times[48]}


def compare_accuracy(name: str, epochs: int = 3) -> dict[str, dict[str, float]]:
    """Train both ways for some epochs of FER2013; the accuracy on PublicTest without test-time augmentation, and the seconds."""
    import torch

    from benchmarks import plain
    from benchmarks.machine import threads
    from benchmarks.watch import Rows
    from fer_engine.data.source import open_data
    from fer_engine.experiments import lab
    from fer_engine.models import registry
    from fer_engine.training.device import open_fabric
    from fer_engine.training.fit import fit
    from fer_engine.training.hardware import Hardware

    threads()
    faces = open_data().faces
    train, valid = faces.part("Training"), faces.part("PublicTest")
    spec = replace(lab.recipe(name), epochs=epochs)
    torch.manual_seed(0)
    network, began = registry.build(name), time.perf_counter()
    training = plain.steps(network, batches := plain.loader(train.images, train.labels, spec.batch_size, training=True))
    for _ in range(epochs * len(batches)):
        next(training)
    seconds = time.perf_counter() - began
    plain_accuracy = plain.accuracy(network, plain.loader(valid.images, valid.labels, 512, training=False))
    rows = Rows()
    with tempfile.TemporaryDirectory() as folder:
        fit(spec, train, valid, Path(folder), open_fabric(Hardware(device="cpu")), listener=rows)
    return {
        "plain": {"accuracy": round(plain_accuracy, 4), "seconds": round(seconds, 1)},
        "ours": {"accuracy": round(rows[-1].valid_accuracy, 4), "seconds": round(sum(row.seconds for row in rows), 1)},
    }


if __name__ == "__main__":
    main()
