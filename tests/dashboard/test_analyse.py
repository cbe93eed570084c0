"""Analyse shows what the engine says, keeps its choice, and answers bad input with a sentence."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import fer_engine
from dashboard.components.downloads import numbers
from dashboard.components.face_view import Chosen
from dashboard.components.heat_maps import Shown
from dashboard.components.run_picker import Model
from dashboard.text import probability
from fer_engine import settings
from fer_engine.experiments.spec import to_json
from fer_engine.explain.explanation import explain
from fer_engine.faces import find_faces
from fer_engine.labels import COLORS, NAMES
from fer_engine.runs.store import finished_run, run_path
from fer_engine.samples import get_sample

A, B, OTHER = "net12-svm", "net2-softmax", "net5-softmax"


def expected(run, sample="astronaut"):
    face = find_faces(get_sample(sample).load()).faces[0]
    return fer_engine.load(run).probabilities(face.tile[None])[0]


def shown(figure, app, key):
    (bars,) = figure(app, key)["data"]
    assert bars["y"] == list(NAMES)
    assert bars["marker"]["color"] == [COLORS[name] for name in NAMES]
    return np.array(bars["x"]) / 100, bars["text"]


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def upload(app, name, data):
    app.file_uploader(key="file").upload(name, data).run()
    assert not app.exception
    return app


def test_both_models_show_the_engines_seven_probabilities(open_page, figure):
    app = open_page("analyse", a=A, b=B)
    for key, run in (("bars-a", A), ("bars-b", B)):
        values, labels = shown(figure, app, key)
        probabilities = expected(run)
        assert values == pytest.approx(probabilities, abs=1e-5)
        assert labels == [probability(float(p)) for p in probabilities]


def test_another_model_b_changes_its_bars_alone_and_keeps_the_rest(open_page, figure):
    app = open_page("analyse", a=A, b=B, layer_a="conv2", **{"class": "sad"})
    before = shown(figure, app, "bars-a")[0]
    app.selectbox(key="b").set_value(OTHER).run()
    assert shown(figure, app, "bars-b")[0] == pytest.approx(expected(OTHER), abs=1e-5)
    assert shown(figure, app, "bars-a")[0] == pytest.approx(before)
    assert (app.pills(key="layer_a").value, app.pills(key="class").value) == ("conv2", "sad")


def test_the_page_says_whether_the_two_agree(open_page):
    app = open_page("analyse", a=A, b=B)
    labels = [NAMES[int(expected(run).argmax())] for run in (A, B)]
    verdict = next(item.value for item in app.markdown if "The two models" in item.value)
    if labels[0] == labels[1]:
        assert f"agree: **{labels[0]}**" in verdict
    else:
        assert f"A says **{labels[0]}**, B says **{labels[1]}**" in verdict


def test_a_link_reproduces_sample_models_layers_and_crop(open_page, figure):
    app = open_page(
        "analyse", sample="drawn-happy", a=B, b=OTHER, layer_b="conv3", map_b="conv2", method="Grad-CAM", **{"crop-right": "10"}
    )
    assert app.pills(key="sample").value == "drawn-happy"
    assert (app.selectbox(key="a").value, app.selectbox(key="b").value) == (B, OTHER)
    assert (app.pills(key="layer_b").value, app.selectbox(key="map_b").value) == ("conv3", "conv2")
    assert app.segmented_control(key="method").value == "Grad-CAM"
    moved, _ = shown(figure, app, "bars-a")
    assert np.abs(moved - expected(B, "drawn-happy")).max() > 1e-4
    next(button for button in app.button if button.label == "Reset the crop").click().run()
    assert shown(figure, app, "bars-a")[0] == pytest.approx(expected(B, "drawn-happy"), abs=1e-5)


def test_a_link_to_a_model_that_is_gone_falls_back_to_one_that_is_there(open_page):
    app = open_page("analyse", a="removed-long-ago", b=B)
    assert app.selectbox(key="a").value == A
    assert not app.error
    assert "There is no finished run 'removed-long-ago' here that can be read and has its weights; another one answers." in [
        item.value for item in app.warning
    ]


def test_a_link_to_a_shipped_run_finds_it_though_an_unfinished_one_has_its_name(open_page):
    folder = run_path("net5-softmax")
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(to_json(finished_run("net5-softmax").spec))
    app = open_page("analyse", a="shipped/net5-softmax", b=B)  # as Runs calls it, where the own one has the name
    assert app.selectbox(key="a").value == "net5-softmax"
    assert not app.warning


def test_a_text_file_named_jpg_is_answered_with_a_sentence(open_page):
    app = upload(open_page("analyse", source="upload"), "note.jpg", b"this is a text, not a picture")
    assert len(app.error) == 1
    assert "is no image that can be read" in app.error[0].value
    assert not app.get("plotly_chart")


def test_a_picture_without_a_face_offers_the_whole_image_and_takes_it_when_asked(open_page):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    app = upload(open_page("analyse", source="upload"), "noise.png", png(noise))
    assert "Whole image" in app.warning[0].value
    assert not app.get("plotly_chart")
    app.toggle(key="whole").set_value(True).run()
    assert [chart.proto.id.rsplit("-", 2)[1:] for chart in app.get("plotly_chart")[:2]] == [["bars", "a"], ["bars", "b"]]


def test_a_dark_face_is_warned_of(open_page):
    tile = (find_faces(get_sample("astronaut").load()).faces[0].tile / 6).astype(np.uint8)
    app = upload(open_page("analyse", source="upload"), "dark.png", png(tile))
    assert any("darker" in warning.value for warning in app.warning)


def test_without_runs_the_page_names_the_way_out(open_page, no_checkpoints):
    app = open_page("analyse")
    assert "fer_engine train" in app.info[0].value
    assert not app.get("plotly_chart")


def test_an_unexpected_failure_shows_a_sentence_and_no_traceback(open_page, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("secret detail")

    app = open_page("analyse")
    monkeypatch.setattr("fer_engine.explain.explanation.explain", fail)
    app.pills(key="sample").set_value("drawn-fear").run()
    assert not app.exception
    assert "Something went wrong" in app.error[0].value
    assert not any("secret detail" in error.value for error in app.error)


def test_the_numbers_to_take_away_are_the_engines():
    face = find_faces(get_sample("astronaut").load()).faces[0]
    chosen = Chosen("astronaut.png", (512, 512), face.box, face.crop, face.tile, ())
    model = Model("A", finished_run(B))
    explanation = explain(fer_engine.load(B), face.tile, target="sad")
    tree = json.loads(numbers((model, model), chosen, Shown({"A": explanation}, {"A": "conv2"}, 0.6)))
    assert tree["crop"] == list(face.crop)
    assert tree["models"][0]["target"] == "sad"
    assert tree["models"][0]["probabilities"] == pytest.approx(dict(zip(NAMES, expected(B), strict=True)), abs=1e-5)
    assert "PublicTest · n=3,589" in tree["models"][0]["protocol"]


def test_of_two_runs_with_one_name_the_own_one_answers_as_on_the_command_line(open_page, figure):
    own = settings.runs_dir() / A
    shutil.copytree(finished_run(B).path, own)
    assert finished_run(A).path == own
    app = open_page("analyse", a=A, b=B)
    assert shown(figure, app, "bars-a")[0] == pytest.approx(shown(figure, app, "bars-b")[0])
    assert app.selectbox(key="a").options.count(A) == 1
