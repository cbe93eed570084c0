"""What a set calls its labels is known of sets that were brought, of folders, of known layouts and of cleaned sets."""

import pyarrow as pa
import pyarrow.parquet as pq
from fer_files import faces_of_noise, png

from fer_engine.data.audit import audit
from fer_engine.data.audit_findings import Further
from fer_engine.data.cleaning import Rules, clean
from fer_engine.data.importing import import_faces, import_images
from fer_engine.data.label_words import MappedWord, label_words
from fer_engine.data.loaded import BadRows
from fer_engine.data.source import open_data

FACES = faces_of_noise(14)


def folders(root, counts):
    number = 0
    for folder, images in counts.items():
        (root / folder).mkdir(parents=True)
        for _ in range(images):
            (root / folder / f"{number:02}.png").write_bytes(png(FACES.images[number]))
            number += 1
    return root


def test_folders_tell_their_words_and_a_set_that_was_brought_keeps_them(tmp_path):
    root = folders(tmp_path / "set", {"Freude": 3, "Wut": 2, "Verachtung": 1})
    assert label_words(str(root)) == (
        MappedWord("Verachtung", "", 1),
        MappedWord("Wut", "angry", 2),
        MappedWord("Freude", "happy", 3),
    )
    target = tmp_path / "out.parquet"
    found = import_images(root, target, {"verachtung": 1}, "Training", BadRows())
    assert found.images == 6
    assert label_words(str(target)) == (
        MappedWord("Freude", "happy", 3),
        MappedWord("Verachtung", "disgust", 1),
        MappedWord("Wut", "angry", 2),
    )


def test_what_the_table_leaves_out_is_told(tmp_path):
    root = folders(tmp_path / "set", {"Freude": 3, "Verachtung": 2})
    found = import_images(root, tmp_path / "out.parquet", {"verachtung": None}, "Training", BadRows())
    assert found.left_out == 2
    assert label_words(str(tmp_path / "out.parquet"))[1] == MappedWord("Verachtung", "", 2)


def test_a_known_layout_tells_its_own_abbreviations(tmp_path):
    (tmp_path / "jaffe").mkdir()
    for number, name in enumerate(("KA.AN1.39.tiff", "KA.HA1.29.tiff", "KA.HA2.30.tiff")):
        (tmp_path / "jaffe" / name).write_bytes(png(FACES.images[number], file_format="TIFF"))
    found = {word.word: (word.emotion, word.images) for word in label_words(str(tmp_path / "jaffe"))}
    assert found["AN"] == ("angry", 1)
    assert found["HA"] == ("happy", 2)
    assert found["SU"] == ("surprise", 0)


def test_a_cleaned_set_has_the_words_of_its_source(tmp_path):
    root = folders(tmp_path / "set", {"Freude": 3, "Wut": 2})
    target = tmp_path / "out.parquet"
    import_images(root, target, {}, "Training", BadRows())
    found = audit(open_data(target).faces)
    _, path = clean(str(tmp_path / "clean.json"), str(target), found, Further(), Rules(("duplicates",)))
    assert label_words(str(path)) == label_words(str(target))


def test_sets_without_words_of_their_own_have_none(tmp_path):
    import_faces(FACES, tmp_path / "table.parquet", 0, ())
    pq.write_table(pa.table({"label": [1]}), tmp_path / "other.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"no")
    for place in ("table.parquet", "other.parquet", "broken.parquet", "none.csv", "none.json"):
        assert label_words(str(tmp_path / place)) == ()
    assert label_words("synthetic:70") == ()
