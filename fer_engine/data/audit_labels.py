"""Likely label errors, by confident learning (Northcutt et al., 2021): a confident model against the label."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from fer_engine.data.audit_quality import faces_in_order
from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError
from fer_engine.labels import N_CLASSES, NAMES

FOLDS = 5
_COMPONENTS = 100  # of HOG
_C, _GAMMA = 3.0, 2.0  # on components of unit total variance
# Scores, ranking and this limit were chosen among a few by the very FER+ votes that they are compared with.
# A model that is right on six faces of ten differs from the label on four: too many to look at. On FER2013 the FER+
# majority differs from the label in 7 to 8 of 10 suspects that are chosen so.
SURE = 0.5  # how much likelier than the label the proposed emotion must be


@dataclass(frozen=True)
class LabelCheck:
    """The labels of some faces against a model that did not learn them.

    Attributes:
        quality: (N,) how well the label fits, from 0 (another emotion is certain) to 1 (the label is): half of one plus
            the probability of the label minus that of the likeliest other.
        proposed: (N,) the label that the model would give.
        suspect: (N,) whether confident learning takes the label for wrong, and the proposed one is likelier by `SURE`.
    """

    quality: np.ndarray
    proposed: np.ndarray
    suspect: np.ndarray

    @property
    def ranked(self) -> np.ndarray:
        """Places (M,) of the suspects, the likeliest error first."""
        places = np.flatnonzero(self.suspect)
        return places[np.argsort(self.quality[places], kind="stable")]


def check_labels(labels: np.ndarray, probabilities: np.ndarray) -> LabelCheck:
    """Find labels that are likely wrong.

    Confident learning counts, for each pair of emotions, faces of one label that a model gives the other with at least
    the mean probability that it has on its own faces. As many faces as that makes, those whose label fits worst, are
    candidates; of them the clear cases are suspects.

    Args:
        labels: (N,).
        probabilities: (N, 7) of a model that was not trained on these faces.

    Raises:
        FerLabError: Where an emotion has no face, so that nothing is known of its noise.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    missing = [name for index, name in enumerate(NAMES) if not (labels == index).any()]
    if missing:
        raise FerLabError(f"Likely label errors cannot be told: no face here is labelled {' or '.join(missing)}.")
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    candidate = np.asarray(find_label_issues(labels, probabilities, filter_by="low_normalized_margin", n_jobs=1))
    quality = np.asarray(get_label_quality_scores(labels, probabilities, method="normalized_margin"))
    return LabelCheck(quality, probabilities.argmax(1), candidate & (quality <= (1 - SURE) / 2))


def out_of_fold(part: FaceSet, copies: np.ndarray, progress: Callable[[float], None] = lambda _: None) -> np.ndarray:
    """Calibrated probabilities (N, 7) of each face by a quick model that has seen neither it nor a copy of it; kept in the cache.

    An SVM on HOG features, five times, each on four fifths of the faces. Three minutes of one core on FER2013's Training.

    Args:
        part: The faces, of one split.
        copies: (N,) numbers that copies of an image share.
        progress: Called with the fraction done.

    Raises:
        FerLabError: Where an emotion has fewer faces than there are folds.
    """
    from fer_engine.features.cache import cached

    counts = np.bincount(part.labels, minlength=N_CLASSES)
    if counts.min() < FOLDS:
        raise FerLabError(f"The label check needs at least {FOLDS} faces of each emotion, but {NAMES[counts.argmin()]} has {counts.min()}.")
    return cached(_kept_by(part), part, lambda: _predict_folds(part, copies, progress))


def kept_out_of_fold(part: FaceSet) -> np.ndarray | None:
    """The probabilities of `out_of_fold` as it kept them; None where it was not asked yet."""
    from fer_engine.features.cache import kept

    return kept(_kept_by(part), part)


def _kept_by(part: FaceSet) -> dict[str, Any]:
    order = faces_in_order(part)
    return {"kind": "out of fold", "order": order, "folds": FOLDS, "components": _COMPONENTS, "svc": [_C, _GAMMA, "margins"]}


def _predict_folds(part: FaceSet, copies: np.ndarray, progress: Callable[[float], None]) -> np.ndarray:
    from sklearn.model_selection import StratifiedGroupKFold

    from fer_engine.evaluation.calibration import fit_calibration
    from fer_engine.features.hog import Hog

    labels = np.asarray(part.labels)
    features = Hog().transform(part.images)
    progress(0.1)
    scores = np.zeros((len(part), N_CLASSES))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(features, labels, copies)
    for number, (learnt, held) in enumerate(folds):
        scores[held] = _fold_scores(features[learnt], labels[learnt], features[held])
        progress(0.1 + 0.9 * (number + 1) / FOLDS)
    return fit_calibration(scores, labels, str(part.split[0])).probabilities(scores)


def _fold_scores(features: np.ndarray, labels: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Scores (M, 7) of held-out faces: the sum of an emotion's distances from its borders with the other six."""
    from sklearn.decomposition import PCA

    from fer_engine.classical.backend import svc

    components = min(_COMPONENTS, *features.shape)
    solver = "covariance_eigh" if len(features) > features.shape[1] else "full"  # both are exact; each is the faster one
    pca = PCA(components, svd_solver=solver).fit(features)
    scale = 1 / np.sqrt(max(float(pca.explained_variance_.sum()), 1e-12))
    machine = svc(kernel="rbf", C=_C, gamma=_GAMMA, cache_size=1000, decision_function_shape="ovo")
    machine.fit(pca.transform(features) * scale, labels)
    distances = machine.decision_function(pca.transform(held) * scale)
    found = np.zeros((len(held), N_CLASSES))
    for (one, other), distance in zip(combinations(machine.classes_.astype(int), 2), distances.T, strict=True):
        found[:, one] += distance
        found[:, other] -= distance
    return found


def ranking_precision(differs: np.ndarray, quality: np.ndarray) -> float:
    """Average precision, from 0 to 1, of finding the faces of `differs` (N,) by their low quality (N,).

    By chance it is the share of such faces.
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(differs, -quality))
