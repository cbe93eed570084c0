import gzip
import json
import os
import pickle
import re
import tarfile
import zipfile

import numpy as np
import pytest
from fer_files import COLUMNS, FOLDER_OF, csv_text, faces_of_noise, pack, png, rows_of, same, write_csv, write_folders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_engine.data import archive, csvfile
from fer_engine.data.archive import open_csv
from fer_engine.data.csvfile import parse_pixels
from fer_engine.data.fer2013 import load
from fer_engine.data.known import FER2013_COUNTS
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

REAL = os.environ.get("FER_LAB_DATA", "")
FACES = faces_of_noise()
ROWS = rows_of(FACES)
often = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path, **options):
    return load(path, use_cache=False, **options)


def refused(path, **options) -> str:
    with pytest.raises(FerLabError) as error:
        read(path, **options)
    return str(error.value)


PACKINGS = ["fer2013.csv", "fer2013.csv.gz", "fer2013.zip", "fer2013.csv.zip", "fer2013.tar.gz", "fer2013.tgz", "wrong.name"]


@pytest.mark.parametrize("name", PACKINGS)
def test_a_csv_file_reads_the_same_in_every_packing(tmp_path, name):
    loaded = read(pack(tmp_path / name, csv_text(ROWS).encode()))
    assert same(loaded.faces, FACES)
    assert loaded.notices == ()
    assert (loaded.faces.images.dtype, loaded.faces.labels.dtype, loaded.faces.ids.dtype) == (np.uint8, np.int64, np.int64)


def test_the_packing_is_told_by_content_and_not_by_name(tmp_path):
    path = pack(tmp_path / "a.zip", csv_text(ROWS).encode()).rename(tmp_path / "fer2013.csv")
    assert same(read(path).faces, FACES)


@often
@given(
    columns=st.permutations(COLUMNS),
    space=st.sampled_from(["", " "]),
    quote=st.sampled_from(["", '"']),
    newline=st.sampled_from(["\n", "\r\n"]),
    final=st.booleans(),
    bom=st.booleans(),
)
def test_the_form_of_a_csv_file_does_not_matter(tmp_path, columns, space, quote, newline, final, bom):
    text = csv_text(ROWS, columns, space, quote, newline, final)
    path = tmp_path / "icml_face_data.csv"
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode())
    assert same(read(path).faces, FACES)


def test_further_columns_and_blank_lines_are_passed_over(tmp_path):
    rows = [row | {"name": "x"} for row in ROWS]
    text = csv_text(rows, ("name", *COLUMNS)).replace("\n", "\n\n")
    (tmp_path / "own.csv").write_text(text)
    assert same(read(tmp_path / "own.csv").faces, FACES)


def test_without_usage_all_rows_are_training_and_a_notice_says_so(tmp_path):
    loaded = read(write_csv(tmp_path / "train.csv", FACES, columns=("emotion", "pixels")))
    assert loaded.faces.splits == ("Training",)
    assert loaded.notices == ("train.csv has no column Usage: all 12 rows are taken as Training.",)


def _replace_pixel(value):
    return lambda row: row | {"pixels": row["pixels"].replace(" ", f" {value} ", 1).rsplit(" ", 1)[0]}


BREAKS = {
    "2303 values, expected 2304": lambda row: row | {"pixels": row["pixels"].rsplit(" ", 1)[0]},
    "2305 values, expected 2304": lambda row: row | {"pixels": row["pixels"] + " 7"},
    "0 values, expected 2304": lambda row: row | {"pixels": ""},
    "value 2: pixel value 256 is outside 0..255": _replace_pixel("256"),
    "value 2: pixel value 999 is outside 0..255": _replace_pixel("999"),
    "value 2: pixel value 1255 is outside 0..255": _replace_pixel("1255"),
    "value 2: pixel value '0012' has more than three digits": _replace_pixel("0012"),
    "value 2 is '-1', not a whole number": _replace_pixel("-1"),
    "value 2 is '7.0', not a whole number": _replace_pixel("7.0"),
    "value 2 is '1\\t2', not a whole number": _replace_pixel("1\t2"),
    "value 2 is '\u0663', not a whole number": _replace_pixel("\u0663"),
    "emotion '9' is not one of 0..6": lambda row: row | {"emotion": "9"},
    "emotion '' is not one of 0..6": lambda row: row | {"emotion": ""},
    "column Usage: 'Trainig' is none of Training, PublicTest, PrivateTest": lambda row: row | {"Usage": "Trainig"},
    "column Usage: '' is none of Training": lambda row: row | {"Usage": ""},
    "after column Usage: more values than columns (4 fields, expected 3)": lambda row: row | {"Usage": "Training,1"},
}


