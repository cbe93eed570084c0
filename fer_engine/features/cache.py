"""Features that were computed once, kept on disk by the faces in their order and the parameters that they come of."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fer_engine import settings
from fer_engine.data.faceset import FaceSet, image_hashes

VERSION = 1  # goes up when the same parameters give other features


def cached(parameters: dict[str, Any], part: FaceSet, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """The features of the faces of a part: out of the cache, or computed and kept.

    A file is written beside its place and moved there whole; one that cannot be read is made anew, and a cache that
    cannot be written costs time alone.

    Args:
        parameters: All that they depend on beside the faces, as JSON can have it.
        part: The faces.
        compute: Gives the features, a row a face.
    """
    path = _place(parameters, part)
    found = _open(path, len(part))
    if found is not None:
        return found
    features = compute()
    with suppress(OSError):
        _keep(features, path)
    return features


def kept(parameters: dict[str, Any], part: FaceSet) -> np.ndarray | None:
    """The features of the faces of a part as `cached` kept them; None where it did not."""
    return _open(_place(parameters, part), len(part))


def _open(path: Path, n: int) -> np.ndarray | None:
    with suppress(OSError, ValueError, EOFError):
        found = np.load(path, allow_pickle=False)
        if len(found) == n:
            return found
    return None


def _place(parameters: dict[str, Any], part: FaceSet) -> Path:
    # The content hash knows no order, and the rows of the features have one.
    faces = hashlib.sha256(image_hashes(part.images).tobytes()).hexdigest()
    told = json.dumps({"version": VERSION, "faces": faces} | parameters, sort_keys=True)
    return settings.cache_dir() / "features" / f"{hashlib.sha256(told.encode()).hexdigest()[:24]}.npy"


def _keep(features: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, features, allow_pickle=False)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
