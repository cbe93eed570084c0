"""What an unfinished run needs to go on, in one file that is replaced whole: safetensors, never a pickle."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from safetensors import safe_open
from safetensors.torch import save

from fer_engine.runs.files import write_bytes


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        epoch: Finished epochs.
        best_epoch: The epoch (from 1) whose weights are kept so far; 0 before the first.
        best_value: Its `monitor`.
        seconds: Training time so far.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_value: float = float("nan")
    seconds: float = 0.0


def copy_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of all weights and running statistics, on the CPU."""
    return {name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in model.state_dict().items()}


def save_state(
    path: Path,
    fabric: Fabric,
    networks: Mapping[str, torch.nn.Module],
    optimizer: torch.optim.Optimizer,
    best: dict[str, torch.Tensor],
    progress: Progress,
) -> None:
    """Write everything to one file; of the precision, the loss scale of half precision. Networks by their name in it."""
    tensors = {f"{part}.{name}": tensor for part, network in networks.items() for name, tensor in copy_weights(network).items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    for index, entries in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value.detach().cpu().contiguous() for key, value in entries.items() if value is not None}
    precision = json.dumps(fabric.strategy.precision.state_dict())
    write_bytes(path, save(tensors, metadata={"progress": json.dumps(asdict(progress)), "precision": precision}))


def load_state(
    path: Path, fabric: Fabric, networks: Mapping[str, torch.nn.Module], optimizer: torch.optim.Optimizer
) -> tuple[dict[str, torch.Tensor], Progress]:
    """Put precision, networks and optimizer where they were; returns the best weights so far and the progress."""
    weights: dict[str, dict[str, torch.Tensor]] = {part: {} for part in (*networks, "best")}
    entries: dict[int, dict[str, torch.Tensor]] = {}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    with safe_open(path, framework="pt") as file:
        progress = Progress(**json.loads(file.metadata()["progress"]))
        if precision := json.loads(file.metadata()["precision"]):
            fabric.strategy.precision.load_state_dict(precision)
        for key in file.keys():  # noqa: SIM118 (safe_open is no mapping)
            part, name = key.split(".", 1)
            if part != "optimizer":
                weights[part][name] = file.get_tensor(key)
                continue
            index, field = name.split(".")
            tensor, parameter = file.get_tensor(key), parameters[int(index)]
            if tensor.shape == parameter.shape and tensor.ndim:  # in the parameter's own layout, as before
                tensor = torch.empty_like(parameter).copy_(tensor)
            entries.setdefault(int(index), {})[field] = tensor
    for part, network in networks.items():
        network.load_state_dict(weights[part])
    optimizer.load_state_dict({"state": entries, "param_groups": optimizer.state_dict()["param_groups"]})
    return weights["best"], progress
