"""Images from elsewhere come in whole, whatever their folders are called and however they are packed."""

import io
import json
import tarfile
import unicodedata
import zipfile
from dataclasses import replace

import commands
import numpy as np
import pytest
from fer_files import faces_of_noise, png, same, write_csv, write_folders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_engine.data import image_files
from fer_engine.data.importing import import_faces, import_images, read_label_map, survey
from fer_engine.data.loaded import BadRows
from fer_engine.data.source import open_data
from fer_engine.data.vocabulary import emotion_of, emotion_words
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

command = commands.command  # the fixture
FACES = faces_of_noise()


def packed(path, root):
    """A folder as an archive."""
    files = sorted(file for file in root.rglob("*") if file.is_file())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(root).as_posix())
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
            for file in reversed(files):
                archive.add(file, "./" + file.relative_to(root).as_posix())
    return path


def bring(source, target, table=None, split="Training", skip=False):
    return import_images(source, target, table or {}, split, BadRows(skip, unit="image"))


def pixels(faces) -> dict[bytes, tuple[int, str]]:
    return {image.tobytes(): (int(label), str(split)) for image, label, split in zip(faces.images, faces.labels, faces.split, strict=True)}


@pytest.mark.parametrize("name", ["", "set.zip", "set.tar", "set.tar.gz"])
def test_folders_and_archives_come_in_alike(tmp_path, name):
    root = write_folders(tmp_path / "set", FACES)
    source = packed(tmp_path / name, root) if name else root
    found = bring(source, tmp_path / "out.parquet")
    loaded = open_data(tmp_path / "out.parquet")
    assert pixels(loaded.faces) == pixels(FACES)
    assert loaded.notices == ()
    assert found.images == 12
    assert found.counts == loaded.faces.counts()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.sampled_from(list(emotion_words().items())), min_size=1, max_size=6),
    upper=st.booleans(),
    deep=st.booleans(),
    split=st.sampled_from(["", "train", "Validation", "private_test"]),
)
def test_any_known_word_gives_its_emotion_wherever_it_stands(tmp_path_factory, words, upper, deep, split):
    folder = tmp_path_factory.mktemp("set")
    expected = {}
    splits = {"": "Training", "train": "Training", "Validation": "PublicTest", "private_test": "PrivateTest"}
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for number, (word, emotion) in enumerate(words):
            image = np.random.default_rng(number).integers(0, 256, (48, 48), dtype=np.uint8)
            parts = [*([split] if split else []), word.upper() if upper else word, *(["subject 7"] if deep else []), f"{number}.png"]
            archive.writestr("/".join(parts), png(image))
            expected[image.tobytes()] = (NAMES.index(emotion), splits[split])
    bring(folder / "set.zip", folder / "out.parquet")
    assert pixels(open_data(folder / "out.parquet").faces) == expected


MEANT = {
    0: "Wütend Ärger colère",
    1: "Dégoût Ekel",
    2: "Angst peur",
    3: "Happiness Fröhlich GLÜCKLICH gluecklich Joie 3",
    4: "Trauer tristesse",
    5: "Überraschung surpris",
    6: "neutre",
    None: "contempt 7 verachtung",
}


@pytest.mark.parametrize(("word", "label"), [(word, label) for label, words in MEANT.items() for word in words.split()])
def test_words_of_three_languages(word, label):
    assert emotion_of(word) == label
    assert emotion_of(unicodedata.normalize("NFD", word)) == label


def test_no_word_means_two_emotions():
    for word, emotion in emotion_words().items():
        assert NAMES[emotion_of(word)] == emotion


def test_a_table_adds_words_changes_numbers_and_leaves_out(tmp_path):
    root = tmp_path / "affect"
    for number, folder in enumerate(("0", "1", "Verachtung", "Glück", "happy")):
        (root / folder).mkdir(parents=True)
        (root / folder / f"{number}.png").write_bytes(png(FACES.images[number]))
    table = tmp_path / "map.csv"
    table.write_text("word,emotion\n0,neutral\n1,3\nverachtung,-\nglück,Freude\n")
    found = bring(root, tmp_path / "out.parquet", read_label_map(table), "PublicTest")
    faces = open_data(tmp_path / "out.parquet").faces
    assert found.left_out == 1
    assert pixels(faces) == {FACES.images[place].tobytes(): (label, "PublicTest") for place, label in ((0, 6), (1, 3), (3, 3), (4, 3))}


