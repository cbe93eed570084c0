"""How long a run will take here and how much memory: a few of its batches, trained in a process of their own."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec, from_json, to_json
from fer_engine.runs import store
from fer_engine.training.hardware import Hardware
from fer_engine.training.neighbour import be_kind, wait_asleep

if TYPE_CHECKING:
    from fer_engine.training.fit import Trainer

STEPS = 3  # timed, after one that warms up
LONGEST = 600.0  # seconds that a measure may take; torch.compile alone takes minutes


@dataclass(frozen=True)
class Estimate:
    """What a run will take on this machine, as loaded as it is now.

    Attributes:
        seconds_per_epoch: Of an average epoch, validation included.
        total_seconds: Of all epochs; early stopping may end sooner.
        memory_bytes: The most that the training process takes (on CUDA, of the device's memory), at the largest size it trains.
        images_per_second: Training faces, over all epochs.
    """

    seconds_per_epoch: float
    total_seconds: float
    memory_bytes: int
    images_per_second: float


def measure(spec: CnnSpec, data: str, hardware: Hardware, starts_from: store.Run | None = None, *, skip_bad: bool = False) -> Estimate:
    """Train a few batches of each size of face in another process, which leaves this one as small as it is.

    It lets everything else on the machine go first, as a training does.

    Args:
        spec: What would be trained.
        data: A path, or 'synthetic' in one of its forms, as `fer_engine.data.source.open_data` takes it.
        hardware: On what.
        starts_from: The finished run to start from.
        skip_bad: Whether to leave rows of the data out that cannot be read.

    Raises:
        FerLabError: With the sentence that the training itself would end with, or where the measure takes too long.
    """
    start = str(starts_from.path.absolute()) if starts_from else ""
    asked = {"spec": to_json(spec), "data": data, "hardware": asdict(hardware), "start": start, "skip_bad": skip_bad}
    command = [sys.executable, "-m", "fer_engine.training.estimate"]
    wait_asleep()
    try:  # in a session of its own, or it would go first as part of this one: see `neighbour`
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=LONGEST, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        raise FerLabError(
            f"A few batches were not through after {LONGEST:g} seconds, and the measure was stopped. Measure again when the machine has "
            "less to do, or lower batch_size."
        ) from None
    try:
        reply = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or [f"the process ended with {done.returncode}"])[-1]
        raise FerLabError(f"This could not be measured: {last}") from None
    if "sentence" in reply:
        raise FerLabError(reply["sentence"])
    return Estimate(**reply)


def measure_here(spec: CnnSpec, data: str, hardware: Hardware, starts_from: store.Run | None = None, *, skip_bad: bool = False) -> Estimate:
    """As `measure`, in this process, whose memory stays large."""
    from fer_engine.data.source import open_data
    from fer_engine.training.device import open_fabric
    from fer_engine.training.faults import explained
    from fer_engine.training.fit import prepare_trainer, validate
    from fer_engine.training.run import settle

    faces = open_data(data or None, skip_bad=skip_bad).faces
    spec = settle(spec, faces, starts_from)
    start = starts_from.weights if starts_from else None
    train, valid = faces.part(spec.data.train), faces.part(spec.data.valid)
    fabric = open_fabric(hardware)
    with explained(spec):
        trainer = prepare_trainer(spec, train, valid, fabric, start, hardware.compiled)
        epochs = Counter(spec.sizes_by_epoch)
        seconds = len(train) * sum(epochs[size] * _seconds_per_face(trainer, size) for size in epochs) / spec.epochs
        began = time.perf_counter()
        validate(trainer)
        whole = seconds + time.perf_counter() - began
    return Estimate(whole, spec.epochs * whole, _peak_memory(fabric.device.type), len(train) / seconds)


def _seconds_per_face(trainer: "Trainer", size: int) -> float:
    """Of a training step at a size in pixels: the median of a few, after one that does not count."""
    from fer_engine.data.augment import draw
    from fer_engine.training.fit import set_to_train, train_step

    n, batch = len(trainer.labels), trainer.spec.batch_size
    draws, times = draw(n, 0, 0).to(trainer.labels.device), []
    set_to_train(trainer)
    for _ in range(1 + STEPS):
        began = time.perf_counter()
        rows = torch.randperm(n, device=trainer.labels.device)[:batch]
        train_step(trainer, rows, draws[rows], size).tolist()  # which waits for the device
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
    starts_from = store.Run(Path(question["start"])) if question["start"] else None
    try:
        be_kind()
        spec = from_json(question["spec"])
        if not isinstance(spec, CnnSpec):
            raise FerLabError("How long an SVM takes cannot be estimated; choose a network.")
        hardware = Hardware(**question["hardware"])
        reply = asdict(measure_here(spec, question["data"], hardware, starts_from, skip_bad=question["skip_bad"]))
    except FerLabError as error:
        reply = {"sentence": str(error)}
    print(json.dumps(reply))


if __name__ == "__main__":
    main()
