"""Evaluate a finished run on any split of any data set, and keep what came out."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer_engine.data.faceset import FaceSet, seen_in_fer2013_training
from fer_engine.evaluation.metrics import Metrics, measure
from fer_engine.labels import NAMES
from fer_engine.predictors import load_predictor
from fer_engine.runs.files import make_folder, write_json
from fer_engine.runs.store import Run


@dataclass(frozen=True)
class Evaluation:
    """The figures of a run on a split.

    Attributes:
        run: The run's name.
        split: The split.
        metrics: The figures.
        tta: Test-time augmentation, 'none' or 'flip'.
        data: Content hash of the faces.
        seconds: Time that scoring and measuring took.
    """

    run: str
    split: str
    metrics: Metrics
    tta: str
    data: str
    seconds: float

    def to_dict(self) -> dict:
        """All figures in one flat dictionary, the way the command line prints them."""
        head = {"run": self.run, "split": self.split}
        return head | asdict(self.metrics) | {"tta": self.tta, "data": self.data, "seconds": round(self.seconds, 3)}


def judge(scores: np.ndarray, faces: FaceSet) -> Metrics:
    """The figures of scores (N, 7) for faces with labels."""
    return measure(scores, np.asarray(faces.labels), seen_in_fer2013_training(faces.images))


def tabulate(scores: np.ndarray, faces: FaceSet) -> pd.DataFrame:
    """A row a face with id, split, label and seven scores."""
    table = pd.DataFrame({"id": faces.ids, "split": faces.split.astype(str), "label": faces.labels})
    return pd.concat([table, pd.DataFrame(scores.astype(np.float32), columns=list(NAMES))], axis=1)


def evaluate(run: Run, faces: FaceSet, split: str) -> Evaluation:
    """Evaluate a finished run on a split of a data set.

    Raises:
        FerLabError: Where the split has no rows or the weights cannot be read.
    """
    part = faces.part(split)
    predictor = load_predictor(run)
    began = time.perf_counter()
    metrics = judge(predictor.scores(part.images), part)
    return Evaluation(run.name, split, metrics, run.spec.tta, part.content_hash, time.perf_counter() - began)


def keep(run: Run, result: Evaluation) -> Path:
    """Keep an evaluation among the run's, by the hash of its data and its split; gives the file.

    Raises:
        FerLabError: Where it cannot be written.
    """
    path = run.evaluations_dir() / f"{result.data}-{result.split}.json"
    make_folder(path.parent)
    write_json(path, result.to_dict())
    return path