@pytest.mark.parametrize("message", BREAKS)
def test_a_bad_row_is_named_by_file_line_column_and_fault(tmp_path, message):
    rows = [*ROWS[:3], BREAKS[message](ROWS[3]), *ROWS[4:]]
    path = tmp_path / "fer2013.csv"
    path.write_text(csv_text(rows))
    told = refused(path)
    assert told.startswith("fer2013.csv, line 5, ")
    assert message in told
    assert "--skip-bad" in told


def test_a_row_cut_short_names_the_missing_column(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text(csv_text(ROWS).rsplit(",", 1)[0])
    assert "line 13, column Usage: missing (2 fields, expected 3)" in refused(path)


@often
@given(st.sets(st.integers(0, len(ROWS) - 1), min_size=1, max_size=5), st.sampled_from(list(BREAKS)), st.sampled_from(["\n", "\r\n"]))
def test_bad_rows_stop_at_the_first_or_are_left_out_and_counted(tmp_path, places, message, newline):
    rows = [BREAKS[message](row) if place in places else row for place, row in enumerate(ROWS)]
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_text(rows, newline=newline).encode())
    assert f"line {min(places) + 2}, " in refused(path)
    loaded = read(path, skip_bad=True)
    kept = np.array([place for place in range(len(ROWS)) if place not in places])
    assert same(loaded.faces, FACES.take(kept))
    assert loaded.skipped == len(places)
    assert f"{len(places)} bad row" in loaded.notices[0]
    assert all(f"line {place + 2}, " in loaded.notices[0] for place in places)


def test_of_many_bad_rows_the_first_few_reasons_are_told(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text(csv_text([row | {"emotion": "8"} for row in ROWS[:9]] + ROWS[9:]))
    loaded = read(path, skip_bad=True)
    assert loaded.skipped == 9
    assert loaded.notices[0].count("line ") == 5
    assert loaded.notices[0].endswith("; and more.")


@often
@given(st.binary(max_size=200), st.integers(0, 13))
def test_garbage_in_a_csv_file_gives_a_sentence_or_nothing_worse(tmp_path, garbage, place):
    lines = csv_text(ROWS).encode().split(b"\n")
    lines[place] = garbage
    path = tmp_path / "fer2013.csv"
    path.write_bytes(b"\n".join(lines))
    for skip_bad in (False, True):
        try:
            read(path, skip_bad=skip_bad)
        except FerLabError as error:
            assert "fer2013.csv" in str(error)


def _reference_pixels(field: bytes):
    tokens = [token for token in field.split(b" ") if token]
    sound = len(tokens) == 2304 and all(re.fullmatch(rb"[0-9]{1,3}", token) and int(token) < 256 for token in tokens)
    return [int(token) for token in tokens] if sound else None


@often
@given(st.lists(st.tuples(st.integers(0, 2303), st.from_regex(r"[0-9]{0,4}|[ -~]{0,3}", fullmatch=True)), max_size=3), st.data())
def test_pixels_parse_as_a_plain_parser_would(changes, data):
    tokens = ROWS[data.draw(st.integers(0, 11))]["pixels"].split(" ")
    for place, token in changes:
        tokens[place] = token
    field = " ".join(tokens).encode()
    parsed = parse_pixels(field)
    assert (None if parsed is None else parsed.tolist()) == _reference_pixels(field)


def test_every_number_is_taken_or_turned_down_rightly():
    for value in [*map(str, range(1100)), "000", "00", "007", "0000", "0255"]:
        field = b" ".join([value.encode(), *[b"1"] * 2303])
        parsed = parse_pixels(field)
        assert (None if parsed is None else parsed.tolist()) == _reference_pixels(field), value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column emotion and no column pixels"),
        (b"emotion,Usage\n1,Training\n", "no column pixels"),
        (b"emotion,pixels,Usage,pixels\n", "names the column pixels twice"),
        (b"emotion,pixels,Usage\n", "has no row that can be used"),
        (b"\x00" * 5000, "no column emotion"),
        (pickle.dumps({"emotion": 1}), "is not FER2013's CSV file"),
        (gzip.compress(csv_text(ROWS).encode())[:3000], "Is it damaged or only partly downloaded?"),
        (b"PK\x03\x04 and no more", "Is it damaged or only partly downloaded?"),
        (b"PAR1 and no more", "cannot be read as parquet"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused_with_a_sentence(tmp_path, content, message):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)
    assert message in refused(path)


def test_a_missing_path_is_named(tmp_path):
    assert refused(tmp_path / "nowhere.csv") == f"There is no file or folder {tmp_path / 'nowhere.csv'}."


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(csvfile, "MAX_LINE", 20_000)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_text(ROWS[:1]).encode() + b"1" * 30_000)
    assert "line 3: over 20,000 bytes long" in refused(path, skip_bad=True)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "a.tar.gz", "a.csv"])
