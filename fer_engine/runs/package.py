"""A run as one zip file, to be given away and taken in. What comes in is checked before any of it joins the run area."""

import io
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.runs import store
from fer_engine.runs.files import file_hash, make_folder

MEGABYTE = 1_000_000
MAX_BYTES = 500 * MEGABYTE  # of a zip, and of what is in it
MAX_RATIO = 100  # of a file's size to its compressed size; weights hardly shrink, tables of text to a tenth
MAX_FILES = 1000
_ENTRY = b"PK\x01\x02"  # begins each entry of a zip's list of files
_EVALUATION = re.compile(rf"{store.EVALUATIONS}/[0-9a-f]{{1,64}}-[A-Za-z0-9_.-]{{1,40}}\.json")
# What a process or a desktop leaves beside a run's files. It is not read.
_BESIDE = {"job.json", "progress.json", "log.txt", ".DS_Store", store.RESUME, store.START}
_WAY_OUT = "Zip the folder of a finished run and nothing else."


def pack(run: store.Run) -> bytes:
    """A finished run as a zip: a folder of its name with its files, later evaluations among them.

    Raises:
        FerLabError: Where the run is unfinished, or a file is missing or is not the one that the manifest names.
    """
    from fer_engine.runs.checks import signed

    if not run.finished:
        raise FerLabError(f"The run '{run.name}' is unfinished and cannot be packed. Let it come to its end first.")
    run.clear_up()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        files = signed(run.spec.family)
        for name in (*files, store.MANIFEST):
            path = run.path / name
            if name in files and (not path.is_file() or file_hash(path) != run.manifest.get("files", {}).get(name, {}).get("sha256")):
                what = f"The run '{run.name}' is damaged: {name} is missing or was changed."
                raise FerLabError(f"{what} Train it again, or remove {run.path}.")
            _add(archive, f"{run.name}/{name}", path)
        for path in sorted(run.evaluations_dir().glob("*.json")):
            _add(archive, f"{run.name}/{store.EVALUATIONS}/{path.name}", path)
    return target.getvalue()


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    entry = zipfile.ZipInfo(name)  # of 1980, so that the same run makes the same zip
    entry.external_attr = 0o644 << 16
    dense = path.suffix in (".safetensors", ".parquet")
    archive.writestr(entry, path.read_bytes(), zipfile.ZIP_STORED if dense else zipfile.ZIP_DEFLATED)


def unpack(data: bytes, name: str = "") -> store.Run:
    """Take a run out of a zip into the user's run area, once all of it is checked.

    The zip holds a finished run's files, in one folder or in none. They are read as data alone; nothing is unpickled.

    Args:
        data: The zip.
        name: The run's name here; by default that of its folder or manifest, with a number where that is taken.

    Raises:
        FerLabError: With a sentence that names what is wrong, in which case the run area is as it was.
    """
    from fer_engine.runs.checks import check_run

    if name and store.run_path(name).name in _taken():
        raise FerLabError(f"There is a run '{name}' already. Choose another name, such as '{_free_name(name)}'.")
    with _sentences(), tempfile.TemporaryDirectory(prefix="fer-lab-") as temporary:
        folder = Path(temporary) / "run"
        label = _extract(data, folder)
        check_run(folder)
        return _join(folder, name or _free_name(label or store.Run(folder).manifest["name"]))


@contextmanager
def _sentences() -> Iterator[None]:
    """Say every way in which a zip can be broken in a sentence."""
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise FerLabError(f"The zip is damaged or not made as zips are made ({error}). {_WAY_OUT}") from error
    except OSError as error:
        raise FerLabError(f"The run could not be unpacked: {error.strerror or error}. Free some space, or fetch the zip again.") from error


