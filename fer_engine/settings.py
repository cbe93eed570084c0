"""Where things lie: the data set, the runs, the cache. Environment variables, read when asked."""

import os
from pathlib import Path

import platformdirs

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def data_path() -> Path | None:
    """The data set that the user named in `FER_LAB_DATA` (a file or a folder), or None."""
    value = os.environ.get("FER_LAB_DATA", "").strip()
    return Path(value).expanduser() if value else None


def runs_dir() -> Path:
    """Where own runs are kept: `FER_LAB_RUNS`, by default `runs/` in the project."""
    value = os.environ.get("FER_LAB_RUNS", "").strip()
    return Path(value).expanduser() if value else PROJECT_ROOT / "runs"


def checkpoints_dir() -> Path:
    """The reference runs that ship with the project."""
    return PROJECT_ROOT / "checkpoints"


def cache_dir() -> Path:
    """Where what can be computed again is kept: `FER_LAB_CACHE`, by default the user's cache folder."""
    value = os.environ.get("FER_LAB_CACHE", "").strip()
    return Path(value).expanduser() if value else Path(platformdirs.user_cache_dir("fer-lab"))
