"""Checks of parameters that the user gives: weights, means, precisions, in scikit-learn's words."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from gibbsite._persistence import to_host
from gibbsite.mixture._algebra import covariance_shape

Array = Any


def check_shape(array: Any, shape: tuple[int, ...], name: str) -> None:
    """Raise ValueError unless `array`, of whatever kind, has `shape`."""
    if np.shape(array) != shape:
        raise ValueError(f"The parameter '{name}' should have the shape of {shape}, but got {np.shape(array)}")


def checked_array(values: Any, shape: tuple[int, ...], name: str, parameter: str) -> Array:
    """Finite float array of some shape, on the host.

    Parameters
    ----------
    values : array-like
    shape : tuple of int
    name : str
        As scikit-learn has it in its message about a wrong shape.
    parameter : str
        Of the estimator, for what else may be wrong.
    """
    values = to_host(values)
    if values.ndim == 0:  # of which scikit-learn would say that it is no collection
        check_shape(values, shape, name)
    dtypes = [np.float64, np.float32]
    values = check_array(values, dtype=dtypes, ensure_2d=False, allow_nd=True, input_name=parameter)
    check_shape(values, shape, name)
    return values


def check_mixture_weights(weights: Any, n_components: int) -> Array:
    """Weights between 0 and 1 that sum to one."""
    weights = checked_array(weights, (n_components,), "weights", "weights_init")
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
    return checked_array(means, (n_components, n_features), "means", "means_init")


def check_precisions(precisions: Any, covariance_type: str, n_components: int, n_features: int) -> Array:
    """Precisions of the type's shape, symmetric and positive (definite)."""
    shape = covariance_shape(covariance_type, n_components, n_features)
    precisions = checked_array(precisions, shape, f"{covariance_type} precision", "precisions_init")
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
