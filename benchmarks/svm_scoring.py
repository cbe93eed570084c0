"""Faces a second that an SVM scores: our matrix products against scikit-learn's `SVC.predict` on the same machine.

    python -m benchmarks.svm_scoring [--faces 4000] [--json]

An SVM on 200 principal components of HOG is fitted on so many faces of FER2013's Training (`FER_LAB_DATA`; without it on drawn faces) by
scikit-learn, saved and loaded as any run's, and both score the same faces of PublicTest, in turns and on one thread.
HOG and its projection are left out of the time, as both need them.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

TURNS = 3
SCORED = 500  # faces a turn


def main() -> None:
    """Fit, score in turns and print the ratio."""
    parser = argparse.ArgumentParser(description="Speed of scoring an SVM.")
    parser.add_argument("--faces", type=int, default=4000, help="faces to fit on")
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    options = parser.parse_args()
    from benchmarks.machine import machine

    print(f"# {machine()}")
    found = measure(options.faces)
    print(
        f"{found['vectors']:,} support vectors: ours {found['ours']:,.0f} faces/s, SVC.predict {found['plain']:,.0f} faces/s, "
        f"ratio {found['ratio']:.1f}; same answer on {100 * found['same']:.2f}% of {found['n']:,} faces"
    )
    if options.json:
        print(json.dumps(found))


def measure(n_faces: int) -> dict[str, float]:
    """Speeds of both, their ratio, and the share of PublicTest's faces on which they agree."""
    from benchmarks.machine import faces_at_hand
    from fer_engine.classical.blocks import fit_block, measures
    from fer_engine.classical.files import COUNTS, DUAL, INTERCEPTS, VECTORS, load_machine, save_machine
    from fer_engine.experiments.svm_spec import FeatureSpec, SvmSpec

    faces = faces_at_hand(2 * n_faces)
    train, valid = faces.part("Training"), faces.part("PublicTest")
    spec = SvmSpec(model="svm-hog", features=(FeatureSpec(kind="hog", n_components=200),), C=3, gamma=1)
    (hog,) = measures(spec.features)
    features = hog(np.asarray(train.images[:n_faces]))
    block = fit_block(spec.features[0], features)
    theirs = SVC(C=spec.C, gamma=spec.gamma, break_ties=True, cache_size=1000).fit(block.rows(features), train.labels[:n_faces])
    arrays = {VECTORS: theirs.support_vectors_, DUAL: theirs.dual_coef_, COUNTS: theirs.n_support_, INTERCEPTS: theirs.intercept_}
    with tempfile.TemporaryDirectory() as folder:
        save_machine((block,), arrays, Path(folder) / "machine.safetensors")
        _, ours = load_machine(spec, Path(folder) / "machine.safetensors")
    rows = block.rows(hog(np.asarray(valid.images)))
    with threadpool_limits(1):
        speeds = [(_speed(lambda part: ours.scores(part).argmax(1), rows), _speed(theirs.predict, rows)) for _ in range(TURNS)]
        same = float((ours.scores(rows).argmax(1) == theirs.predict(rows)).mean())
    fast, plain = (statistics.median(column) for column in zip(*speeds, strict=True))
    return {"ours": fast, "plain": plain, "ratio": fast / plain, "same": same, "n": len(rows), "vectors": len(theirs.support_vectors_)}


def _speed(answer: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> float:
    part = rows[:SCORED]
    began = time.perf_counter()
    answer(part)
    return len(part) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
