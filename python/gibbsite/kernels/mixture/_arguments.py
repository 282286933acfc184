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
    # the means first: they say how many components there are
    means = as_points(means, X, xp, "means")
    n_components, n_features = means.shape
    dtype = X.dtype
    if n_components == 0:
        raise ValueError("means should have at least one row, a component each.")
    if log_weights is not None:
        log_weights = as_parameter(log_weights, (n_components,), dtype, xp, "log_weights")
    shape = covariance_shape(n_components, n_features, covariance_type)
    precisions = as_parameter(precisions_cholesky, shape, dtype, xp, "precisions_cholesky")
    return log_weights, means, precisions


def require_instance(value: Any, kind: type | tuple[type, ...], name: str) -> None:
    """Raise TypeError unless `value` is of this kind; the message names the first where there are several."""
    if not isinstance(value, kind):
        wanted = kind[0] if isinstance(kind, tuple) else kind
        raise TypeError(f"{name} must be an instance of {wanted.__name__}, not {type(value).__qualname__}.")


def as_points(points: Array, X: Array, xp: Any, name: str) -> Array:
    """Return points in the space of the rows X, of shape (any number, n_features), in X's dtype.

    Raises
    ------
    ValueError
        If they have another number of dimensions or of columns.
    """
    shape = tuple(points.shape) if hasattr(points, "shape") else tuple(xp.asarray(points).shape)
    if len(shape) != 2:
        raise ValueError(f"{name} should have the shape (any, {X.shape[1]}), a row for each, but got {shape}.")
    return as_parameter(points, (shape[0], X.shape[1]), X.dtype, xp, name)


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
