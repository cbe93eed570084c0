"""Faces a second of the features: our HOG, by OpenCV for whole batches, against `skimage.feature.hog` face by face; and landmarks.

    python -m benchmarks.features [--faces 1000] [--json]

On faces of FER2013's PublicTest (`FER_LAB_DATA`; without it drawn faces), in turns, on one thread; eight orientations,
cells of 6x6 pixels and blocks of 2x2 cells on both sides.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
from skimage.feature import hog

TURNS = 3


def main() -> None:
    """Measure in turns and print the ratio."""
    parser = argparse.ArgumentParser(description="Speed of features.")
    parser.add_argument("--faces", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    options = parser.parse_args()
    from benchmarks.machine import machine
    from fer_engine.features.hog import Hog
    from fer_engine.features.landmarks import available, landmarks

    faces = _faces(options.faces)
    cv2.setNumThreads(1)
    ways: dict[str, Callable[[np.ndarray], object]] = {"hog": Hog().transform, "skimage": _theirs}
    if available():
        ways["landmarks"] = landmarks
    turns = [{name: _speed(way, faces) for name, way in ways.items()} for _ in range(TURNS)]
    found = {name: round(statistics.median(turn[name] for turn in turns), 1) for name in ways}
    found["ratio"] = round(found["hog"] / found["skimage"], 2)
    print(f"# {machine()}")
    print(f"HOG: ours {found['hog']:,.0f} faces/s, skimage.feature.hog {found['skimage']:,.0f} faces/s, ratio {found['ratio']:.1f}")
    if "landmarks" in found:
        print(f"68 landmarks: {found['landmarks']:,.0f} faces/s")
    if options.json:
        print(json.dumps(found))


def _faces(number: int) -> np.ndarray:
    from benchmarks.machine import faces_at_hand

    return np.asarray(faces_at_hand(10 * max(number, 7)).part("PublicTest").images[:number])


def _theirs(faces: np.ndarray) -> list[np.ndarray]:
    return [hog(face, 8, (6, 6), (2, 2), block_norm="L2-Hys") for face in faces]


def _speed(way: Callable[[np.ndarray], object], faces: np.ndarray) -> float:
    began = time.perf_counter()
    way(faces)
    return len(faces) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
