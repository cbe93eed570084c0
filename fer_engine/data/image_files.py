"""The image files of a folder or an archive, one after the other. Nothing is unpacked to disk, and what is too much is refused.

Names in an archive only say what a face is labelled: no file is ever written by them, so a name that climbs out of its folder
has nowhere to go. Links, devices and whatever else is no plain file are left alone.
"""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from fer_engine.data.folders import IMAGE_ENDINGS
from fer_engine.errors import FerLabError

MAX_IMAGE_BYTES = 64 << 20
MAX_IMAGES = 1_000_000  # AffectNet, the largest set of its kind, has 0.4 million with a label by hand
MAX_BYTES = 64 << 30  # of all files together, unpacked
_DAMAGE = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
_OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}


@dataclass(frozen=True)
class ImageFile:
    """An image file.

    Attributes:
        path: Its path in the source.
        read: Gives its bytes; in an archive only until the next file is asked for.
    """

    path: PurePosixPath
    read: Callable[[], bytes]


class _Total:
    """Counts files and bytes, and refuses what is too much, before any of it is unpacked."""

    def __init__(self, source: Path) -> None:
        self._source, self._files, self._bytes = source, 0, 0

    def add(self, name: str, size: int, *, image: bool) -> None:
        if image and size > MAX_IMAGE_BYTES:
            raise FerLabError(f"The image '{name}' has {size / (1 << 20):,.0f} MB; at most {MAX_IMAGE_BYTES >> 20} are read. Remove it.")
        self._files += 1
        self._bytes += size
        if self._files > MAX_IMAGES:
            raise FerLabError(f"{self._source} holds more than {MAX_IMAGES:,} files: that is more than is read. Bring a part of it.")
        if self._bytes > MAX_BYTES:
            raise FerLabError(f"{self._source} unpacks to more than {MAX_BYTES / (1 << 30):.3g} GB: that is more than is read.")


def image_files(source: Path) -> Iterator[tuple[float, ImageFile]]:
    """The image files of a folder or an archive (.zip, .tar, also packed by gzip, bzip2 or xz), each with the share that is done.

    Raises:
        FerLabError: Where the source is missing, damaged, no folder and no archive, or holds too much.
    """
    if not source.exists():
        raise FerLabError(f"There is no file or folder {source}.")
    try:
        if source.is_dir():
            yield from _of_folder(source)
        elif zipfile.is_zipfile(source):
            yield from _of_zip(source)
        else:
            yield from _of_tar(source)
    except _DAMAGE as error:
        raise _damaged(source, error) from error


def _damaged(source: Path, error: BaseException) -> FerLabError:
    return FerLabError(f"{source} cannot be read ({error}). Is it damaged or only partly downloaded?")


def _sound(source: Path, read: Callable[[], bytes]) -> Callable[[], bytes]:
    """Says in a sentence when what is read is damaged."""

    def sound() -> bytes:
        try:
            return read()
        except _DAMAGE as error:
            raise _damaged(source, error) from error

    return sound


def is_archive(source: Path) -> bool:
    """Whether a file begins as an archive does that `image_files` reads; by its first bytes, not by its name."""
    if zipfile.is_zipfile(source):
        return True
    try:
        with source.open("rb") as raw:
            return _unpacked(raw).read(512)[257:262] == b"ustar"
    except _DAMAGE:
        return False


def _wanted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name.lower().endswith(IMAGE_ENDINGS) and not any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in parts)


def _of_folder(source: Path) -> Iterator[tuple[float, ImageFile]]:
    names = sorted(path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file())
    names, total = [name for name in names if _wanted(name)], _Total(source)
    for number, name in enumerate(names):
        path = source / name
        total.add(name, path.stat().st_size, image=True)
        yield number / len(names), ImageFile(PurePosixPath(name), _sound(source, path.read_bytes))


def _of_zip(source: Path) -> Iterator[tuple[float, ImageFile]]:
    with zipfile.ZipFile(source) as archive:
        members, total = [member for member in archive.infolist() if not member.is_dir() and _wanted(member.filename)], _Total(source)
        for member in members:  # the whole list is known beforehand: too much is refused before the first image
            total.add(member.filename, member.file_size, image=True)
        for number, member in enumerate(members):

            def read(member: zipfile.ZipInfo = member) -> bytes:
                with archive.open(member) as file:
                    return file.read(MAX_IMAGE_BYTES)

            yield number / len(members), ImageFile(PurePosixPath(member.filename), _sound(source, read))


def _of_tar(source: Path) -> Iterator[tuple[float, ImageFile]]:
    size, total = max(1, source.stat().st_size), _Total(source)
    with source.open("rb") as raw, _open_tar(raw, source) as archive:
        for member in archive:
            image = member.isreg() and _wanted(member.name)
            total.add(member.name, member.size, image=image)  # what is passed over is unpacked, too
            if image:

                def read(member: tarfile.TarInfo = member) -> bytes:
                    file = archive.extractfile(member)
                    assert file is not None  # it is a file
                    return file.read(MAX_IMAGE_BYTES)

                yield min(1.0, raw.tell() / size), ImageFile(PurePosixPath(os.path.normpath(member.name)), _sound(source, read))


def _open_tar(raw: IO[bytes], source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=_Bounded(_unpacked(raw)), mode="r:")  # type: ignore[call-overload]
    except tarfile.ReadError as error:
        raise FerLabError(f"{source} is no folder, .zip or .tar archive. CSV and parquet files open as they are, with --data.") from error


def _unpacked(raw: IO[bytes]) -> Any:
    start = raw.read(6)
    raw.seek(0)
    return next((opener(raw) for magic, opener in _OPENERS.items() if start.startswith(magic)), raw)


class _Bounded:
    """A file that reads no more than an image's worth at once: a tar header may claim that its own extension has gigabytes."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file, self.seek, self.tell = file, file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_IMAGE_BYTES + tarfile.RECORDSIZE:
            raise tarfile.ReadError("a part of it claims to be larger than any image")
        return self._file.read(size)
