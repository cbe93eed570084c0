"""A fitted support vector machine as arrays: scores by matrix products, no pickle."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.multiclass import _ovr_decision_function

from fer_engine.labels import N_CLASSES

BATCH = 1024  # faces whose kernel values are held at a time
_PAIRS = [(first, second) for first in range(N_CLASSES) for second in range(first + 1, N_CLASSES)]


@dataclass(frozen=True)
class Machine:
    """An SVM of seven classes, one against one: 21 machines over shared vectors.

    Attributes:
        vectors: Support vectors (V, D), float32; for a linear machine the 21 weight vectors.
        weights: What each vector counts in each of the 21 machines (V, 21), float32; for a linear machine the identity.
        intercepts: (21,), float32.
        gamma: Width of the radial basis function; 0 for a linear machine.
    """

    vectors: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray
    gamma: float

    def decisions(self, rows: np.ndarray) -> np.ndarray:
        """Signed distances (N, 21) of feature rows (N, D), positive for the first class of a pair."""
        parts = [np.zeros((0, len(_PAIRS)), np.float32)]
        squares = np.einsum("ij,ij->i", self.vectors, self.vectors)
        for start in range(0, len(rows), BATCH):
            batch = np.ascontiguousarray(rows[start : start + BATCH], np.float32)
            kernel = batch @ self.vectors.T
            if self.gamma:
                kernel *= 2
                kernel -= squares
                kernel -= np.einsum("ij,ij->i", batch, batch)[:, None]
                kernel *= self.gamma
                np.exp(np.minimum(kernel, 0, out=kernel), out=kernel)
            parts.append(kernel @ self.weights + self.intercepts)
        return np.concatenate(parts)

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Scores (N, 7), float32: votes of the 21 machines, ties broken by their confidence.

        They are scikit-learn's `decision_function` of the shape 'ovr', whose highest is the answer of an SVC that
        breaks ties.
        """
        decisions = self.decisions(rows)
        return _ovr_decision_function(decisions < 0, -decisions, N_CLASSES).astype(np.float32)


def from_dual(vectors: np.ndarray, dual: np.ndarray, counts: np.ndarray, intercepts: np.ndarray, gamma: float) -> Machine:
    """The machine of libsvm's arrays.

    Args:
        vectors: Support vectors (V, D), those of each class together, in the order of the classes.
        dual: Coefficients (6, V): row j of a vector of class i belongs to the pair with class j, or j + 1 from i on.
        counts: Support vectors of each class (7,).
        intercepts: (21,).
        gamma: Width of the radial basis function; 0 for a linear machine, whose vectors are added up here.
    """
    ends = np.cumsum(counts)
    rows = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    weights = np.zeros((len(vectors), len(_PAIRS)), np.float32)
    for pair, (first, second) in enumerate(_PAIRS):
        weights[rows[first], pair] = dual[second - 1, rows[first]]
        weights[rows[second], pair] = dual[first, rows[second]]
    vectors, intercepts = np.ascontiguousarray(vectors, np.float32), np.asarray(intercepts, np.float32)
    if not gamma:
        vectors, weights = np.ascontiguousarray(weights.T @ vectors), np.eye(len(_PAIRS), dtype=np.float32)
    return Machine(vectors, weights, intercepts, gamma)
