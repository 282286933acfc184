"""Draws from a mixture."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends.selection import select
from gibbsite._scalars import as_integer
from gibbsite.kernels._validation import INT64, Array, as_parameter, as_rows
from gibbsite.kernels.mixture._arguments import covariance_shape
from gibbsite.kernels.random import categorical

# The two draws that a row takes: its component, and its normals.
_LABELS, _NORMALS = 0, 1


def sample(
    n_samples: int,
    weights: Array,
    means: Array,
    covariances: Array,
    covariance_type: str = "full",
    *,
    seed: int,
    stream: int = 0,
    offset: int = 0,
    dtype: Any = None,
    threads: int | None = None,
) -> tuple[Array, Array]:
    """Draw rows from a mixture; row i depends on (seed, stream, offset + i) alone.

    Parameters
    ----------
    n_samples : int
    weights : array of shape (K,)
        Up to a factor.
    means : array of shape (K, D)
    covariances : array
        (K, D, D), (D, D), (K, D) or (K,), by covariance type.
    covariance_type : {"full", "tied", "diag", "spherical"}
    seed : int
        In [0, 2^64).
    stream : int
        In [0, 2^32).
    offset : int
        Number of the first row.
    dtype : float32 or float64, optional
        Default: that of the means.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    X : array of shape (n_samples, D)
        In random order, not sorted by component.
    labels : int64 array of shape (n_samples,)

    Raises
    ------
    TypeError
        If the number of rows, the seed, the stream or the offset is no integer.
    ValueError
        If a shape does not fit, a number is out of range or a covariance is not positive definite.
    """
    n_samples = as_integer(n_samples, "n_samples", 0)
    place = {name: as_integer(value, name) for name, value in (("seed", seed), ("stream", stream), ("offset", offset))}
    backend = select(means)
    xp = backend.xp
    means = as_rows(means, xp, "means")
    means = means if dtype is None else xp.ascontiguousarray(means, dtype=np.dtype(dtype))
    n_components, n_features = means.shape
    weights = as_parameter(weights, (n_components,), np.dtype(np.float64), xp, "weights")
    shape = covariance_shape(n_components, n_features, covariance_type)
    covariances = as_parameter(covariances, shape, np.dtype(np.float64), xp, "covariances")
    factor = xp.ascontiguousarray(_factor(covariances, covariance_type, xp), dtype=means.dtype)
    labels = categorical(weights, n_samples, **place, draw=_LABELS, threads=threads)
    X = xp.empty((n_samples, n_features), means.dtype)
    backend.mixture.sample(
        means,
        factor,
        covariance_type,
        as_parameter(labels, (n_samples,), INT64, xp, "labels"),
        X,
        place["seed"],
        place["stream"],
        _NORMALS,
        place["offset"],
        backend.context(threads),
    )
    return X, labels


def _factor(covariances: Array, covariance_type: str, xp: Any) -> Array:
    """Return L with covariance = L L^T."""
    if covariance_type in ("diag", "spherical"):
        if not bool((covariances >= 0).all()):
            raise ValueError("covariances should be >= 0.")
        return xp.sqrt(covariances)
    try:
        factor = xp.linalg.cholesky(covariances)
    except np.linalg.LinAlgError as error:
        raise ValueError("covariances should be positive definite.") from error
    if not bool(xp.isfinite(factor).all()):  # where the array module does not raise
        raise ValueError("covariances should be positive definite.")
    return factor
