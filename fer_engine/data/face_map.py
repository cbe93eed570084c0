"""A map of faces: what a network makes of each, brought to two dimensions, so that like lies by like."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from fer_engine import settings
from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError
from fer_engine.runs.files import file_hash, replacing
from fer_engine.runs.store import Run

METHODS = ("t-SNE", "PCA")
SIZES = (1000, 2000, 4000)
NEIGHBOURS = 10
FEWEST = 20
_BATCH = 256
_COMPONENTS = 50  # before t-SNE, as is usual (van der Maaten and Hinton, 2008): less noise and less time
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class FaceMap:
    """Where faces lie.

    Attributes:
        places: (M,) places in the data set, in its order.
        points: float32 (M, 2).
        agreement: (M,) share of the ten faces nearest in the network's features that have the same label.
    """

    places: np.ndarray
    points: np.ndarray
    agreement: np.ndarray


def sample(faces: FaceSet, n: int) -> np.ndarray:
    """Places (M,) of at most n faces, drawn evenly, the same each time."""
    if len(faces) <= n:
        return np.arange(len(faces))
    return np.sort(np.random.default_rng(0).choice(len(faces), n, replace=False))


def face_map(faces: FaceSet, run: Run, method: str, n: int, progress: Callable[[float, str], None] = lambda _share, _what: None) -> FaceMap:
    """Map at most n faces by the last hidden layer of a network; kept in the cache folder.

    Args:
        faces: The data set.
        run: A finished run of a network.
        method: 'PCA', a projection that keeps distances as well as a plane can; or 't-SNE', which keeps neighbours.
        n: How many faces, drawn evenly.
        progress: Called with the fraction done and what is being done.

    Raises:
        FerLabError: Where the run is no network's, or there are too few faces.
    """
    if run.spec.family != "cnn":
        raise FerLabError(f"'{run.name}' is no network: a map is made of a network's last hidden layer.")
    places = sample(faces, n)
    if len(places) < FEWEST:
        raise FerLabError(f"A map needs at least {FEWEST} faces; these are {len(places)}.")
    part = faces.take(places)
    kept = _place(part, run, method)
    with suppress(OSError, ValueError, KeyError, EOFError, BadZipFile):
        stored = np.load(kept, allow_pickle=False)
        return FaceMap(places, stored["points"], stored["agreement"])
    features = _features(part, run, progress)
    progress(0.8, f"Arranging {len(part):,} faces by {method}")
    found = FaceMap(places, _plane(features, method), _agreement(features, np.asarray(part.labels)))
    with suppress(OSError, FerLabError):  # a cache that cannot be written costs time, nothing else
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, temporary.open("wb") as file:
            np.savez(file, points=found.points, agreement=found.agreement)
    return found


def _place(part: FaceSet, run: Run, method: str) -> Path:
    images = hashlib.blake2b(np.ascontiguousarray(part.images).tobytes() + np.asarray(part.labels).tobytes(), digest_size=8).hexdigest()
    text = f"{_FORMAT}:{method}:{run.spec.hash}:{file_hash(run.weights)}:{images}"
    return settings.cache_dir() / "maps" / f"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}.npz"


def _features(part: FaceSet, run: Run, progress: Callable[[float, str], None]) -> np.ndarray:
    from fer_engine.features.cnn import hidden_features
    from fer_engine.predictors import CnnPredictor, load_predictor

    predictor = load_predictor(run)
    assert isinstance(predictor, CnnPredictor)  # by the family
    found = []
    for start in range(0, len(part), _BATCH):
        progress(0.8 * start / len(part), f"Asking {run.name} about {len(part):,} faces")
        found.append(hidden_features(predictor, np.asarray(part.images[start : start + _BATCH])))
    return np.concatenate(found)


def _plane(features: np.ndarray, method: str) -> np.ndarray:
    """The points (M, 2) of features (M, D)."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    few = min(2 if method == "PCA" else _COMPONENTS, *features.shape)
    projected = PCA(few, svd_solver="randomized", random_state=0).fit_transform(features)
    if method == "PCA":
        return projected.astype(np.float32)
    perplexity = min(30.0, (len(features) - 1) / 3)
    return TSNE(2, perplexity=perplexity, init="pca", random_state=0, n_jobs=1).fit_transform(projected).astype(np.float32)


def _agreement(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share (M,) of each face's nearest that have its label; itself is not among them."""
    from sklearn.neighbors import NearestNeighbors

    count = min(NEIGHBOURS, len(labels) - 1)
    nearest = NearestNeighbors(n_neighbors=count).fit(features).kneighbors(return_distance=False)
    return (labels[nearest] == labels[:, None]).mean(1).astype(np.float32)
