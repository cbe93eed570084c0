"""FER2013 as parquet: encoded images and labels, as Hugging Face lays them out."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_engine.data.faceset import SPLITS
from fer_engine.data.folders import assemble, tile_notices
from fer_engine.data.loaded import BadRows, LoadedData, Progress
from fer_engine.data.tiles import BadTileError, Tile, decode_tile
from fer_engine.data.vocabulary import emotion_of, split_of
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

MAX_BYTES = 2 << 30
_BATCH = 1024  # rows
_IMAGE_NAMES = ("image", "img", "img_bytes", "image_bytes", "bytes", "pixels")
_LABEL_NAMES = ("label", "labels", "emotion", "emotions", "expression", "class")
_SPLIT_NAMES = ("usage", "split")


@dataclass(frozen=True)
class _Columns:
    """Names of a file's columns; what its integer labels mean, where the file says so; the split of its name."""

    image: str
    label: str
    split: str | None
    classes: tuple[str, ...] | None
    file_split: str | None

    @property
    def used(self) -> list[str]:
        return [name for name in (self.image, self.label, self.split) if name]


class _Rows:
    """The rows gathered so far."""

    def __init__(self) -> None:
        self.tiles: list[Tile] = []
        self.labels: list[int] = []
        self.splits: list[str] = []
        self.ids: list[int] = []
        self.unsplit = 0
        self.seen = 0


def read_parquet(root: Path, paths: list[Path], bad: BadRows, progress: Progress | None = None) -> LoadedData:
    """Read parquet files with a column of images and a column of labels as one data set.

    The images are encoded (PNG, JPEG) and stand as bytes or as a struct with a field `bytes`. Integer labels follow
    the class names that the file's Hugging Face metadata gives, else FER2013's order. The split comes from a column
    `Usage` or `split`, else from the file's name.

    Args:
        root: The file, or the folder that holds the files.
        paths: The files; `ids` count their rows on from one to the next.
        bad: Takes the rows that cannot be used.
        progress: Called now and then with the fraction of rows read.

    Raises:
        FerLabError: For a file without such columns, damaged or too large; for a bad row unless these are skipped.
    """
    import pyarrow
    import pyarrow.parquet as pq

    rows, guessed = _Rows(), False
    try:
        files = [pq.ParquetFile(path, thrift_string_size_limit=1 << 26) for path in paths]
        total = sum(file.metadata.num_rows for file in files)
        for path, file in zip(paths, files, strict=True):
            _refuse_too_large(path, file)
            columns = _columns(path, file.schema_arrow)
            guessed |= columns.classes is None
            first = rows.seen
            for batch in file.iter_batches(batch_size=_BATCH, columns=columns.used):
                _take_batch(rows, batch.to_pydict(), columns, f"{path.name}, row", first, bad)
                if progress:
                    progress(rows.seen / max(1, total), f"Reading {root.name}")
    except (pyarrow.ArrowException, OSError) as error:
        raise FerLabError(f"{root} cannot be read as parquet ({str(error).splitlines()[0]}). Is it damaged?") from error
    if not rows.tiles:
        raise FerLabError(" ".join((f"{root} has no row that can be used.", *bad.notices())))
    faces = assemble(rows.tiles, rows.labels, rows.splits, rows.ids)
    return LoadedData(faces, (*tile_notices(rows.tiles), *_notices(rows, guessed), *bad.notices()), bad.count)


def _refuse_too_large(path: Path, file: Any) -> None:
    size = sum(file.metadata.row_group(index).total_byte_size for index in range(file.metadata.num_row_groups))
    if size > MAX_BYTES:
        raise FerLabError(f"{path.name} holds more than {MAX_BYTES / (1 << 30):.3g} GB: that is no FER2013 data set.")


def _columns(path: Path, schema: Any) -> _Columns:
    image = _first(schema, _IMAGE_NAMES, _holds_images) or next((field.name for field in schema if _holds_images(field.type)), None)
    label = _first(schema, _LABEL_NAMES, _holds_labels)
    if image is None or label is None:
        what = "images (bytes)" if image is None else "labels (label or emotion)"
        raise FerLabError(f"{path.name} has no column of {what}; its columns are {', '.join(schema.names[:8])}.")
    return _Columns(image, label, _first(schema, _SPLIT_NAMES, lambda _: True), _class_names(schema, label), _split_of_file(path))


def _first(schema: Any, names: tuple[str, ...], fits: Any) -> str | None:
    by_name = {field.name.strip().lower(): field for field in schema if fits(field.type)}
    return next((by_name[name].name for name in names if name in by_name), None)


def _holds_images(kind: Any) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        fields = [kind.field(index) for index in range(kind.num_fields)]
        return any(field.name == "bytes" and _holds_images(field.type) for field in fields)
    return types.is_binary(kind) or types.is_large_binary(kind)


def _holds_labels(kind: Any) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind)


def _class_names(schema: Any, label: str) -> tuple[str, ...] | None:
    """What integer labels mean: Hugging Face's own files are often in alphabetical order, not in FER2013's."""
    try:
        info = json.loads((schema.metadata or {})[b"huggingface"])
        return tuple(str(name) for name in info["info"]["features"][label]["names"])
    except (KeyError, TypeError, ValueError):
        return None


def _split_of_file(path: Path) -> str | None:
    """The split in `train-00000-of-00001.parquet`, or of the folder that the file lies in."""
    words = [*re.split(r"[-_.]", path.stem), path.stem, path.parent.name]
    return next((split for word in words if (split := split_of(word))), None)


def _take_batch(rows: _Rows, batch: dict[str, list[Any]], columns: _Columns, place: str, first: int, bad: BadRows) -> None:
    for index, (image, label) in enumerate(zip(batch[columns.image], batch[columns.label], strict=True)):
        cell = batch[columns.split][index] if columns.split else None
        try:
            labelled = _label(label, columns)
            split = _split(cell, columns)
            tile = decode_tile(_image_bytes(image, columns), f"column {columns.image}")
        except BadTileError as error:
            bad.add(f"{place} {rows.seen - first + 1}, {error}")
        else:
            rows.unsplit += split is None
            rows.tiles.append(tile)
            rows.labels.append(labelled)
            rows.splits.append(split or "Training")
            rows.ids.append(rows.seen)
        rows.seen += 1


def _label(value: Any, columns: _Columns) -> int:
    name: Any = value
    if isinstance(value, int) and columns.classes is not None:
        name = columns.classes[value] if 0 <= value < len(columns.classes) else None
    label = None if name is None else emotion_of(str(name))
    if label is None:
        shown = f"{value!r} ({name})" if name != value and name is not None else repr(value)
        raise BadTileError(f"column {columns.label}: {shown} is none of {', '.join(NAMES)}")
    return label


def _split(cell: Any, columns: _Columns) -> str | None:
    if columns.split is None:
        return columns.file_split
    split = split_of(str(cell))
    if split is None:
        raise BadTileError(f"column {columns.split}: {cell!r} is none of {', '.join(SPLITS)}")
    return split


def _image_bytes(value: Any, columns: _Columns) -> bytes:
    data = value.get("bytes") if isinstance(value, dict) else value
    if not data:
        raise BadTileError(f"column {columns.image}: no image bytes")
    return bytes(data)


def _notices(rows: _Rows, guessed: bool) -> tuple[str, ...]:
    notices = []
    if guessed:
        notices.append("The file does not say what its labels mean: numbers are taken in FER2013's order (0 angry ... 6 neutral).")
    if rows.unsplit:
        notices.append(f"Neither a column nor the file's name gives a split for {rows.unsplit:,} rows: they are taken as Training.")
    return tuple(notices)
