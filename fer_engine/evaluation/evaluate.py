"""Evaluate a finished run on any split of any data set, and keep what came out."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fer_engine.data.faceset import FaceSet, seen_in_fer2013_training
from fer_engine.evaluation.metrics import Metrics, measure
from fer_engine.experiments.parts import DataSpec
from fer_engine.labels import N_CLASSES, NAMES
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
        data_name: What the set is called.
        classes: The emotions that the split has; where these are not all seven, answers were chosen among them alone.
        notices: What sets the figures apart from those of the protocol.
    """

    run: str
    split: str
    metrics: Metrics
    tta: str
    data: str
    seconds: float
    data_name: str = ""
    classes: tuple[str, ...] = NAMES
    notices: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        """All figures in one flat dictionary, the way the command line prints them."""
        head = {"run": self.run, "split": self.split}
        tail = {"tta": self.tta, "data": self.data, "seconds": round(self.seconds, 3)}
        terms = {"data_name": self.data_name, "classes": list(self.classes), "notices": list(self.notices)}
        return head | asdict(self.metrics) | tail | terms


def judge(scores: np.ndarray, faces: FaceSet) -> Metrics:
    """The figures of scores (N, 7) for faces with labels."""
    return measure(scores, np.asarray(faces.labels), seen_in_fer2013_training(faces.images))


def tabulate(scores: np.ndarray, faces: FaceSet) -> pd.DataFrame:
    """A row a face with id, split, label and seven scores."""
    table = pd.DataFrame({"id": faces.ids, "split": faces.split.astype(str), "label": faces.labels})
    return pd.concat([table, pd.DataFrame(scores.astype(np.float32), columns=list(NAMES))], axis=1)


def evaluate(run: Run, faces: FaceSet, split: str) -> Evaluation:
    """Evaluate a finished run on a split of a data set.

    Of a set that has some of the seven emotions only, these alone count: an answer is the likeliest of them, and averages
    are over them. Such figures stand beside no others, which `notices` says.

    Raises:
        FerLabError: Where the split has no rows or the weights cannot be read.
    """
    part = faces.part(split)
    predictor = load_predictor(run)
    began = time.perf_counter()
    scores, present = predictor.scores(part.images), np.unique(part.labels)
    metrics = judge(among(scores, present), part)
    if len(present) < N_CLASSES:
        metrics = replace(metrics, macro_f1=float(np.mean([metrics.per_class[NAMES[label]]["f1"] for label in present])))
    seconds = time.perf_counter() - began
    classes = tuple(NAMES[label] for label in present)
    told = _terms(run, faces, part.content_hash, split, classes)
    return Evaluation(run.name, split, metrics, run.spec.tta, part.content_hash, seconds, faces.name, classes, told)


def among(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The scores (N, 7) with all but these classes (K,) out of the running."""
    masked = np.full_like(scores, -np.inf)
    masked[:, classes] = scores[:, classes]
    return masked


def usual_split(faces: FaceSet) -> str:
    """PublicTest; or the only split of a set that has no other.

    Raises:
        FerLabError: Where there is no PublicTest, and several others.
    """
    if "PublicTest" in faces.splits or len(faces.splits) != 1:
        return str(faces.part("PublicTest").split[0])
    return faces.splits[0]


def _same_set(faces: FaceSet, data: DataSpec) -> bool:
    """Whether faces belong to the set of a run: by their name or, whatever they are called, by the content of another split."""
    return faces.name == data.name or any(faces.part(split).content_hash in (data.train_hash, data.valid_hash) for split in faces.splits)


def _terms(run: Run, faces: FaceSet, content: str, split: str, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences on what sets an evaluation apart from the protocol."""
    data, told = run.spec.data, []
    if content == data.train_hash:
        told.append(f"{run.name} learnt from these very faces: this is no measure of what it can do.")
    elif content == data.valid_hash:
        told.append(f"{run.name} was chosen on these very faces.")
    elif not _same_set(faces, data):
        own = f"Another data set: {run.name} learnt from '{data.name}', these faces are '{faces.name}' ({split}). "
        told.append(own + "The figures stand beside no other set's.")
    if len(classes) < N_CLASSES:
        missing = ", ".join(name for name in NAMES if name not in classes)
        told.append(
            f"These faces have {len(classes)} of the seven emotions ({', '.join(classes)}): answers are the likeliest of these; {missing} "
            "cannot be answered. That is easier than choosing among seven."
        )
    return tuple(told)


def keep(run: Run, result: Evaluation) -> Path:
    """Keep an evaluation among the run's, by the hash of its data and its split; gives the file.

    Raises:
        FerLabError: Where it cannot be written.
    """
    path = run.evaluations_dir() / f"{result.data}-{result.split}.json"
    make_folder(path.parent)
    write_json(path, result.to_dict())
    return path
