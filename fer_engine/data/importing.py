"""Bringing images from elsewhere: folders and archives whose folders name the emotion, in whatever words, as one parquet file."""

import csv
import io
import json
import os
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from fer_engine.data.folders import IMAGE_ENDINGS, tile_notices
from fer_engine.data.loaded import BadRows, Progress
from fer_engine.data.tiles import BadTileError, Tile, decode_tile
from fer_engine.data.vocabulary import emotion_of, folded, split_of, split_of_prefix
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES
from fer_engine.runs.files import make_folder, replacing

MAX_IMAGE_BYTES = 64 << 20
LEAVE_OUT = "-"
_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError)
_PROGRESS_EVERY = 100  # images

LabelMap = dict[str, int | None]  # folded word: label, or None for what is left out


@dataclass(frozen=True)
class _Image:
    """An image file: its path in the source, and its bytes."""

    path: PurePosixPath
    data: bytes


@dataclass(frozen=True)
class Imported:
    """What was brought.

    Attributes:
        images: How many.
        counts: {split: {emotion: images}}.
        left_out: Images in folders that the table says to leave out.
        notices: What the user should know.
    """

    images: int
    counts: dict[str, dict[str, int]]
    left_out: int
    notices: tuple[str, ...]


def read_label_map(path: Path) -> LabelMap:
    """Read a table of words: CSV with the columns word and emotion.

    The emotion is a name or a number of FER2013's, or '-' for what is to be left out.

    Raises:
        FerLabError: Where the file is no such table.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, ValueError, csv.Error) as error:
        raise FerLabError(f"The table {path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    found: LabelMap = {}
    for line, row in enumerate(rows, start=2):
        word, emotion = row.get("word"), row.get("emotion")
        if not word or not word.strip() or emotion is None:
            raise FerLabError(f"{path}, line {line}: a row needs a word and an emotion; the first line names the columns: word,emotion.")
        label = None if emotion.strip() == LEAVE_OUT else emotion_of(emotion)
        if label is None and emotion.strip() != LEAVE_OUT:
            raise FerLabError(f"{path}, line {line}: '{emotion}' is none of {', '.join(NAMES)}, and not '{LEAVE_OUT}' for leaving it out.")
        if found.setdefault(folded(word), label) != label:
            raise FerLabError(f"{path}, line {line}: '{word}' has two meanings in this table.")
    return found


def import_images(
    source: Path, target: Path, table: LabelMap, split: str, bad: BadRows, progress: Progress = lambda _share, _what: None
) -> Imported:
    """Bring the images of a folder or an archive (.zip, .tar, .tar.gz) to one parquet file that opens as a data set.

    The nearest folder whose name means an emotion gives the label, by the table first and then by the words that FER Lab
    knows; the file name's beginning or the nearest folder that is called like a split gives the split. Pixels are kept as PNG, 48x48
    grey, without loss.

    Args:
        source: The folder or archive.
        target: The file to write.
        table: What words mean that FER Lab does not know, or takes otherwise.
        split: For images that say none.
        bad: Takes the images that cannot be used.
        progress: Called with the fraction done and what is being done.

    Raises:
        FerLabError: Where the source holds no image, a folder's name means nothing, or the file cannot be written.
    """
    if target.exists():
        raise FerLabError(f"{target} is there already. Choose another --out, or remove it.")
    tiles: list[tuple[str, Tile, int, str]] = []
    left_out, unknown = 0, Counter[str]()
    for share, image in _images(source):
        place = (source.name, *image.path.parts[:-1])
        label, known = _label(place, table)
        if not known:
            unknown[place[-1]] += 1
        elif label is None:
            left_out += 1
        else:
            _take(tiles, image, label, _split(place, image.path.name) or split, bad)
        if len(tiles) % _PROGRESS_EVERY == 0:
            progress(share, f"Reading {source.name}")
    _refuse_unknown(source, unknown)
    if not tiles:
        raise FerLabError(" ".join((f"{source} holds no image that can be used.", *bad.notices())))
    tiles.sort(key=lambda tile: tile[0])
    _write(target, tiles)
    return Imported(len(tiles), _counts(tiles), left_out, (*tile_notices([tile for _, tile, _, _ in tiles]), *bad.notices()))


def _counts(tiles: list[tuple[str, Tile, int, str]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for _, _, label, split in tiles:
        counts.setdefault(split, dict.fromkeys(NAMES, 0))[NAMES[label]] += 1
    return counts


def _take(tiles: list[tuple[str, Tile, int, str]], image: _Image, label: int, split: str, bad: BadRows) -> None:
    try:
        tiles.append((str(image.path), decode_tile(image.data, str(image.path)), label, split))
    except BadTileError as error:
        bad.add(str(error))


def _label(folders: tuple[str, ...], table: LabelMap) -> tuple[int | None, bool]:
    """The label of the nearest folder that has one (None: to be left out), and whether there is such a folder."""
    for folder in reversed(folders):
        if folded(folder) in table:
            return table[folded(folder)], True
        label = emotion_of(folder)
        if label is not None:
            return label, True
    return None, False


def _split(folders: tuple[str, ...], name: str) -> str | None:
    by_folder = (split_of(folder) for folder in reversed(folders))
    return split_of_prefix(name) or next((split for split in by_folder if split), None)


def _refuse_unknown(source: Path, unknown: Counter[str]) -> None:
    if unknown:
        told = ", ".join(f"'{word}' ({number:,} images)" for word, number in unknown.most_common(5))
        raise FerLabError(
            f"{source}: no emotion is known by the folder names {told}. Say in a table what they mean (CSV with the columns word and "
            f"emotion; '{LEAVE_OUT}' leaves them out), and name it with --map. `data labels` prints the words that are known."
        )


def _images(source: Path) -> Iterator[tuple[float, _Image]]:
    """The image files of a folder or an archive, each with the share of the source that is done."""
    if not source.exists():
        raise FerLabError(f"There is no file or folder {source}.")
    try:
        if source.is_dir():
            yield from _of_folder(source)
        elif zipfile.is_zipfile(source):
            yield from _of_zip(source)
        elif tarfile.is_tarfile(source):
            yield from _of_tar(source)
        else:
            raise FerLabError(f"{source} is no folder, .zip or .tar archive. CSV and parquet files open as they are, with --data.")
    except _DAMAGE as error:
        raise FerLabError(f"{source} cannot be read ({error}). Is it damaged or only partly downloaded?") from error


def _wanted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name.lower().endswith(IMAGE_ENDINGS) and not any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _of_folder(source: Path) -> Iterator[tuple[float, _Image]]:
    names = sorted(path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file())
    names = [name for name in names if _wanted(name)]
    for number, name in enumerate(names):
        path = source / name
        _refuse_large(path.stat().st_size, name)
        yield number / len(names), _Image(PurePosixPath(name), path.read_bytes())


def _of_zip(source: Path) -> Iterator[tuple[float, _Image]]:
    with zipfile.ZipFile(source) as archive:
        members = [member for member in archive.infolist() if not member.is_dir() and _wanted(member.filename)]
        for number, member in enumerate(members):
            _refuse_large(member.file_size, member.filename)
            with archive.open(member) as file:
                yield number / len(members), _Image(PurePosixPath(member.filename), file.read(MAX_IMAGE_BYTES))


def _of_tar(source: Path) -> Iterator[tuple[float, _Image]]:
    size = max(1, source.stat().st_size)
    with source.open("rb") as raw, tarfile.open(fileobj=raw) as archive:
        for member in archive:
            if member.isfile() and _wanted(member.name):
                _refuse_large(member.size, member.name)
                file = archive.extractfile(member)
                assert file is not None  # it is a file
                yield min(1.0, raw.tell() / size), _Image(PurePosixPath(os.path.normpath(member.name)), file.read(MAX_IMAGE_BYTES))


def _refuse_large(size: int, name: str) -> None:
    if size > MAX_IMAGE_BYTES:
        raise FerLabError(f"The image '{name}' has {size / (1 << 20):,.0f} MB; at most {MAX_IMAGE_BYTES >> 20} are read. Remove it.")


def _write(target: Path, tiles: list[tuple[str, Tile, int, str]]) -> None:
    """The tiles as Hugging Face lays out images and labels, class names included."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = pa.array([{"bytes": _png(tile.pixels), "path": path} for path, tile, _, _ in tiles])
    labels = pa.array([label for _, _, label, _ in tiles], pa.int64())
    table = pa.table({"image": images, "label": labels, "Usage": pa.array([split for *_, split in tiles])})
    features = {"info": {"features": {"image": {"_type": "Image"}, "label": {"names": list(NAMES), "_type": "ClassLabel"}}}}
    make_folder(target.parent)
    with replacing(target) as temporary:
        pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(features)}), temporary)


def _png(pixels: np.ndarray) -> bytes:
    import cv2

    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()
