from itertools import pairwise

import numpy as np
import pytest
import torch
from explained import NETWORKS, predictor, random_face
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fer_engine.explain.activations import LayerActivation, concentrations, depth_summary, evaluating, gini, layer_activation
from fer_engine.explain.explanation import explain
from fer_engine.models.config import Stage

positive = hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(0, 100)).filter(lambda values: values.sum() > 1e-3)


def naive_gini(values):
    """Half the relative mean absolute difference of all pairs: the index by its other definition."""
    n = len(values)
    return sum(abs(a - b) for a in values for b in values) / (2 * n * values.sum())


@settings(deadline=None)
@given(positive)
def test_gini_is_half_the_relative_mean_difference(values):
    assert gini(values) == pytest.approx(naive_gini(values), abs=1e-9)


@settings(deadline=None)
@given(positive, st.floats(0.01, 100), st.integers(2, 4))
def test_gini_changes_neither_with_scale_nor_with_copies(values, scale, copies):
    assert gini(scale * values) == pytest.approx(gini(values), abs=1e-9)
    assert gini(np.tile(values, copies)) == pytest.approx(gini(values), abs=1e-9)


def test_gini_of_known_distributions():
    tenth = np.repeat([0.0, 5.0], [90, 10])
    np.testing.assert_allclose(gini(np.stack([np.ones(100), tenth, np.eye(100)[3]])), [0, 0.9, 0.99], atol=1e-12)
    assert np.isnan(gini(np.zeros(5)))


def test_concentration_of_maps_is_a_mean_over_those_that_are_active():
    # Four positions: evenly spread (0), in one place (3/4), nowhere (left out).
    maps = np.zeros((2, 3, 2, 2), np.float32)
    maps[0, 0], maps[0, 1, 0, 1] = 2, 7
    found = concentrations("conv", maps)
    assert found[0] == pytest.approx(0.375)
    assert np.isnan(found[1])


def test_concentration_of_units_is_over_the_units_and_scores_have_none():
    assert concentrations("fc", np.array([[0, 0, 0, 8.0]]))[0] == pytest.approx(0.75)
    assert np.isnan(concentrations("scores", np.array([[-1.0, 2.0]]))[0])


def test_channels_are_ordered_by_mean_activation():
    values = np.zeros((4, 2, 2), np.float32)
    values[1, 0, 0], values[2] = 4, 3  # means 0, 1, 3, 0
    activation = layer_activation(Stage("conv1", "conv", 4, 2), values)
    np.testing.assert_allclose(activation.channel_means, [0, 1, 3, 0])
    np.testing.assert_array_equal(activation.order, [2, 1, 0, 3])
    assert activation.share_zero == 11 / 16


@pytest.mark.parametrize("network", NETWORKS)
def test_activations_are_what_leaves_each_stage_after_its_relu(network):
    predicting, face = predictor(network, tta="flip"), random_face()
    found = explain(predicting, face).activations
    for stage in predicting.model.stages:
        activation = found[stage.name]
        assert isinstance(activation, LayerActivation)
        shape = (stage.channels,) if stage.kind in ("fc", "scores") else (stage.channels, stage.side, stage.side)
        assert activation.values.shape == shape and activation.values.dtype == np.float32
        if stage.kind != "scores":
            assert activation.values.min() >= 0
            assert 0 < activation.concentration < 1
        assert activation.share_zero == pytest.approx(np.mean(activation.values == 0))
        if stage.kind in ("conv", "fc"):
            assert 0.1 < activation.share_zero < 0.9  # a ReLU's output; before it nothing is exactly zero


def test_the_next_stage_goes_on_from_the_activations_that_are_shown():
    predicting = predictor("net12")
    found = explain(predicting, random_face()).activations
    names = list(found)
    for before, after in pairwise(names):
        with torch.no_grad():
            output = predicting.model.body[after](torch.from_numpy(found[before].values.copy())[None])[0]
        np.testing.assert_allclose(output.numpy(), found[after].values, atol=1e-3)


def test_activations_are_of_the_face_and_not_of_its_mirror_image():
    face = random_face()
    plain, flipped = (explain(predictor(tta=tta), face).activations for tta in ("none", "flip"))
    for name, activation in plain.items():
        np.testing.assert_allclose(flipped[name].values, activation.values, atol=1e-4)


def test_the_summary_of_faces_is_the_mean_of_their_explanations():
    predicting = predictor("net5")
    faces = np.stack([random_face(seed) for seed in range(3)])
    explanations = [explain(predicting, face) for face in faces]
    rows = depth_summary(predicting, faces)
    assert [row.name for row in rows] == [stage.name for stage in predicting.model.stages]
    assert [row.depth for row in rows] == [1, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8]
    for row in rows:
        each = [explanation.activations[row.name] for explanation in explanations]
        assert row.n == 3
        assert row.share_zero == pytest.approx(np.mean([one.share_zero for one in each]), abs=1e-3)
        if row.kind != "scores":
            assert row.concentration == pytest.approx(np.mean([one.concentration for one in each]), abs=1e-3)
    assert np.isnan(rows[-1].concentration)


def test_a_summary_takes_more_faces_than_go_at_once(monkeypatch):
    monkeypatch.setattr("fer_engine.explain.activations.FACES_AT_ONCE", 2)
    predicting, faces = predictor(), np.stack([random_face(seed) for seed in range(5)])
    in_parts = depth_summary(predicting, faces)
    monkeypatch.undo()
    for part, whole in zip(in_parts, depth_summary(predicting, faces), strict=True):
        assert (part.name, part.n) == (whole.name, 5)
        assert part.share_zero == pytest.approx(whole.share_zero, abs=1e-4)


def test_a_summary_leaves_the_model_in_its_mode_also_when_it_fails():
    predicting = predictor()
    predicting.model.train()
    with pytest.raises(RuntimeError, match="on purpose"), evaluating(predicting.model):
        assert not any(module.training for module in predicting.model.modules())
        raise RuntimeError("on purpose")
    depth_summary(predicting, random_face()[None])
    assert all(module.training for module in predicting.model.modules())


def test_what_is_negative_counts_as_not_active():
    maps = np.array([[[[-1.0, 1.1], [0.0, 0.0]]]])
    assert concentrations("conv", maps) == pytest.approx([0.75])  # one of four positions holds all
