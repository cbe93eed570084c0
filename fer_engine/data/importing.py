"""Bringing images from elsewhere: folders and archives whose folders name the emotion, in whatever words, as one parquet file."""

import csv
import io
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from fer_engine import settings
from fer_engine.data import layouts
from fer_engine.data.csvfile import is_fer2013_csv
from fer_engine.data.faceset import SIZE, FaceSet
from fer_engine.data.find import locate
from fer_engine.data.folders import tile_notices
from fer_engine.data.hold_out import held_out
from fer_engine.data.image_files import image_files, is_archive
from fer_engine.data.label_words import METADATA, MappedWord, of_layout
from fer_engine.data.loaded import BadRows, Progress
from fer_engine.data.own_sets import IMPORTED
from fer_engine.data.tiles import BadTileError, Tile, decode_tile
from fer_engine.data.vocabulary import emotion_of, folded, split_of, split_of_prefix
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES
from fer_engine.runs.files import make_folder, replacing
from fer_engine.runs.store import run_path

LEAVE_OUT = "-"
MAX_HOLD_OUT = 0.5
_PROGRESS_EVERY = 100  # images

LabelMap = dict[str, int | None]  # folded word: label, or None for what is left out


@dataclass(frozen=True)
class Word:
    """A folder name of a source.

    Attributes:
        word: As the first such folder spells it.
        images: How many images go by it.
        label: What FER Lab takes it for; None where it is no word that is known.
    """

    word: str
    images: int
    label: int | None


@dataclass(frozen=True)
class Survey:
    """What a source holds, by the names of its files and folders alone.

    Attributes:
        words: The folder names that decide the label, those that are not known first; empty where a layout is known.
        splits: {split: images}, '' for those that say none.
        layout: Name of the data set whose layout this is, or ''.
    """

    words: tuple[Word, ...]
    splits: dict[str, int]
    layout: str = ""

    @property
    def images(self) -> int:
        """How many images there are."""
        return sum(self.splits.values())


@dataclass(frozen=True)
class _Row:
    """An image that came in; `split` is None where nothing says one, `person` empty where nobody knows who is on it."""

    path: str
    tile: Tile
    label: int
    split: str | None
    person: str = ""


@dataclass(frozen=True)
class Imported:
    """What was brought.

    Attributes:
        images: How many.
        counts: {split: {emotion: images}}.
        left_out: Images in folders that the table, or the set's own list, says to leave out.
        refused: Images that could not be used; `notices` gives reasons.
        notices: What the user should know.
    """

    images: int
    counts: dict[str, dict[str, int]]
    left_out: int
    refused: int
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


def imported_path(name: str) -> Path:
    """The file for a data set that is brought: a path as it is, where it ends in .parquet; a name in the run area.

    Raises:
        FerLabError: Where the name could not be a file's on every system.
    """
    if name.endswith(".parquet"):
        return Path(name).expanduser()
    return settings.runs_dir() / IMPORTED / f"{run_path(name).name}.parquet"


def is_table(source: Path) -> bool:
    """Whether a file or folder holds a table of faces (CSV, also packed, or parquet) rather than images in folders.

    What is neither counts as a table: to open it says what is wrong.

    Raises:
        FerLabError: Where there is nothing.
    """
    if not source.exists():
        raise FerLabError(f"There is no file or folder {source}.")
    if source.is_dir():
        try:
            return locate(source).kind in ("csv", "parquet")
        except FerLabError:  # folders in words that are not known yet
            return False
    return is_fer2013_csv(source) or not is_archive(source)


def survey(source: Path, progress: Progress = lambda _share, _what: None) -> Survey:
    """Look at the names in a folder or an archive, to ask what its words mean before anything is read.

    Raises:
        FerLabError: Where the source cannot be read, or holds no image.
    """
    layout = layouts.recognise(source)
    if layout:
        splits = Counter(entry.split or "" for entry in layout.entries)
        return Survey((), dict(splits), layout.name)
    words: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    found: Counter[str] = Counter()
    for number, (share, image) in enumerate(image_files(source)):
        layouts.refuse_packed(image.path.name)
        place = (source.name, *image.path.parts[:-1])
        word = next((folder for folder in reversed(place) if emotion_of(folder) is not None), place[-1])
        words[folded(word)] += 1
        spelt.setdefault(folded(word), word)
        found[_split(place, image.path.name) or ""] += 1
        if number % _PROGRESS_EVERY == 0:
            progress(share, f"Looking into {source.name}")
    if not words:
        raise FerLabError(f"{source} holds no image.")
    told = [Word(spelt[word], number, emotion_of(word)) for word, number in words.items()]
    return Survey(tuple(sorted(told, key=lambda word: (word.label is not None, word.label or 0, word.word))), dict(found))


