"""The training loop: `fit` -> `run_epoch` -> `train_step`, and `validate`."""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric

from fer_engine.data.augment import augment, draw, normalise
from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError
from fer_engine.evaluation.metrics import macro_f1
from fer_engine.experiments.spec import CnnSpec
from fer_engine.models import registry
from fer_engine.models.convnet import ConvNet
from fer_engine.predictors import load_network
from fer_engine.runs import store
from fer_engine.runs.files import write_text
from fer_engine.training.losses import data_loss, head_penalty
from fer_engine.training.optimizers import build_optimizer, learning_rate, set_learning_rate
from fer_engine.training.state import Progress, copy_weights, load_state, save_state

EVALUATION_BATCH = 512


@dataclass(frozen=True)
class EpochRow:
    """A row of `history.csv`. Losses are of the head's own kind; training figures are on augmented faces."""

    epoch: int
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    valid_macro_f1: float
    learning_rate: float
    size: int
    images_per_second: float
    seconds: float


@dataclass(frozen=True)
class Fitted:
    """What training ends with: the chosen epoch's weights, float32 on the CPU, and how it went."""

    weights: dict[str, torch.Tensor]
    progress: Progress


class Listener(Protocol):
    """Who watches a run. `batch` comes often and should be quick."""

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """A step of an epoch (both from 1) is done."""

    def epoch(self, row: EpochRow, epochs: int) -> None:
        """An epoch is done."""