def test_folders_that_mean_nothing_are_named_with_the_way_out(tmp_path):
    root = write_folders(tmp_path / "set", FACES)
    (root / "train" / "contempt").mkdir()
    (root / "train" / "contempt" / "a.png").write_bytes(png(FACES.images[0]))
    with pytest.raises(FerLabError, match=r"folder names 'contempt' \(1 images\)\. Say in a table .* --map"):
        bring(root, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("word,emotion\nx,contempt\n", "line 2: 'contempt' is none of"),
        ("a,b\n1,2\n", "line 2: a row needs a word and an emotion"),
        ("word,emotion\nx,sad\nX,happy\n", "line 3: 'X' has two meanings"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path, text, told):
    path = tmp_path / "map.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(FerLabError, match=told):
        read_label_map(path)


def test_a_bad_image_stops_or_is_counted(tmp_path):
    root = write_folders(tmp_path / "set", FACES)
    (root / "train" / "sad" / "broken.png").parent.mkdir(exist_ok=True)
    (root / "train" / "sad" / "broken.png").write_bytes(b"\x89PNG no")
    with pytest.raises(FerLabError, match="broken.png.*--skip-bad"):
        bring(root, tmp_path / "out.parquet")
    found = bring(root, tmp_path / "out.parquet", skip=True)
    assert (found.images, found.notices[0][:21]) == (12, "Left out 1 bad image:")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(FerLabError, match="is no folder, .zip or .tar archive|cannot be read"):
        bring(path, tmp_path / "out.parquet")


@given(cut=st.integers(1, 400))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_archive_cut_short_is_a_sentence_or_complete(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("cut")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for number in range(3):
            data = png(FACES.images[number])
            info = tarfile.TarInfo(f"happy/{number}.png")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path = folder / "set.tar.gz"
    path.write_bytes(buffer.getvalue()[:-cut])
    try:
        assert bring(path, folder / "out.parquet").images == 3
    except FerLabError as error:
        assert str(error).endswith((".", "?", "with --data."))


def test_a_missing_or_empty_source_is_a_sentence(tmp_path):
    with pytest.raises(FerLabError, match="There is no file or folder"):
        bring(tmp_path / "none", tmp_path / "out.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FerLabError, match="holds no image that can be used"):
        bring(tmp_path / "empty", tmp_path / "out.parquet")


def test_an_image_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    root = write_folders(tmp_path / "set", FACES)
    monkeypatch.setattr(image_files, "MAX_IMAGE_BYTES", 100)
    with pytest.raises(FerLabError, match="at most 0 are read"):
        bring(root, tmp_path / "out.parquet")


def test_the_command_line_brings_a_set_and_never_overwrites_one(tmp_path, command):
    root = write_folders(tmp_path / "set", FACES)
    status, output, errors = command("data", "import", str(root), "--out", "mine", "--json")
    assert status == 0, errors
    told = json.loads(output)
    assert told["images"] == 12
    assert pixels(open_data(told["path"]).faces) == pixels(FACES)
    status, _, errors = command("data", "import", str(root), "--out", "mine")
    assert status == 1
    assert "is there already" in errors
    status, _, errors = command("data", "import", str(root), "--out", "other", "--split", "x")
    assert "--split knows no 'x'" in errors
    assert command("data", "import", str(root), "--out", str(tmp_path / "o.parquet"))[0] == 0


def test_the_printed_words_are_a_table_that_can_be_read(tmp_path, command):
    _, output, _ = command("data", "labels")
    (tmp_path / "map.csv").write_text(output)
    assert read_label_map(tmp_path / "map.csv") == {word: NAMES.index(emotion) for word, emotion in emotion_words().items()}


def test_a_survey_tells_words_and_splits_without_reading_an_image(tmp_path):
    root = write_folders(tmp_path / "set", FACES)
    (root / "val" / "Verachtung").mkdir(parents=True)
    (root / "val" / "Verachtung" / "a.png").write_bytes(b"no image at all")
    for source in (root, packed(tmp_path / "set.zip", root), packed(tmp_path / "set.tar.gz", root)):
        found = survey(source)
        assert (found.words[0].word, found.words[0].images, found.words[0].label) == ("Verachtung", 1, None)
        assert [word.label for word in found.words[1:]] == list(range(7))
        assert found.images == 13
        assert found.splits == {"Training": 4, "PublicTest": 5, "PrivateTest": 4}
    (tmp_path / "empty").mkdir()
    with pytest.raises(FerLabError, match="holds no image"):
        survey(tmp_path / "empty")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.sampled_from([0.1, 0.2, 0.5]), copies=st.lists(st.integers(0, 19), max_size=6), seed=st.integers(0, 99))
def test_what_is_held_out_is_a_share_of_each_emotion_and_no_copy_stays_behind(tmp_path_factory, share, copies, seed):
    folder = tmp_path_factory.mktemp("held")
    images = np.random.default_rng(seed).integers(0, 256, (20, 48, 48), dtype=np.uint8)
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for number, place in enumerate([*range(20), *copies]):
            archive.writestr(f"{'happy' if place < 10 else 'sad'}/{number}.png", png(images[place]))
    import_images(folder / "set.zip", folder / "out.parquet", {}, "Training", BadRows(unit="image"), hold_out=share)
    faces = open_data(folder / "out.parquet").faces
    kinds = {split: {image.tobytes() for image in faces.part(split).images} for split in ("Training", "PublicTest")}
    assert not kinds["Training"] & kinds["PublicTest"]
    assert len(kinds["PublicTest"]) == 2 * round(10 * share)
    assert set(faces.part("PublicTest").labels.tolist()) == {3, 4}


def test_what_says_its_split_is_not_held_out(tmp_path):
    root = write_folders(tmp_path / "set", FACES)
    found = import_images(root, tmp_path / "out.parquet", {}, "Training", BadRows(), hold_out=0.5)
    assert found.counts == FACES.counts()
    with pytest.raises(FerLabError, match="hold-out is 0.9"):
        import_images(root, tmp_path / "more.parquet", {}, "Training", BadRows(), hold_out=0.9)


def test_a_table_that_says_no_split_takes_the_one_that_is_asked_for(tmp_path, command):
    training = replace(FACES, split=np.full(len(FACES), "Training"))
    path = write_csv(tmp_path / "table.csv", training)
    status, output, errors = command("data", "import", str(path), "--out", "held", "--hold-out", "0.2", "--json")
    assert status == 0, errors
    counts = {split: sum(each.values()) for split, each in json.loads(output)["counts"].items()}
    assert counts["PublicTest"] > 0
    assert sum(counts.values()) == len(FACES)
    status, output, _ = command("data", "import", str(path), "--out", "private", "--split", "PrivateTest", "--json")
    assert (status, list(json.loads(output)["counts"])) == (0, ["PrivateTest"])
    status, _, errors = command("data", "import", str(path), "--out", "much", "--hold-out", "0.9")
    assert (status, "--hold-out is 0.9" in errors) == (1, True)
    said = write_csv(tmp_path / "said.csv", FACES)
    status, _, errors = command("data", "import", str(said), "--out", "other", "--hold-out", "0.2")
    assert status == 1
    assert "The table says itself which faces are" in errors
    words = tmp_path / "words.csv"
    words.write_text("word,emotion\nfroh,happy\n")
    status, _, errors = command("data", "import", str(said), "--out", "other", "--map", str(words))
    assert status == 1
    assert "a map of words is for folders of images" in errors.replace("\n", " ")


def test_a_table_is_brought_by_the_same_command(tmp_path, command):
    path = write_csv(tmp_path / "table.csv", FACES)
    status, output, errors = command("data", "import", str(path), "--out", "table", "--json")
    assert status == 0, errors
    told = json.loads(output)
    assert (told["images"], told["left_out"], told["refused"]) == (12, 0, 0)
    assert same(open_data(told["path"]).faces, FACES)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), cut=st.booleans())
def test_a_parquet_file_that_was_damaged_gives_faces_or_a_sentence(tmp_path_factory, place, value, cut):
    path = tmp_path_factory.mktemp("damaged") / "set.parquet"
    import_faces(FACES, path, 0, ())
    data = bytearray(path.read_bytes())
    where = int(place * len(data))
    data[where] = value
    path.write_bytes(data[: max(where, 4)] if cut else data)
    try:
        assert 1 <= len(open_data(path, skip_bad=True).faces) <= 12
    except FerLabError as error:
        assert "set.parquet" in str(error)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=80), st.text(alphabet="word,emotinhapysd-3\n\"'", max_size=80).map(str.encode)))
def test_any_table_of_words_is_read_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("table") / "map.csv"
    path.write_bytes(content)
    try:
        assert set(read_label_map(path).values()) <= {None, *range(7)}
    except FerLabError as error:
        assert "map.csv" in str(error)
