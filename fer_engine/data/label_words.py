"""What a data set calls its labels, and the emotion that each is taken for: the label map by which sets meet."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_engine.data import layouts
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

METADATA = "fer_lab_labels"  # where the parquet file of a set that was brought keeps its map


@dataclass(frozen=True)
class MappedWord:
    """A label of a set.

    Attributes:
        word: What the set calls it: the name of a folder, a number, an abbreviation.
        emotion: What it is taken for; '' for what is left out.
        images: How many images have it.
    """

    word: str
    emotion: str
    images: int


def of_layout(layout: layouts.Layout) -> tuple[MappedWord, ...]:
    """The map of a set that is known by its layout."""
    labels = np.array([entry.label for entry in layout.entries])
    words = layouts.LABEL_WORDS[layout.name]
    lost = sum(not emotion for emotion in words.values())
    told = {emotion: int((labels == NAMES.index(emotion)).sum()) if emotion else layout.left_out // lost for emotion in words.values()}
    return tuple(MappedWord(word, emotion, told[emotion]) for word, emotion in words.items())


def label_words(place: str) -> tuple[MappedWord, ...]:
    """The map of a data set; empty where it has no words of its own, or nothing is known of them.

    Args:
        place: A path, or 'synthetic' in one of its forms, as `fer_engine.data.source.open_data` takes it.
    """
    path = Path(place).expanduser()
    if place.partition(":")[0] == "synthetic":
        return ()
    with suppress(FerLabError, OSError):
        if path.suffix == ".json":
            from fer_engine.data.recipe import read_recipe

            return label_words(read_recipe(path).place)
        if path.suffix == ".parquet":
            return _kept(path)
        return _of_folders(path)
    return ()


def _kept(path: Path) -> tuple[MappedWord, ...]:
    import pyarrow
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
        return tuple(MappedWord(**word) for word in json.loads(metadata.get(METADATA.encode(), b"[]")))
    except (pyarrow.ArrowException, ValueError, TypeError):  # another program's file
        return ()


def _of_folders(path: Path) -> tuple[MappedWord, ...]:
    from fer_engine.data.importing import is_table, survey

    if is_table(path):
        return ()
    layout = layouts.recognise(path)
    if layout:
        return of_layout(layout)
    return tuple(MappedWord(word.word, "" if word.label is None else NAMES[word.label], word.images) for word in survey(path).words)
