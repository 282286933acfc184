"""Data and parameters that every contestant of a row shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gibbsite.datasets import overlapping_mixture, textbook_mixture

SEED = 20240229


@dataclass(frozen=True)
class Problem:
    """One row of the table: sizes, data and the parameters that one EM iteration starts from."""

    covariance_type: str
    X: Any
    weights: Any
    means: Any
    precisions_cholesky: Any

    @property
    def covariances(self) -> Any:
        """The components have unit variance: covariances and the factors of their inverses are the same arrays."""
        return self.precisions_cholesky


def unit_precisions(covariance_type: str, k: int, d: int, dtype: Any) -> Any:
    shapes = {
        "full": np.stack([np.eye(d)] * k),
        "tied": np.eye(d),
        "diag": np.ones((k, d)),
        "spherical": np.ones(k),
    }
    return shapes[covariance_type].astype(dtype)


def problem(covariance_type: str, n: int, d: int, k: int, dtype: Any, distance: float | None = None) -> Problem:
    """Clusters of unit variance and parameters near the truth.

    The centres lie about `distance` deviations apart; by default they spread over three deviations in every coordinate.
    One dimension: the textbook's two components, which overlap.
    """
    if d == 1:
        X = np.ascontiguousarray(textbook_mixture(n, random_state=SEED)[0], dtype=dtype)
        means = np.array([[-0.5], [0.5]], dtype)
    else:
        separation = 3.0 if distance is None else distance / np.sqrt(2 * d)
        X, labels = overlapping_mixture(n, d, k, separation=separation, random_state=SEED, dtype=dtype)
        means = np.stack([X[labels == c][:1000].mean(axis=0) for c in range(k)]).astype(dtype)
    return Problem(covariance_type, X, np.full(k, 1 / k, dtype), means, unit_precisions(covariance_type, k, d, dtype))
