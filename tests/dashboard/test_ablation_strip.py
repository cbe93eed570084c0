"""All rows of an ablation before one face: what they answer is the engine's, and what is apart is said in words."""

import shutil
from urllib.parse import parse_qs

import numpy as np
import pytest

import fer_engine
from dashboard import strip, strip_pictures
from dashboard.strip import Answer, Reply, Yardstick
from fer_engine import settings
from fer_engine.ablations import catalogue
from fer_engine.ablations.ledger import Cell
from fer_engine.ablations.userfile import parse_study
from fer_engine.data.source import open_data
from fer_engine.experiments.studies import Row
from fer_engine.explain.explanation import explain
from fer_engine.faces import find_faces
from fer_engine.labels import NAMES
from fer_engine.runs.store import Run, finished_run
from fer_engine.samples import get_sample
from fer_engine.training.hardware import Hardware
from fer_engine.training.run import prepare, train_run

STUDY = """
base = {recipe = "ours", model = "net5"}
set = {epochs = 1, batch_size = 16, sizes = [40, 48], network.widths = [4, 4], network.hidden = [8], "optimizer.lr" = 0.02}
[vary]
label_smoothing = [0.0, 0.3]
"""
SMALL = parse_study(STUDY, "tiny", "the study")
ONE_THREAD = Hardware(device="cpu", precision="32-true", threads=1)
HAPPY, SAD = NAMES.index("happy"), NAMES.index("sad")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The base and a row of a small study, trained on drawn faces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_LAB_RUNS", str(tmp_path_factory.mktemp("runs")))
        faces = open_data("synthetic:210").faces
        rows = {"base": SMALL.rows[0], "none": SMALL.rows[1]}
        yield {name: train_run(prepare(row.spec, faces, f"small-{name}"), faces, ONE_THREAD).path for name, row in rows.items()}


@pytest.fixture
def study(no_checkpoints, trained):
    """The study, its base an own run, and another row one that ships."""
    catalogue.keep("tiny", STUDY)
    shutil.copytree(trained["base"], settings.runs_dir() / "small-base")
    shutil.copytree(trained["none"], settings.checkpoints_dir() / "ablations" / "small-none")


def open_strip(open_page, study="tiny", **query):
    return open_page("analyse", against="an ablation", ablation=study, sample="drawn-happy", **query)


def words(app) -> str:
    return " ".join(item.value for kind in (app.markdown, app.caption, app.info, app.warning, app.error) for item in kind).replace("\\", "")


def bars(app) -> list[str]:
    return [item.proto.body for item in app.get("html") if "role='img'" in item.proto.body]


def test_rows_answer_as_the_engine_does_and_rows_without_a_run_say_so(open_page, study):
    app = open_strip(open_page)
    tile = find_faces(get_sample("drawn-happy").load()).faces[0].tile
    told = [explain(fer_engine.load(run), tile) for run in ("small-base", "small-none")]
    shown = bars(app)
    assert len(shown) == 2
    for html, explanation in zip(shown, told, strict=True):
        for name, share in zip(NAMES, explanation.probabilities, strict=True):
            assert f"{name} {100 * share:.1f}%" in html
    captions = [caption for image in app.get("image") for caption in image.captions]
    assert captions.count(f"Grad-CAM++, {told[0].default_layer}") == 2
    assert "2 of 3 rows answer. The base says" in words(app)
    assert "Not run" in words(app)
    links = [(link.proto.page.rpartition("/")[2], parse_qs(link.proto.query_string)) for link in app.get("page_link")]
    (train,) = [query for page, query in links if page == "ablations"]
    assert train["study"] == ["tiny"]
    assert [query["run"] for page, query in links if page == "runs"] == [["small-base"], ["small-none"]]
    assert [selectbox.label for selectbox in app.selectbox][:2] == ["Model A", "Ablation study"]  # and no model B


def test_the_rest_of_the_page_is_about_model_a_alone(open_page, study):
    app = open_strip(open_page, a="small-none")
    assert not app.error
    assert not any("Model B" in item.label for item in app.selectbox)
    assert [item.label for item in app.selectbox if item.label.startswith("Map of")] == ["Map of model A, from layer"]
    app.segmented_control(key="against").set_value("another model").run()
    assert not app.exception
    assert app.selectbox(key="b").value in ("small-base", "small-none")


def test_damaged_run_is_a_sentence_in_its_card_and_the_others_stay(open_page, study):
    (settings.checkpoints_dir() / "ablations" / "small-none" / "weights.safetensors").write_bytes(b"no weights")
    app = open_strip(open_page, a="small-base")
    assert len(bars(app)) == 1
    (sentence,) = [item.value for item in app.caption if "weights.safetensors" in item.value]
    assert "small-none" in sentence.replace("\\", "")
    assert "1 of 3 rows answer" in words(app)


def test_row_without_weights_has_its_figures_and_its_page_and_no_answer(open_page, study):
    (settings.checkpoints_dir() / "ablations" / "small-none" / "weights.safetensors").unlink()
    app = open_strip(open_page, a="small-base")
    assert len(bars(app)) == 1
    assert not app.error
    assert "answers for no face" in words(app)
    assert "1 of 3 rows answer" in words(app)
    links = [parse_qs(link.proto.query_string) for link in app.get("page_link") if link.proto.page.endswith("runs")]
    assert {"run": ["small-none"]} in links
    assert app.selectbox(key="a").options == ["small-base"]  # and cannot be model A


