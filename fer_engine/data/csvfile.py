"""FER2013 as CSV: a label, 2,304 pixel values and a split to a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_engine.data.archive import CsvStream, open_csv
from fer_engine.data.faceset import SIZE, SPLITS, FaceSet
from fer_engine.data.loaded import BadRows, LoadedData, Progress
from fer_engine.data.vocabulary import emotion_of
from fer_engine.errors import FerLabError

MAX_LINE = 1 << 20  # bytes; a row of FER2013 has at most 9,240
_PIXELS = SIZE * SIZE
_PROGRESS_EVERY = 500  # rows
_SHOWN = 24  # characters of a wrong value that a message quotes


@dataclass(frozen=True)
class _Columns:
    """Where in a line the three columns stand; `usage` is None where there is none."""

    names: tuple[str, ...]
    emotion: int
    pixels: int
    usage: int | None


@dataclass(frozen=True)
class _Row:
    pixels: np.ndarray
    label: int
    split: int


class _BadRowError(Exception):
    """What is wrong with a row: column and reason."""


def read_csv(path: Path, bad: BadRows, progress: Progress | None = None) -> LoadedData:
    """Read FER2013's CSV file in any of its forms.

    The columns emotion, pixels and Usage may stand in any order, with spaces around their names, quoted or not.
    Without Usage (Kaggle's train.csv) every row is Training.

    Args:
        path: The file: plain, .gz, .zip or .tar.gz.
        bad: Takes the bad rows.
        progress: Called now and then with the fraction of bytes read.

    Returns:
        The faces; `ids` count the rows with content from 0, the header left aside.

    Raises:
        FerLabError: For a file that is no such CSV file, and for a bad row unless these are skipped.
    """
    with open_csv(path, lambda line: _missing(_header_names(line)) == []) as stream:
        columns = _read_header(stream)
        rows: list[_Row] = []
        ids: list[int] = []
        for index, (number, line) in enumerate(_data_lines(stream)):
            try:
                rows.append(_parse(line, columns))
                ids.append(index)
            except _BadRowError as error:
                bad.add(f"{stream.name}, line {number}, {error}")
            if progress and index % _PROGRESS_EVERY == 0:
                progress(stream.fraction(), f"Reading {path.name}")
    if not rows:
        raise FerLabError(f"{stream.name} has no row that can be used." + " ".join(("", *bad.notices())))
    notices = bad.notices()
    if columns.usage is None:
        notices = (f"{stream.name} has no column Usage: all {len(rows):,} rows are taken as Training.", *notices)
    return LoadedData(_assemble(rows, ids), notices, bad.count)


def _assemble(rows: list[_Row], ids: list[int]) -> FaceSet:
    return FaceSet(
        images=np.stack([row.pixels for row in rows]).reshape(-1, SIZE, SIZE),
        labels=np.array([row.label for row in rows], dtype=np.int64),
        split=np.array(SPLITS)[[row.split for row in rows]],
        ids=np.array(ids, dtype=np.int64),
    )


def is_fer2013_csv(path: Path) -> bool:
    """Whether a file is, or holds, a CSV file with the columns emotion and pixels."""
    try:
        with open_csv(path, lambda line: _missing(_header_names(line)) == []) as stream:
            return _missing(_header_names(stream.file.readline(MAX_LINE))) == []
    except FerLabError:
        return False


def _header_names(line: bytes) -> tuple[str, ...]:
    text = line[:MAX_LINE].decode("utf-8-sig", errors="replace")
    return tuple(name.strip().strip('"').strip() for name in text.split(","))


def _missing(names: tuple[str, ...]) -> list[str]:
    lowered = [name.lower() for name in names]
    return [column for column in ("emotion", "pixels") if column not in lowered]


def _read_header(stream: CsvStream) -> _Columns:
    names = _header_names(stream.file.readline(MAX_LINE))
    lowered = [name.lower() for name in names]
    missing = _missing(names)
    if missing:
        found = ", ".join(repr(name[:_SHOWN]) for name in names[:6])
        raise FerLabError(
            f"{stream.name} is not FER2013's CSV file: its first line has no column {' and no column '.join(missing)} (it begins {found})."
        )
    twice = [column for column in ("emotion", "pixels", "usage") if lowered.count(column) > 1]
    if twice:
        raise FerLabError(f"{stream.name}: its first line names the column {twice[0]} twice.")
    usage = lowered.index("usage") if "usage" in lowered else None
    return _Columns(names, lowered.index("emotion"), lowered.index("pixels"), usage)


def _data_lines(stream: CsvStream) -> Iterator[tuple[int, bytes]]:
    """Lines with content, each with its number as an editor shows it."""
    number = 1
    while line := stream.file.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE:
            raise FerLabError(f"{stream.name}, line {number}: over {MAX_LINE:,} bytes long. This is no row of FER2013.")
        line = line.strip()
        if line:
            yield number, line


def _parse(line: bytes, columns: _Columns) -> _Row:
    fields = line.split(b",")
    if len(fields) != len(columns.names):
        missing = columns.names[len(fields) :]
        what = f"column {missing[0]}: missing" if missing else f"after column {columns.names[-1]}: more values than columns"
        raise _BadRowError(f"{what} ({len(fields)} fields, expected {len(columns.names)})")
    label = _parse_label(_bare(fields[columns.emotion]), columns)
    split = 0 if columns.usage is None else _parse_usage(_bare(fields[columns.usage]), columns)
    field = _bare(fields[columns.pixels])
    pixels = parse_pixels(field)
    if pixels is None:
        raise _BadRowError(f"column {columns.names[columns.pixels]}: {_what_is_wrong(field)}")
    return _Row(pixels, label, split)


def _bare(field: bytes) -> bytes:
    field = field.strip()
    return field[1:-1].strip() if len(field) > 1 and field[:1] == field[-1:] == b'"' else field


def _shown(field: bytes) -> str:
    text = field.decode("utf-8", errors="replace")
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _parse_label(field: bytes, columns: _Columns) -> int:
    label = emotion_of(field.decode("utf-8", errors="replace"))
    if label is None:
        raise _BadRowError(f"column {columns.names[columns.emotion]}: emotion {_shown(field)} is not one of 0..6")
    return label


def _parse_usage(field: bytes, columns: _Columns) -> int:
    text = field.decode("utf-8", errors="replace")
    if text not in SPLITS:
        raise _BadRowError(f"column {columns.names[columns.usage or 0]}: {_shown(field)} is none of {', '.join(SPLITS)}")
    return SPLITS.index(text)


def parse_pixels(field: bytes) -> np.ndarray | None:
    """Parse 2,304 numbers of 0 to 255, one to three digits each, separated by spaces.

    All digits at once: at each byte the number that ends there is its digit, plus ten times the digit before, plus a
    hundred times the one before that, as far as these are digits; the last byte of each number is kept.

    Returns:
        uint8 (2304,), or None where anything is amiss.
    """
    text = np.frombuffer(b"   " + field + b" ", dtype=np.uint8)
    digit = text - np.uint8(ord("0"))
    is_digit = (digit < 10).view(np.uint8)
    if np.count_nonzero(is_digit) + np.count_nonzero(text == ord(" ")) != len(text):
        return None
    digit *= is_digit
    here, one_back, two_back, three_back = is_digit[3:-1], is_digit[2:-2], is_digit[1:-3], is_digit[:-4]
    run_of_two = here & one_back
    tens = digit[3:-1] + 10 * digit[2:-2]
    hundreds = digit[1:-3] * run_of_two
    too_large = (hundreds > 2) | ((hundreds == 2) & (tens > 55))
    too_long = run_of_two & two_back & three_back
    ends = np.flatnonzero(here > is_digit[4:])
    if len(ends) != _PIXELS or too_large.any() or too_long.any():
        return None
    return (tens + 100 * hundreds).take(ends)


def _what_is_wrong(field: bytes) -> str:
    """Why `parse_pixels` turns a field down."""
    tokens = [token for token in field.split(b" ") if token]
    for place, token in enumerate(tokens, start=1):
        if not token.isdigit():
            return f"value {place} is {_shown(token)}, not a whole number"
        if len(token.lstrip(b"0")) > 3 or int(token) > 255:
            return f"value {place}: pixel value {token[:_SHOWN].decode()} is outside 0..255"
        if len(token) > 3:
            return f"value {place}: pixel value {_shown(token)} has more than three digits"
    return f"{len(tokens)} values, expected {_PIXELS}"
