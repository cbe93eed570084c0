"""Other sets are known by their layout, and their numbers are their own: made-up folders as CK+, JAFFE, RAF-DB and AffectNet lie."""

import shutil

import numpy as np
import pytest
from fer_files import faces_of_noise, png, write_csv
from hypothesis import given
from hypothesis import strategies as st

from fer_engine.data import layouts
from fer_engine.data.importing import import_images, survey
from fer_engine.data.layouts import recognise
from fer_engine.data.loaded import BadRows
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.faces import FoundFaces
from fer_engine.labels import NAMES
from fer_engine.samples import samples

FACES = faces_of_noise(40)


def put(root, names, notes=()):
    """Image files of noise, each another; and files with words."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(FACES.images[number % len(FACES)], file_format="TIFF" if name.endswith(("tif", "tiff")) else "PNG"))
    for name, text in notes:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def told(root) -> dict[str, tuple[str, str | None]]:
    found = recognise(root)
    assert found is not None
    return {entry.path: (NAMES[entry.label], entry.split) for entry in found.entries}


def test_ck_plus_takes_the_first_and_the_last_image_of_labelled_sequences(tmp_path):
    images = [f"cohn-kanade-images/S005/00{run}/S005_00{run}_0000000{frame}.png" for run in (1, 2, 3) for frame in (1, 2, 3)]
    notes = [
        ("Emotion/S005/001/S005_001_00000003_emotion.txt", "   3.0000000e+00\n"),
        ("Emotion/S005/002/S005_002_00000003_emotion.txt", "   2.0000000e+00\n"),
    ]
    root = put(tmp_path / "ck", images, notes)
    assert told(root) == {images[0]: ("neutral", None), images[2]: ("disgust", None), images[3]: ("neutral", None)}
    found = recognise(root)
    assert (found.name, found.cut, found.left_out) == ("CK+", False, 1)


def test_ck_plus_cut_to_48_pixels(tmp_path):
    root = put(tmp_path / "CK+48", ["anger/S010_004_00000017.png", "contempt/S138_008_00000007.png", "surprise/S010_002_00000014.png"])
    assert told(root) == {"anger/S010_004_00000017.png": ("angry", None), "surprise/S010_002_00000014.png": ("surprise", None)}
    data = open_data(root)
    assert data.faces.labels.tolist() == [0, 5]
    assert "1 images were left out" in " ".join(data.notices)
    assert data.faces.name == "CK+48"


def test_no_person_is_on_both_sides_of_what_is_held_out(tmp_path):
    names = [f"happy/S0{person}_001_0000000{frame}.png" for person in range(10, 15) for frame in range(3)]
    root = put(tmp_path / "CK+48", names)
    found = import_images(root, tmp_path / "out.parquet", {}, "Training", BadRows(unit="image"), hold_out=0.2)
    assert "3 of 15 images that say no split were held out as PublicTest: all of 1 of 5 persons." in found.notices
    data = open_data(tmp_path / "out.parquet").faces
    person_of = {FACES.images[number].tobytes(): name[6:10] for number, name in enumerate(names)}
    sides = [{person_of[image.tobytes()] for image in data.part(split).images} for split in ("Training", "PublicTest")]
    assert (len(sides[0]), len(sides[1]), sides[0] & sides[1]) == (4, 1, set())
    shutil.make_archive(str(tmp_path / "packed"), "zip", root)
    packed = import_images(tmp_path / "packed.zip", tmp_path / "packed.parquet", {}, "Training", BadRows(unit="image"), hold_out=0.2)
    assert packed.counts == found.counts


def test_a_file_that_is_called_as_one_of_jaffe_makes_no_folder_jaffe(tmp_path):
    root = put(tmp_path / "data", ["jaffe/KA.AN1.39.tiff"])
    write_csv(root / "fer2013.csv", FACES)
    assert len(open_data(root).faces) == len(FACES)
    mixed = put(tmp_path / "mixed", ["happy/KA.AN1.39.tiff", *(f"happy/{number}.png" for number in range(9))])
    assert recognise(mixed) is None
    assert len(open_data(mixed).faces) == 10


def test_jaffe_says_the_expression_in_the_file_name(tmp_path):
    names = [f"KA.{code}1.{number}.tiff" for number, code in enumerate(("AN", "DI", "FE", "HA", "SA", "SU", "NE"))]
    found = told(put(tmp_path / "jaffe", names))
    assert [found[name][0] for name in names] == list(NAMES)
    assert not recognise(tmp_path / "jaffe").cut


def test_raf_db_by_its_list_prefers_the_aligned_images(tmp_path):
    names = [f"Image/aligned/train_0000{number}_aligned.jpg" for number in range(1, 8)] + ["Image/original/train_00001.jpg"]
    names.append("Image/aligned/test_0001_aligned.jpg")
    lines = [f"train_0000{number}.jpg {number}" for number in range(1, 8)]
    root = put(tmp_path / "raf", names, [("EmoLabel/list_patition_label.txt", "\n".join([*lines, "test_0001.jpg 4"]))])
    found = told(root)
    words = ["surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"]
    assert [found[name] for name in names[:7]] == [(word, "Training") for word in words]
    assert found[names[8]] == ("happy", "PrivateTest")
    assert names[7] not in found


def test_raf_db_uncut(tmp_path):
    root = put(tmp_path / "raf", ["Image/original/test_0001.jpg"], [("EmoLabel/list_patition_label.txt", "test_0001.jpg 6\n")])
    assert told(root) == {"Image/original/test_0001.jpg": ("angry", "PrivateTest")}
    assert not recognise(root).cut


def test_raf_db_in_numbered_folders_is_not_read_by_fer2013s_numbers(tmp_path):
    root = put(tmp_path / "DATASET", ["train/1/train_00001_aligned.jpg", "test/6/test_0007_aligned.jpg"])
    faces = open_data(root).faces
    assert sorted(zip(faces.labels.tolist(), faces.split.tolist(), strict=True)) == [(0, "PrivateTest"), (5, "Training")]
    with pytest.raises(FerLabError, match="Unpack it"):
        layouts.refuse_packed("train_00001_aligned.jpg")


def test_affectnet_with_a_file_a_label(tmp_path):
    root = put(tmp_path / "affect", [f"train_set/images/{number}.jpg" for number in range(9)] + ["val_set/images/0.jpg"])
    for folder, numbers in (("train_set", range(9)), ("val_set", [6])):
        (root / folder / "annotations").mkdir()
        for place, number in enumerate(numbers):
            np.save(root / folder / "annotations" / f"{place}_exp.npy", np.array(str(number)))
    found = told(root)
    words = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "angry"]
    assert [found[f"train_set/images/{number}.jpg"] for number in range(7)] == [(word, "Training") for word in words]
    assert found["val_set/images/0.jpg"] == ("angry", "PublicTest")
    assert recognise(root).left_out == 2
    np.save(root / "val_set" / "annotations" / "0_exp.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FerLabError, match="0_exp.npy cannot be read"):
        recognise(root)


def test_affectnet_in_numbered_folders_by_its_name_alone(tmp_path):
    names = ["train/0/a.png", "train/7/b.png", "val/1/c.png"]
    assert told(put(tmp_path / "AffectNet-8", names)) == {"train/0/a.png": ("neutral", "Training"), "val/1/c.png": ("happy", "PublicTest")}
    assert recognise(put(tmp_path / "mine", names)) is None


def test_fer2013s_folders_are_none_of_these(tmp_path):
    assert recognise(put(tmp_path / "fer2013", ["train/happy/Training_1.jpg", "test/sad/PublicTest_2.jpg"])) is None


def test_a_set_is_brought_by_its_own_labels(tmp_path):
    root = put(tmp_path / "DATASET", [f"train/{number}/train_0000{number}_aligned.jpg" for number in range(1, 8)])
    assert survey(root).layout == "RAF-DB"
    found = import_images(root, tmp_path / "out.parquet", {}, "Training", BadRows(unit="image"))
    assert found.counts == {"Training": dict.fromkeys(NAMES, 1)}
    assert "RAF-DB by its layout" in found.notices[0]


def test_the_largest_face_of_a_photograph_is_cut_out_and_one_without_is_refused(tmp_path, monkeypatch):
    from fer_engine import faces

    photograph = png(samples()[0].load(), "RGB")
    root = put(tmp_path / "jaffe", ["KA.HA1.1.tiff"])
    (root / "KA.HA1.1.tiff").write_bytes(photograph)
    tile = faces.find_faces(photograph).faces[0].tile
    assert np.array_equal(open_data(root).faces.images[0], tile)
    monkeypatch.setattr(faces, "find_faces", lambda data, name: FoundFaces(None, ()))
    (root / "KA.SA1.2.tiff").write_bytes(photograph)
    with pytest.raises(FerLabError, match="no face was found"):
        open_data(root)


@given(text=st.text(max_size=12))
def test_any_text_in_a_label_file_is_a_number_none_or_a_sentence(tmp_path_factory, text):
    try:
        assert layouts._numbered(layouts._CK, text, tmp_path_factory.getbasetemp()) in ("", *NAMES)
    except FerLabError as error:
        assert "no number of an emotion" in str(error)


@given(names=st.lists(st.text(alphabet="KA.HN1S0_/tifpg", min_size=1, max_size=20).filter(lambda name: name.strip("/. ")), max_size=5))
def test_any_names_are_a_known_set_or_none(tmp_path_factory, names):
    found = recognise(tmp_path_factory.getbasetemp(), names)
    assert found is None or {entry.path for entry in found.entries} <= set(names)
