"""A CSV file as a stream of bytes, whether it lies plain, in .gz, .zip or .tar.gz. Nothing is unpacked to disk."""

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from fer_engine.errors import FerLabError

MAX_BYTES = 2 << 30  # FER2013's CSV file is 0.3 GB; more than seven times that is no such data set
_BUFFER = 1 << 20
_NAMES = 1 << 20
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class CsvStream:
    """An open CSV file.

    Attributes:
        file: The decompressed bytes.
        name: What to call it in messages, for example 'archive.zip: fer2013.csv'.
        fraction: How much of the file on disk has been read so far, 0 to 1.
    """

    file: io.BufferedReader
    name: str
    fraction: Callable[[], float]


class _Guarded(io.RawIOBase):
    """A stream that says in a sentence when its source is damaged or decompresses to more than `MAX_BYTES`."""

    def __init__(self, source: _Readable, name: str) -> None:
        self._source = source
        self._name = name
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._source.read(len(buffer))
        except _DAMAGE as error:
            raise _damaged(self._name, error) from error
        self._total += len(data)
        if self._total > MAX_BYTES:
            raise FerLabError(f"{self._name} holds more than {MAX_BYTES / (1 << 30):.3g} GB: that is no FER2013 data set.")
        buffer[: len(data)] = data
        return len(data)


def _damaged(name: str, error: BaseException) -> FerLabError:
    return FerLabError(f"{name} cannot be read ({error}). Is it damaged or only partly downloaded?")


def _buffered(source: _Readable, name: str) -> io.BufferedReader:
    return io.BufferedReader(_Guarded(source, name), _BUFFER)


@contextmanager
def open_csv(path: Path, accepts: Callable[[bytes], bool]) -> Iterator[CsvStream]:
    """Open the CSV file that `path` is or holds; what it is, its first bytes decide, not its name.

    Args:
        path: A CSV file, plain or in .gz, .zip or .tar.gz.
        accepts: Whether a first line is the right one; chooses among several CSV files in an archive.

    Yields:
        The open stream, at its beginning.

    Raises:
        FerLabError: For a file that cannot be opened, is damaged, too large, or an archive without such a CSV file.
    """
    try:
        raw = path.open("rb")
        size = max(1, path.stat().st_size)
    except OSError as error:
        raise FerLabError(f"{path} cannot be opened: {error.strerror}.") from error
    with raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(b"PK\x03\x04"):
            file, name = _zip_member(raw, path.name, accepts)
        elif magic.startswith(b"\x1f\x8b"):
            file, name = _gzip_content(raw, path.name, accepts)
        else:
            file, name = _buffered(raw, path.name), path.name
        yield CsvStream(file, name, lambda: min(1.0, raw.tell() / size))


class _ModestInfo(tarfile.TarInfo):
    """An entry whose extension is no larger than names need: it is read into memory, whatever size its header claims."""

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.size > _NAMES and self.type not in (*tarfile.REGULAR_TYPES, tarfile.DIRTYPE):
            raise tarfile.ReadError("a header in it claims to be larger than any name")
        return super()._proc_member(archive)  # type: ignore[misc]


def _gzip_content(raw: IO[bytes], name: str, accepts: Callable[[bytes], bool]) -> tuple[io.BufferedReader, str]:
    content = _buffered(gzip.GzipFile(fileobj=raw), name)
    if content.peek(512)[257:262] != b"ustar":
        return content, name
    seen = []
    try:
        tar = tarfile.open(fileobj=content, mode="r|", tarinfo=_ModestInfo)  # noqa: SIM115 - lives as long as what is returned
        for member in tar:
            if not member.isfile() or not member.name.lower().endswith(".csv"):
                continue
            seen.append(member.name)
            extracted = tar.extractfile(member)
            if extracted is None:
                continue
            file = _buffered(extracted, f"{name}: {member.name}")
            if accepts(_first_line(file)):
                return file, f"{name}: {member.name}"
    except _DAMAGE as error:
        raise _damaged(name, error) from error
    raise _nothing_in(name, seen)


def _zip_member(raw: IO[bytes], name: str, accepts: Callable[[bytes], bool]) -> tuple[io.BufferedReader, str]:
    try:
        archive = zipfile.ZipFile(raw)
        members = [info for info in archive.infolist() if info.filename.lower().endswith(".csv") and "__MACOSX" not in info.filename]
        for info in sorted(members, key=lambda info: -info.file_size):
            file = _buffered(archive.open(info), f"{name}: {info.filename}")
            if accepts(_first_line(file)):
                return file, f"{name}: {info.filename}"
    except _DAMAGE as error:
        raise _damaged(name, error) from error
    raise _nothing_in(name, [info.filename for info in members])


def _first_line(file: io.BufferedReader) -> bytes:
    """The first line, or as much of it as a header could have, without moving on."""
    return file.peek(_BUFFER).split(b"\n", 1)[0]


def _nothing_in(name: str, seen: list[str]) -> FerLabError:
    held = f"only {', '.join(seen[:5])}" if seen else "no CSV file at all"
    return FerLabError(f"{name} holds no CSV file with the columns emotion and pixels ({held}). If it holds folders of images, unpack it.")
