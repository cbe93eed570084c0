"""A fitted SVM as a predictor like any other."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from fer_engine.classical.blocks import Block, Measure, measures
from fer_engine.classical.files import load_machine
from fer_engine.classical.machine import Machine
from fer_engine.errors import FerLabError
from fer_engine.evaluation.calibration import Calibration
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.predictors import CnnPredictor, Predictor, load_predictor
from fer_engine.runs import store
from fer_engine.runs.files import file_hash


@dataclass
class SvmPredictor(Predictor):
    """A fitted SVM.

    Attributes:
        spec: What it was made by.
        blocks: Its blocks of features.
        machine: The 21 machines.
        calibration: How its scores become probabilities.
        network: The network whose hidden layer it reads, or None.
        name: The run's name.
    """

    spec: SvmSpec
    blocks: tuple[Block, ...]
    machine: Machine
    calibration: Calibration
    network: CnnPredictor | None = None
    name: str = field(default="", kw_only=True)

    @property
    def tta(self) -> str:  # type: ignore[override]
        """'flip' where an answer is a mean over a face and its mirror image: of scores, or of the features that a network gives."""
        return "flip" if self.spec.tta == "flip" or (self.network and self.network.tta == "flip") else "none"

    def measured(self, faces: np.ndarray) -> Iterator[tuple[Block, np.ndarray]]:
        """Each block with the features (N, D) that it makes of faces uint8 (N, 48, 48)."""
        yield from zip(self.blocks, (measure(faces) for measure in measures(self.spec.features, self._hidden())), strict=True)

    def features(self, faces: np.ndarray) -> np.ndarray:
        """Faces uint8 (N, 48, 48) as the rows (N, K) that the SVM takes, float32, the blocks side by side."""
        return np.hstack([block.rows(features) for block, features in self.measured(faces)])

    def scores(self, faces: np.ndarray) -> np.ndarray:
        """Scores (N, 7) of faces uint8 (N, 48, 48)."""
        if not len(faces):
            return np.zeros((0, len(self.class_order)), np.float32)
        scores = self.machine.scores(self.features(faces))
        if self.spec.tta == "flip":
            scores = (scores + self.machine.scores(self.features(mirrored(faces)))) / 2
        return scores

    def _hidden(self) -> Measure | None:
        return hidden_layer(self.network) if self.network else None


def mirrored(faces: np.ndarray) -> np.ndarray:
    """Mirror images of faces (N, 48, 48)."""
    return np.ascontiguousarray(faces[:, :, ::-1])


def hidden_layer(network: CnnPredictor) -> Measure:
    """What gives the last hidden layer of a network for faces."""
    from fer_engine.features.cnn import hidden_features

    return lambda faces: hidden_features(network, faces)


def load_svm(run: store.Run) -> SvmPredictor:
    """The predictor of a finished run of an SVM.

    Raises:
        FerLabError: Where its file cannot be read, or the network or the predictor of landmarks that it reads is not here.
    """
    if not isinstance(run.spec, SvmSpec):
        raise FerLabError(f"The run '{run.name}' is no SVM.")
    _refuse_other_landmarks(run)
    blocks, machine = load_machine(run.spec, run.weights)
    network = load_predictor(network_of(run)) if run.spec.needs_network else None
    assert network is None or isinstance(network, CnnPredictor)
    return SvmPredictor(run.spec, blocks, machine, run.calibration, network, name=run.name)


def _refuse_other_landmarks(run: store.Run) -> None:
    """With another predictor than the one of the fit the points lie elsewhere, and the answers would be wrong without a word."""
    known = run.manifest.get("landmarks_sha256")
    if known:
        from fer_engine.features.landmarks import SETTING, predictor_file, predictor_hash

        if predictor_hash() != known:
            raise FerLabError(
                f"The run '{run.name}' was fitted on landmarks by another predictor than {predictor_file()}. Name the one with the SHA-256 "
                f"{known[:12]}... in {SETTING}."
            )


def network_of(run: store.Run) -> store.Run:
    """The run of the network whose hidden layer a finished SVM reads: the very weights that it was fitted on.

    Raises:
        FerLabError: Where it is not here.
    """
    wanted = run.manifest.get("network_sha256")
    for other in store.list_runs(studies=True):
        with suppress(FerLabError):  # of a run that cannot be read it is not known; it may be of a newer version
            if other.finished and other.spec.hash == run.spec.start and file_hash(other.weights) == wanted:
                return other
    name = run.manifest.get("starts_from")
    what = f"The run '{run.name}' reads the network of the run '{name}' (spec {run.spec.start})"
    raise FerLabError(f"{what}, which is not here. Bring that run, too.")
