"""First statistics from which the first parameters are made: the four ways of scikit-learn, with its random draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.kernels import mixture as kernels
from gibbsite.kernels import random
from gibbsite.kernels.mixture import Statistics
from gibbsite.mixture._arrays import array_module

Array = Any

# rows for which random responsibilities are drawn at a time: the draws come in the order of one big draw
_BLOCK_ROWS = 1 << 14


def initial_statistics(
    X: Array,
    sample_weight: Array | None,
    n_components: int,
    covariance_type: str,
    init_params: str,
    random_state: np.random.RandomState,
    threads: int | None,
) -> Statistics:
    """Statistics of the responsibilities that `init_params` gives.

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
    sample_weight : array of shape (n_rows,) or None
        Draws of rows are in proportion. The rows that "k-means++" and "random_from_data" pick count once whatever
        their weight, as a repeated row that is picked does.
    n_components : int
    covariance_type : str
    init_params : {"kmeans", "k-means++", "random", "random_from_data"}
    random_state : RandomState
        Draws are made in scikit-learn's order.
    threads : int or None
    """
    shape: dict[str, Any] = {"n_components": n_components, "covariance_type": covariance_type, "threads": threads}
    if init_params == "kmeans":
        centers, labels, _, _ = kernels.kmeans(
            X, n_components, random_state=random_state, sample_weight=sample_weight, threads=threads
        )
        return kernels.statistics(X, labels=labels, center=centers, sample_weight=sample_weight, **shape)
    if init_params == "random":
        return _random_statistics(X, sample_weight, random_state, shape)
    if init_params == "k-means++":
        _, rows = kernels.kmeans_plusplus(
            X, n_components, random_state=random_state, sample_weight=sample_weight, threads=threads
        )
    else:
        rows = _random_rows(sample_weight, len(X), n_components, random_state)
    return _statistics_of_rows(X, sample_weight, rows, shape)


def without_idle_rows(X: Array, sample_weight: Array | None) -> tuple[Array, Array | None]:
    """The rows of positive weight: the others must not be drawn, nor widen the scale by which k-means stops."""
    if sample_weight is None:
        return X, None
    counts = sample_weight > 0
    return (X, sample_weight) if bool(counts.all()) else (X[counts], sample_weight[counts])


def _random_statistics(
    X: Array, sample_weight: Array | None, random_state: np.random.RandomState, shape: dict[str, Any]
) -> Statistics:
    """Responsibilities uniform and normalised, drawn block by block: no N x K array is made."""
    xp = array_module(X)
    n_components = shape["n_components"]
    center = xp.ascontiguousarray(xp.broadcast_to(X[:_BLOCK_ROWS].mean(axis=0), (n_components, X.shape[1])))
    total: Statistics | None = None
    for start in range(0, len(X), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        rows = X[block]
        responsibilities = xp.asarray(random_state.uniform(size=(len(rows), n_components)), dtype=X.dtype)
        responsibilities /= responsibilities.sum(axis=1)[:, None]
        part = kernels.statistics(
            rows,
            responsibilities=responsibilities,
            center=center,
            sample_weight=None if sample_weight is None else sample_weight[block],
            **shape,
        )
        total = part if total is None else kernels.merge(total, part, out=total)
    assert total is not None
    return total


def _random_rows(
    sample_weight: Array | None, n_rows: int, n_components: int, random_state: np.random.RandomState
) -> np.ndarray:
    """Different rows, drawn in proportion to their weights.

    With weights by the smallest of exponential variables of these rates (Efraimidis & Spirakis 2006, Inf. Process.
    Lett. 97, 181-185), compared by their logarithms: on a device nothing but the rows' numbers leaves it.
    """
    if sample_weight is None:
        return random_state.choice(n_rows, size=n_components, replace=False)
    xp = array_module(sample_weight)
    seed = int(random_state.randint(2**63 - 1, dtype=np.int64))
    u = random.uniform(n_rows, seed=seed, like=sample_weight, dtype=np.float64)
    with np.errstate(divide="ignore"):  # u = 0 comes first, as it should
        keys = xp.log(-xp.log1p(-u)) - xp.log(sample_weight.astype(np.float64))
    return to_host(xp.argsort(keys)[:n_components])


def _statistics_of_rows(X: Array, sample_weight: Array | None, rows: np.ndarray, shape: dict[str, Any]) -> Statistics:
    """Each component holds one row. The tied covariance is that of all rows about the origin, as scikit-learn has it.

    (Its formula for tied covariances, X^T X minus the components' means, supposes that responsibilities sum to one.)
    """
    xp = array_module(X)
    picked = xp.ascontiguousarray(X[xp.asarray(rows)])
    labels = xp.arange(len(rows), dtype=np.int64)
    statistics = kernels.statistics(picked, labels=labels, center=picked, **shape)
    if shape["covariance_type"] == "tied":
        every = xp.zeros(len(X), dtype=np.int64)
        anchor = xp.ascontiguousarray(X[:1])
        whole = kernels.statistics(
            X,
            labels=every,
            center=anchor,
            sample_weight=sample_weight,
            **{**shape, "n_components": 1, "covariance_type": "tied"},
        )
        mean = whole.mean[0]
        picked = picked.astype(np.float64)
        statistics.scatter[...] = whole.scatter + whole.total_weight * xp.outer(mean, mean) - picked.T @ picked
    return statistics
