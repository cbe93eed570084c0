import copy
import dataclasses

import numpy as np
import pytest
import torch
from explained import METHODS, NETWORKS, hand_made_face, hand_made_predictor, predictor, random_face
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fer_engine.data.augment import PIXEL_MEAN, PIXEL_STD
from fer_engine.explain.explanation import explain
from fer_engine.explain.gradcam import Grid, class_values, conv_grids, default_layer, grad_cam_plus_plus_weights, grad_cam_weights
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig, stages
from fer_engine.models.convnet import ConvNet

# --- the equations, on a network worked out by hand -------------------------------------------------------------------


def test_maps_of_a_network_worked_out_by_hand():
    # By quadrant:        A_1 = 0 1   A_2 = 3 2   scores' weights  W_1 = 1  0   W_2 = -2 0
    #                           2 5         1 0                          2 -1          0 1
    # A quadrant's average divides by its 576 positions, so that each position has g = W / 576.
    # sum(A_1) = 576 * (0 + 1 + 2 + 5) = 576 * 8, sum(A_2) = 576 * (3 + 2 + 1 + 0) = 576 * 6.
    #
    # Grad-CAM: w_1 = (1 + 0 + 2 - 1) / 4 / 576 = 0.5 / 576, w_2 = (-2 + 0 + 0 + 1) / 4 / 576 = -0.25 / 576.
    #   576 * (w_1 A_1 + w_2 A_2) = 0 - 0.75   0.5 - 0.5     = -0.75  0     relu, / 2.5:  0    0
    #                               1 - 0.25   2.5 - 0           0.75 2.5                 0.3  1
    # Grad-CAM++: where g > 0, alpha * g = g^3 / (2 g^2 + sum(A) g^3) = g / (2 + sum(A) g) = (W / 576) / (2 + 8 W) in
    #   channel 1 and (W / 576) / (2 + 6 W) in channel 2. A quadrant has 576 such positions:
    #   w_1 = 1 / 10 + 2 / 18 = 19 / 90, w_2 = 1 / 8.
    #   w_1 A_1 + w_2 A_2 = 0 + 3/8       19/90 + 2/8   the last, 95/90, is the maximum.
    #                       38/90 + 1/8   95/90 + 0
    plus_plus = np.array([[3 / 8, 19 / 90 + 2 / 8], [38 / 90 + 1 / 8, 95 / 90]]) / (95 / 90)
    expected = {"gradcam": np.array([[0, 0], [0.3, 1]]), "gradcam++": plus_plus}
    for method, quadrants in expected.items():
        explanation = explain(hand_made_predictor(), hand_made_face(), target="happy", method=method)
        found = explanation.cams["conv1"].map
        np.testing.assert_allclose(found, np.kron(quadrants, np.ones((24, 24))), atol=1e-5)
        np.testing.assert_array_equal(explanation.cams["conv1"].map_48, found)
        # 0 * 1 + 2 * 2 - 5 - 2 * 3 = -7
        assert explanation.scores[3] == pytest.approx(-7, abs=1e-4)


def naive_map(activation, gradient, method):
    """The papers' equations as they are printed, position by position."""
    channels, rows, columns = activation.shape
    total = np.zeros((rows, columns))
    for k in range(channels):
        summed = sum(activation[k, a, b] for a in range(rows) for b in range(columns))
        weight = 0.0
        for i in range(rows):
            for j in range(columns):
                g = gradient[k, i, j]
                if method == "gradcam":
                    weight += g / (rows * columns)
                else:
                    denominator = 2 * g**2 + summed * g**3
                    alpha = g**2 / denominator if denominator != 0 else 0.0
                    weight += alpha * max(g, 0.0)
        for i in range(rows):
            for j in range(columns):
                total[i, j] += weight * activation[k, i, j]
    total = np.maximum(total, 0)
    return total / total.max() if total.max() > 0 else total


