"""The faces behind a cell of Compare: what B fixed beside what it broke, and one face before both runs."""

import numpy as np
import pytest
from made_runs import made_run

from dashboard import text
from dashboard.components import faces_at_hand, pair_gallery
from dashboard.face_tiles import BARS_OF_TWO, FACE, GAP, answers_of_runs, thumbnail, thumbnail_of_two
from dashboard.text import probability
from fer_engine import settings
from fer_engine.data.synthetic import synthetic
from fer_engine.evaluation.curves import Scored, scored_splits
from fer_engine.experiments import lab
from fer_engine.experiments.spec import override
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.labels import NAMES
from fer_engine.models import registry
from fer_engine.predictors import save_weights
from fer_engine.runs.store import WEIGHTS

FEAR, HAPPY, SAD = 2, 3, 4
SMALL = override(lab.quick("net2"), {"network.widths": [4, 4], "network.hidden": [8]})


@pytest.fixture(scope="module")
def faces():
    """The 70 faces of 'synthetic:700' that runs are scored on: ten of each emotion."""
    return synthetic(700).part("PublicTest")


@pytest.fixture
def happy(faces):
    """The rows of the ten happy faces."""
    return faces.ids[faces.labels == HAPPY].tolist()


def scored_run(faces, name, answers, spec=SMALL):
    """A run that answers the ten happy faces so, and all others right; a network has weights, as they are drawn at the start."""
    said = faces.labels.copy()
    said[faces.labels == HAPPY] = answers
    common = {"data.valid_hash": faces.content_hash, "data.name": "synthetic"}
    run = made_run(name, faces.labels.tolist(), said.tolist(), rows=faces.ids.tolist(), spec=spec, **common)
    if spec.family == "cnn":
        save_weights(registry.build(spec.model, spec.config).state_dict(), run.path / WEIGHTS)
    return run


@pytest.fixture
def two(faces):
    """Two networks: in the cell 'happy taken for sad' B fixed three faces and broke two, one came and one went."""
    a = scored_run(faces, "one", [SAD, SAD, SAD, HAPPY, HAPPY, FEAR, SAD, HAPPY, HAPPY, HAPPY])
    b = scored_run(faces, "two", [HAPPY, HAPPY, HAPPY, SAD, SAD, SAD, FEAR, HAPPY, HAPPY, HAPPY])
    return a, b


@pytest.fixture
def open_cell(open_page):
    def open_it(label="happy", answer="sad", **query):
        return open_page("compare", view="Errors", runs=["one", "two"], label=label, answer=answer, **query)

    return open_it


def pictures(app):
    return [image.alt for item in app.get("image") for image in item.proto.imgs]


def captions(app):
    return [caption for item in app.get("image") for caption in item.captions]


def shown_rows(app):
    thumbnails = [alt for alt in pictures(app) if alt.startswith("Face in row") and "A says" in alt]
    return [int(alt.split("row ")[1].split(",")[0]) for alt in thumbnails]


def buttons(app):
    return {button.proto.label for button in app.get("download_button")}


def test_fixed_and_broke_stand_beside_each_other_with_both_answers(open_cell, two, happy):
    app = open_cell()
    headlines = [item.value for item in app.markdown if item.value.startswith("###### ")]
    assert headlines == ["###### Fixed: 3", "###### Broke: 2", "###### Came: 1", "###### Went: 1"]
    assert [item.value["Row"].tolist() for item in app.dataframe] == [happy[:3], happy[3:5], happy[5:6], happy[6:7]]
    assert shown_rows(app) == happy[:7]
    columns = [[item.alt for place in column.get("image") for item in place.proto.imgs] for column in app.columns]
    beside = [column for column in columns if column]
    assert [len(column) for column in beside] == [3, 2, 1, 1]
    assert all("labelled happy; A says sad" in alt and "B says happy" in alt for alt in beside[0])
    assert all("labelled happy; A says happy" in alt and "B says sad" in alt for alt in beside[1])
    share = text.plain(probability(float(next(iter(scored_splits(two[0]).values())).probabilities[0].max())))
    assert app.button(key=f"why-{happy[0]}").label == f"A sad {share}, B happy {share}"
    assert sum(button.proto.label == "These faces as PNG" for button in app.get("download_button")) == 4


