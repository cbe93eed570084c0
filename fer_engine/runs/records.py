"""What a job keeps in its run folder: how it was launched, by which process it is worked on, and how far that is."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from fer_engine import settings
from fer_engine.errors import BusyError, FerLabError
from fer_engine.runs import store
from fer_engine.runs.files import read_json, write_json
from fer_engine.runs.processes import ProcessId, alive

JOB, PROGRESS, LOG = "job.json", "progress.json", "log.txt"
Phase = Literal["waiting", "loading", "training", "measuring"]
End = Literal["", "stopped", "failed"]


@dataclass(frozen=True)
class Launch:
    """How a run is to be trained here; none of it changes what comes out but for rounding.

    Attributes:
        data: The data set: a path, or 'synthetic' in one of its forms.
        device: 'auto', 'cpu' or 'cuda'.
        precision: 'auto', '32-true', 'bf16-mixed' or '16-mixed'.
        threads: Threads on the CPU; 0 for as many as suit this machine.
        skip_bad: Whether to leave rows of the data out that cannot be read.
        devices: GPUs, or processes on the CPU.
        compiled: Whether torch.compile fuses the network's operations.
    """

    data: str
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    skip_bad: bool = False
    devices: int = 1
    compiled: bool = False


def absolute_data(data: str | None) -> str:
    """The data set in words that are good in any working directory; without one, what is named for all (or empty)."""
    data = data or str(settings.data_path() or "")
    return data if not data or data.partition(":")[0] == "synthetic" else str(Path(data).expanduser().absolute())


# What of a launch says on what is trained, and what leaves it open.
MACHINE: dict[str, Any] = {"device": "auto", "precision": "auto", "threads": 0, "devices": None, "compiled": None}


def machine_changes(launch: Launch, before: Launch) -> dict[str, tuple[Any, Any]]:
    """Where a launch trains on something else than one before: by field, what that was and what it is; what was open is left out."""
    pairs = {name: (getattr(before, name), getattr(launch, name)) for name in MACHINE}
    return {name: (old, new) for name, (old, new) in pairs.items() if old not in (new, MACHINE[name])}


@dataclass(frozen=True)
class LiveProgress:
    """How far a run is.

    Attributes:
        phase: 'waiting' for the device, 'loading' data, 'training', or 'measuring' the trained network.
        epoch: The epoch that is trained, from 1; 0 before the first.
        epochs: How many there are at most; 0 while that is not known.
        step: Steps of this epoch that are done.
        steps: How many it has.
        images_per_second: Of this epoch so far; 0 before its first step.
        seconds_left: Of the whole run, about; None where that is not known yet.
        updated: When this was written, in seconds since 1970.
    """

    phase: Phase
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    updated: float = 0.0


HEARD_OF = 600.0  # seconds; a process says how far it is after some steps


@dataclass(frozen=True)
class Record:
    """What `job.json` says.

    Attributes:
        launch: How the run was launched; what that left open is filled in once the training has chosen it.
        process: Who works on it, or did.
        detached: Whether it was launched to live on by itself, and not in a terminal.
        faces: How many faces the epoch is chosen on; 0 until the data has been opened.
    """

    launch: Launch
    process: ProcessId
    detached: bool
    faces: int = 0


@dataclass(frozen=True)
class Note:
    """What `progress.json` says: how far the process is, and how it ended once it has."""

    progress: LiveProgress
    end: End = ""
    sentence: str = ""


_NOTE, _RECORD = TypeAdapter(Note), TypeAdapter(Record)
_Kept = TypeVar("_Kept")


def epochs_saved(run: store.Run) -> int:
    """How many epochs of an unfinished run are done and need not be trained again."""
    if not (run.path / store.RESUME).exists():
        return 0
    try:
        return max(0, len((run.path / store.HISTORY).read_bytes().splitlines()) - 1)
    except OSError:
        return 0


def how_it_goes_on(run: store.Run) -> str:
    """What resuming an unfinished run does, as a sentence."""
    if run.spec.family == "svm":
        return "Resumed, it begins anew."
    return f"Resumed, it goes on from epoch {epochs_saved(run) + 1}." if epochs_saved(run) else "Resumed, it begins with epoch 1."


def refuse_busy(run: store.Run) -> None:
    """Stop where a process works on a run.

    Raises:
        BusyError: Naming it.
    """
    record = read_record(run)
    if record is None:
        return
    if alive(record.process):
        raise BusyError(f"Process {record.process.pid} works on the run '{run.name}' already. Wait for it, or stop it first.")
    if works_elsewhere(run, record):
        raise BusyError(f"The machine {record.process.host} works on the run '{run.name}' already. Wait for it, or stop it there first.")


def works_elsewhere(run: store.Run, record: Record) -> bool:
    """Whether a process of another machine, with which the run area is shared, has lately said that it works on a run."""
    note = read_note(run)
    return record.process.elsewhere and note is not None and not note.end and time.time() - note.progress.updated < HEARD_OF


def write_note(run: store.Run, note: Note) -> None:
    """Keep how far a run is."""
    write_json(run.path / PROGRESS, asdict(note), durable=False)


def write_record(run: store.Run, record: Record) -> None:
    """Keep how a run was launched and who works on it."""
    write_json(run.path / JOB, asdict(record))


def trained_on(run: store.Run) -> Launch | None:
    """On what a run is trained or was, whatever its launch left open where that is known; None where nothing is known of it."""
    record = read_record(run)
    launch = record.launch if record else None
    machine = run.manifest.get("machine") if run.finished else None
    if not machine:
        return launch
    told = {name: machine[name] for name in ("precision", "threads", "devices", "compiled") if name in machine}
    device = "cpu" if machine.get("device", "cpu") == "cpu" else "cuda"  # which has a name there
    return replace(launch or Launch(""), device=device, **told)


def keep_faces(run: store.Run, faces: int) -> None:
    """Keep how many faces the epoch is chosen on; nothing where no process has signed in for the run."""
    record = read_record(run)
    if record:
        write_record(run, replace(record, faces=faces))


def validation_faces(run: store.Run) -> int | None:
    """How many faces an unfinished run chooses its epoch on; None where nobody knows."""
    from fer_engine.data.known import FER2013_COUNTS

    record = read_record(run)
    if record and record.faces:
        return record.faces
    known = FER2013_COUNTS.get(run.spec.data.valid) if run.spec.data.name == "fer2013" else None
    return sum(known.values()) if known else None


def keep_launch(run: store.Run, launch: Launch) -> None:
    """Keep what a run is trained on, now that it is settled, for when it goes on; nothing where no process has signed in for it."""
    record = read_record(run)
    if record:
        write_record(run, replace(record, launch=launch))


def read_note(run: store.Run) -> Note | None:
    """How far a run is, as kept; None where nothing that can be read is."""
    return _read(run.path / PROGRESS, _NOTE)


def read_record(run: store.Run) -> Record | None:
    """How a run was launched, as kept; None where nothing that can be read is."""
    return _read(run.path / JOB, _RECORD)


def _read(path: Path, kind: TypeAdapter[_Kept]) -> _Kept | None:
    try:
        return kind.validate_python(read_json(path))
    except (FerLabError, ValidationError):
        return None
