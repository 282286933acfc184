"""Densities that every contestant of a row shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import gibbsite as gb

SEED = 20240229


@dataclass(frozen=True)
class Regression:
    """A logistic regression: rows, labels, and its density as Numba compiles it."""

    X: Any
    y: Any
    density: Any
    native: Any


def scales(dim: int) -> Any:
    """Standard deviations from a tenth to ten."""
    return np.logspace(-1, 1, dim)


def regression(n_rows: int = 1000, dim: int = 25) -> Regression:
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((n_rows, dim))
    y = (rng.random(n_rows) < 1 / (1 + np.exp(-X @ rng.normal(0, 0.5, dim)))).astype(np.float64)

    @gb.targets.density(dim=dim, fastmath=True)
    def logp(q: Any, grad: Any) -> Any:
        total = 0.0
        for j in range(len(q)):
            total -= 0.5 * q[j] * q[j]
            grad[j] = -q[j]
        for i in range(len(y)):
            eta = 0.0
            for j in range(len(q)):
                eta += X[i, j] * q[j]
            p = 1 / (1 + np.exp(-eta))
            total += np.log(p) if y[i] > 0.5 else np.log1p(-p)
            for j in range(len(q)):
                grad[j] += (y[i] - p) * X[i, j]
        return total

    return Regression(X, y, logp, gb.targets.LogisticRegression(X, y))