def test_a_cell_of_the_diagonal_has_no_other_lists_and_an_empty_one_says_so(open_cell, faces, happy):
    scored_run(faces, "one", [SAD, FEAR] + [HAPPY] * 8)
    scored_run(faces, "two", [HAPPY] * 10)
    app = open_cell(answer="happy")
    assert [item.value for item in app.markdown if item.value.startswith("###### ")] == ["###### Fixed: 2", "###### Broke: 0"]
    assert shown_rows(app) == happy[:2]
    assert "There is no face that was right with A, wrong with B in this cell." in [item.value for item in app.caption]
    app.selectbox(key="answer").set_value("fear").run()  # where B fixed the one, and nothing came or went
    assert [item.value for item in app.markdown if item.value.startswith("###### ")] == ["###### Fixed: 1", "###### Broke: 0"]


def test_each_list_is_turned_by_itself_and_a_new_cell_begins_anew(open_cell, two, happy, monkeypatch):
    monkeypatch.setattr(pair_gallery, "PER_PAGE", 2)
    app = open_cell()
    assert shown_rows(app) == [*happy[:2], *happy[3:7]]
    app.get("pagination")[0].set_value(2).run()
    assert shown_rows(app) == happy[2:7]
    app.selectbox(key="answer").set_value("happy").run()
    assert shown_rows(app) == [*happy[:2], *happy[3:5]]


def test_a_face_is_explained_by_both_runs_side_by_side(open_cell, two, happy, figure):
    app = open_cell()
    app.button(key=f"why-{happy[0]}").click().run()
    assert not app.exception
    assert not app.error
    said = [item.value for item in app.markdown]
    assert f"The face in row {happy[0]}, labelled **happy**. B fixed what A had wrong." in said
    assert any("A says sad" in value for value in said)
    assert any("B says happy" in value for value in said)
    assert {f"{run.name}: {text.plain(text.model_words(SMALL))}" for run in two} <= {item.value for item in app.caption}
    maps = [alt.split(":")[:2] for alt in pictures(app) if "Grad-CAM++" in alt]
    assert maps == [
        ["A, one", " Grad-CAM++ for sad, the answer"],
        ["A, one", " Grad-CAM++ for happy, the label"],
        ["B, two", " Grad-CAM++ for happy, the answer"],
    ]
    assert captions(app).count("The face") == 2
    for run, key in zip(two, ("why-a-bars", "why-b-bars"), strict=True):
        (scored,) = scored_splits(run).values()
        place = int(np.flatnonzero(scored.ids == happy[0])[0])
        assert figure(app, key)["data"][0]["text"] == [probability(float(value)) for value in scored.probabilities[place]]
    keys = {button.proto.id.partition("download-")[2] for button in app.get("download_button")}
    both = f"one-to-two-row-{happy[0]}"
    assert keys >= {f"A-one-row-{happy[0]}.png", f"B-two-row-{happy[0]}.png", *(f"{both}.{kind}" for kind in ("png", "csv", "md", "tex"))}


def test_an_svm_shows_the_face_without_a_map(open_cell, faces, happy, figure):
    scored_run(faces, "one", [SAD] * 10, SvmSpec(model="svm-pixels"))
    scored_run(faces, "two", [HAPPY] * 10)
    app = open_cell(row=str(happy[0]))  # as a link names it
    assert not app.error
    assert [caption for caption in captions(app) if caption][-3:] == [text.NO_MAP, "The face", "Grad-CAM++ for happy, the answer"]
    assert figure(app, "why-a-bars")["data"][0]["text"][SAD] == figure(app, "why-b-bars")["data"][0]["text"][HAPPY]
    assert "Both as PNG" in buttons(app)


def test_a_run_that_cannot_be_asked_leaves_the_other_its_half(open_cell, two, happy, figure):
    (two[0].path / WEIGHTS).write_bytes(b"no weights")
    app = open_cell(row=str(happy[3]))
    (error,) = app.error
    assert "weights.safetensors cannot be read" in error.value.replace("\\", "")
    assert "B broke what A had right." in " ".join(item.value for item in app.markdown)
    assert [alt.split(":")[0] for alt in pictures(app) if "Grad-CAM++" in alt] == ["B, two", "B, two"]
    assert figure(app, "why-a-bars")["data"][0]["text"][HAPPY] == figure(app, "why-b-bars")["data"][0]["text"][SAD]
    assert "Both as PNG" not in buttons(app)


def test_a_run_without_weights_has_its_half_without_a_map(open_cell, two, happy):
    (two[0].path / WEIGHTS).unlink()
    app = open_cell(row=str(happy[3]))
    assert not app.error
    assert captions(app).count(text.NO_WEIGHTS) == 1
    assert "Both as PNG" in buttons(app)