def naive_explanation(given, face, label, layer, method):
    """A map by another way: a copy in double precision, one pass a layer, `backward` and retained gradients."""
    model = copy.deepcopy(given.model).double()
    pixels = torch.from_numpy((face / 255 - PIXEL_MEAN) / PIXEL_STD)[None, None]
    passes = [pixels, pixels.flip(-1)] if given.tta == "flip" else [pixels]
    kept, score = [], 0
    for view in passes:
        for name, output in model.run(view):
            if name == layer:
                output.retain_grad()
                kept.append(output)
        score = score + output[0, label] / len(passes)
    score.backward()
    activations = [tensor.detach()[0].numpy() for tensor in kept]
    gradients = [tensor.grad[0].numpy() for tensor in kept]
    if given.tta == "flip":
        activations[1], gradients[1] = activations[1][:, :, ::-1], gradients[1][:, :, ::-1]
    return naive_map(np.concatenate(activations), np.concatenate(gradients), method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tta", ["none", "flip"])
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_maps_equal_the_equations_followed_position_by_position(method, tta, norm):
    config = NetworkConfig(widths=(3, 4, 4), unpadded=1, pool_after=(1, 2), average_pool=2, hidden=(6,), norm=norm)
    given, face = predictor(config, tta=tta, seed=3), random_face(3)
    explanation = explain(given, face, target="fear", method=method)
    for layer in ("conv1", "conv2", "conv3"):
        np.testing.assert_allclose(explanation.cams[layer].map, naive_explanation(given, face, 2, layer, method), atol=2e-5)


maps = hnp.arrays(np.float64, (3, 4, 5), elements=st.floats(0, 10))
slopes = hnp.arrays(np.float64, (3, 4, 5), elements=st.floats(-3, 3).filter(lambda g: g == 0 or abs(g) > 1e-3))


@settings(deadline=None, max_examples=40)
@given(maps, slopes)
@pytest.mark.parametrize("method", METHODS)
def test_any_activation_and_gradient_give_the_naive_map_in_the_range(method, activation, gradient):
    found = class_values(activation, gradient, method)
    assert found.shape == (4, 5)
    assert found.min() >= 0 and found.max() <= 1
    assert found.max() in (0, 1)
    assert (grad_cam_plus_plus_weights(activation, gradient) >= 0).all()
    if method == "gradcam++" or np.tensordot(gradient.mean((1, 2)), activation, axes=1).max() > 1e-6:  # below it, rounding decides the sign
        np.testing.assert_allclose(found, naive_map(activation, gradient, method), atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(maps, slopes, st.floats(0.01, 100))
def test_grad_cam_does_not_change_with_the_scale_of_the_score(activation, gradient, scale):
    weights = grad_cam_weights(activation, gradient)
    np.testing.assert_allclose(grad_cam_weights(activation, scale * gradient), scale * weights, rtol=1e-9, atol=1e-12)
    raw = np.tensordot(weights, activation, axes=1).max()
    if raw > 1e-6:  # below it, rounding decides the sign
        expected = class_values(activation, gradient, "gradcam")
        np.testing.assert_allclose(class_values(activation, scale * gradient, "gradcam"), expected, atol=1e-5)


def test_grad_cam_of_a_network_does_not_change_with_the_scale_of_its_scores():
    given, face = predictor(), random_face()
    before = explain(given, face, target=1, method="gradcam")
    with torch.no_grad():
        given.model.score_weights.mul_(7)
        given.model.body["scores"][-1].bias.mul_(7)
    after = explain(given, face, target=1, method="gradcam")
    for layer, cam in before.cams.items():
        assert not cam.blank
        np.testing.assert_allclose(after.cams[layer].map, cam.map, atol=1e-4)


def test_grad_cam_plus_plus_changes_with_the_scale_of_the_score():
    # The first map is active everywhere, the second in one place. Equal gradients: a small score weighs both alike, a
    # large one divides each by its sum, so that the second gains.
    activation = np.zeros((2, 2, 2))
    activation[0], activation[1, 0, 0] = 1, 1
    gradient = np.ones((2, 2, 2))
    small, large = (class_values(activation, scale * gradient, "gradcam++") for scale in (1e-6, 1e6))
    # w = 4 / 2 each: [[2, 1], [1, 1]] / 2;  w = (4 / 4, 4 / 1): [[5, 1], [1, 1]] / 5
    np.testing.assert_allclose(small, [[1, 0.5], [0.5, 0.5]], atol=1e-5)
    np.testing.assert_allclose(large, [[1, 0.2], [0.2, 0.2]], atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(maps, slopes, hnp.arrays(np.float64, (3, 1, 1), elements=st.floats(0.1, 10)))
def test_grad_cam_plus_plus_does_not_change_with_the_scale_of_a_channel(activation, gradient, scale):
    expected = class_values(activation, gradient, "gradcam++")
    np.testing.assert_allclose(class_values(scale * activation, gradient / scale, "gradcam++"), expected, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_maps_do_not_change_when_a_constant_is_added_to_the_scores(method):
    given, face = predictor(), random_face()
    before = explain(given, face, target=1, method=method)
    with torch.no_grad():
        given.model.body["scores"][-1].bias.add_(50)
    after = explain(given, face, target=1, method=method)
    np.testing.assert_allclose(after.scores, before.scores + 50, atol=1e-4)
    for layer, cam in before.cams.items():
        np.testing.assert_allclose(after.cams[layer].map, cam.map, atol=1e-5)


def test_gradients_too_small_for_their_cube_still_count():
    activation, gradient = np.ones((1, 2, 2), np.float32), np.full((1, 2, 2), 1e-25, np.float32)
    assert grad_cam_plus_plus_weights(activation, gradient)[0] == pytest.approx(2e-25)
    np.testing.assert_array_equal(class_values(activation, gradient), np.ones((2, 2)))


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_that_speaks_against_the_class_alone_gives_a_map_of_zeros(method):
    given = hand_made_predictor()
    with torch.no_grad():
        given.model.score_weights.copy_(-given.model.score_weights.abs())
    cam = explain(given, hand_made_face(), target="happy", method=method).cams["conv1"]
    assert cam.blank and cam.peak is None
    np.testing.assert_array_equal(cam.map, np.zeros((48, 48)))
    np.testing.assert_array_equal(cam.map_48, np.zeros((48, 48)))


def test_weights_of_maps_that_are_negative_in_places_have_no_pole():
    activation, gradient = np.array([[[-3.0, 1.0]]]), np.array([[[1.0, 1.0]]])
    # sum(A) is that of what is positive, 1: each position gives 1 / (2 + 1).
    np.testing.assert_allclose(grad_cam_plus_plus_weights(activation, gradient), [2 / 3])


# --- where positions lie ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "stride"), [*((name, 1) for name in NETWORKS), ("res8", 1), ("res8", 2)])
def test_a_position_is_centred_on_the_pixels_that_it_sees(network, stride):
    config = dataclasses.replace(registry.entry(network).config, hidden=(), norm="none", stride=stride)
    config = dataclasses.replace(config, widths=(1,) * len(config.widths))
    model = ConvNet(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.1)  # every pixel seen has its part in the result
    for name, module in model.body.items():
        if isinstance(module, torch.nn.MaxPool2d):  # passes one pixel of a window on; an average sees all of the same window
            model.body[name] = torch.nn.AvgPool2d(module.kernel_size, module.stride)
    face = torch.ones(1, 1, 256, 256, requires_grad=True)  # large, so that the windows in its middle are not cut
    grids = conv_grids(config, model.stages)
    for name, output in model.run(face):
        if name in grids:
            index = output.shape[-1] // 2
            seen = torch.autograd.grad(output[0, 0, index, index], face, retain_graph=True)[0][0, 0].sum(0).nonzero().flatten()
            assert (seen[0] + seen[-1]) / 2 == grids[name].centre(index)
        if name == list(grids)[-1]:
            break


def test_a_map_is_spread_between_its_centres_and_not_over_the_border():
    # Positions at pixels 2 and 4 of 6: constant outside, halfway between.
    spread = Grid(side=2, offset=2.0, step=2).spread(np.array([[0.0, 1.0], [0.0, 1.0]]), size=6)
    np.testing.assert_allclose(spread, np.tile([0, 0, 0, 0.5, 1, 1], (6, 1)))


def test_the_peak_lies_at_the_bright_spot_of_a_face():
    face = np.zeros((48, 48), np.uint8)
    face[30:33, 12:15] = 255
    given = hand_made_predictor()
    with torch.no_grad():
        given.model.score_weights[3] = torch.tensor([1.0] * 4 + [0.0] * 4)
    row, column = explain(given, face, target="happy").cams["conv1"].peak
    assert 30 <= row <= 32 and 12 <= column <= 14


def test_the_default_layer_has_eight_positions_or_more():
    found = {name: default_layer(stages(registry.entry(name).config)) for name in NETWORKS}
    assert found == {"net2": "conv2", "net5": "conv5", "net12": "conv9"}
    shrinking = NetworkConfig(widths=(2, 2, 2, 2), pool_after=(1, 2, 3), pool_kernel=2, average_pool=1)  # 48, 24, 12, 6
    assert default_layer(stages(shrinking)) == "conv3"
    assert default_layer(stages(NetworkConfig(widths=(2, 2, 2), pool_after=(2,), average_pool=1), size=7)) == "conv2"  # 7, 7, 3
