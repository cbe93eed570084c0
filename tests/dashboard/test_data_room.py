"""On the page Data a set is brought, cleaned by a recipe and filtered by what was found; all of it as the engine says."""

import io
import os
import tarfile
import zipfile

import numpy as np
import pytest
from made_runs import made_run

from dashboard.components.data_labelmap import LEAVE_OUT, table_of
from fer_engine import settings
from fer_engine.data.own_sets import own_sets
from fer_engine.data.recipe import read_recipe
from fer_engine.data.source import open_data
from fer_engine.data.synthetic import synthetic
from fer_engine.explain.render import to_png
from fer_engine.labels import NAMES

FACES = synthetic(140)


@pytest.fixture(scope="module")
def packed() -> bytes:
    """Seventy drawn faces in folders with German names, one twice under another label, one that shows nothing, one broken."""
    words = ("Wut", "Ekel", "Angst", "Freude", "Trauer", "Überraschung", "neutral")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for row in range(70):
            archive.writestr(f"mine/{words[FACES.labels[row]]}/{row:03}.png", to_png(FACES.images[row]))
        archive.writestr(f"mine/{words[(FACES.labels[0] + 1) % 7]}/copy.png", to_png(FACES.images[0]))
        archive.writestr("mine/neutral/black.png", to_png(np.zeros((48, 48), np.uint8)))
        archive.writestr("mine/neutral/broken.png", b"\x89PNG no")
    return buffer.getvalue()


def told(app, kind) -> str:
    """All texts of a kind, without the signs that keep Markdown from reading them as its own."""
    return "\n".join(item.value for item in getattr(app, kind)).replace("\\", "")


def bring(app, name="mine"):
    app.text_input(key=next(field.key for field in app.text_input if str(field.key).startswith("bring-name-"))).set_value(name).run()
    app.button(key="bring-go").click().run()
    assert not app.exception
    return app


def test_a_dropped_zip_comes_in_is_counted_opened_and_remembered(open_page, packed):
    abandoned = settings.runs_dir() / ".uploads" / "old.zip"
    abandoned.parent.mkdir(parents=True)
    abandoned.write_bytes(b"")
    os.utime(abandoned, (0, 0))
    app = open_page("data")
    app.file_uploader(key="bring-file-0").upload("mine.zip", packed, "application/zip").run()
    assert "73 images in folders of these names" in told(app, "markdown")
    assert [path.name.endswith("mine.zip") for path in abandoned.parent.iterdir()] == [True], "what was abandoned is gone"
    bring(app)
    assert "'mine': 72 faces came in (" in told(app, "success")
    assert "1 refused." in told(app, "success")
    assert "broken.png" in told(app, "success")
    path = own_sets()["imported/mine"]
    faces = open_data(path).faces
    assert len(faces) == 72
    assert set(faces.part("PublicTest").labels.tolist()) == set(range(7))
    assert settings.remembered_data_path() == path
    assert app.selectbox(key="own-set").value == "imported/mine"
    assert f"mine: {len(faces.part('Training'))} Training" in told(app, "caption")
    assert not list((settings.runs_dir() / ".uploads").iterdir()), "the upload is gone once the set is in"


def test_a_folder_by_its_path_with_a_word_that_is_not_known(open_page, tmp_path, packed):
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "mine" / "Verachtung").mkdir()
    (tmp_path / "mine" / "Verachtung" / "a.png").write_bytes(to_png(FACES.images[100]))
    app = open_page("data")
    app.text_input(key="bring-path-0").set_value(str(tmp_path / "mine")).run()
    assert "No emotion is known by Verachtung" in told(app, "warning")
    assert app.button(key="bring-go").disabled
    app.toggle(key=next(item.key for item in app.toggle if str(item.key).endswith("-rest"))).set_value(True).run()
    bring(app)
    assert "72 faces came in" in told(app, "success")
    assert "1 left out as the table says, 1 refused." in told(app, "success")


def test_what_was_said_of_one_folders_words_does_not_hold_for_anothers(open_page, tmp_path):
    from dashboard.components.data_bring import _words_key
    from fer_engine.data.importing import survey

    for place, words in (("a", ("Wut", "Quatsch")), ("b", ("Wut", "Unfug"))):
        for word in words:
            (tmp_path / place / word).mkdir(parents=True)
            (tmp_path / place / word / "0.png").write_bytes(to_png(FACES.images[0]))
    assert _words_key(survey(tmp_path / "a")) != _words_key(survey(tmp_path / "b"))
    assert _words_key(survey(tmp_path / "a")) == _words_key(survey(tmp_path / "a"))