def test_faces_are_found_where_either_run_knows_them(open_cell, two, happy, monkeypatch):
    monkeypatch.setattr(faces_at_hand, "_names", lambda run, scored: ("synthetic:700",) if run.name == "one" else ())
    assert shown_rows(open_cell()) == happy[:7]


def test_a_row_of_no_face_is_told(open_cell, two):
    app = open_cell(row="12345678")
    assert "Row 12345678 of the data set is none of the faces that these runs were scored on." in [item.value for item in app.info]


def test_a_thumbnail_of_two_has_the_bars_of_a_and_then_of_b():
    face, a, b = np.full((48, 48), 77, np.uint8), np.eye(7)[0], np.eye(7)[6]
    picture = thumbnail_of_two(face, a, b, "sad")
    width = GAP + BARS_OF_TWO + 2
    assert picture.shape == (FACE, FACE + 2 * width, 4)
    assert (picture[:, : FACE + width] == thumbnail(face, a, "sad", BARS_OF_TWO)).all()
    assert (picture[:, FACE + width :] == thumbnail(face, b, "sad", BARS_OF_TWO)[:, FACE:]).all()


def test_the_table_of_a_face_has_a_row_a_run():
    shares = np.array([[0.7, 0.3, 0, 0, 0, 0, 0], [0, 0, 0, 0.25, 0.75, 0, 0]])
    runs = {
        name: Scored("PublicTest", np.array([3, 8]), np.array([0, 4]), shares[order], shares[order], shares[order])
        for name, order in (("one", [0, 1]), ("two", [1, 0]))
    }
    table = answers_of_runs(runs, 1)
    assert table[["Run", "Answer"]].to_numpy().tolist() == [["one", "sad"], ["two", "angry"]]
    assert table[list(NAMES)].to_numpy().tolist() == shares[[1, 0]].tolist()


# Agreement: one face before all runs


@pytest.fixture
def three(faces):
    """Two networks and an SVM: all take the first happy face for sad, the second for fear or sad."""
    scored_run(faces, "one", [SAD, FEAR] + [HAPPY] * 8)
    scored_run(faces, "two", [SAD, SAD] + [HAPPY] * 8)
    scored_run(faces, "machine", [SAD, SAD] + [HAPPY] * 8, SvmSpec(model="svm-pixels"))


def open_agreement(open_page, **query):
    return open_page("compare", view="Agreement", runs=["one", "two", "machine"], **query)


def test_a_face_that_all_get_wrong_is_explained_by_every_run(open_page, three, happy):
    app = open_agreement(open_page)
    app.button(key=f"why-{happy[0]}").click().run()
    assert not app.exception
    assert not app.error
    said = [item.value for item in app.markdown]
    assert f"The face in row {happy[0]}, labelled **happy**. All 3 runs answer sad." in said
    assert {"**one**", "**two**", "**machine**"} <= set(said)
    assert [alt.split(":")[0] for alt in pictures(app) if "Grad-CAM++ for sad" in alt] == ["one", "two"]
    assert text.NO_MAP in captions(app)
    keys = {button.proto.id.partition("download-")[2] for button in app.get("download_button")}
    assert keys >= {f"row-{happy[0]}-of-3-runs.{kind}" for kind in ("png", "csv", "md", "tex")}


def test_a_run_without_weights_has_its_card_with_the_face_alone(open_page, three, happy):
    (settings.runs_dir() / "one" / WEIGHTS).unlink()
    app = open_agreement(open_page, row=str(happy[0]))
    assert not app.error
    assert captions(app).count(text.NO_WEIGHTS) == 1
    assert "All as PNG" in buttons(app)


def test_a_face_on_which_runs_differ_is_summed_up(open_page, three, happy):
    app = open_agreement(open_page, row=str(happy[1]))  # as a link names it
    summed = f"The face in row {happy[1]}, labelled **happy**. 0 of 3 runs are right: fear 1, sad 2."
    assert summed in [item.value for item in app.markdown]
    assert "Row 99 of the data set is none of the faces" in " ".join(item.value for item in open_agreement(open_page, row="99").info)


def test_a_run_that_cannot_be_asked_leaves_the_others_their_cards(open_page, three, happy):
    (settings.runs_dir() / "one" / WEIGHTS).write_bytes(b"no weights")
    app = open_agreement(open_page, row=str(happy[0]))
    (error,) = app.error
    assert "weights.safetensors cannot be read" in error.value.replace("\\", "")
    assert [alt.split(":")[0] for alt in pictures(app) if "Grad-CAM++ for sad" in alt] == ["two"]
