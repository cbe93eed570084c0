"""What a result was measured on."""

import platform
from importlib.metadata import version

import torch

from fer_engine.evaluation.manifest import processor
from fer_engine.training.device import best_precision
from fer_engine.training.neighbour import cores


def machine() -> str:
    """Processor, cores, precision and versions, in a line."""
    precision = best_precision("cpu")
    return f"{processor()}, {cores()} cores, {precision}, torch {version('torch')}, Python {platform.python_version()}"


def threads() -> int:
    """Threads of torch, as many as there are cores."""
    torch.set_num_threads(cores())
    return cores()