def bring(
    source: Path,
    target: Path,
    table: LabelMap,
    split: str,
    bad: BadRows,
    progress: Progress = lambda _share, _what: None,
    *,
    hold_out: float = 0.0,
) -> Imported:
    """Bring whatever a source holds, images in folders or a table of faces, as one parquet file; takes what `import_images` takes.

    Raises:
        FerLabError: As `import_images` and `open_data`.
    """
    from fer_engine.data.source import open_data

    if not is_table(source):
        return import_images(source, target, table, split, bad, progress, hold_out=hold_out)
    _check(target, hold_out)
    if table:
        raise FerLabError(f"{source.name} is a table with labels of its own; a map of words is for folders of images. Leave it out.")
    loaded = open_data(source, skip_bad=bad.skip, progress=progress)
    faces, told = _split_table(loaded.faces, split, hold_out)
    return import_faces(faces, target, loaded.skipped, (*loaded.notices, *told))


def _split_table(faces: FaceSet, split: str, hold_out: float) -> tuple[FaceSet, tuple[str, ...]]:
    """A table's faces with the split that was asked for, which it takes where all of them are Training, as where it says none.

    Raises:
        FerLabError: Where it has other splits.
    """
    if split == "Training" and not hold_out:
        return faces, ()
    if faces.splits != ("Training",):
        raise FerLabError(f"The table says itself which faces are {' and '.join(faces.splits)}: leave --split and --hold-out out.")
    held, told = held_out(np.asarray(faces.images), faces.labels.tolist(), [""] * len(faces), hold_out)
    return replace(faces, split=np.where(held, "PublicTest", split)), (told,) if told else ()


def import_images(
    source: Path,
    target: Path,
    table: LabelMap,
    split: str,
    bad: BadRows,
    progress: Progress = lambda _share, _what: None,
    *,
    hold_out: float = 0.0,
) -> Imported:
    """Bring the images of a folder or an archive (.zip, .tar, .tar.gz) to one parquet file that opens as a data set.

    The nearest folder whose name means an emotion gives the label, by the table first and then by the words that FER Lab
    knows; the file name's beginning or the nearest folder that is called like a split gives the split. A folder in the layout
    of a known set (`fer_engine.data.layouts`) goes by that set's own labels. Pixels are kept as PNG, 48x48 grey, without loss.

    Args:
        source: The folder or archive.
        target: The file to write.
        table: What words mean that FER Lab does not know, or takes otherwise.
        split: For images that say none.
        bad: Takes the images that cannot be used.
        progress: Called with the fraction done and what is being done.
        hold_out: Share of each emotion, of the images that say no split, that goes to PublicTest instead; all copies of an
            image go the same way. Where file names tell who is on an image, as those of CK+ and JAFFE do, it is a share of
            all images, and all of a person go the same way.

    Raises:
        FerLabError: Where the source holds no image, a folder's name means nothing, or the file cannot be written.
    """
    _check(target, hold_out)
    layout = layouts.recognise(source)
    rows, words = _of_layout(layout, bad, progress) if layout else _of_folders(source, table, bad, progress)
    left_out = layout.left_out if layout else sum(word.images for word in words if not word.emotion)
    if not rows:
        raise FerLabError(" ".join((f"{source} holds no image that can be used.", *bad.notices())))
    rows.sort(key=lambda row: row.path)
    rows, notices = _settle_splits(rows, split, hold_out)
    notices = (*(layout.notices if layout else ()), *notices, *tile_notices([row.tile for row in rows]), *bad.notices())
    _write(target, rows, words)
    return Imported(len(rows), _counts(rows), left_out, bad.count, notices)


def _check(target: Path, hold_out: float = 0.0) -> None:
    if target.exists():
        raise FerLabError(f"{target} is there already. Choose another name, or remove it.")
    if not 0 <= hold_out <= MAX_HOLD_OUT:
        raise FerLabError(f"--hold-out is {hold_out}; it is a share from 0 to {MAX_HOLD_OUT}.")


