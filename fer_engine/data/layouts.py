"""Data sets of expressions other than FER2013, known by how their folders are laid out: CK+, JAFFE, RAF-DB, AffectNet.

Their labels are numbers and abbreviations of their own, which FER2013's order would misread: RAF-DB's folder '1' is surprise.
Sets come by request from their authors; nothing of them is here. What is taken of each:

- CK+ (Lucey et al., 2010): `cohn-kanade-images/S005/001/S005_001_00000011.png` with `Emotion/S005/001/*_emotion.txt`, a number:
  0 neutral, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happy, 6 sadness, 7 surprise. A sequence goes from a neutral face to the
  peak, which the number is of: of each labelled sequence the first image is neutral and the last has the label. Also the cut
  faces of the 'CK+48' copy: `anger/S010_004_00000017.png`.
- JAFFE (Lyons et al., 1998): `KA.AN1.39.tiff`, person, expression (AN DI FE HA NE SA SU) and number.
- RAF-DB, basic emotions (Li et al., 2017): `EmoLabel/list_patition_label.txt` (spelt so) with `train_00001.jpg 5` in each line, and
  `Image/aligned/train_00001_aligned.jpg`, else `Image/original/train_00001.jpg`; or `train/5/train_00001_aligned.jpg`, as copies
  have it. 1 surprise, 2 fear, 3 disgust, 4 happiness, 5 sadness, 6 anger, 7 neutral.
- AffectNet (Mollahosseini et al., 2019): `train_set|val_set/images/N.jpg` with `annotations/N_exp.npy`; or, in a folder whose name
  says AffectNet, one folder a number: 0 neutral, 1 happiness, 2 sadness, 3 surprise, 4 fear, 5 disgust, 6 anger, 7 contempt,
  and from 8 no label that is meant.

Contempt is none of the seven emotions here, and is left out and counted.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_engine.data.folders import IMAGE_ENDINGS, assemble, tile_notices
from fer_engine.data.loaded import BadRows, LoadedData, Progress
from fer_engine.data.tiles import BadTileError, Tile, decode_tile
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

_CK = ("neutral", "angry", "", "disgust", "fear", "happy", "sad", "surprise")
_CK_WORDS = {
    "anger": "angry",
    "contempt": "",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happy",
    "sadness": "sad",
    "surprise": "surprise",
}
_JAFFE = {"AN": "angry", "DI": "disgust", "FE": "fear", "HA": "happy", "NE": "neutral", "SA": "sad", "SU": "surprise"}
_RAF = ("", "surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
_AFFECT = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry", "")
_JAFFE_NAME = re.compile(r"[A-Z]{2}\.(AN|DI|FE|HA|NE|SA|SU)\d+\.\d+\.tiff?", re.IGNORECASE)
_NEARLY = 0.9  # of a folder's images are called as a set calls them, or it is not that set
_CK_NAME = re.compile(r"S\d{3}_\d{3}_\d{8}\.(png|tiff?)", re.IGNORECASE)
_RAF_NAME = re.compile(r"(train|test)_\d+_aligned\.(jpg|png)", re.IGNORECASE)
LABEL_WORDS = {  # what the sets call their labels, and the emotion of each; '' for one that is left out
    "CK+": {str(number): emotion for number, emotion in enumerate(_CK)},
    "JAFFE": _JAFFE,
    "RAF-DB": {str(number): emotion for number, emotion in enumerate(_RAF) if emotion},
    "AffectNet": {str(number): emotion for number, emotion in enumerate(_AFFECT)},
}
_RAF_LIST = "list_patition_label.txt"
_RAF_SPLITS = {"train": "Training", "test": "PrivateTest"}
_AFFECT_SPLITS = {"train_set": "Training", "train": "Training", "val_set": "PublicTest", "val": "PublicTest", "test": "PrivateTest"}
_PROGRESS_EVERY = 20  # images: to find a face in one takes a tenth of a second


@dataclass(frozen=True)
class Entry:
    """An image of a set: its path from the set's folder, its label, and its split or None."""

    path: str
    label: int
    split: str | None = None