def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setattr(archive, "MAX_BYTES", 50_000)
    assert "that is no FER2013 data set" in refused(pack(tmp_path / name, csv_text(ROWS * 3).encode()))


def test_a_zip_file_of_images_says_to_unpack_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as packed:
        packed.writestr("train/angry/1.png", png(FACES.images[0]))
    assert "unpack it" in refused(tmp_path / "archive.zip")


def test_progress_goes_from_nothing_to_all(tmp_path, monkeypatch):
    monkeypatch.setattr(csvfile, "_PROGRESS_EVERY", 1)
    told = []
    read(write_csv(tmp_path / "fer2013.csv", FACES), progress=lambda share, message: told.append((share, message)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert shares[-1] == 1.0
    assert told[0][1] == "Reading fer2013.csv"


def test_a_folder_gives_its_csv_file(tmp_path):
    (tmp_path / "fer2013").mkdir()
    write_csv(tmp_path / "fer2013" / "fer2013.csv", FACES)
    (tmp_path / "fer2013" / "fer2013new.csv").write_text("Usage,Image name,neutral\nTraining,fer0000000.png,4\n")
    loaded = read(tmp_path)
    assert same(loaded.faces, FACES)
    assert loaded.faces.name == "fer2013"


def test_a_folder_with_a_plain_and_a_packed_copy_gives_the_plain_one_and_says_so(tmp_path):
    write_csv(tmp_path / "fer2013.csv", FACES)
    pack(tmp_path / "fer2013.csv.gz", csv_text(ROWS[:3]).encode())
    loaded = read(tmp_path)
    assert len(loaded.faces) == 12
    assert loaded.notices == ("Read fer2013.csv; fer2013.csv.gz in the same folder is left alone.",)


def test_a_folder_with_two_equal_candidates_is_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_csv(tmp_path / folder / "fer2013.csv", FACES)
    assert "several data sets: a/fer2013.csv, b/fer2013.csv" in refused(tmp_path)


def test_a_folder_gives_a_csv_file_of_another_name_by_its_columns(tmp_path):
    write_csv(tmp_path / "faces.csv", FACES)
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    loaded = read(tmp_path)
    assert same(loaded.faces, FACES)
    assert loaded.faces.name == "faces"


def test_an_empty_folder_is_told_what_was_looked_for(tmp_path):
    told = refused(tmp_path)
    for form in ("fer2013.csv", "icml_face_data.csv", ".tar.gz", "parquet", "train|test|validation/<emotion>/"):
        assert form in told


def test_image_folders_hold_the_same_data_as_the_csv_file(tmp_path):
    from_folders = read(write_folders(tmp_path / "fer", FACES)).faces
    from_csv = read(write_csv(tmp_path / "fer2013.csv", FACES)).faces
    assert from_folders.content_hash == from_csv.content_hash
    assert from_folders.counts() == from_csv.counts()
    assert from_folders.ids.tolist() == list(range(12))


def test_the_prefix_of_an_image_decides_its_split(tmp_path):
    kaggle = {"Training": "train", "PublicTest": "test", "PrivateTest": "test"}
    loaded = read(write_folders(tmp_path / "archive", FACES, kaggle, prefix=lambda split: f"{split}_"))
    assert loaded.faces.counts() == FACES.counts()
    assert loaded.faces.name == "fer2013"
    assert loaded.notices == ()


def test_a_test_folder_without_prefixes_is_private_test_and_a_notice_warns(tmp_path):
    kaggle = {"Training": "train", "PublicTest": "test", "PrivateTest": "test"}
    loaded = read(write_folders(tmp_path / "archive", FACES, kaggle))
    assert loaded.faces.splits == ("Training", "PrivateTest")
    assert "may hold PublicTest as well" in loaded.notices[0]


@pytest.mark.parametrize(
    ("folder_of", "emotions"),
    [
        (FOLDER_OF, ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprised", "Neutral")),
        ({"Training": "Training", "PublicTest": "PublicTest", "PrivateTest": "PrivateTest"}, tuple("0123456")),
        (
            {"Training": "TRAIN", "PublicTest": "val", "PrivateTest": "Test"},
            ("ANGRY", "disgusted", "fearful", "happy", "sad", "surprise", "neutral"),
        ),
    ],
)
def test_folders_may_go_by_their_usual_aliases(tmp_path, folder_of, emotions):
    loaded = read(write_folders(tmp_path / "data" / "set", FACES, folder_of, emotions))
    assert loaded.faces.counts() == FACES.counts()


def test_a_folder_of_one_split_is_known_by_its_name(tmp_path):
    write_folders(tmp_path, FACES)
    assert read(tmp_path / "test").faces.splits == ("PrivateTest",)


def test_folders_of_emotions_alone_are_training_and_a_notice_says_so(tmp_path):
    loaded = read(write_folders(tmp_path / "mine", FACES, dict.fromkeys(FOLDER_OF, ".")))
    assert loaded.faces.splits == ("Training",)
    assert "no" in loaded.notices[0].lower()
    assert "taken as Training" in loaded.notices[0]


def test_images_are_brought_to_48_pixels_and_grey_and_notices_count_them(tmp_path):
    folder = tmp_path / "set" / "train" / "happy"
    folder.mkdir(parents=True)
    blocks = np.kron(np.array([[0, 100], [200, 50]], np.uint8), np.ones((48, 48), np.uint8))
    (folder / "1.png").write_bytes(png(blocks))
    (folder / "2.png").write_bytes(png(np.dstack([np.full((48, 48), tone, np.uint8) for tone in (255, 0, 0)]), "RGB"))
    (folder / "3.jpg").write_bytes(png(blocks[:48, :48], "L", "JPEG"))
    loaded = read(tmp_path / "set")
    halves = np.kron(np.array([[0, 100], [200, 50]], np.uint8), np.ones((24, 24), np.uint8))
    assert np.array_equal(loaded.faces.images[0], halves)
    assert np.unique(loaded.faces.images[1]).tolist() == [76]  # 0.299 * 255
    assert "1 of 3 images were not 48x48" in loaded.notices[0]
    assert "1 of 3 images were in colour" in loaded.notices[1]
    assert "1 of 3 images are JPEG" in loaded.notices[2]


def test_a_bad_image_is_named_or_left_out_and_counted(tmp_path):
    root = write_folders(tmp_path / "set", FACES)
    (root / "train" / "angry" / "broken.png").write_bytes(png(FACES.images[0])[:200])
    (root / "train" / "contempt").mkdir()
    (root / "train" / "contempt" / "1.png").write_bytes(png(FACES.images[0]))
    (root / "train" / "angry" / "Thumbs.db").write_bytes(b"no image")
    assert "'train/angry/broken.png' is damaged" in refused(root)
    loaded = read(root, skip_bad=True)
    assert loaded.skipped == 2
    assert "2 bad images" in loaded.notices[-1]
    assert "'train/contempt/1.png': the folder's name is none of angry" in loaded.notices[-1]
    assert loaded.faces.content_hash == FACES.content_hash


def write_parquet(path, faces, *, struct=True, names=None, split=False, broken=()):
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = [b"no image" if row in broken else png(image) for row, image in enumerate(faces.images)]
    labels = faces.labels.tolist() if names is None else [names.index(NAMES[label]) for label in faces.labels]
    columns = {"image": [{"bytes": image, "path": None} for image in images] if struct else images, "label": labels}
    if split:
        columns["Usage"] = faces.split.tolist()
    table = pa.table(columns)
    if names is not None:
        info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path)
    return path


def test_parquet_whose_bytes_are_text_has_no_images(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"image": [{"bytes": "aGVsbG8=", "path": None}], "label": [3]})
    pq.write_table(table, tmp_path / "text.parquet")
    with pytest.raises(FerLabError, match="has no column of images"):
        read(tmp_path / "text.parquet")


@pytest.mark.parametrize("struct", [True, False])
def test_parquet_holds_the_same_data_as_the_csv_file(tmp_path, struct):
    loaded = read(write_parquet(tmp_path / "fer2013.parquet", FACES, struct=struct, split=True))
    assert same(loaded.faces, FACES)
    assert "FER2013's order" in loaded.notices[0]


def test_parquet_files_of_a_folder_are_one_set_with_splits_by_name(tmp_path):
    names = {"Training": "train-00000-of-00001", "PublicTest": "validation-00000-of-00001", "PrivateTest": "test-00000-of-00001"}
    for split, name in names.items():
        write_parquet(tmp_path / "data" / f"{name}.parquet", FACES.part(split))
    loaded = read(tmp_path).faces
    assert loaded.counts() == FACES.counts()
    assert loaded.content_hash == FACES.content_hash
    assert loaded.ids.tolist() == list(range(12))


def test_parquet_labels_follow_the_class_names_that_the_file_gives(tmp_path):
    alphabetical = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
    loaded = read(write_parquet(tmp_path / "a.parquet", FACES, names=alphabetical, split=True))
    assert np.array_equal(loaded.faces.labels, FACES.labels)
    assert loaded.notices == ()


def test_a_bad_parquet_row_is_named_or_left_out(tmp_path):
    path = write_parquet(tmp_path / "train.parquet", FACES, broken={4})
    assert "train.parquet, row 5, 'column image' is no image that can be read" in refused(path)
    assert read(path, skip_bad=True).faces.ids.tolist() == [0, 1, 2, 3, *range(5, 12)]


def test_parquet_without_images_names_its_columns(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"label": [1], "text": ["a"]}), tmp_path / "train.parquet")
    assert "no column of images (bytes); its columns are label, text" in refused(tmp_path / "train.parquet")


