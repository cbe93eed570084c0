"""The training loop: `fit` -> `run_epoch` -> `train_step`, and `validate`."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric

from fer_engine.data.augment import augment, draw, normalise
from fer_engine.data.faceset import FaceSet
from fer_engine.evaluation.metrics import macro_f1
from fer_engine.experiments.spec import CnnSpec
from fer_engine.models import registry
from fer_engine.models.convnet import ConvNet
from fer_engine.predictors import load_network
from fer_engine.runs import store
from fer_engine.runs.files import write_text
from fer_engine.training.averaging import WeightAverage
from fer_engine.training.device import by_the_first
from fer_engine.training.faults import damage_explained, explained, refuse_divergence
from fer_engine.training.losses import head_penalty, mean_loss
from fer_engine.training.optimizers import build_optimizer, learning_rate, set_learning_rate
from fer_engine.training.state import Progress, copy_weights, load_state, save_state
from fer_engine.training.targets import epoch_order, face_weights, targets

EVALUATION_BATCH = 512
COMPILER = "inductor"
_LOOK_EVERY = 25  # steps between two looks at the loss on a device that a look makes wait


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

    def measuring(self) -> None:
        """Training is over; what was saved is measured."""


class Silent:
    """A listener that does nothing."""

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Do nothing."""

    def epoch(self, row: EpochRow, epochs: int) -> None:
        """Do nothing."""

    def measuring(self) -> None:
        """Do nothing."""


@dataclass
class Trainer:
    """What the steps of a run share: network, optimizer, faces on the device.

    With more than one device each holds all faces, and takes of every batch its own share.
    """

    spec: CnnSpec
    fabric: Fabric
    network: ConvNet  # as it is
    model: torch.nn.Module  # as fabric wraps it
    optimizer: torch.optim.Optimizer
    images: torch.Tensor  # uint8 (N, 1, 48, 48)
    labels: torch.Tensor
    targets: torch.Tensor  # what the faces are taught as: the labels, or shares of the emotions (N, 7)
    weights: torch.Tensor | None  # what each face counts for
    valid_images: torch.Tensor
    valid_labels: torch.Tensor
    average: WeightAverage | None = None  # what is validated and kept instead of the weights themselves

    @property
    def kept(self) -> ConvNet:
        """The network that is validated, and whose weights are kept."""
        return self.average.network if self.average else self.network

    @property
    def learning(self) -> Mapping[str, torch.nn.Module]:
        """The networks that going on needs, by the name that an unfinished run's file has for them."""
        return {"model": self.network} | ({"average": self.average.network} if self.average else {})


