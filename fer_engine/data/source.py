"""The one way to a data set: by path, by `FER_LAB_DATA`, or drawn."""

from pathlib import Path

from fer_engine import settings
from fer_engine.data import fer2013
from fer_engine.data.faceset import FaceSet
from fer_engine.data.loaded import LoadedData, Progress
from fer_engine.errors import FerLabError

_DRAWN_NOTICE = "These faces are drawn (synthetic), not photographs: results on them say nothing about real faces."


def open_data(name_or_path: str | Path | None = None, *, skip_bad: bool = False, progress: Progress | None = None) -> LoadedData:
    """Open a data set.

    Args:
        name_or_path: A file or folder in one of FER2013's forms, or a folder of another set (`fer_engine.data.layouts`);
            the .json file of a recipe (`fer_engine.data.recipe`);
            'synthetic', 'synthetic:N' or 'synthetic:N:SEED' for the drawn set; None for what `FER_LAB_DATA` names
            (which takes the same values).
        skip_bad: Whether to leave bad rows out and count them rather than stop at the first.
        progress: Called now and then with the fraction done and what is being done.

    Raises:
        FerLabError: Where nothing is named, nothing is found, or what is found cannot be read.
    """
    if name_or_path is None:
        name_or_path = settings.data_path()
    if name_or_path is None:
        raise FerLabError(
            "No data set is named. Set FER_LAB_DATA to FER2013's file or folder, give its path, "
            "or use 'synthetic' for drawn faces that need no data."
        )
    words = str(name_or_path).split(":")
    if words[0] == "synthetic":
        return LoadedData(_drawn(words[1:], str(name_or_path)), (_DRAWN_NOTICE,))
    if str(name_or_path).endswith(".json"):
        from fer_engine.data.recipe import open_recipe

        return open_recipe(Path(name_or_path).expanduser(), skip_bad=skip_bad, progress=progress)
    return fer2013.load(name_or_path, skip_bad=skip_bad, progress=progress)


def _drawn(words: list[str], given: str) -> FaceSet:
    from fer_engine.data.synthetic import MAX_SIZE, synthetic

    numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 10]
    if len(numbers) != len(words) or len(words) > 2 or (numbers and not 1 <= numbers[0] <= MAX_SIZE):
        raise FerLabError(f"'{given}' is not understood: write synthetic, synthetic:N or synthetic:N:SEED, with N from 1 to {MAX_SIZE:,}.")
    return synthetic(*numbers)