@pytest.mark.parametrize("kind", ["csv", "zip", "tar.gz", "parquet"])
def test_tables_come_in_whatever_they_are_packed_in(open_page, tmp_path, kind):
    from fer_engine.data.importing import import_faces

    part = FACES.take(np.arange(0, 140, 2))
    lines = [
        f"{label},{' '.join(map(str, image.ravel()))},{split}"
        for image, label, split in zip(part.images, part.labels, part.split, strict=True)
    ]
    content = "\n".join(["emotion,pixels,Usage", *lines, "9,1 2 3,Training"]).encode()
    path = tmp_path / f"table.{kind}"
    if kind == "parquet":
        import_faces(part, path, 0, ())
    elif kind == "csv":
        path.write_bytes(content)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner.csv", content)
    else:
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo("inner.csv")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    app = open_page("data")
    app.text_input(key="bring-path-0").set_value(str(path)).run()
    bring(app)
    assert "'mine': 70 faces came in" in told(app, "success")
    assert ("1 refused" in told(app, "success")) == (kind != "parquet")
    assert open_data(own_sets()["imported/mine"]).faces.content_hash == part.content_hash


def test_what_cannot_be_brought_is_a_sentence_and_leaves_nothing(open_page, tmp_path):
    app = open_page("data")
    app.text_input(key="bring-path-0").set_value(str(tmp_path / "none")).run()
    assert "There is no file or folder" in told(app, "error")
    (tmp_path / "note.txt").write_text("hello")
    app.text_input(key="bring-path-0").set_value(str(tmp_path / "note.txt")).run()
    app.button(key="bring-go").click().run()
    assert "note.txt" in told(app, "error")
    assert own_sets() == {}


def test_a_recipe_written_by_the_page_is_that_of_the_command(open_page, packed, tmp_path):
    from fer_engine.data.audit import audit
    from fer_engine.data.audit_findings import Further
    from fer_engine.data.cleaning import Rules, clean

    app = open_page("data")
    app.file_uploader(key="bring-file-0").upload("mine.zip", packed, "application/zip").run()
    bring(app)
    place = str(own_sets()["imported/mine"])
    app.segmented_control(key="part").set_value("Clean").run()
    app.button(key="clean-write").click().run()
    assert "Say what to clean" in told(app, "error")
    app.multiselect(key="clean-drop").set_value(["conflicts", "blanks"]).run()
    app.multiselect(key="clean-splits-mine").set_value(["Training", "PublicTest"]).run()
    app.button(key="clean-write").click().run()
    assert not app.error
    recipe = read_recipe(own_sets()["recipes/mine-cleaned"])
    assert recipe.by_rule() == {"conflicts": 2, "blanks": 1}
    assert "leaves 69 of 72 faces: 3 are left out, 0 relabelled" in told(app, "success")
    assert f"python -m fer_engine train --data {own_sets()['recipes/mine-cleaned']}" in app.code[0].value
    rules = Rules(("conflicts", "blanks"), "", ("Training", "PublicTest"))
    other, _ = clean(str(tmp_path / "other.json"), place, audit(open_data(place).faces), Further(), rules)
    assert other.hash == recipe.hash
    app.button(key="clean-write").click().run()
    assert "is there already" in told(app, "error")


def test_runs_on_raw_and_cleaned_faces_are_tested_against_each_other(open_page, packed):
    app = open_page("data")
    app.file_uploader(key="bring-file-0").upload("mine.zip", packed, "application/zip").run()
    bring(app)
    app.segmented_control(key="part").set_value("Clean").run()
    assert "No two finished runs differ in the faces that they learnt from alone" in told(app, "caption")
    content = open_data(own_sets()["imported/mine"]).faces.part("PublicTest").content_hash
    labels = [NAMES.index("happy")] * 40
    right, others = {"data.valid_hash": content}, [NAMES.index("sad")] * 12
    made_run("raw", labels, labels[:28] + others, **right)
    made_run("cleaned", labels, labels, learnt=90, **right, **{"data.train_hash": "cleaned", "data.name": "mine-cleaned"})
    made_run("elsewhere", labels, labels, learnt=80, **{"data.train_hash": "other"})
    app.run()
    assert "cleaned is better than raw by 30.0 points" in told(app, "markdown")
    assert "macro F1" in told(app, "markdown")
    frame = app.table[-1].value
    assert frame["Run"].tolist() == ["raw", "cleaned"]
    assert frame["Training faces"].tolist() == ["100", "90"]
    assert frame["Accuracy, %"].tolist() == ["70.0", "100.0"]
    assert frame["Learnt from"].tolist() == ["fer2013", "mine-cleaned"]


