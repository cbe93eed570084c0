"""The whole zoo: shapes, gradients, saving and loading, and the paper's layers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig, stages
from fer_engine.predictors import load_network, network_scores, save_weights
from fer_engine.training.state import copy_weights

ZOO = registry.names()


@pytest.fixture(params=ZOO)
def name(request) -> str:
    return request.param


def test_stages_say_the_shapes_and_parameters_that_the_network_has(name):
    model = registry.build(name).eval()
    outputs = model.activations(torch.zeros(2, 1, 48, 48))
    assert tuple(outputs) == tuple(stage.name for stage in model.stages)
    for stage in model.stages:
        maps = (stage.side, stage.side) if stage.kind in ("conv", "pool", "average") else ()
        assert outputs[stage.name].shape == (2, stage.channels, *maps)
        parts = [model.body[stage.name]] + ([model.shortcuts[stage.name]] if stage.name in model.shortcuts else [])
        assert sum(p.numel() for part in parts for p in part.parameters()) == stage.parameters
    assert torch.equal(outputs["scores"], model(torch.zeros(2, 1, 48, 48)))


def test_every_parameter_gets_a_gradient(name):
    torch.manual_seed(0)
    model = registry.build(name)
    torch.nn.functional.cross_entropy(model(torch.randn(8, 1, 48, 48)), torch.arange(8) % 7).backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


def test_saved_and_loaded_network_gives_identical_scores(name, tmp_path):
    torch.manual_seed(0)
    model = registry.build(name)
    model(torch.randn(16, 1, 48, 48))  # moves the running statistics off their start
    spec = CnnSpec(model=name)
    save_weights(copy_weights(model), tmp_path / "a.safetensors")
    loaded = load_network(spec, tmp_path / "a.safetensors")
    save_weights(copy_weights(loaded), tmp_path / "b.safetensors")
    again = load_network(spec, tmp_path / "b.safetensors")
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    assert np.array_equal(network_scores(loaded, faces, "flip"), network_scores(again, faces, "flip"))


def test_flip_at_test_time_makes_mirrored_faces_equal(name):
    model = registry.build(name).eval()
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48), dtype=np.uint8)
    mirrored = np.ascontiguousarray(faces[:, :, ::-1])
    assert np.allclose(network_scores(model, faces, "flip"), network_scores(model, mirrored, "flip"), atol=1e-6)


def test_no_faces_give_no_scores(name):
    assert network_scores(registry.build(name).eval(), np.zeros((0, 48, 48), np.uint8), "none").shape == (0, 7)


@pytest.mark.parametrize(
    ("name", "widths", "kernel", "hidden", "dropout", "pools"),
    [
        ("net2", (32, 64), 5, (2048, 128), 0.3, (2, 2)),
        ("net5", (64, 64, 64, 128, 128), 3, (1024, 512), 0.4, (3, 2)),
        ("net12", (32, 32, 64, 64, 128, 128, 256, 256, 256), 3, (256, 256), 0.4, (3, 2)),
    ],
)
def test_networks_have_the_papers_layers(name, widths, kernel, hidden, dropout, pools):
    config = registry.entry(name).config
    assert (config.widths, config.kernel, config.hidden, config.dropout) == (widths, kernel, hidden, dropout)
    assert (config.pool_kernel, config.pool_stride) == pools


def test_network_of_twelve_layers_has_nine_convolutions_and_three_fully_connected():
    kinds = [stage.kind for stage in stages(registry.entry("net12").config)]
    assert kinds.count("conv") == 9
    assert kinds.count("fc") + kinds.count("scores") == 3


@pytest.mark.parametrize("depth", [2, 3, 4, 5, 7, 9])
@pytest.mark.parametrize("hidden", [(), (16,), (16, 8, 8)])
def test_depth_and_hidden_layers_are_parameters(depth, hidden):
    model = registry.build("net5", replace(registry.entry("net5").config, widths=(4,) * depth, hidden=hidden, norm="none"))
    assert model(torch.zeros(2, 1, 48, 48)).shape == (2, 7)
    assert sum(stage.kind == "conv" for stage in model.stages) == depth


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_shortcut_adds_what_went_into_its_first_convolution(norm):
    torch.manual_seed(0)
    config = NetworkConfig(widths=(4, 4, 6, 6), pool_after=(2,), shortcuts=((2, 2), (3, 4)), norm=norm)
    model = registry.build("net5", config).eval()
    found = model.activations(torch.randn(2, 1, 48, 48))
    assert torch.allclose(found["conv2"], model.body["conv2"](found["conv1"]) + found["conv1"])
    assert torch.allclose(found["conv4"], model.body["conv4"](found["conv3"]) + model.shortcuts["conv4"](found["pool2"]))
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters == sum(stage.parameters for stage in model.stages)


@pytest.mark.parametrize(
    ("shortcuts", "unpadded", "sentence"),
    [
        (((1, 2),), 0, "among convolutions 2 to 4"),
        (((3, 4), (4, 4)), 0, "one after the other"),
        (((2, 5),), 0, "among convolutions 2 to 4"),
        (((2, 2),), 2, "leave unpadded convolutions and poolings outside"),
        (((2, 3),), 0, "leave unpadded convolutions and poolings outside"),
    ],
)
def test_shortcut_that_cannot_be_is_refused(shortcuts, unpadded, sentence):
    with pytest.raises(FerLabError, match=sentence):
        NetworkConfig(widths=(4,) * 4, pool_after=(2,), shortcuts=shortcuts, unpadded=unpadded)


@pytest.mark.parametrize("size", [36, 40, 48, 64])
def test_networks_that_average_take_faces_of_any_size(size):
    assert registry.build("net12").eval()(torch.zeros(1, 1, size, size)).shape == (1, 7)


def test_network_in_which_nothing_is_left_is_refused():
    with pytest.raises(FerLabError, match=r"nothing of a face of 48 pixels is left at conv4"):
        stages(NetworkConfig(widths=(4,) * 9, unpadded=9, kernel=5, pool_after=(1, 2)))


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="registered already"):
        registry.register("net2", "again", registry.entry("net2").config)
