"""The moving average of the weights, against values worked out by hand, and what a run keeps of it."""

from dataclasses import replace

import pytest
import torch
from small_runs import ONE_THREAD, small

from fer_engine.errors import FerLabError
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig
from fer_engine.training import fit
from fer_engine.training.averaging import WeightAverage
from fer_engine.training.device import open_fabric
from fer_engine.training.run import prepare, train_run

CONFIG = NetworkConfig(widths=(2,), pool_after=(1,), average_pool=1, hidden=(), dropout=0)


def set_all(network: torch.nn.Module, value: float) -> None:
    for tensor in network.state_dict().values():
        tensor.fill_(value)


def test_average_of_three_steps_worked_out_by_hand():
    network = registry.build("net5", CONFIG)
    set_all(network, 0.0)
    average = WeightAverage(network, 0.5)
    for step, value in enumerate((1.0, 2.0, 4.0)):
        set_all(network, value)
        average.update(step)
    # Decays (1 + step) / (10 + step): 0.1, 2/11, 0.25, all below 0.5. 0.9; 2/11 * 0.9 + 9/11 * 2 = 1.8; 0.25 * 1.8 + 0.75 * 4 = 3.45.
    for name, tensor in average.network.state_dict().items():
        if tensor.is_floating_point():  # weights and running statistics alike
            assert tensor.flatten()[0].item() == pytest.approx(3.45), name


def test_decay_is_never_above_what_is_asked_for():
    network = registry.build("net5", CONFIG)
    set_all(network, 0.0)
    average = WeightAverage(network, 0.5)
    set_all(network, 1.0)
    average.update(step=10_000)
    assert average.network.score_weights.flatten()[0].item() == pytest.approx(0.5)


def test_average_follows_the_weights_and_does_not_share_them():
    network = registry.build("net5", CONFIG)
    average = WeightAverage(network, 0.5)
    before = average.network.score_weights.clone()
    network.score_weights.data.add_(1)
    assert torch.equal(average.network.score_weights, before)
    assert not average.network.training
    assert not any(parameter.requires_grad for parameter in average.network.parameters())


def test_run_keeps_the_average_and_is_validated_by_it(noise_faces):
    spec = replace(small(monitor="last"), average=0.9)
    train, valid = noise_faces.part("Training"), noise_faces.part("PublicTest")
    trainer = fit.prepare_trainer(spec, train, valid, open_fabric(ONE_THREAD))
    row = fit.run_epoch(trainer, 0, fit.Silent())
    assert trainer.kept is not trainer.network
    assert fit.validate(trainer)[0] == row.valid_loss
    trainer.average = None
    assert fit.validate(trainer)[0] != row.valid_loss
    plain = train_run(prepare(small(monitor="last"), noise_faces, "plain"), noise_faces, ONE_THREAD)
    averaged = train_run(prepare(spec, noise_faces, "averaged"), noise_faces, ONE_THREAD)
    assert plain.history()["train_loss"].equals(averaged.history()["train_loss"]), "what is learnt is the same"
    assert not plain.history()["valid_loss"].equals(averaged.history()["valid_loss"])


def test_decay_that_is_none_is_a_sentence():
    with pytest.raises(FerLabError, match="average is 1.0; it is a share"):
        small(average=1)
