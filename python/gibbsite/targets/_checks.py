"""Checks of the numbers that a target is made from; the messages name the argument and say what would be right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gibbsite.kernels._validation import as_floating, check_finite

Floats = NDArray[np.float64]


def as_numbers(value: Any, name: str, ndim: tuple[int, ...]) -> Floats:
    """Return finite float64 numbers in a new array with one of the given numbers of dimensions.

    Raises
    ------
    TypeError, ValueError
        If it is sparse, complex, holds NaN or infinity, or has other dimensions.
    """
    array = np.array(as_floating(value, np, name), dtype=np.float64, order="C")
    if array.ndim not in ndim:
        raise ValueError(f"{name} should have {' or '.join(map(str, ndim))} dimensions, got the shape {array.shape}.")
    check_finite(np.atleast_1d(array), name)
    return array


def as_positive(value: Any, name: str) -> float:
    """Return a positive finite float.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {value!r}.")
    if not (0 < value < np.inf):
        raise ValueError(f"{name} must be positive and finite, got {value}.")
    return float(value)


def check_shape(array: NDArray[Any], shape: tuple[int, ...], name: str) -> None:
    """Raise a ValueError unless the shape is this one."""
    if array.shape != shape:
        raise ValueError(f"{name} should have the shape {shape}, but got {array.shape}.")


def precision_factor(covariance: Floats, name: str) -> Floats:
    """Upper triangular P with covariance^-1 = P P^T.

    Raises
    ------
    ValueError
        If the matrix is not symmetric and positive definite.
    """
    scale = float(np.abs(covariance).max(initial=0.0))
    gap = np.abs(covariance - covariance.T)
    if (gap > 1e-10 * scale).any():
        row, column = np.unravel_index(int(gap.argmax()), gap.shape)
        raise ValueError(
            f"{name} should be symmetric, but the entries ({row}, {column}) and ({column}, {row}) are "
            f"{covariance[row, column]:.6g} and {covariance[column, row]:.6g}."
        )
    try:
        lower = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        least = float(np.linalg.eigvalsh(covariance)[0])
        raise ValueError(f"{name} should be positive definite, but its least eigenvalue is {least:.6g}.") from error
    return np.ascontiguousarray(np.triu(np.linalg.solve(lower, np.eye(len(lower))).T))


def log_determinant(factor: Floats) -> float:
    """Logarithm of the determinant of a triangular factor with a positive diagonal."""
    return float(np.log(np.diagonal(factor)).sum())
