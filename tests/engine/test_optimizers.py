"""Optimizers under a scaled loss, as on a GPU without bfloat16."""

import pytest
import torch

from fer_engine.experiments.spec import OptimizerSpec
from fer_engine.training.optimizers import build_optimizer

SGD = OptimizerSpec(name="sgd", lr=0.1, momentum=0.9, nesterov=True)


@pytest.mark.parametrize(
    "spec", [SGD, OptimizerSpec(name="adamw", lr=0.1), OptimizerSpec(name="adadelta", lr=1.0)], ids=lambda spec: spec.name
)
def test_a_first_step_that_overflows_leaves_nothing_behind(spec):
    torch.manual_seed(0)
    models = [torch.nn.Linear(3, 2) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    optimizers = [build_optimizer(model, spec, scaled=True) for model in models]
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    junk = [torch.full((2, 3), 777.0) for _ in range(50)]  # what freed memory holds
    del junk
    scaler.scale(models[0](torch.full((1, 3), torch.inf)).sum()).backward()
    scaler.step(optimizers[0])
    scaler.update()
    for model, optimizer in zip(models, optimizers, strict=True):
        optimizer.zero_grad()
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
    for left_out, never in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(left_out, never)


def test_sgd_is_fused_where_nothing_is_scaled():
    assert build_optimizer(torch.nn.Linear(3, 2), SGD).defaults["fused"]
    assert not build_optimizer(torch.nn.Linear(3, 2), SGD, scaled=True).defaults["fused"]