def import_faces(faces: FaceSet, target: Path, refused: int, notices: tuple[str, ...]) -> Imported:
    """Keep a data set that was opened as one parquet file, so that it stays when its source goes.

    Args:
        faces: The data set.
        target: The file to write.
        refused: Rows of the source that were left out.
        notices: What was said of them.

    Raises:
        FerLabError: Where the file is there already or cannot be written.
    """
    _check(target)
    columns = zip(faces.images, faces.labels.tolist(), faces.split.tolist(), faces.ids.tolist(), strict=True)
    rows = [_Row(str(row), Tile(image, False, False, False), label, split) for image, label, split, row in columns]
    _write(target, rows)
    return Imported(len(rows), _counts(rows), 0, refused, notices)


def _of_folders(source: Path, table: LabelMap, bad: BadRows, progress: Progress) -> tuple[list[_Row], tuple[MappedWord, ...]]:
    """The images by their folders, and what the folders' names were taken for."""
    rows: list[_Row] = []
    words, unknown = Counter[tuple[str, str]](), Counter[str]()
    for share, image in image_files(source):
        layouts.refuse_packed(image.path.name)
        place = (source.name, *image.path.parts[:-1])
        label, word = _label(place, table)
        words[word, "" if label is None else NAMES[label]] += 1
        if not word:
            unknown[place[-1]] += 1
        elif label is not None:
            try:
                tile = decode_tile(image.read(), str(image.path))
                rows.append(_Row(str(image.path), tile, label, _split(place, image.path.name), layouts.person_of(image.path.name)))
            except BadTileError as error:
                bad.add(str(error))
        if len(rows) % _PROGRESS_EVERY == 0:
            progress(share, f"Reading {source.name}")
    _refuse_unknown(source, unknown)
    return rows, tuple(MappedWord(word, emotion, images) for (word, emotion), images in sorted(words.items()))


def _of_layout(layout: layouts.Layout, bad: BadRows, progress: Progress) -> tuple[list[_Row], tuple[MappedWord, ...]]:
    rows = [
        _Row(entry.path, tile, entry.label, entry.split, layouts.person_of(entry.path))
        for entry, tile in layouts.read_tiles(layout, bad, progress)
    ]
    return rows, of_layout(layout)


def _settle_splits(rows: list[_Row], split: str, hold_out: float) -> tuple[list[_Row], tuple[str, ...]]:
    """Rows that all have a split, and a sentence on those that were held out."""
    open_rows = [row for row in rows if row.split is None]
    images = np.stack([row.tile.pixels for row in open_rows]) if open_rows else np.empty((0, SIZE, SIZE), np.uint8)
    held, told = held_out(images, [row.label for row in open_rows], [row.person for row in open_rows], hold_out)
    splits = iter(np.where(held, "PublicTest", split).tolist())
    return [row if row.split else replace(row, split=next(splits)) for row in rows], (told,) if told else ()


def _counts(rows: list[_Row]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(str(row.split), dict.fromkeys(NAMES, 0))[NAMES[row.label]] += 1
    return counts


def _label(folders: tuple[str, ...], table: LabelMap) -> tuple[int | None, str]:
    """The label of the nearest folder that has one (None: to be left out), and the folder; '' where there is no such folder."""
    for folder in reversed(folders):
        if folded(folder) in table:
            return table[folded(folder)], folder
        label = emotion_of(folder)
        if label is not None:
            return label, folder
    return None, ""


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


def _write(target: Path, rows: list[_Row], words: tuple[MappedWord, ...] = ()) -> None:
    """The rows as Hugging Face lays out images and labels, class names included; and what was taken for these."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = pa.array([{"bytes": _png(row.tile.pixels), "path": row.path} for row in rows])
    labels = pa.array([row.label for row in rows], pa.int64())
    table = pa.table({"image": images, "label": labels, "Usage": pa.array([row.split for row in rows])})
    features = {"info": {"features": {"image": {"_type": "Image"}, "label": {"names": list(NAMES), "_type": "ClassLabel"}}}}
    metadata = {"huggingface": json.dumps(features), METADATA: json.dumps([asdict(word) for word in words])}
    make_folder(target.parent)
    with replacing(target) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary)


def _png(pixels: np.ndarray) -> bytes:
    import cv2

    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()
