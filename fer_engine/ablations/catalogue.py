"""All studies: the paper's, ours, and those that users brought as files, which the run area keeps."""

from collections.abc import Callable
from pathlib import Path

from fer_engine import settings
from fer_engine.ablations.userfile import parse_study, read_text
from fer_engine.errors import FerLabError
from fer_engine.experiments.studies import PAPER_STUDIES, Study
from fer_engine.experiments.studies_own import OWN_STUDIES
from fer_engine.runs.files import make_folder, write_text
from fer_engine.runs.store import STUDIES

FOLDER, FILE, BEFORE = STUDIES, "study.toml", "study-before.toml"
BUILT_IN: dict[str, Study] = {study.name: study for study in (*PAPER_STUDIES, *OWN_STUDIES)}


def folder_of(name: str) -> Path:
    """Where the run area keeps what is known of a study's processes, and a user's study itself."""
    return settings.runs_dir() / FOLDER / name


def names() -> tuple[str, ...]:
    """The names of all studies: the paper's, ours, then the user's."""
    area = settings.runs_dir() / FOLDER
    kept = sorted(path.parent.name for path in area.glob(f"*/{FILE}")) if area.is_dir() else []
    return (*BUILT_IN, *(name for name in kept if name not in BUILT_IN))


def find_study(name: str) -> Study:
    """The study of that name.

    Raises:
        FerLabError: Where there is none, or the file that was kept of it is damaged.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    kept = folder_of(name) / FILE
    if name in names():
        return parse_study(read_text(kept), name, str(kept))
    raise FerLabError(f"There is no study '{name}'; there are {', '.join(names())}. A study of your own is a .toml file.")


def bring(path: Path, say: Callable[[str], None] = lambda _: None) -> Study:
    """Read a user's file and keep a copy, so that its name alone is enough from now on.

    Args:
        path: The file.
        say: As `keep` has it.

    Raises:
        FerLabError: Where it is no study, or has the name of one of ours.
    """
    return keep(path.stem, read_text(path), str(path), say)


def read_file(path: Path) -> Study:
    """As `bring`, and keep nothing."""
    return _own(path.stem, read_text(path), str(path))


def keep(name: str, text: str, where: str = "the study", say: Callable[[str], None] = lambda _: None) -> Study:
    """Keep a user's study; another text that was kept under the name before goes to a file beside it.

    Args:
        name: What to call it.
        text: TOML, as `fer_engine.ablations.userfile` reads it.
        where: What the text is called in sentences.
        say: Told in a sentence where another text went.

    Raises:
        FerLabError: Where it is no study, or has the name of one of ours.
    """
    study, kept, before = _own(name, text, where), folder_of(name) / FILE, folder_of(name) / BEFORE
    make_folder(folder_of(name))
    if kept.exists() and (earlier := read_text(kept)) != text:
        write_text(before, earlier)
        say(f"A study '{name}' with another text was kept before; that text is now in {before}.")
    write_text(kept, text)
    return study


def _own(name: str, text: str, where: str) -> Study:
    study = parse_study(text, name, where)
    if name in BUILT_IN:
        raise FerLabError(f"There is a study '{name}' already. Call {where} something else.")
    return study