@dataclass(frozen=True)
class Layout:
    """A set that was recognised.

    Attributes:
        name: Its name.
        root: Its folder.
        entries: Its images, in the order of their paths.
        cut: Whether the images are faces already; else the face is looked for, and cut as FER2013's are.
        left_out: Images whose label is none of the seven.
    """

    name: str
    root: Path
    entries: tuple[Entry, ...]
    cut: bool
    left_out: int

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know."""
        found = f"This is {self.name} by its layout, read with that set's own labels."
        cut = "" if self.cut else " The largest face of each image was looked for and cut out as FER2013's faces are."
        out = f" {self.left_out:,} images were left out: contempt, or no label that is meant." if self.left_out else ""
        return (found + cut + out,)


_Told = tuple[str, str, str | None]  # path, emotion or '', split


def recognise(source: Path, names: list[str] | None = None) -> Layout | None:
    """The known set that a folder is by its names, or None.

    Args:
        source: The folder; what is no folder is no such set.
        names: Paths of its files from there, with '/', where they are known already.

    Raises:
        FerLabError: Where a list of labels cannot be read.
    """
    if not source.is_dir():
        return None
    if names is None:
        names = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
    images = sorted(name for name in names if name.lower().endswith(IMAGE_ENDINGS) and "/." not in f"/{name}")
    for name, cut, find in _KNOWN:
        told = find(source, images, names)
        if told:
            entries = tuple(Entry(path, NAMES.index(emotion), split) for path, emotion, split in sorted(told) if emotion)
            return Layout(name, source, entries, cut, len(told) - len(entries)) if entries else None
    return None


def refuse_packed(name: str) -> None:
    """Refuse an image in an archive whose name is of a set with numbers of its own: there its folders would be misread.

    Raises:
        FerLabError: With the way out.
    """
    if _RAF_NAME.fullmatch(name):
        raise FerLabError(f"'{name}' is named as RAF-DB names its images, whose folder numbers are its own. Unpack it and name the folder.")


def read_tiles(layout: Layout, bad: BadRows, progress: Progress = lambda _share, _what: None) -> Iterator[tuple[Entry, Tile]]:
    """The faces of a set, one after the other.

    Raises:
        FerLabError: For an image that cannot be used, or shows no face, unless these are skipped.
    """
    for number, entry in enumerate(layout.entries):
        if number % _PROGRESS_EVERY == 0:
            progress(number / len(layout.entries), f"Reading {layout.name}")
        try:
            data = (layout.root / entry.path).read_bytes()
            tile = decode_tile(data, entry.path) if layout.cut else _cut_face(data, entry.path)
        except (BadTileError, OSError) as error:
            bad.add(str(error))
        else:
            yield entry, tile


def read_layout(root: Path, files: list[Path], bad: BadRows, progress: Progress = lambda _share, _what: None) -> LoadedData:
    """Read a folder that is a known set; images that say no split are Training.

    Raises:
        FerLabError: As `read_tiles`, and where no image is left.
    """
    layout = recognise(root, [file.relative_to(root).as_posix() for file in files])
    assert layout is not None  # `find.locate` saw it
    found = list(read_tiles(layout, bad, progress))
    if not found:
        raise FerLabError(" ".join((f"{root} has no image that can be used.", *bad.notices())))
    place = {entry.path: number for number, entry in enumerate(layout.entries)}
    entries, tiles = [entry for entry, _ in found], [tile for _, tile in found]
    splits, ids = [entry.split or "Training" for entry in entries], [place[entry.path] for entry in entries]
    faces = assemble(tiles, [entry.label for entry in entries], splits, ids)
    return LoadedData(faces, (*layout.notices, *tile_notices(tiles), *bad.notices()), bad.count)


def _cut_face(data: bytes, name: str) -> Tile:
    from fer_engine.faces import find_faces

    try:
        faces = find_faces(data, name).faces
    except FerLabError as error:
        raise BadTileError(str(error).split(";")[0].rstrip(".")) from error
    if not faces:
        raise BadTileError(f"'{name}': no face was found")
    return Tile(faces[0].tile, resized=False, coloured=False, lossy=data.startswith(b"\xff\xd8"))


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except (OSError, ValueError) as error:
        raise FerLabError(f"The list of labels {path} cannot be read: {error}.") from error


def person_of(path: str) -> str:
    """Who is on an image, where its file is called as those of CK+ ('S010') or JAFFE ('KA') are; else nothing."""
    name = path.rpartition("/")[2]
    if _CK_NAME.fullmatch(name):
        return name[:4].upper()
    return name[:2].upper() if _JAFFE_NAME.fullmatch(name) else ""


def _numbered(numbers: tuple[str, ...], text: str, path: Path) -> str:
    """The emotion of a number, which some sets write as '3.0000000e+00'; '' for one that means none here."""
    try:
        number = int(float(text))
    except (ValueError, OverflowError):
        raise FerLabError(f"{path} says '{text}', which is no number of an emotion.") from None
    return numbers[number] if 0 <= number < len(numbers) else ""


def _ck(root: Path, images: list[str], names: list[str]) -> list[_Told]:
    sequences: dict[str, list[str]] = {}
    for image in images:
        if _CK_NAME.fullmatch(os.path.basename(image)):  # noqa: PTH119
            sequences.setdefault(os.path.basename(image)[:8], []).append(image)  # noqa: PTH119
    told: list[_Told] = []
    for name in names if sequences else ():
        if not name.endswith("_emotion.txt"):
            continue
        own, words = sequences.get(name.rpartition("/")[2][:8]), _words(root / name)
        if own and words:
            told += [(own[0], "neutral", None), (own[-1], _numbered(_CK, words[0], root / name), None)]
    return list(dict.fromkeys(told))


def _ck48(_root: Path, images: list[str], _names: list[str]) -> list[_Told]:
    told: list[_Told] = []
    for image in images:
        folder, _, name = image.rpartition("/")
        emotion = _CK_WORDS.get(folder.rpartition("/")[2].lower())
        if emotion is None or not _CK_NAME.fullmatch(name):
            return []
        told.append((image, emotion, None))
    return told


def _jaffe(_root: Path, images: list[str], _names: list[str]) -> list[_Told]:
    found = [(image, _JAFFE_NAME.fullmatch(image.rpartition("/")[2])) for image in images]
    return _nearly_all([(image, _JAFFE[match[1].upper()], None) for image, match in found if match], images)


def _nearly_all(told: list[_Told], images: list[str]) -> list[_Told]:
    """What is told of images, where it is of nearly all of them; nothing of a folder where some happen to be called so."""
    return told if len(told) >= _NEARLY * len(images) else []


def _raf(root: Path, images: list[str], names: list[str], *, aligned: bool) -> list[_Told]:
    listed = next((name for name in names if name.rpartition("/")[2] == _RAF_LIST), None)
    if listed is None:
        return _raf_folders(images) if aligned else []
    words = _words(root / listed)
    label_of = dict(zip(words[::2], words[1::2], strict=False))
    told: list[_Told] = []
    for image in images:
        name = image.rpartition("/")[2]
        if ("_aligned." in name) == aligned and (number := label_of.get(name.replace("_aligned.", "."))) is not None:
            told.append((image, _numbered(_RAF, number, root / listed), _RAF_SPLITS.get(name.split("_")[0])))
    return told


def _raf_folders(images: list[str]) -> list[_Told]:
    told: list[_Told] = []
    for image in images:
        parts = image.split("/")
        if _RAF_NAME.fullmatch(parts[-1]) and len(parts) > 1 and parts[-2] in ("1", "2", "3", "4", "5", "6", "7"):
            told.append((image, _RAF[int(parts[-2])], _RAF_SPLITS[parts[-1].split("_")[0].lower()]))
    return _nearly_all(told, images)


def _affect(root: Path, images: list[str], names: list[str]) -> list[_Told]:
    there = set(names)
    told: list[_Told] = []
    for image in images:
        parts = image.split("/")
        if len(parts) < 3 or parts[-2] != "images":
            continue
        note = "/".join((*parts[:-2], "annotations", f"{parts[-1].rpartition('.')[0]}_exp.npy"))
        if note in there:
            told.append((image, _numbered(_AFFECT, _note(root / note), root / note), _AFFECT_SPLITS.get(parts[-3])))
    return told or _affect_folders(root, images)


def _note(path: Path) -> str:
    try:
        return str(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise FerLabError(f"The label {path} cannot be read: {error}.") from error


def _affect_folders(root: Path, images: list[str]) -> list[_Told]:
    if "affectnet" not in root.name.lower():
        return []
    told: list[_Told] = []
    for image in images:
        parts = image.split("/")
        if len(parts) > 1 and parts[-2].isascii() and parts[-2].isdigit():
            split = _AFFECT_SPLITS.get(parts[-3]) if len(parts) > 2 else None
            told.append((image, _numbered(_AFFECT, parts[-2], root), split))
    return told


def _raf_aligned(root: Path, images: list[str], names: list[str]) -> list[_Told]:
    return _raf(root, images, names, aligned=True)


def _raf_original(root: Path, images: list[str], names: list[str]) -> list[_Told]:
    return _raf(root, images, names, aligned=False)


# Name, whether the images are cut to the face, and what finds its images.
_KNOWN: tuple[tuple[str, bool, Callable[[Path, list[str], list[str]], list[_Told]]], ...] = (
    ("CK+", False, _ck),
    ("CK+", True, _ck48),
    ("JAFFE", False, _jaffe),
    ("RAF-DB", True, _raf_aligned),
    ("RAF-DB", False, _raf_original),
    ("AffectNet", True, _affect),
)