def test_what_was_cleaned_is_opened_and_trained_on_at_a_click(open_page, packed):
    app = open_page("data")
    app.file_uploader(key="bring-file-0").upload("mine.zip", packed, "application/zip").run()
    bring(app)
    app.segmented_control(key="part").set_value("Clean").run()
    app.multiselect(key="clean-drop").set_value(["blanks"]).run()
    app.multiselect(key="clean-splits-mine").set_value(["Training", "PublicTest"]).run()
    app.button(key="clean-write").click().run()
    app.button(key="clean-look").click().run()
    assert app.selectbox(key="own-set").value == "recipes/mine-cleaned"
    assert "1 of 72 faces left out" in told(app, "caption")
    app.button(key="clean-write").click().run()
    assert "These rules touch no face" in told(app, "info")
    app.selectbox(key="own-set").set_value("imported/mine").run()
    app.multiselect(key="clean-drop").set_value(["conflicts"]).run()
    app.multiselect(key="clean-splits-mine").set_value(["Training", "PublicTest"]).run()
    app.text_input(key="clean-name-mine").set_value("again").run()
    app.button(key="clean-write").click().run()
    app.button(key="clean-train").click().run()
    assert app.title[0].value == "Train"
    assert app.selectbox(key="own-set").value == "recipes/again"


def test_the_gallery_is_filtered_by_what_was_found(open_page, packed):
    app = open_page("data")
    app.file_uploader(key="bring-file-0").upload("mine.zip", packed, "application/zip").run()
    bring(app)
    app.segmented_control(key="part").set_value("Faces").run()
    for what, number in {"exact copies": 2, "conflicting labels": 2, "shows nothing": 1, "suspected label": 0}.items():
        app.selectbox(key="found").set_value(what).run()
        assert f"**{number}** of 72 faces." in told(app, "markdown")
    assert "labels were not checked yet" in told(app, "info")


def test_an_own_set_is_offered_to_train_on(open_page, packed):
    app = open_page("data")
    app.file_uploader(key="bring-file-0").upload("mine.zip", packed, "application/zip").run()
    bring(app)
    train = open_page("train", data="own sets", **{"own-set": "imported/mine"})
    assert train.selectbox(key="own-set").value == "imported/mine"
    assert train.segmented_control(key="preset").value == "quick"
    assert not train.error


def test_the_table_of_words_as_the_engine_takes_it():
    assert table_of(["Glück", "x", "y"], ["happy", LEAVE_OUT, None]) == {"gluck": NAMES.index("happy"), "x": None, "y": None}


def test_a_set_is_fetched_and_brought_and_its_token_kept_nowhere(open_page, packed, monkeypatch, tmp_path):
    from fer_engine.data import fetching

    asked = []

    def fetch(hub, name, progress, token):
        asked.append((hub, name, token))
        progress(0.5, "Fetching")
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "mine.zip").write_bytes(packed)
        return tmp_path / "set"

    monkeypatch.setattr(fetching, "fetch", fetch)
    app = open_page("data")
    app.segmented_control(key="bring-from").set_value("Hugging Face").run()
    app.text_input(key="fetch-name-hf").set_value("owner/faces")
    app.text_input(key="fetch-token-hf").set_value("hf_secret")
    app.button(key="fetch-go-hf").click().run()
    assert asked == [("hf", "owner/faces", "hf_secret")]
    bring(app, "theirs")
    assert "'theirs': 72 faces came in" in told(app, "success")
    assert app.selectbox(key="own-set").value == "imported/theirs"
    assert not any("hf_secret" in path.read_text(errors="ignore") for path in settings.runs_dir().rglob("*") if path.is_file())


def test_a_hub_that_cannot_be_reached_is_a_sentence(open_page, monkeypatch):
    from fer_engine.data import fetching
    from fer_engine.errors import FerLabError

    def fetch(*_):
        raise FerLabError("Kaggle cannot be reached.")

    monkeypatch.setattr(fetching, "fetch", fetch)
    app = open_page("data")
    app.segmented_control(key="bring-from").set_value("Kaggle").run()
    app.button(key="fetch-go-kaggle").click().run()
    assert "Kaggle cannot be reached." in told(app, "error")