def _extract(data: bytes, folder: Path) -> str:
    """Write the run's files to a folder; gives the name of the zip's own folder, or nothing where it has none."""
    if len(data) > MAX_BYTES:
        raise FerLabError(f"The zip has {len(data) / MEGABYTE:,.0f} MB; a run has at most {MAX_BYTES / MEGABYTE:,.0f} MB.")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise FerLabError(f"This is no zip file, or its end is missing. {_WAY_OUT}")
    if data.count(_ENTRY) > MAX_FILES:  # of each the reader makes an object, before anyone can look
        raise FerLabError(f"The zip holds {data.count(_ENTRY):,} files; a run has some ten. {_WAY_OUT}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        label, members = _members(archive)
        _refuse_bombs(members)
        (folder / store.EVALUATIONS).mkdir(parents=True)
        for name, entry in members.items():
            _copy(archive, entry, folder / name)
    return label


def _members(archive: zipfile.ZipFile) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The folder that the run's files lie in, and the files by their names in the run; anything else is refused."""
    from fer_engine.runs.checks import SIGNED

    entries = [entry for entry in archive.infolist() if not _ignored(entry.orig_filename)]
    if len(entries) > MAX_FILES:
        raise FerLabError(f"The zip holds {len(entries):,} files; a run has some ten. {_WAY_OUT}")
    for entry in entries:
        _refuse_strange(entry)
    names = [entry.orig_filename for entry in entries]
    manifests = [name for name in names if PurePosixPath(name).name == store.MANIFEST]
    if not manifests:
        what = f"The zip holds no {store.MANIFEST}: it is no run, or an unfinished one."
        raise FerLabError(f"{what} Let the run come to its end, then zip its folder.")
    top = manifests[0].removesuffix(store.MANIFEST)  # 'name/', or '' where there is no folder
    members: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        inside = entry.orig_filename.startswith(top) and top.count("/") <= 1
        name = entry.orig_filename.removeprefix(top)
        if inside and entry.is_dir() and name in ("", f"{store.EVALUATIONS}/"):
            continue
        if not inside or not (name in (*SIGNED, store.MANIFEST) or _EVALUATION.fullmatch(name)):
            raise FerLabError(f"The zip holds '{entry.orig_filename[:120]}', which is no file of a run. {_WAY_OUT}")
        if name in members:
            raise FerLabError(f"The zip holds {name} twice. {_WAY_OUT}")
        members[name] = entry
    # Whether a history belongs to it is told by the family, which is read when all is unpacked.
    missing = [name for name in SIGNED if name not in members and name != store.HISTORY]
    if missing:
        raise FerLabError(f"The zip lacks {', '.join(missing)}. {_WAY_OUT}")
    return top.rstrip("/"), members


def _ignored(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in _BESIDE


def _refuse_strange(entry: zipfile.ZipInfo) -> None:
    """Paths that lead out of the folder, links and devices, encryption and rare compressions."""
    name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.search(r"[\\:\x00-\x1f]", name):
        raise FerLabError(f"The zip names the file {name[:120]!r}, which would lie outside of the run's folder. {_WAY_OUT}")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FerLabError(f"The zip's '{name[:120]}' is a link or a device, not a file. {_WAY_OUT}")
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FerLabError(f"The zip's '{name[:120]}' is encrypted or compressed in a rare way. Zip without a password, in the usual way.")


def _refuse_bombs(members: dict[str, zipfile.ZipInfo]) -> None:
    from fer_engine.runs.checks import EVALUATION_LIMIT, LIMITS

    for name, entry in members.items():
        limit = LIMITS.get(name, EVALUATION_LIMIT)
        if entry.file_size > limit:
            raise FerLabError(f"{name} has {entry.file_size:,} bytes in the zip; a run's has at most {limit:,}.")
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1_000):
            raise FerLabError(f"{name} would grow more than {MAX_RATIO}-fold when unpacked; no run's file does. {_WAY_OUT}")
    total = sum(entry.file_size for entry in members.values())
    if total > MAX_BYTES:
        raise FerLabError(f"The zip holds {total / MEGABYTE:,.0f} MB; a run has at most {MAX_BYTES / MEGABYTE:,.0f} MB.")


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    """Write one file, never more of it than the zip declares."""
    left = entry.file_size
    with archive.open(entry) as source, path.open("wb") as target:
        while chunk := source.read(MEGABYTE):
            left -= len(chunk)
            if left < 0:
                raise FerLabError(f"{path.name} is larger than the zip says. {_WAY_OUT}")
            target.write(chunk)


def _taken() -> set[str]:
    """The names of all runs, shipped ones too: an own run would stand before a shipped one of its name."""
    area = settings.runs_dir()
    return {run.name for run in store.list_runs(studies=True)} | ({path.name for path in area.iterdir()} if area.is_dir() else set())


def _free_name(label: str) -> str:
    """A name like the label that can be a run's and that none has."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip(".-_")[:70] or "run"
    taken = _taken() | {store.SHIPPED, store.STUDIES}
    return next(free for free in (name, *(f"{name}-{number}" for number in range(2, 100_000))) if free not in taken)


def _join(folder: Path, name: str) -> store.Run:
    """Bring a checked folder into the run area, in one step."""
    target = store.run_path(name)
    make_folder(settings.runs_dir())
    if not any((folder / store.EVALUATIONS).iterdir()):
        (folder / store.EVALUATIONS).rmdir()
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=settings.runs_dir()) as staging:
        shutil.copytree(folder, Path(staging) / name)
        (Path(staging) / name).rename(target)
    return store.Run(target)