def fit(
    spec: CnnSpec,
    train: FaceSet,
    valid: FaceSet,
    folder: Path,
    fabric: Fabric,
    *,
    start: Path | None = None,
    listener: Listener | None = None,
    compiled: bool = False,
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
        compiled: Whether torch.compile fuses the network's operations.

    Raises:
        FerLabError: Where the loss is no number any more, memory ends, or the state cannot be written.
    """
    with explained(spec):
        trainer = prepare_trainer(spec, train, valid, fabric, start, compiled)
        return _fit(trainer, folder, listener if listener is not None else Silent())


def _fit(trainer: Trainer, folder: Path, listener: Listener) -> Fitted:
    spec, fabric = trainer.spec, trainer.fabric
    state, history = folder / store.RESUME, folder / store.HISTORY
    best, progress, rows = _so_far(trainer, state, history) if state.exists() else ({}, Progress(), [])
    while progress.epoch < spec.epochs and not _out_of_patience(spec, progress):
        row = run_epoch(trainer, progress.epoch, listener)
        progress.epoch += 1
        progress.seconds += row.seconds
        value = row.epoch if spec.monitor == "last" else getattr(row, spec.monitor)
        if _better(value, progress.best_value, lower=spec.monitor == "valid_loss"):
            best, progress.best_epoch, progress.best_value = copy_weights(trainer.kept), row.epoch, value
        rows.append(asdict(row))
        with by_the_first(fabric) as first:
            if first:
                write_text(history, pd.DataFrame(rows).to_csv(index=False, float_format="%.6g"))
                save_state(state, fabric, trainer.learning, trainer.optimizer, best, progress)
        listener.epoch(row, spec.epochs)
    return Fitted(best, progress)


def _so_far(trainer: Trainer, state: Path, history: Path) -> tuple[dict[str, torch.Tensor], Progress, list[dict]]:
    """Put network and optimizer where an interrupted run left them; its best weights, how far it is, and its epochs."""
    with damage_explained(state):
        best, progress = load_state(state, trainer.fabric, trainer.learning, trainer.optimizer)
        rows = store.read_history(history).head(progress.epoch).to_dict("records")
        if len(rows) < progress.epoch:
            raise ValueError(f"{history.name} lacks epoch {len(rows) + 1}")
    return best, progress, rows


def prepare_trainer(
    spec: CnnSpec, train: FaceSet, valid: FaceSet, fabric: Fabric, start: Path | None = None, compiled: bool = False
) -> Trainer:
    """Network, optimizer and faces, on the device."""
    torch.manual_seed(spec.seed)
    network = load_network(spec, start) if start else registry.build(spec.model, spec.config)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network = synchronised(network, fabric.world_size, fabric.device)
    if spec.learns == "head":
        freeze_below_scores(network)
    optimizer = build_optimizer(network, spec.optimizer, scaled=fabric._precision.precision == "16-mixed")
    fused = cast(torch.nn.Module, torch.compile(network, backend=COMPILER)) if compiled else network
    model, optimizer = fabric.setup(fused, optimizer)
    average = WeightAverage(network, spec.average) if spec.average else None

    weights = face_weights(spec, train)

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
        targets=on_device(targets(spec, train)),
        weights=None if weights is None else on_device(weights),
        valid_images=on_device(valid.images)[:, None],
        valid_labels=on_device(valid.labels),
        average=average,
    )


def synchronised(network: ConvNet, devices: int, device: torch.device) -> ConvNet:
    """The network, whose batch statistics are those of all GPUs together where there are several."""
    several = devices > 1 and device.type == "cuda"  # processes on the CPU keep their own: torch knows none for them
    return torch.nn.SyncBatchNorm.convert_sync_batchnorm(network) if several else network


def freeze_below_scores(network: ConvNet) -> None:
    """Let nothing learn but the scores."""
    network.requires_grad_(False)
    network.body["scores"].requires_grad_(True)


def set_to_train(trainer: Trainer) -> None:
    """Have the network in training; layers that do not learn keep their statistics, and drop nothing."""
    trainer.model.train(trainer.spec.learns == "all")


def run_epoch(trainer: Trainer, epoch: int, listener: Listener) -> EpochRow:
    """Train through all faces once (`epoch` counts from 0), then validate."""
    spec, fabric, began = trainer.spec, trainer.fabric, time.perf_counter()
    size = spec.sizes_by_epoch[epoch]
    torch.manual_seed(spec.seed * 1_000_003 + epoch + 7_000_003 * fabric.global_rank)  # dropout
    draws = draw(len(trainer.labels), spec.seed, epoch).to(fabric.device)
    totals = torch.zeros(2, device=fabric.device)  # of losses, of right answers
    batches = list(_batches(trainer, epoch))
    look = look_every(fabric.device)
    set_to_train(trainer)
    done = 0
    for step, (rows, drawn) in enumerate(batches):
        rate = learning_rate(spec.schedule, spec.optimizer.lr, (epoch + step / len(batches)) / spec.epochs)
        set_learning_rate(trainer.optimizer, rate)
        totals += train_step(trainer, rows, draws[drawn], size)
        if trainer.average:
            trainer.average.update(epoch * len(batches) + step)
        done += len(rows)
        if step % look == 0:
            refuse_divergence(_of_all(fabric, totals[0]), epoch + 1, step + 1)
        listener.batch(epoch + 1, step + 1, len(batches), done / (time.perf_counter() - began))
    loss_sum, right = cast(torch.Tensor, fabric.all_reduce(totals, reduce_op="sum")).tolist()
    refuse_divergence(loss_sum, epoch + 1, len(batches))
    valid_loss, valid_accuracy, valid_macro_f1 = validate(trainer)
    refuse_divergence(valid_loss, epoch + 1, len(batches), "validation loss")
    return EpochRow(
        epoch=epoch + 1,
        train_loss=loss_sum / done,
        train_accuracy=right / done,
        valid_loss=valid_loss,
        valid_accuracy=valid_accuracy,
        valid_macro_f1=valid_macro_f1,
        learning_rate=rate,
        size=size,
        seconds=time.perf_counter() - began,
    )


def look_every(device: torch.device) -> int:
    """Steps from one look at the loss to the next: on the CPU, which a look does not hold up, every step is looked at."""
    return 1 if device.type == "cpu" else _LOOK_EVERY


def _of_all(fabric: Fabric, loss: torch.Tensor) -> float:
    """The sum of a loss over the devices: no number where any of theirs is none, so that all stop by the same sentence."""
    return float(cast(torch.Tensor, fabric.all_reduce(loss.clone(), reduce_op="sum")) if fabric.world_size > 1 else loss)


def train_step(trainer: Trainer, rows: torch.Tensor, draws: torch.Tensor, size: int) -> torch.Tensor:
    """One step down the gradient of a batch, of which this device takes its share.

    Args:
        trainer: The run.
        rows: The batch: positions among the training faces.
        draws: What each face of the batch is augmented by, a row a face.
        size: Side that the faces are brought to, pixels.

    Returns:
        (2,): the sum of the losses of this device's faces, and how many it answered right; detached.
    """
    spec, fabric = trainer.spec, trainer.fabric
    share = slice(fabric.global_rank, None, fabric.world_size)
    n_own = len(rows[share])
    share = share if n_own else slice(1)  # nothing is left for this device, but all must take part: it counts for nothing
    own = rows[share]
    faces = augment(normalise(trainer.images[own]), draws[share], spec.augment, size)
    labels = trainer.labels[own]
    scores = trainer.model(faces.contiguous(memory_format=torch.channels_last))
    weights = None if trainer.weights is None else trainer.weights[own]
    mean = mean_loss(spec, scores.float(), trainer.targets[own], training=True, weights=weights)
    # The devices' gradients are averaged; weighted so, they give that of the whole batch's mean.
    loss = mean * (n_own * fabric.world_size / len(rows)) if fabric.world_size > 1 else mean
    if spec.head == "svm":
        penalty = head_penalty(trainer.network.score_weights, spec.head_l2)
        mean, loss = mean + penalty, loss + penalty
    trainer.optimizer.zero_grad(set_to_none=True)
    fabric.backward(loss)
    trainer.optimizer.step()
    right = (scores.detach().argmax(1) == labels).sum()
    return torch.stack([mean.detach() * n_own, right * (n_own > 0)])


@torch.inference_mode()
def validate(trainer: Trainer) -> tuple[float, float, float]:
    """Loss, accuracy and macro F1 on the validation faces, without test-time augmentation."""
    fabric, labels = trainer.fabric, trainer.valid_labels
    trainer.model.eval()
    model = trainer.average.network if trainer.average else trainer.model
    if trainer.average and fabric.world_size > 1:  # the running statistics that are kept are those of the first device
        for buffer in trainer.average.network.buffers():
            torch.distributed.broadcast(buffer, src=0)
    # Each device takes every so-many-th face, and all equally many: those beyond the end are let go afterwards.
    rows = torch.arange(fabric.global_rank, _rounded_up(len(labels), fabric.world_size), fabric.world_size, device=fabric.device)
    with fabric.autocast():
        parts = [
            model(normalise(trainer.valid_images[batch]).contiguous(memory_format=torch.channels_last)).float()
            for batch in rows.clamp(max=len(labels) - 1).split(EVALUATION_BATCH)
        ]
    scores = torch.cat(parts)
    if fabric.world_size > 1:
        scores = cast(torch.Tensor, fabric.all_gather(scores)).transpose(0, 1).reshape(-1, scores.shape[1])[: len(labels)]
    loss = mean_loss(trainer.spec, scores, labels, training=False)
    answers = scores.argmax(1)
    return float(loss), float((answers == labels).float().mean()), macro_f1(labels.cpu().numpy(), answers.cpu().numpy())


def _rounded_up(number: int, step: int) -> int:
    return -(-number // step) * step


def _batches(trainer: Trainer, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The rows of each batch of an epoch, in an order that follows from the seed, and which of its draws they are augmented by.

    Each face has its own draw; where faces are drawn more than once, each time does.
    """
    generator = torch.Generator().manual_seed(trainer.spec.seed * 1_000_003 + epoch + 500_000)
    order = epoch_order(trainer.spec, trainer.labels, generator).to(trainer.images.device)
    drawn = order if trainer.spec.sampling == "all" else torch.arange(len(order), device=order.device)
    for rows, which in zip(order.split(trainer.spec.batch_size), drawn.split(trainer.spec.batch_size), strict=True):
        if len(rows) > 1 or trainer.spec.config.norm == "none":  # a single face has no batch statistics
            yield rows, which


def _better(value: float, best: float, *, lower: bool) -> bool:
    return math.isnan(best) or (value < best if lower else value > best)


def _out_of_patience(spec: CnnSpec, progress: Progress) -> bool:
    return bool(spec.patience) and progress.epoch - progress.best_epoch >= spec.patience
