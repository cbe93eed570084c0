"""Runs that are trained in a second."""

from fer_engine.experiments import lab
from fer_engine.experiments.spec import CnnSpec, override
from fer_engine.training.hardware import Hardware

ONE_THREAD = Hardware(device="cpu", precision="32-true", threads=1)


def small(**changes) -> CnnSpec:
    """A net of a few filters that learns in a second."""
    base = override(
        lab.recipe("net5"),
        {"network.widths": [4, 4], "network.hidden": [8], "batch_size": 16, "epochs": 4, "sizes": [40, 48], "optimizer.lr": 0.02},
    )
    return override(base, changes)
