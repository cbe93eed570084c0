"""What a result was measured on."""

import platform
from importlib.metadata import version

import torch

from fer_engine import settings
from fer_engine.data.faceset import FaceSet
from fer_engine.data.source import open_data
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


def faces_at_hand(drawn: int) -> FaceSet:
    """The data set that is named, or as many drawn faces where none is; its name is printed.

    Raises:
        FerLabError: Where what is named cannot be read.
    """
    faces = (open_data() if settings.data_path() else open_data(f"synthetic:{drawn}")).faces
    print(f"# faces of '{faces.name}'")
    return faces
