"""Data sets that were read once, kept as arrays that open in milliseconds.

An entry is a folder `faces/<source>-<signature>` in the cache folder: four .npy files and `entry.json`. It is written
beside its place and moved there whole, so that a reader sees all of it or nothing. Whatever cannot be opened is built
anew, and a cache that cannot be written costs time, never the result.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer_engine import settings
from fer_engine.data.faceset import SIZE, SPLITS, FaceSet
from fer_engine.data.loaded import LoadedData
from fer_engine.labels import N_CLASSES

FORMAT = 1  # goes up when entries of old would be read wrongly
_HALF_WRITTEN = ".writing-"
_ABANDONED_AFTER = 3600  # seconds


def entry_folder(source: str, signature: str) -> Path:
    """Where the entry for a source in one state lies.

    Args:
        source: What the data set was read from, for example an absolute path.
        signature: What changes when the source does.
    """
    return settings.cache_dir() / "faces" / f"{_digest(source)}-{_digest(f'{FORMAT}:{signature}')}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def open_entry(source: str, signature: str) -> LoadedData | None:
    """The data set as kept, its images memory-mapped and read-only; None where there is no sound entry."""
    folder = entry_folder(source, signature)
    try:
        return _open(folder)
    except Exception:  # whatever is wrong with an entry, the answer is to build it anew
        return None


def _open(folder: Path) -> LoadedData:
    entry = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
    images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    labels, codes, ids = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("labels", "split", "ids"))
    n = int(entry["n"])
    expected = [((n, SIZE, SIZE), "uint8"), ((n,), "int64"), ((n,), "uint8"), ((n,), "int64")]
    if [(array.shape, array.dtype.name) for array in (images, labels, codes, ids)] != expected:
        raise ValueError("arrays do not match entry.json")
    if n and not (labels.min() >= 0 and labels.max() < N_CLASSES):
        raise ValueError("labels out of range")
    faces = FaceSet(images, labels, np.array(SPLITS)[codes], ids, str(entry["name"]))
    return LoadedData(faces, tuple(str(notice) for notice in entry["notices"]), int(entry["skipped"]))


def keep(source: str, signature: str, data: LoadedData) -> LoadedData:
    """Write an entry, and drop those of the same source's earlier states.

    Returns:
        The data set out of the new entry; or `data` with one notice more, where the cache cannot be written.
    """
    folder = entry_folder(source, signature)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_outdated(folder)
        _write(folder, data)
        return _open(folder)
    except (OSError, ValueError) as error:
        if kept := open_entry(source, signature):  # another process was faster
            return kept
        reason = getattr(error, "strerror", None) or str(error)
        notice = f"The cache in {folder.parent} cannot be written ({reason}): opening this data again will take as long as now."
        return replace(data, notices=(*data.notices, notice))


def _remove_outdated(folder: Path) -> None:
    source = folder.name.split("-")[0]
    for other in folder.parent.glob(f"{source}-*"):
        if other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
        else:
            other.unlink(missing_ok=True)
    for other in folder.parent.glob(f"{_HALF_WRITTEN}*"):
        if time.time() - other.stat().st_mtime > _ABANDONED_AFTER:
            shutil.rmtree(other, ignore_errors=True)


def _write(folder: Path, data: LoadedData) -> None:
    faces = data.faces
    codes = np.array([SPLITS.index(split) for split in faces.split.tolist()], dtype=np.uint8)
    arrays = {"images": faces.images, "labels": faces.labels, "split": codes, "ids": faces.ids}
    entry = {"n": len(faces), "name": faces.name, "notices": data.notices, "skipped": data.skipped}
    temporary = Path(tempfile.mkdtemp(prefix=_HALF_WRITTEN, dir=folder.parent))
    try:
        for name, array in arrays.items():
            with (temporary / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                _flush(file.fileno())
        with (temporary / "entry.json").open("w", encoding="utf-8") as file:
            json.dump(entry, file)
            file.flush()
            _flush(file.fileno())
        os.replace(temporary, folder)  # noqa: PTH105 - Path.replace says the same; this is the atomic call by its name
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _flush(descriptor: int) -> None:
    """Have the file on disk before its folder gets its name, so that a power cut leaves no entry full of zeros."""
    os.fsync(descriptor)
