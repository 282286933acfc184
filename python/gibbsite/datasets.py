"""Data that the examples, the report and the benchmarks share: drawn, or shipped with scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.utils import check_random_state

__all__ = ["Digits", "digits", "overlapping_mixture", "textbook_mixture"]

TEXTBOOK_WEIGHTS = np.array([0.4, 0.6])
TEXTBOOK_MEANS = np.array([-1.0, 1.0])
TEXTBOOK_DEVIATIONS = np.array([0.5, 0.8])


def textbook_mixture(n_samples: int = 1000, random_state: Any = None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw from the two-component mixture in one dimension that textbooks explain EM with.

    Weights 0.4 and 0.6, means -1 and 1, standard deviations 0.5 and 0.8: the components overlap, so that no
    threshold separates them.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    random_state : int, RandomState or None
        As in scikit-learn.

    Returns
    -------
    X : ndarray of shape (n_samples, 1), float64
    labels : ndarray of shape (n_samples,), int64
        The component that each row was drawn from.
    """
    rng = check_random_state(random_state)
    labels = (rng.uniform(size=n_samples) >= TEXTBOOK_WEIGHTS[0]).astype(np.int64)
    values = TEXTBOOK_MEANS[labels] + TEXTBOOK_DEVIATIONS[labels] * rng.standard_normal(n_samples)
    return values[:, np.newaxis], labels


def overlapping_mixture(
    n_samples: int,
    n_features: int,
    n_components: int,
    separation: float = 1.0,
    random_state: Any = None,
    dtype: DTypeLike = np.float64,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Draw clusters of unit variance around centres drawn from a wider normal distribution.

    Parameters
    ----------
    n_samples, n_features, n_components : int
        Rows, columns, clusters. The clusters are equally likely.
    separation : float
        Standard deviation of the centres, in units of the spread within a cluster. Two centres are about
        ``separation * sqrt(2 * n_features)`` apart.
    random_state : int or None
        Seed of a `numpy.random.Generator`, which draws either precision directly.
    dtype : float32 or float64
        Type of `X`.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    labels : ndarray of shape (n_samples,), int64
    """
    kind: Any = np.dtype(dtype).type
    if kind not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {kind.__name__}")
    rng = np.random.default_rng(random_state)
    centers = (separation * rng.standard_normal((n_components, n_features))).astype(kind)
    labels = rng.integers(n_components, size=n_samples)
    X = rng.standard_normal((n_samples, n_features), dtype=kind)
    X += centers[labels]
    return X, labels


@dataclass(frozen=True)
class Digits:
    """scikit-learn's handwritten digits on their first principal components.

    Attributes
    ----------
    X : ndarray of shape (1797, n_components), float64
        Scores on the principal components.
    labels : ndarray of shape (1797,), int64
        The digit that was written.
    images : ndarray of shape (1797, 8, 8), float64
        Grey values from 0 to 16.
    pca : sklearn.decomposition.PCA
        The fitted projection.
    """

    X: NDArray[np.float64]
    labels: NDArray[np.int64]
    images: NDArray[np.float64]
    pca: PCA

    def decode(self, scores: NDArray[Any]) -> NDArray[np.float64]:
        """Turn scores, of shape (n, n_components), into images, of shape (n, 8, 8), from 0 to 16."""
        pixels = self.pca.inverse_transform(np.asarray(scores, dtype=np.float64))
        images: NDArray[np.float64] = np.clip(pixels, 0.0, 16.0).reshape(-1, 8, 8)
        return images


def digits(n_components: int = 2) -> Digits:
    """Load scikit-learn's 1797 handwritten digits and project them on `n_components` principal components.

    The full singular value decomposition is used, so that every run sees the same scores.
    """
    bunch = load_digits()
    pca = PCA(n_components=n_components, svd_solver="full")
    scores = pca.fit_transform(bunch.data)
    return Digits(np.ascontiguousarray(scores), bunch.target.astype(np.int64), bunch.images, pca)