class Silent:
    """A listener that does nothing."""

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Do nothing."""

    def epoch(self, row: EpochRow, epochs: int) -> None:
        """Do nothing."""


@dataclass
class Trainer:
    """What the steps of a run share: network, optimizer, faces on the device."""

    spec: CnnSpec
    fabric: Fabric
    network: ConvNet  # as it is
    model: torch.nn.Module  # as fabric wraps it
    optimizer: torch.optim.Optimizer
    images: torch.Tensor  # uint8 (N, 1, 48, 48)
    labels: torch.Tensor
    valid_images: torch.Tensor
    valid_labels: torch.Tensor


def fit(
    spec: CnnSpec,
    train: FaceSet,
    valid: FaceSet,
    folder: Path,
    fabric: Fabric,
    *,
    start: Path | None = None,
    listener: Listener | None = None,
) -> Fitted:
    """Train a network, or go on where `folder` holds the state of an interrupted run.

    All that is random follows from the seed and the number of the epoch, so that going on gives what an uninterrupted
    run gives.

    Args:
        spec: What to train.
        train: Faces to learn from.
        valid: Faces that choose the epoch.
        folder: The run folder, for history and state.
        fabric: Device and precision.
        start: Weights to start from, instead of fresh ones.
        listener: Is told of every step and epoch.

    Raises:
        FerLabError: Where the loss is no number any more, or the state cannot be written.
    """
    trainer = _prepare(spec, train, valid, fabric, start)
    state, history = folder / store.RESUME, folder / store.HISTORY
    best, progress = load_state(state, fabric, trainer.network, trainer.optimizer) if state.exists() else ({}, Progress())
    rows: list[dict] = pd.read_csv(history).head(progress.epoch).to_dict("records") if progress.epoch else []
    while progress.epoch < spec.epochs and not _out_of_patience(spec, progress):
        row = run_epoch(trainer, progress.epoch, listener or Silent())
        progress.epoch += 1
        progress.seconds += row.seconds
        value = row.epoch if spec.monitor == "last" else getattr(row, spec.monitor)
        if _better(value, progress.best_value, lower=spec.monitor == "valid_loss"):
            best, progress.best_epoch, progress.best_value = copy_weights(trainer.network), row.epoch, value
        rows.append(asdict(row))
        write_text(history, pd.DataFrame(rows).to_csv(index=False, float_format="%.6g"))
        save_state(state, fabric, trainer.network, trainer.optimizer, best, progress)
        if listener:
            listener.epoch(row, spec.epochs)
    return Fitted(best, progress)


def _prepare(spec: CnnSpec, train: FaceSet, valid: FaceSet, fabric: Fabric, start: Path | None) -> Trainer:
    torch.manual_seed(spec.seed)
    network = load_network(spec, start) if start else registry.build(spec.model, spec.config)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model, optimizer = fabric.setup(network, build_optimizer(network, spec.optimizer))

    def on_device(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.array(array, copy=True)).to(fabric.device)

    return Trainer(
        spec=spec,
        fabric=fabric,
        network=network,
        model=model,
        optimizer=optimizer,
        images=on_device(train.images)[:, None],
        labels=on_device(train.labels),
        valid_images=on_device(valid.images)[:, None],
        valid_labels=on_device(valid.labels),
    )


def run_epoch(trainer: Trainer, epoch: int, listener: Listener) -> EpochRow:
    """Train through all faces once (`epoch` counts from 0), then validate."""
    spec, began = trainer.spec, time.perf_counter()
    size = spec.sizes[epoch * len(spec.sizes) // spec.epochs]
    torch.manual_seed(spec.seed * 1_000_003 + epoch)  # dropout
    draws = draw(len(trainer.labels), spec.seed, epoch).to(trainer.images.device)
    loss_sum = torch.zeros((), device=trainer.images.device)
    right = torch.zeros((), device=trainer.images.device)
    batches = list(_batches(trainer, epoch))
    trainer.model.train()
    done = 0
    for step, rows in enumerate(batches):
        rate = learning_rate(spec.schedule, spec.optimizer.lr, (epoch + step / len(batches)) / spec.epochs)
        set_learning_rate(trainer.optimizer, rate)
        faces = augment(normalise(trainer.images[rows]), draws[rows], spec.augment, size)
        loss, scores = train_step(trainer, faces, trainer.labels[rows])
        loss_sum += loss * len(rows)
        right += (scores.argmax(1) == trainer.labels[rows]).sum()
        done += len(rows)
        listener.batch(epoch + 1, step + 1, len(batches), done / (time.perf_counter() - began))
    _refuse_divergence(float(loss_sum), epoch)  # waits for the device, so it stands before the clock
    trained = time.perf_counter() - began
    valid_loss, valid_accuracy, valid_macro_f1 = validate(trainer)
    return EpochRow(
        epoch=epoch + 1,
        train_loss=float(loss_sum) / done,
        train_accuracy=float(right) / done,
        valid_loss=valid_loss,
        valid_accuracy=valid_accuracy,
        valid_macro_f1=valid_macro_f1,
        learning_rate=rate,
        size=size,
        images_per_second=done / trained,
        seconds=time.perf_counter() - began,
    )


def train_step(trainer: Trainer, faces: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """One step down the gradient; returns loss and scores, detached."""
    spec = trainer.spec
    scores = trainer.model(faces.contiguous(memory_format=torch.channels_last))
    loss = data_loss(spec, training=True)(scores.float(), labels)
    if spec.head == "svm":
        loss = loss + head_penalty(trainer.network.score_weights, spec.head_l2)
    trainer.optimizer.zero_grad(set_to_none=True)
    trainer.fabric.backward(loss)
    trainer.optimizer.step()
    return loss.detach(), scores.detach()


@torch.inference_mode()
def validate(trainer: Trainer) -> tuple[float, float, float]:
    """Loss, accuracy and macro F1 on the validation faces, without test-time augmentation."""
    trainer.model.eval()
    parts = [
        trainer.model(normalise(batch).contiguous(memory_format=torch.channels_last)).float()
        for batch in trainer.valid_images.split(EVALUATION_BATCH)
    ]
    scores, labels = torch.cat(parts), trainer.valid_labels
    loss = data_loss(trainer.spec, training=False)(scores, labels)
    answers = scores.argmax(1)
    return float(loss), float((answers == labels).float().mean()), macro_f1(labels.cpu().numpy(), answers.cpu().numpy())


def _batches(trainer: Trainer, epoch: int) -> Iterator[torch.Tensor]:
    """The rows of each batch of an epoch, in an order that follows from the seed."""
    generator = torch.Generator().manual_seed(trainer.spec.seed * 1_000_003 + epoch + 500_000)
    order = torch.randperm(len(trainer.labels), generator=generator).to(trainer.images.device)
    for rows in order.split(trainer.spec.batch_size):
        if len(rows) > 1 or trainer.spec.config.norm == "none":  # a single face has no batch statistics
            yield rows


def _better(value: float, best: float, *, lower: bool) -> bool:
    return math.isnan(best) or (value < best if lower else value > best)


def _out_of_patience(spec: CnnSpec, progress: Progress) -> bool:
    return bool(spec.patience) and progress.epoch - progress.best_epoch >= spec.patience


def _refuse_divergence(loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        raise FerLabError(f"The loss became {loss} in epoch {epoch + 1}: the training diverged. Lower optimizer.lr.")
