"""Blocks of features: what a face's pixels, gradients, points or hidden activations become before an SVM sees them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import FeatureSpec

Measure = Callable[[np.ndarray], np.ndarray]  # faces uint8 (N, 48, 48) to features float32 (N, D)


@dataclass(frozen=True)
class Block:
    """A fitted block: features minus their mean, in components, times a scale.

    Attributes:
        spec: What it is made of.
        mean: Mean of the features on the training faces (D,), float32.
        components: Principal axes as rows (K, D), float32; None where the features themselves are kept.
        scale: What each component, or feature, is multiplied by (K,) or (D,), float32.
    """

    spec: FeatureSpec
    mean: np.ndarray
    components: np.ndarray | None
    scale: np.ndarray

    def coefficients(self, features: np.ndarray) -> np.ndarray:
        """Features (N, D) as coefficients (N, K) of the components, before they are scaled."""
        centred = features - self.mean
        return centred if self.components is None else centred @ self.components.T

    def rows(self, features: np.ndarray) -> np.ndarray:
        """Features (N, D) as the SVM takes them (N, K), float32."""
        return (self.coefficients(features) * self.scale).astype(np.float32)

    def rebuilt(self, coefficients: np.ndarray) -> np.ndarray:
        """Features (N, D) out of coefficients (N, K): what the components keep of a face."""
        return (coefficients if self.components is None else coefficients @ self.components) + self.mean


def halved(array: np.ndarray) -> np.ndarray:
    """Numbers as half precision keeps them, float32."""
    return array.astype(np.float16).astype(np.float32)


def fit_block(spec: FeatureSpec, features: np.ndarray) -> Block:
    """Fit a block on the features (N, D) of the training faces; its components are rounded as they will be saved.

    Raises:
        FerLabError: Where there are fewer features or faces than components.
    """
    mean = features.mean(0, dtype=np.float64)
    if not spec.n_components:
        components, variances = None, features.var(0, dtype=np.float64)
    else:
        components, variances = _principal(features, spec.n_components)
    scale = np.full(len(variances), spec.weight)
    if spec.whiten:
        scale, variances = scale / np.sqrt(np.maximum(variances, 1e-12)), np.ones(len(variances))
    if spec.unit:
        scale = scale / np.sqrt(max(variances.sum(), 1e-12))
    return Block(spec, mean.astype(np.float32), components, scale.astype(np.float32))


def _principal(features: np.ndarray, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal axes (K, D) and the variances along them (K,), exact."""
    from sklearn.decomposition import PCA

    if n_components > min(features.shape):
        n, wide = features.shape
        raise FerLabError(f"features.n_components is {n_components}, but {n:,} faces with {wide:,} features give at most {min(n, wide):,}.")
    found = PCA(n_components, svd_solver="covariance_eigh").fit(features)
    return halved(found.components_), np.asarray(found.explained_variance_, np.float64)


def measures(specs: tuple[FeatureSpec, ...], hidden: Measure | None = None) -> Iterator[Measure]:
    """For each block what turns faces into its features.

    Args:
        specs: The blocks.
        hidden: What gives the last hidden layer of the network that a block of the kind 'cnn' reads.

    Raises:
        FerLabError: Where a block of the kind 'cnn' has no network.
    """
    points = _Points()
    for spec in specs:
        measure = _measure(spec, hidden, points)
        yield points.before(measure, spec.align) if spec.align else measure


class _Points:
    """The landmarks of the faces that were last asked about: several blocks want the same ones."""

    def __init__(self) -> None:
        self.faces: np.ndarray | None = None
        self.points = np.zeros((0, 68, 2), np.float32)

    def of(self, faces: np.ndarray) -> np.ndarray:
        """The points (N, 68, 2) of faces (N, 48, 48)."""
        from fer_engine.features.landmarks import landmarks

        if self.faces is not faces:
            self.faces, self.points = faces, landmarks(faces)
        return self.points

    def before(self, measure: Measure, zoom: float) -> Measure:
        """What measures faces once they are aligned by their points."""
        from fer_engine.features.align import aligned

        return lambda faces: measure(aligned(faces, self.of(faces), zoom))


def _measure(spec: FeatureSpec, hidden: Measure | None, points: _Points) -> Measure:
    if spec.kind == "cnn":
        if hidden is None:
            raise FerLabError("features has a block of the kind 'cnn', but no network to read. Say which one with --from.")
        return hidden
    if spec.kind == "hog":
        from fer_engine.features.hog import Hog

        return Hog(cell=spec.cell, block=spec.block, orientations=spec.orientations).transform
    if spec.kind == "landmarks":
        from fer_engine.features.landmarks import from_points

        return lambda faces: from_points(points.of(faces), spec.forms)
    from fer_engine.features.pixels import Pixels

    return Pixels(standardise=spec.standardise).transform
