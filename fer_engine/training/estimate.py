"""How long a run will take here and how much memory: a few of its batches, trained in a process of their own."""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec, from_json, to_json
from fer_engine.training.hardware import Hardware
from fer_engine.training.neighbour import wait_asleep

if TYPE_CHECKING:
    from fer_engine.training.fit import Trainer

STEPS = 3  # timed, after one that warms up


@dataclass(frozen=True)
class Estimate:
    """What a run will take on this machine, as loaded as it is now.

    Attributes:
        seconds_per_epoch: Of an average epoch, validation included.
        total_seconds: Of all epochs; early stopping may end sooner.
        memory_bytes: The most that the training process takes (on CUDA, of the device's memory).
        images_per_second: Training faces, over all epochs.
    """

    seconds_per_epoch: float
    total_seconds: float
    memory_bytes: int
    images_per_second: float


def measure(spec: CnnSpec, data: str, hardware: Hardware, start: Path | None = None) -> Estimate:
    """Train a few batches of each size of face in another process, which leaves this one as small as it is.

    Args:
        spec: What would be trained.
        data: A path, or 'synthetic' in one of its forms, as `fer_engine.data.source.open_data` takes it.
        hardware: On what.
        start: Weights to start from; they change nothing of the figures and are taken for their faults alone.

    Raises:
        FerLabError: With the sentence that the training itself would end with.
    """
    question = json.dumps({"spec": to_json(spec), "data": data, "hardware": asdict(hardware), "start": str(start or "")})
    command = [sys.executable, "-m", "fer_engine.training.estimate"]
    wait_asleep()
    done = subprocess.run(command, input=question, capture_output=True, text=True, check=False)
    try:
        reply = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or [f"the process ended with {done.returncode}"])[-1]
        raise FerLabError(f"This could not be measured: {last}") from None
    if "sentence" in reply:
        raise FerLabError(reply["sentence"])
    return Estimate(**reply)


def measure_here(spec: CnnSpec, data: str, hardware: Hardware, start: Path | None = None) -> Estimate:
    """As `measure`, in this process, whose memory stays large."""
    from fer_engine.data.source import open_data
    from fer_engine.training.device import open_fabric
    from fer_engine.training.faults import explained
    from fer_engine.training.fit import prepare_trainer, validate
    from fer_engine.training.run import settle

    faces = open_data(data or None).faces
    spec = settle(spec, faces)
    train, valid = faces.part(spec.data.train), faces.part(spec.data.valid)
    fabric = open_fabric(hardware)
    with explained(spec):
        trainer = prepare_trainer(spec, train, valid, fabric, start, hardware.compiled)
        seconds = sum(_seconds_per_face(trainer, size) for size in spec.sizes) / len(spec.sizes) * len(train)
        began = time.perf_counter()
        validate(trainer)
        whole = seconds + time.perf_counter() - began
    return Estimate(whole, spec.epochs * whole, _peak_memory(fabric.device.type), len(train) / seconds)


def _seconds_per_face(trainer: "Trainer", size: int) -> float:
    """Of a training step at a size in pixels: the median of a few, after one that does not count."""
    from fer_engine.data.augment import draw
    from fer_engine.training.fit import train_step

    n, batch = len(trainer.labels), trainer.spec.batch_size
    draws, times = draw(n, 0, 0).to(trainer.labels.device), []
    trainer.model.train()
    for _ in range(1 + STEPS):
        began = time.perf_counter()
        rows = torch.randperm(n, device=trainer.labels.device)[:batch]
        train_step(trainer, rows, draws, size).tolist()  # which waits for the device
        times.append(time.perf_counter() - began)
    return median(times[1:]) / batch


def _peak_memory(device: str) -> int:
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def main() -> None:
    """Read what to measure as JSON from standard input and answer in JSON."""
    question = json.load(sys.stdin)
    start = Path(question["start"]) if question["start"] else None
    try:
        spec = from_json(question["spec"])
        if not isinstance(spec, CnnSpec):
            raise FerLabError("How long an SVM takes cannot be estimated; choose a network.")
        reply = asdict(measure_here(spec, question["data"], Hardware(**question["hardware"]), start))
    except FerLabError as error:
        reply = {"sentence": str(error)}
    print(json.dumps(reply))


if __name__ == "__main__":
    main()