def test_a_seed_that_can_answer_is_asked_before_one_that_cannot(study):
    silent = Run(shutil.copytree(settings.runs_dir() / "small-base", settings.runs_dir() / "silent"))
    (silent.path / "weights.safetensors").unlink()
    there = finished_run("small-base")
    row = SMALL.rows[0]
    (told,) = strip.askable([Cell(row, 0, row.spec, silent), Cell(row, 1, row.spec, there)])
    assert (told.run.name, told.seed, told.finished) == ("small-base", 1, 2)
    (told,) = strip.askable([Cell(row, 0, row.spec, silent)])
    assert told.run.name == "silent"


def test_study_without_a_run_names_the_way_out(open_page, study):
    app = open_strip(open_page, "batch")
    assert "No row of this study has a finished run" in words(app)
    assert not bars(app)
    assert [link.proto.label for link in app.get("page_link")].count("Train it") == 4


def test_a_link_to_a_study_that_is_gone_falls_back_to_one_that_is_there(open_page, study):
    assert open_strip(open_page, "long-gone").selectbox(key="ablation").value == catalogue.names()[0]


def test_strip_loads_runs_for_itself_and_keeps_none(open_page, study, monkeypatch):
    from dashboard import resources

    asked = []
    monkeypatch.setattr(resources, "_predictor", lambda path, *_: asked.append(path) or fer_engine.load(path))
    open_strip(open_page, a="small-base")
    assert {Run(settings.runs_dir() / "small-base").path.as_posix()} == set(asked)


def test_faces_of_a_drawn_set_are_found_by_their_number_alone(open_page, study):
    assert not (settings.runs_dir() / "small-base" / "job.json").exists()  # which would name the set
    app = open_page("runs", run="small-base", section="Faces")
    assert not any("not shown" in item.value for item in app.info)
    figures = finished_run("small-base").metrics["PublicTest"]
    assert len(app.get("image")) == round(figures["n"] * (1 - figures["accuracy"]))  # the mistakes


# What is said.


def reply(key: str, label: int | None, run: str = "net2-softmax") -> Reply:
    row = Row(key, f"setting {key}", SMALL.rows[0].spec)
    if label is None:
        return Reply(row)
    return Reply(row, finished_run(run), answer=Answer(np.eye(7)[label] * 0.4 + 0.6 / 7))


def held(study: str, *replies: Reply) -> Yardstick:
    return strip.yardstick(catalogue.find_study(study), replies)


def test_answers_are_held_against_the_base():
    replies = reply("base", HAPPY), reply("batch-32", SAD), reply("batch-100", HAPPY), reply("batch-500", None)
    against = held("batch", *replies)
    assert against == Yardstick("base", "the base", "happy")
    assert [strip.agreement(item, against) for item in replies] == ["the base", "differs from the base", "as the base", ""]
    assert strip.summary(replies, against) == "3 of 4 rows answer. The base says happy; 1 differs: setting batch-32 (sad)."


def test_without_a_base_the_majority_counts():
    replies = reply("batch-32", SAD), reply("batch-100", HAPPY), reply("batch-500", HAPPY), reply("base", None)
    against = held("batch", *replies)
    assert against == Yardstick("", "the majority", "happy")
    assert [strip.agreement(item, against) for item in replies] == ["differs from the majority", "as the majority", "as the majority", ""]
    several = [reply(key, HAPPY) for key in ("svm-pca", "svm-hog-landmarks", "base")]  # of several models, none the others' base
    assert held("models", *several).title == "the majority"
    assert strip.summary(several, held("models", *several)) == "3 of 3 rows answer. The majority says happy, and all agree."


def test_half_is_no_majority():
    replies = reply("batch-32", SAD), reply("batch-100", HAPPY)
    against = held("batch", *replies)
    assert against.title == ""
    assert strip.agrees(replies[0], against) is None
    assert strip.summary(replies, against) == "2 of 2 rows answer, and no emotion has more than half of them: sad 1, happy 1."


def test_table_has_every_row_and_seven_probabilities():
    replies = reply("base", HAPPY), reply("batch-32", None)
    frame = strip.table(replies, held("batch", *replies))
    assert list(frame.columns) == ["Setting", "Run", "Seed", "Answer", "Agreement", *NAMES]
    assert list(frame["Answer"]) == ["happy", "not run"]
    assert frame["happy"][0] == round(0.4 + 0.6 / 7, 6)
    assert frame["happy"].isna()[1]


def test_picture_has_a_card_a_row():
    face = np.full((strip_pictures.MAP, strip_pictures.MAP, 3), 77, np.uint8)
    card = strip_pictures.Card("32", "happy 49%", np.eye(7)[HAPPY], face)
    one, four = strip_pictures.sheet([card], "Batch size"), strip_pictures.sheet([card] * 4, "Batch size")
    assert (four == 77).all(2).sum() == 4 * (one == 77).all(2).sum() == 4 * strip_pictures.MAP**2
    assert four.shape[1] > 2.5 * one.shape[1]


def test_picture_of_one_row_is_as_wide_as_its_heading_and_cuts_no_title():
    one = strip_pictures.Card(
        "mean over the face and its mirror image: ours", "happy 60.0%", np.full(7, 1 / 7), np.zeros((216, 216, 3), np.uint8)
    )
    wide = strip_pictures.sheet([one], "Augmentation: one face before 1 of 4 rows, with a heading that is longer than a card")
    assert (wide[:, -18:] == 255).all()
    assert (wide[60:90, 490:] == 255).all()
