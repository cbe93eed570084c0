"""The words by which data sets in the wild call emotions and splits."""

import unicodedata

from fer_engine.labels import NAMES

# Words for each emotion besides its own name: English, German, French. Accents and capitals do not matter.
_WORDS = {
    "angry": "anger angriness wut wutend arger aerger argerlich zorn zornig colere enerve fache",
    "disgust": "disgusted ekel angeekelt degout degoute",
    "fear": "fearful afraid scared angst angstlich furcht peur effraye",
    "happy": "happiness joy joyful freude frohlich glucklich gluecklich joie joyeux heureux heureuse",
    "sad": "sadness unhappy trauer traurig tristesse triste",
    "surprise": "surprised suprise uberraschung ueberraschung uberrascht ueberrascht surpris etonne",  # suprise: so in several copies
    "neutral": "neutrality natural neutre",
}
_EMOTIONS = {name: index for index, name in enumerate(NAMES)} | {str(index): index for index in range(len(NAMES))}
_EMOTIONS |= {word: NAMES.index(name) for name, words in _WORDS.items() for word in words.split()}

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
    """The label that a word or number means ('Happiness', 'Fröhlich' and '3' are 3), or None."""
    return _EMOTIONS.get(folded(word))


def emotion_words() -> dict[str, str]:
    """Every word and number that is understood, with the emotion that it means."""
    return {word: NAMES[index] for word, index in _EMOTIONS.items()}


def folded(word: str) -> str:
    """A word without capitals and accents; some systems write 'ü' as one character, others as two."""
    parts = unicodedata.normalize("NFD", word.strip())
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def split_of(word: str) -> str | None:
    """The split that a folder name, a file name's beginning or a cell means ('validation' is PublicTest), or None."""
    return _SPLITS.get("".join(character for character in word.strip().lower() if character not in "_- "))


def split_of_prefix(file_name: str) -> str | None:
    """The split that FER2013's own file names carry ('PublicTest_123.jpg'), or None."""
    lowered = file_name.lower()
    return next((split for prefix, split in _PREFIXES.items() if lowered.startswith(prefix)), None)
