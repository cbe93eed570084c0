"""Evaluate a finished run on any split of any data set, and keep what came out."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_engine.data.faceset import FaceSet, image_hashes, seen_in_fer2013_training
from fer_engine.data.known import is_fer2013
from fer_engine.errors import FerLabError
from fer_engine.evaluation.metrics import Metrics, measure
from fer_engine.experiments.parts import DataSpec
from fer_engine.labels import N_CLASSES, NAMES
from fer_engine.predictors import BATCH, Predictor, load_predictor
from fer_engine.runs.begun import earlier_runs
from fer_engine.runs.files import file_hash, make_folder, read_json, write_json
from fer_engine.runs.store import Run, list_runs

_WEIGHTS = "weights_sha256"  # of the weights that a kept evaluation is of
_APART = "The figures stand beside no other set's."


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
        classes: The emotions that split and run both have; where these are not all seven, answers were chosen among them alone.
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


def judge(scores: np.ndarray, faces: FaceSet, train: FaceSet | None = None) -> Metrics:
    """The figures of scores (N, 7) for faces with labels.

    Args:
        scores: Of the faces.
        faces: The faces.
        train: What was learnt from, where it is at hand: its images are left out of the figure without copies, as FER2013's are.
    """
    seen = seen_in_fer2013_training(faces.images)
    if train is not None:
        seen |= np.isin(image_hashes(faces.images), image_hashes(train.images))
    return measure(scores, np.asarray(faces.labels), seen)


def tabulate(scores: np.ndarray, faces: FaceSet) -> pd.DataFrame:
    """A row a face with id, split, label and seven scores."""
    table = pd.DataFrame({"id": faces.ids, "split": faces.split.astype(str), "label": faces.labels})
    return pd.concat([table, pd.DataFrame(scores.astype(np.float32), columns=list(NAMES))], axis=1)


def evaluate(run: Run, faces: FaceSet, split: str, progress: Callable[[float], None] | None = None) -> Evaluation:
    """Evaluate a finished run on a split of a data set.

    Only emotions that both have count: of a set that has some of the seven only an answer is the likeliest of these, faces of
    an emotion that the run never learnt are left out, and averages are over what is left. Such figures stand beside no
    others, which `notices` says.

    Args:
        run: The run.
        faces: The data set.
        split: The split.
        progress: Called with the fraction of faces that are scored.

    Raises:
        FerLabError: Where the split has no rows, has no emotion that the run learnt, or the weights cannot be read.
    """
    part, left_out = countable(run, faces, split)
    predictor = load_predictor(run)
    began = time.perf_counter()
    scores, present = _scores(predictor, part.images, progress), np.unique(part.labels)
    metrics = judge(among(scores, present), part, _learnt_from(run, faces))
    if len(present) < N_CLASSES:
        metrics = replace(metrics, macro_f1=float(np.mean([metrics.per_class[NAMES[label]]["f1"] for label in present])))
    seconds = time.perf_counter() - began
    classes = tuple(NAMES[label] for label in present)
    told = (*_terms(run, faces, part.content_hash, split, classes), *_left_out(run, left_out))
    return Evaluation(run.name, split, metrics, predictor.tta, part.content_hash, seconds, faces.name, classes, told)


def learnt(run: Run) -> np.ndarray:
    """Which emotions (7,) a finished run had faces of to learn from."""
    counts = run.manifest.get("counts", {}).get(run.spec.data.train)
    return np.array([counts is None or counts.get(name, 0) > 0 for name in NAMES])


def countable(run: Run, faces: FaceSet, split: str) -> tuple[FaceSet, dict[str, int]]:
    """The faces of a split that a finished run is judged by, and how many of each emotion that it never learnt are left out.

    Raises:
        FerLabError: Where the split has no rows, or no emotion that the run learnt.
    """
    part = faces.part(split)
    known = learnt(run)[part.labels]
    strange = {name: number for label, name in enumerate(NAMES) if (number := int((part.labels[~known] == label).sum()))}
    if not known.any():
        raise FerLabError(f"The {split} of '{faces.name}' has {', '.join(strange)} alone, which {run.name} never learnt. Try another run.")
    return (part, {}) if known.all() else (part.take(np.flatnonzero(known)), strange)


def _scores(predictor: Predictor, images: np.ndarray, progress: Callable[[float], None] | None) -> np.ndarray:
    """Scores (N, 7), in blocks where someone wants to know how far it is."""
    if progress is None:
        return predictor.scores(images)
    parts = []
    for start in range(0, len(images), BATCH):
        progress(start / len(images))
        parts.append(predictor.scores(images[start : start + BATCH]))
    return np.concatenate(parts)


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


def _learnt_from(run: Run, faces: FaceSet) -> FaceSet | None:
    """The training faces of a run, where a data set holds them."""
    data = run.spec.data
    train = faces.part(data.train) if data.train in faces.splits else None
    return train if train is not None and train.content_hash == data.train_hash else None


def _same_set(faces: FaceSet, data: DataSpec) -> bool:
    """Whether faces belong to the set of a run, whatever they are called: by the content of a split, or as FER2013's by their labels."""
    if any(faces.part(split).content_hash in (data.train_hash, data.valid_hash) for split in faces.splits):
        return True
    return data.name == "fer2013" and is_fer2013(faces)


