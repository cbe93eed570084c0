"""The manifest: what a finished run says of itself."""

import platform
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from fer_engine.data.augment import PIXEL_MEAN, PIXEL_STD
from fer_engine.data.faceset import FaceSet
from fer_engine.experiments.spec import RunSpec
from fer_engine.labels import NAMES
from fer_engine.predictors import Predictor
from fer_engine.runs import store
from fer_engine.runs.files import file_hash

_PACKAGES = ("fer-lab", "torch", "lightning-fabric", "numpy", "scikit-learn", "safetensors")
_FILES = (store.SPEC, store.HISTORY, store.WEIGHTS, store.CALIBRATION, store.PREDICTIONS, store.METRICS)


@dataclass(frozen=True)
class Course:
    """How a training went.

    Attributes:
        seconds: How long it took.
        parameters: Numbers that were learnt.
        epochs: Passes over the training faces; 0 for a family that has none.
        best_epoch: The pass whose weights are kept, from 1; 0 for a family that has none.
    """

    seconds: float
    parameters: int
    epochs: int = 0
    best_epoch: int = 0


def describe(spec: RunSpec, folder: Path, faces: FaceSet, course: Course, predictor: Predictor, machine: dict[str, Any]) -> dict[str, Any]:
    """Versions, machine, time, file hashes, class counts, preprocessing and protocol of a run whose files are written."""
    counts = faces.counts()
    files = [name for name in _FILES if (folder / name).exists()]  # an SVM has no history
    return {
        "name": folder.name,
        "family": spec.family,
        "spec_hash": spec.hash,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {package: version(package) for package in _PACKAGES},
        "machine": machine,
        **asdict(course) | {"seconds": round(course.seconds, 1)},
        "milliseconds_per_face": round(milliseconds_per_face(predictor), 2),
        "files": {name: {"sha256": file_hash(folder / name), "bytes": (folder / name).stat().st_size} for name in files},
        "classes": list(NAMES),
        "counts": {split: counts[split] for split in (spec.data.train, spec.data.valid)},
        "preprocessing": {"size": [48, 48], "channels": 1, "scale": 1 / 255, "mean": PIXEL_MEAN, "std": PIXEL_STD},
        "protocol": {
            "trained_on": spec.data.train,
            "chosen_on": spec.data.valid,
            "monitor": spec.monitor,
            "calibrated_on": spec.data.valid,
            "evaluated_on": [spec.data.valid],
            "tta": predictor.tta,
            "seeds": [spec.seed],
            "interval": "95%, Wilson",
            "weights": "half precision, as saved",
        },
    }


def describe_machine(cores: int, threads: int, devices: int = 1, device: str = "cpu", precision: str = "32-true") -> dict[str, Any]:
    """System, processor, device, precision, threads of each process and number of devices."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": cores,
        "threads": threads,
        "devices": devices,
        "device": device,
        "precision": precision,
    }


def processor() -> str:
    """What the processor calls itself."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def milliseconds_per_face(predictor: Predictor, repeats: int = 30) -> float:
    """Time of one face at a time on one CPU thread, test-time augmentation included, as the dashboard asks.

    The first quartile after a warm-up, so that what else the machine does counts little.
    """
    face, threads, times = np.zeros((1, 48, 48), np.uint8), torch.get_num_threads(), []
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            for _ in range(5 + repeats):
                began = time.perf_counter()
                predictor.scores(face)
                times.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(threads)
    return 1000 * float(np.quantile(times[5:], 0.25))
