"""Seconds from nothing to the paper's best figure, 64.5%, on FER2013's PublicTest, by our quickest recipe.

    python -m benchmarks.time_to_accuracy [--seeds 3] [--model res8] [--target 0.645] [--json]

Needs FER2013 (`FER_LAB_DATA`). The recipe is `fer_engine.experiments.lab.recipe(model)`. The clock counts training and
the validation after each epoch, from the first step; reading the data and building the network are outside. What stops
the clock is the accuracy after an epoch, as it is told during training: without test-time augmentation, in full
precision. PublicTest tells when the target is reached, so the figure is one of speed, not of accuracy on unseen faces.
"""

import argparse
import json
import statistics
import tempfile
from dataclasses import replace
from itertools import accumulate
from pathlib import Path


def main() -> None:
    """Train with each seed and print the curves and the mean time."""
    parser = argparse.ArgumentParser(description="Seconds to an accuracy on PublicTest.")
    parser.add_argument("--seeds", type=int, default=3, help="how many trainings")
    parser.add_argument("--model", default="res8")
    parser.add_argument("--target", type=float, default=0.645, help="share of PublicTest")
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    options = parser.parse_args()
    from benchmarks.machine import machine

    print(f"# {machine()}")
    curves = [train(options.model, seed) for seed in range(options.seeds)]
    reached = [next((seconds for seconds, accuracy in curve if accuracy >= options.target), None) for curve in curves]
    done = [seconds for seconds in reached if seconds is not None]
    told = f"{statistics.mean(done):.0f} s on average" if len(done) == len(reached) else f"reached by {len(done)} of {len(reached)} seeds"
    print(f"{options.model} to {100 * options.target:.1f}%: {told}; by seed {reached}")
    print(f"at the end: {[round(100 * curve[-1][1], 1) for curve in curves]}% after {[round(curve[-1][0]) for curve in curves]} s")
    if options.json:
        print(json.dumps({"model": options.model, "target": options.target, "seconds": reached, "curves": curves}))


def train(model: str, seed: int) -> list[tuple[float, float]]:
    """Train once; (seconds so far, accuracy on PublicTest) after each epoch."""
    from benchmarks.machine import threads
    from benchmarks.watch import Rows
    from fer_engine.data.source import open_data
    from fer_engine.experiments import lab
    from fer_engine.training.device import open_fabric
    from fer_engine.training.fit import fit
    from fer_engine.training.hardware import Hardware

    threads()
    faces = open_data().faces
    spec = replace(lab.recipe(model), seed=seed)
    rows = Rows()
    with tempfile.TemporaryDirectory() as folder:
        fit(spec, faces.part("Training"), faces.part("PublicTest"), Path(folder), open_fabric(Hardware(device="cpu")), listener=rows)
    curve = list(zip(accumulate(row.seconds for row in rows), (row.valid_accuracy for row in rows), strict=True))
    for row, (seconds, accuracy) in zip(rows, curve, strict=True):
        print(f"seed {seed}  epoch {row.epoch:>2}  {row.size} px  {seconds:6.1f} s  {100 * accuracy:5.2f}%", flush=True)
    return [(round(seconds, 1), round(accuracy, 4)) for seconds, accuracy in curve]


if __name__ == "__main__":
    main()
