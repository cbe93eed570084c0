"""Analyse with an SVM: what it sees, occlusion maps of every model, and attention by region."""

import json

import numpy as np
import pytest

import fer_engine
from dashboard.components.downloads import numbers
from dashboard.components.face_view import Chosen
from dashboard.components.heat_maps import Shown
from dashboard.components.run_picker import Model
from dashboard.region_charts import region_bars, region_table, told
from fer_engine.experiments.svm_spec import FeatureSpec
from fer_engine.explain.classical import explain_svm
from fer_engine.explain.explanation import explain
from fer_engine.explain.occlusion import occlusion_map
from fer_engine.explain.regions import REGIONS, TITLES, RegionShare, region_map, region_shares
from fer_engine.faces import find_faces
from fer_engine.features.landmarks import landmarks
from fer_engine.runs.store import finished_run
from fer_engine.samples import get_sample

B = "net2-softmax"
PIXELS, HOG = FeatureSpec(kind="pixels", n_components=20), FeatureSpec(kind="hog", n_components=20, align=1.2)


@pytest.fixture
def tile():
    return find_faces(get_sample("drawn-happy").load()).faces[0].tile


def captions(app):
    """Captions of all pictures of a page."""
    return [caption for image in app.get("image") for caption in image.captions]


def words(app):
    return [item.value for item in (*app.markdown, *app.caption)]


def test_an_svm_shows_what_it_sees(open_page, fit_svm):
    fit_svm(PIXELS, HOG, FeatureSpec(kind="landmarks"))
    app = open_page("analyse", a="small", b=B, sample="drawn-happy")
    shown = captions(app)
    assert not app.error
    assert not any("Only networks" in item for item in words(app))
    for caption in ("Rebuilt from 20 components", "The face, aligned by its landmarks", "Its edges: brighter is stronger", "The 68 points"):
        assert caption in shown
    assert sum(caption.partition(":")[0].isdigit() for caption in shown) == 12
    assert shown.count("The map: 11×11 patches") == 2
    assert any("excludes commercial use" in item for item in words(app))


def test_an_svm_tells_how_its_machines_vote(open_page, fit_svm, tile):
    run = fit_svm(HOG)
    app = open_page("analyse", a="small", b=B, sample="drawn-happy", **{"class": "sad"})
    duels = explain_svm(fer_engine.load(run.path), tile, target="sad").duels
    (sentence,) = [item for item in words(app) if "21 machines vote" in item]
    assert f"Of the six for **sad**, {sum(value > 0 for value in duels.values())} vote for it" in sentence


def test_an_svm_on_a_network_says_whose_layer_it_reads(open_page, fit_svm):
    fit_svm(FeatureSpec(kind="cnn", n_components=10), network=finished_run(B))
    app = open_page("analyse", a="small", b=B)
    assert not app.error
    assert any("its last layer before the scores" in item and "net2" in item for item in words(app))


def test_the_occlusion_map_is_the_engines_and_follows_patch_and_fill(open_page, tile):
    app = open_page("analyse", a=B, b="net5-softmax", sample="drawn-happy", patch="16", fill="mean grey", **{"class": "happy"})
    found = occlusion_map(fer_engine.load(B), tile, target="happy", patch=16, stride=8, fill="mean")
    after = 100 * (found.probability - found.largest_probability_drop)
    (sentence,) = [item for item in words(app) if item.startswith("Model A: hiding the brightest place")]
    assert f"takes {found.map.max():.2f} nats from the log-odds of **happy**" in sentence
    assert sentence.endswith(f"from {100 * found.probability:.1f}% to {after:.1f}%.")
    assert captions(app).count("The map: 5×5 patches") == 2


def test_region_bars_are_the_engines_shares(open_page, figure, tile):
    app = open_page("analyse", a=B, b="net5-softmax", sample="drawn-happy")
    regions = region_map(landmarks(tile[None])[0])
    predictor = fer_engine.load(B)
    explanation = explain(predictor, tile)
    cam = region_shares(explanation.cams[explanation.default_layer].map_48, regions)
    hidden = region_shares(occlusion_map(predictor, tile).evidence.map_48, regions)
    first, second, area = figure(app, "regions-a")["data"]
    assert (first["name"], second["name"], area["name"]) == (f"Grad-CAM++, {explanation.default_layer}", "occlusion", "area")
    assert first["y"] == [TITLES[name] for name in REGIONS]
    for bars, values in ((first, [i.share for i in cam]), (second, [i.share for i in hidden]), (area, [i.area for i in cam])):
        assert np.array(bars["x"]) == pytest.approx(100 * np.array(values), abs=1e-3)


def test_without_landmarks_the_page_says_so_and_the_rest_works(open_page, monkeypatch):
    monkeypatch.setenv("FER_LAB_LANDMARKS", "/nowhere/points.dat")
    app = open_page("analyse", a=B, b=B)
    assert not app.error
    assert any("The parts of the face are found by its landmarks." in item.value for item in app.info)
    assert captions(app).count("The map: 11×11 patches") == 2
    assert not any(chart.proto.id.endswith("-regions-a") for chart in app.get("plotly_chart"))


def test_numbers_to_take_away_hold_svm_occlusion_and_regions(fit_svm, tile):
    run = fit_svm(HOG)
    face = find_faces(get_sample("drawn-happy").load()).faces[0]
    chosen = Chosen("drawn-happy.png", (400, 400), face.box, face.crop, face.tile, ())
    model, predictor = Model("A", finished_run(run.path)), fer_engine.load(run.path)
    hidden = occlusion_map(predictor, tile)
    shares = region_shares(hidden.evidence.map_48, region_map(landmarks(tile[None])[0]))
    shown = Shown({}, {}, 0.6, svms={"A": explain_svm(predictor, tile)}, occlusions={"A": hidden}, shares={"A": {"occlusion": shares}})
    (answer,) = json.loads(numbers((model, model), chosen, shown))["models"][:1]
    assert answer["blocks"][0]["kind"] == "hog"
    assert answer["occlusion"]["largest_drop"] == pytest.approx(float(hidden.map.max()))
    assert [item["share"] for item in answer["regions"]["occlusion"]] == [item.share for item in shares]


def test_a_region_chart_its_table_and_its_words_say_the_same():
    shares = tuple(RegionShare(name, 0.3 if name == "mouth" else 0.14, 0.1, 3.0 if name == "mouth" else 1.4) for name in REGIONS)
    found = {"occlusion": shares}
    assert [bar.name for bar in region_bars(found, "A").data] == ["occlusion", "area"]
    assert region_bars(found, "A").data[0].text[3] == "30% · ×3.0"
    row = region_table(found).iloc[3]
    assert (row["Map"], row["Region"], row["Share (%)"], row["Area (%)"], row["Share / area"]) == ("occlusion", "mouth", 30.0, 10.0, 3.0)
    assert "mouth 30% · ×3.0" in told(found)
