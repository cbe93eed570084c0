"""The map of faces: the same each time, kept, and honest about who lies by whom."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from fer_engine import settings
from fer_engine.data import face_map as module
from fer_engine.data.face_map import METHODS, face_map, sample
from fer_engine.data.synthetic import synthetic
from fer_engine.errors import FerLabError
from fer_engine.features.cnn import hidden_features
from fer_engine.predictors import load_predictor
from fer_engine.runs.store import finished_run, list_runs

FACES = synthetic(70)


@given(size=st.integers(1, 70), n=st.integers(1, 90))
def test_a_sample_is_each_face_once_in_order_and_the_same_each_time(size, n):
    places = sample(FACES.take(np.arange(size)), n)
    assert len(places) == min(size, n)
    assert (np.diff(places) > 0).all()
    assert places.max() < size
    assert np.array_equal(places, sample(FACES.take(np.arange(size)), n))


@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_kept_and_the_same_each_time(method, monkeypatch):
    run = finished_run("net2-softmax")
    told = []
    found = face_map(FACES, run, method, 40, lambda share, what: told.append((share, what)))
    assert found.points.shape == (40, 2)
    assert np.isfinite(found.points).all()
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][1] == f"Arranging 40 faces by {method}"
    monkeypatch.setattr(module, "_features", lambda *_: pytest.fail("It was kept."))
    again = face_map(FACES, run, method, 40)
    assert np.array_equal(again.points, found.points)
    assert np.array_equal(again.agreement, found.agreement)


def test_pca_is_that_of_the_networks_last_hidden_layer():
    run = finished_run("net2-softmax")
    found = face_map(FACES, run, "PCA", 100)
    expected = PCA(2, svd_solver="full").fit_transform(hidden_features(load_predictor(run), FACES.images))
    for axis in (0, 1):
        assert abs(np.corrcoef(found.points[:, axis], expected[:, axis])[0, 1]) > 0.999


def test_agreement_by_hand():
    features = np.array([[0.0], [1], [2], [100], [101]])
    module_count = module.NEIGHBOURS
    assert module_count == 10, "of five points all four others are nearest"
    assert module._agreement(features, np.array([0, 0, 1, 1, 1])).tolist() == [0.25, 0.25, 0.5, 0.5, 0.5]


def test_agreement_goes_by_the_nearest(monkeypatch):
    monkeypatch.setattr(module, "NEIGHBOURS", 1)
    features = np.array([[0.0], [1], [3], [100], [101]])
    assert module._agreement(features, np.array([0, 0, 1, 1, 1])).tolist() == [1, 1, 0, 1, 1]


def test_a_damaged_map_is_drawn_anew():
    run = finished_run("net2-softmax")
    face_map(FACES, run, "PCA", 30)
    (kept,) = (settings.cache_dir() / "maps").iterdir()
    whole = kept.read_bytes()
    for damaged in (b"PK damaged", whole[: len(whole) // 2], b""):
        kept.write_bytes(damaged)
        assert face_map(FACES, run, "PCA", 30).points.shape == (30, 2)
        assert kept.read_bytes() == whole


def test_too_few_faces_and_what_is_no_network_are_sentences():
    with pytest.raises(FerLabError, match="needs at least 20 faces; these are 7"):
        face_map(FACES, finished_run("net2-softmax"), "PCA", 7)
    svm = next(run for run in list_runs() if run.spec.family == "svm")
    with pytest.raises(FerLabError, match="is no network"):
        face_map(FACES, svm, "PCA", 70)
