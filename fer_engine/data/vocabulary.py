"""The words by which data sets in the wild call emotions and splits."""

from fer_engine.labels import NAMES

_EMOTION_ALIASES = {
    "anger": 0,
    "disgusted": 1,
    "fearful": 2,
    "afraid": 2,
    "happiness": 3,
    "sadness": 4,
    "surprised": 5,
    "suprise": 5,  # so spelt in several copies
    "natural": 6,
}
_EMOTIONS = {name: index for index, name in enumerate(NAMES)} | {str(index): index for index in range(len(NAMES))} | _EMOTION_ALIASES

_SPLITS = {
    "train": "Training",
    "training": "Training",
    "publictest": "PublicTest",
    "public": "PublicTest",
    "val": "PublicTest",
    "valid": "PublicTest",
    "validation": "PublicTest",
    "dev": "PublicTest",
    "privatetest": "PrivateTest",
    "private": "PrivateTest",
    "test": "PrivateTest",
    "testing": "PrivateTest",
}
_PREFIXES = {"training_": "Training", "publictest_": "PublicTest", "privatetest_": "PrivateTest"}


def emotion_of(word: str) -> int | None:
    """The label that a word or number means ('Happiness' is 3), or None."""
    return _EMOTIONS.get(word.strip().lower())


def split_of(word: str) -> str | None:
    """The split that a folder name, a file name's beginning or a cell means ('validation' is PublicTest), or None."""
    return _SPLITS.get("".join(character for character in word.strip().lower() if character not in "_- "))


def split_of_prefix(file_name: str) -> str | None:
    """The split that FER2013's own file names carry ('PublicTest_123.jpg'), or None."""
    lowered = file_name.lower()
    return next((split for prefix, split in _PREFIXES.items() if lowered.startswith(prefix)), None)
