"""The page's map shows every emotion, and the faces of what is selected."""

import json

import numpy as np
import pytest

from dashboard.components.data_map import numbers_of
from dashboard.map_chart import SIGNS, face_map
from fer_engine.data.face_map import FaceMap
from fer_engine.data.synthetic import synthetic
from fer_engine.labels import COLORS, NAMES

FACES = synthetic(70)
MAP = FaceMap(np.arange(0, 70, 2), np.arange(70, dtype=np.float32).reshape(35, 2), np.full(35, 0.3, np.float32))


def test_a_colour_and_a_sign_an_emotion_and_every_face_once():
    figure = face_map(MAP, FACES)
    assert [trace.name for trace in figure.data] == list(NAMES)
    assert [trace.marker.color for trace in figure.data] == [COLORS[name] for name in NAMES]
    assert len({trace.marker.symbol for trace in figure.data}) == len(SIGNS) == 7
    numbers = np.concatenate([trace.customdata[:, 0] for trace in figure.data])
    assert sorted(numbers.tolist()) == list(range(35))
    for trace in figure.data:
        assert {NAMES[FACES.labels[MAP.places[number]]] for number in trace.customdata[:, 0]} == {trace.name}
        assert trace.customdata[:, 1].tolist() == FACES.ids[MAP.places[trace.customdata[:, 0]]].tolist()
        assert set(trace.customdata[:, 2].tolist()) == {3}


def test_selected_points_are_their_numbers_each_once():
    points = [
        {"customdata": [4, 8, 3]},
        {"customdata": {"0": 1, "1": 2, "2": 3}},
        {"customdata": [4, 8, 3]},
        {"x": 1},
        {"customdata": [99, 0, 0]},
    ]
    assert numbers_of(points, 35).tolist() == [1, 4]
    assert numbers_of([], 35).tolist() == []


@pytest.mark.parametrize("method", ["PCA", "t-SNE"])
def test_the_page_draws_the_map(open_page, figure, method):
    app = open_page("data", part="Map", size="140", **{"map-method": method})
    assert not app.error
    traces = figure(app, "face-map")["data"]
    assert [trace["name"] for trace in traces] == list(NAMES)
    assert "140 of 140 faces by what the last hidden layer of net5-softmax makes of them" in "\n".join(item.value for item in app.caption)
    assert "Draw a box or a lasso" in app.info[-1].value
    assert json.dumps(traces[0]["type"]) == '"scattergl"'


def test_faces_without_a_neighbour_of_their_label_are_shown(open_page, monkeypatch):
    from fer_engine.data import face_map as engine

    agreement = np.full(35, 0.5, np.float32)
    agreement[[3, 7]] = 0
    monkeypatch.setattr(engine, "face_map", lambda *_: FaceMap(MAP.places, MAP.points, agreement))
    app = open_page("data", part="Map", size="210")
    app.toggle(key="map-lonely").set_value(True).run()
    assert "**2** faces: " in "\n".join(item.value for item in app.markdown)
    alts = [image.alt for shown in app.get("image") for image in shown.proto.imgs]
    assert [alt.split(" of ")[0] for alt in alts] == ["Face in row 6", "Face in row 14"]
