"""Checks of parameters that the user gives: weights, means, precisions, in scikit-learn's words."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from gibbsite._persistence import to_host
from gibbsite.mixture._algebra import covariance_shape

Array = Any


def check_shape(array: np.ndarray, shape: tuple[int, ...], name: str) -> None:
    """Raise ValueError unless `array` has `shape`."""
    if array.shape != shape:
        raise ValueError(f"The parameter '{name}' should have the shape of {shape}, but got {array.shape}")


def checked_array(values: Any, allow_nd: bool = False) -> Array:
    """Finite float array of any dimension, on the host."""
    return check_array(to_host(values), dtype=[np.float64, np.float32], ensure_2d=False, allow_nd=allow_nd)


def check_mixture_weights(weights: Any, n_components: int) -> Array:
    """Weights between 0 and 1 that sum to one."""
    weights = checked_array(weights)
    check_shape(weights, (n_components,), "weights")
    if (weights < 0.0).any() or (weights > 1.0).any():
        raise ValueError(
            "The parameter 'weights' should be in the range [0, 1], but got max value "
            f"{weights.max():.5f}, min value {weights.min():.5f}"
        )
    tolerance = 1e-6 if weights.dtype == np.float32 else 1e-8
    if abs(1.0 - float(weights.sum())) > tolerance:
        raise ValueError(f"The parameter 'weights' should be normalized, but got sum(weights) = {weights.sum():.5f}")
    return weights


def check_means(means: Any, n_components: int, n_features: int) -> Array:
    """Means of shape (n_components, n_features)."""
    means = checked_array(means)
    check_shape(means, (n_components, n_features), "means")
    return means


def check_precisions(precisions: Any, covariance_type: str, n_components: int, n_features: int) -> Array:
    """Precisions of the type's shape, symmetric and positive (definite)."""
    precisions = checked_array(precisions, allow_nd=covariance_type == "full")
    shape = covariance_shape(covariance_type, n_components, n_features)
    check_shape(precisions, shape, f"{covariance_type} precision")
    check_positive_definite(precisions, covariance_type)
    return precisions


def check_positive_definite(precisions: np.ndarray, covariance_type: str) -> None:
    """Raise ValueError unless every matrix (full, tied) or number (diag, spherical) is a precision."""
    if covariance_type in ("diag", "spherical"):
        if (precisions <= 0.0).any():
            raise ValueError(f"'{covariance_type} precision' should be positive")
        return
    symmetric = np.allclose(precisions, np.swapaxes(precisions, -1, -2), rtol=1e-5, atol=1e-8)
    if not (symmetric and (np.linalg.eigvalsh(precisions) > 0.0).all()):
        raise ValueError(f"'{covariance_type} precision' should be symmetric, positive-definite")