def test_open_data_goes_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_LAB_DATA", str(write_csv(tmp_path / "fer2013.csv", FACES)))
    assert same(open_data().faces, FACES)
    monkeypatch.setenv("FER_LAB_DATA", "synthetic:14:3")
    assert open_data().faces.name == "synthetic"


def test_open_data_without_data_tells_the_ways_out():
    with pytest.raises(FerLabError, match="FER_LAB_DATA.*synthetic"):
        open_data()


@pytest.mark.parametrize("name", ["synthetic:", "synthetic:0", "synthetic:x", "synthetic:7:1:2", "synthetic:-3", "synthetic:999999999999"])
def test_open_data_refuses_what_it_does_not_understand(name):
    with pytest.raises(FerLabError, match="synthetic:N:SEED"):
        open_data(name)


@pytest.fixture(scope="module")
def fer2013_itself():
    if not REAL or REAL.startswith("synthetic"):
        pytest.skip("FER_LAB_DATA does not name FER2013: its known counts cannot be checked.")
    return read(REAL).faces


def test_fer2013_has_its_known_counts(fer2013_itself):
    counts = fer2013_itself.counts()
    assert {"Training", "PublicTest"} <= set(counts)
    assert counts == {split: FER2013_COUNTS[split] for split in counts}


def test_fer2013_has_its_known_duplicates(fer2013_itself):
    from fer_engine.data.faceset import seen_in_fer2013_training

    assert seen_in_fer2013_training(fer2013_itself.part("Training").images).all()
    assert seen_in_fer2013_training(fer2013_itself.part("PublicTest").images).sum() == 280


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_tar_header_that_claims_to_be_huge_is_a_sentence_and_takes_no_memory(tmp_path, kind):
    info = tarfile.TarInfo("long")
    info.type, info.size = kind, 1 << 30
    path = tmp_path / "huge.tar.gz"
    with gzip.open(path, "wb") as file:
        file.write(info.tobuf(tarfile.USTAR_FORMAT))
        file.write(bytes(4 << 20))
    with pytest.raises(FerLabError, match=r"huge\.tar\.gz"):
        open_data(path)
    with pytest.raises(FerLabError, match="claims to be larger than any name"), open_csv(path, lambda line: True):
        pass