def _terms(run: Run, faces: FaceSet, content: str, split: str, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences on what sets an evaluation apart from the protocol."""
    data, told = run.spec.data, []
    seen, same = _seen(run.spec.data, faces, content, split), _same_set(faces, data)
    if seen:
        told.append(f"{run.name} {seen}")
    elif not same:
        theirs = f"are '{faces.name}'" if faces.name != data.name else "go by that name, but have other images or labels"
        told.append(f"Another data set: {run.name} learnt from '{data.name}', these faces {theirs} ({split}). " + _APART)
    for earlier in earlier_runs(run, list_runs(studies=True)) if run.spec.start else ():
        if seen := _seen(earlier.spec.data, faces, content, split):
            told.append(f"{run.name} builds on {earlier.name}, which {seen}")
    if len(classes) < N_CLASSES:
        missing = ", ".join(name for name in NAMES if name not in classes)
        told.append(
            f"These faces have {len(classes)} of the seven emotions ({', '.join(classes)}): answers are the likeliest of these; {missing} "
            "cannot be answered. That is easier than choosing among seven."
        )
    if data.name != "fer2013" and _learnt_from(run, faces) is None:
        told.append(f"What {run.name} learnt from is not at hand: the figure without copies leaves out those in FER2013's Training alone.")
    return tuple(told)


def _seen(data: DataSpec, faces: FaceSet, content: str, split: str) -> str:
    """What a run on some data had to do with faces before, the end of a sentence; empty where it had nothing."""
    if content == data.train_hash:
        return "learnt from these very faces: this is no measure of what it can do."
    if content == data.valid_hash:
        return "was chosen on these very faces."
    if split == data.train and _same_set(faces, data):
        return f"learnt from faces of this set's {split}: this is no measure of what it can do."
    return ""


def _left_out(run: Run, left_out: dict[str, int]) -> tuple[str, ...]:
    if not left_out:
        return ()
    told = ", ".join(f"{number:,} {name}" for name, number in left_out.items())
    return (f"Left out, because {run.name} never learnt them: {told}.",)


def keep(run: Run, result: Evaluation) -> Path:
    """Keep an evaluation among the run's, by the hash of its data and its split; gives the file.

    Raises:
        FerLabError: Where it cannot be written.
    """
    path = kept_at(run, result.data, result.split)
    make_folder(path.parent)
    write_json(path, result.to_dict() | {_WEIGHTS: file_hash(run.weights)})
    return path


def later_evaluations(run: Run) -> tuple[Path, ...]:
    """The files of a run's kept evaluations, without those of other weights: a run that ships may have been trained anew since.

    Raises:
        FerLabError: Where one is damaged.
    """
    found = tuple(sorted(run.evaluations_dir().glob("*.json")))
    if not found or not run.answers:
        return found
    current = file_hash(run.weights)
    return tuple(path for path in found if read_json(path).get(_WEIGHTS, current) == current)


def kept_at(run: Run, content: str, split: str) -> Path:
    """Where the evaluation of a run on faces with this content hash is kept."""
    return run.evaluations_dir() / f"{content}-{split}.json"


def read_evaluation(run: Run, content: str, split: str) -> Evaluation | None:
    """The evaluation of a run on faces with this content hash as it was kept; None where there is none of its present weights.

    Raises:
        FerLabError: Where the file is damaged.
    """
    path = kept_at(run, content, split)
    if path not in later_evaluations(run):
        return None
    tree: dict[str, Any] = read_json(path)
    try:
        low, high = tree["accuracy_ci95"]
        metrics = Metrics(**{field.name: tree[field.name] for field in fields(Metrics)} | {"accuracy_ci95": (low, high)})
        terms = {name: tuple(tree[name]) for name in ("classes", "notices") if name in tree}
        return Evaluation(
            tree["run"], tree["split"], metrics, tree["tta"], tree["data"], tree["seconds"], tree.get("data_name", ""), **terms
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FerLabError(f"The evaluation {path} is damaged: it has no sound {error}. Remove it, and evaluate again.") from error
