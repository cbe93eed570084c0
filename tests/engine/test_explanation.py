import copy
import json
import threading

import numpy as np
import pytest
import torch
from explained import METHODS, NETWORKS, SOFTMAX, SVM, SYMMETRIC, predictor, random_face

from fer_engine.errors import FerLabError
from fer_engine.explain.explanation import explain
from fer_engine.labels import NAMES
from fer_engine.predictors import Predictor

# --- mirror images ----------------------------------------------------------------------------------------------------


def mirrored(given):
    """The predictor whose every kernel is mirrored: it sees in a mirror image what the other sees in the face."""
    result = copy.deepcopy(given)
    with torch.no_grad():
        for module in result.model.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.copy_(module.weight.flip(-1))
        first = result.model.body["fc1"][1]
        side = next(stage.side for stage in reversed(result.model.stages) if stage.kind in ("average", "pool"))
        first.weight.copy_(first.weight.view(len(first.weight), -1, side, side).flip(-1).flatten(1))
    return result


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("config", [SYMMETRIC, "net2"], ids=["padded", "net2"])
def test_a_mirrored_network_gives_the_mirrored_map_of_a_mirrored_face(config, method):
    given, face = predictor(config), random_face()
    straight = explain(given, face, target=5, method=method)
    other = explain(mirrored(given), face[:, ::-1], target=5, method=method)
    np.testing.assert_allclose(other.scores, straight.scores, atol=1e-4)
    assert any(not np.allclose(cam.map, cam.map[:, ::-1], atol=0.01) for cam in straight.cams.values())
    for layer, cam in straight.cams.items():
        np.testing.assert_allclose(other.cams[layer].map, cam.map[:, ::-1], atol=1e-3)
        np.testing.assert_allclose(other.cams[layer].map_48, cam.map_48[:, ::-1], atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_with_flip_at_test_time_a_face_and_its_mirror_image_have_mirrored_maps(method):
    given, face = predictor(tta="flip"), random_face()
    straight, other = (explain(given, view, target=5, method=method) for view in (face, face[:, ::-1]))
    for layer, cam in straight.cams.items():
        np.testing.assert_allclose(other.cams[layer].map, cam.map[:, ::-1], atol=1e-4)


# --- what explain gives -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("calibration", [SOFTMAX, SVM], ids=["softmax", "svm"])
@pytest.mark.parametrize("tta", ["none", "flip"])
@pytest.mark.parametrize("network", NETWORKS)
def test_every_convolution_of_every_network_is_explained(network, tta, calibration):
    given, face = predictor(network, tta=tta, calibration=calibration), random_face()
    explanation = explain(given, face)
    np.testing.assert_allclose(explanation.scores, given.scores(face[None])[0], atol=1e-5)
    np.testing.assert_allclose(explanation.probabilities, given.probabilities(face[None])[0], atol=1e-5)
    assert explanation.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert explanation.predicted == explanation.target == NAMES[given.scores(face[None])[0].argmax()]
    assert list(explanation.activations) == [stage.name for stage in given.model.stages]
    convolutions = [stage for stage in given.model.stages if stage.kind == "conv"]
    assert list(explanation.cams) == [stage.name for stage in convolutions]
    for stage, cam in zip(convolutions, explanation.cams.values(), strict=True):
        assert cam.map.shape == (stage.side, stage.side) and cam.resolution == stage.side
        assert cam.map_48.shape == (48, 48)
        assert cam.map.max() == 1 and cam.map.min() >= 0
        assert cam.map_48.min() >= 0 and cam.map_48.max() <= 1
        row, column = cam.peak
        assert cam.map_48[row, column] > 0


def test_targets_are_names_or_labels_and_change_the_map():
    given, face = predictor(), random_face()
    by_name, by_label = explain(given, face, target="sad"), explain(given, face, target=np.int64(4))
    assert explain(given, face, target="4").target == "sad", "as a terminal gives it"
    other = explain(given, face, target="happy")
    assert by_name.target == by_label.target == "sad"
    assert by_name.predicted == other.predicted
    np.testing.assert_array_equal(by_name.cams["conv3"].map, by_label.cams["conv3"].map)
    assert not np.allclose(by_name.cams["conv3"].map, other.cams["conv3"].map, atol=0.01)


def test_layers_asked_for_alone_have_maps_and_these_are_the_same():
    given, face = predictor(), random_face()
    everything, some = explain(given, face), explain(given, face, layers=["conv2", "conv1"])
    assert list(some.cams) == ["conv1", "conv2"]
    assert (everything.default_layer, some.default_layer) == ("conv3", "conv2")
    for layer, cam in some.cams.items():
        np.testing.assert_allclose(cam.map, everything.cams[layer].map, atol=1e-6)


def test_the_same_face_is_explained_in_the_same_way():
    given, face = predictor("net5", tta="flip"), random_face()
    first, second = explain(given, face), explain(given, face)
    for layer, cam in first.cams.items():
        np.testing.assert_array_equal(cam.map, second.cams[layer].map)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"target": "bored"}, "There is no emotion 'bored'. The emotions are angry, disgust, fear, happy, sad, surprise, neutral"),
        ({"target": 7}, "There is no emotion '7'."),
        ({"layers": ["pool1"]}, "'pool1' is no convolutional layer of this network. Class activation maps can be made for conv1, "),
        ({"layers": []}, "No layer is named."),
        ({"method": "cam"}, "There is no method 'cam' for class activation maps; there are gradcam++ and gradcam."),
    ],
)
def test_what_cannot_be_explained_is_refused_with_a_sentence(arguments, sentence):
    with pytest.raises(FerLabError) as error:
        explain(predictor(), random_face(), **arguments)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("face", [np.zeros((48, 48)), np.zeros((1, 48, 48), np.uint8)])
