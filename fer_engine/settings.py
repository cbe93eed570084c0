"""Where things lie: the data set, the runs, the cache. Environment variables, read when asked; and what was remembered."""

import json
import os
from pathlib import Path

import platformdirs

from fer_engine.runs.files import make_folder, write_json

PROJECT_ROOT = Path(__file__).resolve().parents[1]
REMEMBERED = "settings.json"  # in the run area


def data_path() -> Path | None:
    """The data set: what the user named in `FER_LAB_DATA` (a file or a folder), else what was remembered, or None."""
    return named_data_path() or remembered_data_path()


def named_data_path() -> Path | None:
    """What `FER_LAB_DATA` names, or None."""
    value = os.environ.get("FER_LAB_DATA", "").strip()
    return Path(value).expanduser() if value else None


def remembered_data_path() -> Path | None:
    """What `remember_data_path` kept, or None; a file that cannot be read remembers nothing."""
    try:
        value = json.loads((runs_dir() / REMEMBERED).read_text(encoding="utf-8"))["data"]
        return Path(value) if value and isinstance(value, str) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember_data_path(path: Path) -> None:
    """Keep where the data set lies, for the next time and for the command line; in a file of the run area.

    Raises:
        FerLabError: Where the run area cannot be written.
    """
    make_folder(runs_dir())
    write_json(runs_dir() / REMEMBERED, {"data": str(path.expanduser().absolute())})


def votes_path() -> Path | None:
    """FER+'s table of votes, fer2013new.csv: what `FER_LAB_VOTES` names, or None."""
    value = os.environ.get("FER_LAB_VOTES", "").strip()
    return Path(value).expanduser() if value else None


def for_processes() -> dict[str, str]:
    """What a process that is launched from here must know of the settings: every path absolute, for it works in another folder."""
    known = {"FER_LAB_RUNS": runs_dir(), "FER_LAB_CACHE": cache_dir()}
    named = {name: os.environ.get(name, "").strip() for name in ("FER_LAB_VOTES", "FER_LAB_LANDMARKS")}
    known |= {name: Path(value).expanduser() for name, value in named.items() if value}
    # A wide terminal, or lines of the log would be broken at 80 characters.
    return {name: str(path.absolute()) for name, path in known.items()} | {"COLUMNS": "200"}


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
