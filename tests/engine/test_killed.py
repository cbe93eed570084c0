"""A run that is killed (-9) at any point, and gone on with, ends as one that was left alone."""

import io
import os
import signal
import zipfile
from pathlib import Path

import pytest
from small_runs import ONE_THREAD, small

from fer_engine.errors import FerLabError
from fer_engine.runs import store
from fer_engine.runs.files import file_hash
from fer_engine.runs.package import pack, unpack
from fer_engine.training.fit import Silent
from fer_engine.training.run import Job, prepare, reopen, train_run

SAME = ("spec.json", "weights.safetensors", "predictions.parquet", "metrics.json", "calibration.json")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DieAt(Silent):
    """Ends the process in the middle of an epoch."""

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        if (epoch, step) == (3, 2):
            die()


def die_while_writing(name: str, time: int, *, half: bool) -> None:
    """End the process at the `time`-th writing of a file: when half of it is written, or when it has just taken its place."""
    seen = 0
    replace = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        nonlocal seen
        seen += Path(target).name == name
        fatal = Path(target).name == name and seen == time
        if fatal and half:
            self.write_bytes(self.read_bytes()[: self.stat().st_size // 2])
            die()
        result = replace(self, target)
        if fatal:
            die()
        return result

    Path.replace = replaced  # type: ignore[method-assign]


def train_and_die(job: Job, faces, name: str, time: int, half: bool) -> None:
    """Train in a process of its own that kills itself."""
    child = os.fork()
    if child == 0:
        try:
            if name == "epoch":
                train_run(job, faces, ONE_THREAD, DieAt())
            die_while_writing(name, time, half=half)
            train_run(job, faces, ONE_THREAD)
        finally:
            os._exit(3)  # it should not have lived
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process lived on"
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture
def whole(noise_faces) -> store.Run:
    return train_run(prepare(small(), noise_faces, "whole"), noise_faces, ONE_THREAD)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize(
    ("name", "time", "half"),
    [
        ("epoch", 0, False),
        (store.HISTORY, 2, True),
        (store.HISTORY, 2, False),  # the history is a row ahead of the state
        (store.RESUME, 1, True),
        (store.RESUME, 3, True),
        (store.RESUME, 4, False),  # all epochs are done, nothing is measured
        (store.WEIGHTS, 1, True),
        (store.PREDICTIONS, 1, False),
        (store.MANIFEST, 1, True),
    ],
)
def test_killed_run_goes_on_to_the_same_end(noise_faces, whole, name, time, half):
    job = prepare(small(), noise_faces, "killed")
    train_and_die(job, noise_faces, name, time, half)
    killed = store.Run(job.folder)
    assert not killed.finished
    resumed = train_run(reopen(killed, noise_faces), noise_faces, ONE_THREAD)
    for file in SAME:
        assert file_hash(resumed.path / file) == file_hash(whole.path / file), file
    assert resumed.history().drop(columns="seconds").equals(whole.history().drop(columns="seconds"))
    assert sorted(path.name for path in resumed.path.iterdir()) == sorted(path.name for path in whole.path.iterdir())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("by", ["command", "script"])
def test_run_that_is_killed_when_its_manifest_stands_is_finished(noise_faces, whole, by):
    job = prepare(small(), noise_faces, "killed")
    train_and_die(job, noise_faces, store.MANIFEST, 1, False)
    killed = store.Run(job.folder)
    assert killed.finished
    assert file_hash(killed.path / store.WEIGHTS) == file_hash(whole.path / store.WEIGHTS)
    assert {path.name for path in killed.path.iterdir()} == {path.name for path in whole.path.iterdir()} | {store.RESUME}
    assert unpack(zipped_by_hand(killed.path)).metrics == whole.metrics
    with pytest.raises(FerLabError, match="'killed' is finished"):
        store.unfinished_run("killed") if by == "command" else reopen(killed, noise_faces)
    assert {path.name for path in killed.path.iterdir()} == {path.name for path in whole.path.iterdir()}


def zipped_by_hand(folder: Path) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"{folder.name}/{path.name}")
    return target.getvalue()


def test_run_that_is_packed_leaves_behind_what_going_on_needed(whole):
    for name in (store.RESUME, store.START):
        (whole.path / name).write_bytes(b"left over")
    assert unpack(pack(whole)).finished
    assert not {store.RESUME, store.START} & {path.name for path in whole.path.iterdir()}