def test_what_is_no_face_is_refused_with_a_sentence(face):
    with pytest.raises(FerLabError, match="A face to explain is 48x48 pixels of 8 bits, not"):
        explain(predictor(), face)


def test_a_model_without_layers_is_refused_with_a_sentence():
    class Machine(Predictor):
        def scores(self, faces):
            return np.zeros((len(faces), 7), np.float32)

    with pytest.raises(FerLabError, match="Only networks have layers to explain"):
        explain(Machine(), random_face())


def test_numbers_become_json():
    tree = explain(predictor(), random_face(), layers=["conv2"]).to_dict()
    assert json.loads(json.dumps(tree, allow_nan=False)) == json.loads(json.dumps(tree))
    assert list(tree["probabilities"]) == list(NAMES)
    by_name = {layer["name"]: layer for layer in tree["layers"]}
    assert by_name["conv2"]["shape"] == [6, 24, 24] and by_name["conv2"]["cam_resolution"] == 24
    assert by_name["conv1"]["cam_resolution"] is None and by_name["scores"]["concentration"] is None


# --- no trace ---------------------------------------------------------------------------------------------------------


def state(model):
    return {
        "training": [module.training for module in model.modules()],
        "requires_grad": [parameter.requires_grad for parameter in model.parameters()],
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules()],
        "grad": [None if parameter.grad is None else parameter.grad.clone() for parameter in model.parameters()],
        "values": [value.clone() for value in model.state_dict().values()],
    }


def assert_same(before, after):
    for key, values in before.items():
        for old, new in zip(values, after[key], strict=True):
            assert torch.equal(old, new) if isinstance(old, torch.Tensor) else old == new


def break_layer(model, name):
    def fail(_):
        raise RuntimeError("broken on purpose")

    model.body[name].forward = fail


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("with_gradients", [False, True])
@pytest.mark.parametrize("broken", [False, True])
def test_explaining_leaves_no_trace_on_the_model(training, with_gradients, broken):
    given, face = predictor(tta="flip"), random_face()
    model = given.model
    if with_gradients:
        model(torch.randn(2, 1, 48, 48)).sum().backward()
    model.train(training)
    model.body["conv2"].eval()  # a mixture of modes has to come back as it was
    next(model.parameters()).requires_grad_(False)
    if broken:
        break_layer(model, "conv3")
    before = state(model)
    if broken:
        with pytest.raises(RuntimeError, match="on purpose"):
            explain(given, face)
    else:
        explain(given, face)
    assert_same(before, state(model))
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_a_model_in_training_mode_is_explained_in_evaluation_mode():
    given, face = predictor("net5"), random_face()
    expected = explain(given, face).scores
    given.model.train()
    np.testing.assert_array_equal(explain(given, face).scores, expected)


def test_frozen_models_and_callers_without_gradients_are_explained_too():
    given, face = predictor(), random_face()
    expected = explain(given, face).cams["conv1"].map
    given.model.requires_grad_(False)
    with torch.inference_mode():
        np.testing.assert_array_equal(explain(given, face).cams["conv1"].map, expected)
        assert torch.is_inference_mode_enabled()
    with torch.no_grad():
        np.testing.assert_array_equal(explain(given, face).cams["conv1"].map, expected)


def test_threads_share_a_model():
    given = predictor(tta="flip")
    faces = [random_face(seed) for seed in range(4)]
    expected = [explain(given, face) for face in faces]
    found, failures = {}, []

    def work(number):
        try:
            for _ in range(3):
                found[number] = explain(given, faces[number])
                given.scores(faces[number][None])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(faces))]
    with torch.inference_mode():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    for number, explanation in found.items():
        np.testing.assert_allclose(explanation.cams["conv2"].map, expected[number].cams["conv2"].map, atol=1e-5)
