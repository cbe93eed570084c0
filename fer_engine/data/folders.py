"""FER2013 as image files in `train|test|validation/<emotion>/`."""

from pathlib import Path

import numpy as np

from fer_engine.data.faceset import FaceSet
from fer_engine.data.loaded import BadRows, LoadedData, Progress
from fer_engine.data.tiles import BadTileError, Tile, decode_tile
from fer_engine.data.vocabulary import emotion_of, split_of, split_of_prefix
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
_PROGRESS_EVERY = 200  # images


def holds_labelled_images(folders: tuple[str, ...]) -> bool:
    """Whether images in a folder belong to the data set: it is an emotion's, or lies in a split's.

    Args:
        folders: The folder's path from the data set's folder, part by part.
    """
    return bool(folders) and (emotion_of(folders[-1]) is not None or any(split_of(folder) for folder in folders))


def read_images(root: Path, paths: list[Path], bad: BadRows, progress: Progress | None = None) -> LoadedData:
    """Read image files as faces.

    The folder gives the emotion. The file name's beginning (`Training_`, `PublicTest_`, `PrivateTest_`) gives the
    split, else the nearest folder that is called like one; without either the image is Training.

    Args:
        root: The data set's folder.
        paths: The files, in the order in which `ids` count them.
        bad: Takes the images that cannot be used.
        progress: Called now and then with the fraction of images read.

    Raises:
        FerLabError: For a bad image unless these are skipped; where none is left.
    """
    tiles, labels, splits, ids = [], [], [], []
    unsplit = 0
    for index, path in enumerate(paths):
        try:
            label = _label(path, root)
            tile = decode_tile(path.read_bytes(), str(path.relative_to(root)))
        except BadTileError as error:
            bad.add(str(error))
            continue
        except OSError as error:
            bad.add(f"'{path.relative_to(root)}' cannot be read: {error.strerror}")
            continue
        split = _split(path, root)
        unsplit += split is None
        tiles.append(tile)
        labels.append(label)
        splits.append(split or "Training")
        ids.append(index)
        if progress and index % _PROGRESS_EVERY == 0:
            progress(index / len(paths), f"Reading {root.name}")
    if not tiles:
        raise FerLabError(" ".join((f"{root} has no image that can be used.", *bad.notices())))
    faces = assemble(tiles, labels, splits, ids)
    prefixed = any(split_of_prefix(path.name) for path in paths)
    notices = (*tile_notices(tiles), *_split_notices(faces, unsplit, prefixed), *bad.notices())
    return LoadedData(faces, notices, bad.count)


def assemble(tiles: list[Tile], labels: list[int], splits: list[str], ids: list[int]) -> FaceSet:
    """Put decoded rows together as a FaceSet."""
    images = np.stack([tile.pixels for tile in tiles])
    return FaceSet(images, np.array(labels, dtype=np.int64), np.array(splits), np.array(ids, dtype=np.int64))


def tile_notices(tiles: list[Tile]) -> tuple[str, ...]:
    """Sentences on images that had to be converted, and on what JPEG does to finding duplicates."""
    notices = []
    resized = sum(tile.resized for tile in tiles)
    coloured = sum(tile.coloured for tile in tiles)
    lossy = sum(tile.lossy for tile in tiles)
    if resized:
        notices.append(f"{resized:,} of {len(tiles):,} images were not 48x48 pixels and were resized by area averaging.")
    if coloured:
        notices.append(f"{coloured:,} of {len(tiles):,} images were in colour and were converted to grey.")
    if lossy:
        notices.append(
            f"{lossy:,} of {len(tiles):,} images are JPEG, whose pixels differ a little from FER2013's own: "
            "a copy of a Training image among them may not be recognised as one."
        )
    return tuple(notices)


def _label(path: Path, root: Path) -> int:
    label = emotion_of(path.parent.name)
    if label is None:
        raise BadTileError(f"'{path.relative_to(root)}': the folder's name is none of {', '.join(NAMES)}")
    return label


def _split(path: Path, root: Path) -> str | None:
    folders = (root.name, *path.relative_to(root).parts[:-1])
    by_folder = (split_of(folder) for folder in reversed(folders))
    return split_of_prefix(path.name) or next((split for split in by_folder if split), None)


def _split_notices(faces: FaceSet, unsplit: int, prefixed: bool) -> tuple[str, ...]:
    notices = []
    if unsplit:
        notices.append(f"Neither file nor folder name gives a split for {unsplit:,} images: they are taken as Training.")
    if not prefixed and faces.splits == ("Training", "PrivateTest"):
        notices.append(
            "No folder 'validation' and no 'PublicTest_' in file names: all of 'test' is taken as PrivateTest. "
            "In copies of FER2013 it may hold PublicTest as well."
        )
    return tuple(notices)
