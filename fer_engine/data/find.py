"""What a path holds: which file or files of it are the data set."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_engine.data.csvfile import is_fer2013_csv
from fer_engine.data.folders import IMAGE_ENDINGS, holds_labelled_images
from fer_engine.data.layouts import recognise
from fer_engine.errors import FerLabError

_KNOWN = tuple(f"{stem}{ending}" for stem in ("fer2013.csv", "icml_face_data.csv") for ending in ("", ".gz", ".zip", ".tar.gz", ".tgz"))
_KNOWN += ("fer2013.tar.gz", "fer2013.tgz", "fer2013.zip")
_CSV_ENDINGS = (".csv", ".csv.gz", ".zip")
_MAX_DEPTH = 4  # folders within folders; archive/fer2013/train/angry is the deepest in use
_LOOKED_FOR = (
    "fer2013.csv or icml_face_data.csv (plain, .gz, .zip, .tar.gz), another CSV file with the columns emotion and pixels, "
    "*.parquet, or images in train|test|validation/<emotion>/"
)


@dataclass(frozen=True)
class FoundFile:
    """A file with what tells whether it changed: size in bytes, time of change in nanoseconds.

    Its path is text: a folder of FER2013 has 35,887 of them at every opening, and `Path` objects take a second.
    """

    path: str
    size: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The last part of its path, in lower case."""
        return os.path.basename(self.path).lower()  # noqa: PTH119


@dataclass(frozen=True)
class Source:
    """The files that make a data set.

    Attributes:
        kind: 'csv', 'parquet' or 'images'; 'layout' for the images of another known set.
        root: The file, or the folder that holds the files.
        files: The files, sorted by path.
        notices: What the user should know of the choice.
    """

    kind: str
    root: Path
    files: tuple[FoundFile, ...]
    notices: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """A hash over every file's path, size and time of change."""
        lines = "\n".join(f"{file.path}|{file.size}|{file.mtime_ns}" for file in self.files)
        return hashlib.blake2b(lines.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def locate(path: Path) -> Source:
    """Find the data set that a path means.

    A folder is searched four levels deep; a CSV file is preferred to parquet, and that to images.

    Raises:
        FerLabError: Where there is nothing of the kind, or more than one and none stands out.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, whose names may tell the split
    try:
        if not path.is_dir():
            status = path.stat()
            return Source(_kind_of_file(path), path, (FoundFile(str(path), status.st_size, status.st_mtime_ns),))
        files = sorted(_walk(str(path)), key=lambda file: file.path)
    except FileNotFoundError as error:
        raise FerLabError(f"There is no file or folder {path}.") from error
    except OSError as error:
        raise FerLabError(f"{error.filename or path} cannot be opened: {error.strerror}.") from error
    return _locate_in(path, files)


def _kind_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return "parquet" if file.read(4) == b"PAR1" else "csv"


def _walk(folder: str, depth: int = 0) -> Iterator[FoundFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if entry.is_dir():
                if depth < _MAX_DEPTH:
                    yield from _walk(entry.path, depth + 1)
            elif entry.is_file():
                status = entry.stat()
                yield FoundFile(entry.path, status.st_size, status.st_mtime_ns)


def _locate_in(root: Path, files: list[FoundFile]) -> Source:
    known = _known_csv(root, files)
    if known:
        return known
    if recognise(root, [Path(file.path).relative_to(root).as_posix() for file in files]):
        return Source("layout", root, tuple(files))
    csv = _only_csv(root, files)
    if csv:
        return csv
    parquet = tuple(file for file in files if file.name.endswith(".parquet"))
    if parquet:
        return Source("parquet", root, parquet)
    images = _labelled_images(root, files)
    if images:
        return Source("images", root, images)
    raise FerLabError(f"The folder {root} holds no data set. Looked for: {_LOOKED_FOR}.")


def _labelled_images(root: Path, files: list[FoundFile]) -> tuple[FoundFile, ...]:
    belongs: dict[str, bool] = {}
    images = []
    for file in files:
        folder = os.path.dirname(file.path)  # noqa: PTH120
        if folder not in belongs:
            belongs[folder] = holds_labelled_images(Path(folder).relative_to(root).parts)
        if belongs[folder] and file.name.endswith(IMAGE_ENDINGS):
            images.append(file)
    return tuple(images)


def _known_csv(root: Path, files: list[FoundFile]) -> Source | None:
    """The CSV file that goes by the name under which FER2013 is handed out; plain before packed, shallow before deep."""

    def rank(file: FoundFile) -> tuple[int, int]:
        return _KNOWN.index(file.name), file.path.count(os.sep)

    known = sorted((file for file in files if file.name in _KNOWN), key=rank)
    while known and not is_fer2013_csv(Path(known[0].path)):
        known = known[1:]
    if not known:
        return None
    _refuse_several(root, [file for file in known if rank(file) == rank(known[0])])
    first, *others = (os.path.relpath(file.path, root) for file in known)
    notices = (f"Read {first}; {', '.join(others)} in the same folder is left alone.",) if others else ()
    return Source("csv", root / first, (known[0],), notices)


def _only_csv(root: Path, files: list[FoundFile]) -> Source | None:
    fitting = [file for file in files if file.name.endswith(_CSV_ENDINGS) and is_fer2013_csv(Path(file.path))]
    _refuse_several(root, fitting)
    return Source("csv", Path(fitting[0].path), (fitting[0],)) if fitting else None


def _refuse_several(root: Path, files: list[FoundFile]) -> None:
    if len(files) > 1:
        names = ", ".join(os.path.relpath(file.path, root) for file in files[:6])
        raise FerLabError(f"The folder {root} holds several data sets: {names}. Name the one you mean.")
