"""Checks of the arguments that the mixture kernels share."""

from __future__ import annotations

from typing import Any

from gibbsite._backends.selection import Backend, select
from gibbsite.kernels._validation import Array, as_parameter, as_rows

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


def covariance_shape(n_components: int, n_features: int, covariance_type: str) -> tuple[int, ...]:
    """Return the shape of covariances, of their Cholesky factors, and of the scatter.

    Raises
    ------
    ValueError
        If there is no such covariance type.
    """
    if covariance_type == "full":
        return n_components, n_features, n_features
    if covariance_type == "diag":
        return n_components, n_features
    if covariance_type == "tied":
        return n_features, n_features
    if covariance_type == "spherical":
        return (n_components,)
    raise ValueError(f"covariance_type must be one of {COVARIANCE_TYPES}, got {covariance_type!r}.")


def gaussians(
    X: Array, log_weights: Array | None, means: Array, precisions_cholesky: Array, covariance_type: str, xp: Any
) -> tuple[Array | None, Array, Array]:
    """Return (log_weights, means, precisions_cholesky) in X's dtype, with the shapes that X asks for.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    n_components, n_features = len(means), X.shape[1]
    dtype = X.dtype
    if n_components == 0:
        raise ValueError("means should have at least one row, a component each.")
    if log_weights is not None:
        log_weights = as_parameter(log_weights, (n_components,), dtype, xp, "log_weights")
    means = as_parameter(means, (n_components, n_features), dtype, xp, "means")
    shape = covariance_shape(n_components, n_features, covariance_type)
    precisions = as_parameter(precisions_cholesky, shape, dtype, xp, "precisions_cholesky")
    return log_weights, means, precisions


def weighted_rows(X: Array, sample_weight: Array | None) -> tuple[Backend, Array, Array | None]:
    """Return the back end for X, its rows as kernels take them, and their weights in the same dtype.

    Raises
    ------
    TypeError
        If X is sparse.
    ValueError
        If X does not hold rows of real numbers, or there is not one weight for each.
    """
    backend = select(X)
    X = as_rows(X, backend.xp)
    if sample_weight is not None:
        sample_weight = as_parameter(sample_weight, (len(X),), X.dtype, backend.xp, "sample_weight")
    return backend, X, sample_weight
