"""What the compiled loops are told about the Gaussians, whatever the covariance type."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gibbsite._backends._numba.jit import read_only

DIAGONAL, SPHERICAL, TIED, FULL = range(4)
KINDS = {"diag": DIAGONAL, "spherical": SPHERICAL, "tied": TIED, "full": FULL}

BLOCK = 512  # rows that are processed together: the vector lanes
PANEL = 4  # rows, and columns, of a matrix that are worked on together


class Model(NamedTuple):
    """Gaussians as the loops want them.

    Attributes
    ----------
    kind : int
        DIAGONAL, SPHERICAL, TIED or FULL.
    constants : ndarray of shape (K,)
        Everything in the log density that does not depend on the row.
    means : ndarray of shape (K, D)
    location, scale : ndarray of shape (K, D)
        y = (x - location) * scale, for tied covariances of x = (row - center) @ factor.
    factors : ndarray of shape (K, P, P), (1, P, P) or (0, 0, 0)
        Upper triangular factors, zero below the diagonal and padded with zeros to P, the next multiple of PANEL.
    center : ndarray of shape (D,)
        About which tied covariances accumulate and are transformed.
    """

    kind: int
    constants: np.ndarray
    means: np.ndarray
    location: np.ndarray
    scale: np.ndarray
    factors: np.ndarray
    center: np.ndarray


def padded(size: int) -> int:
    """Return the next multiple of PANEL."""
    return -(-size // PANEL) * PANEL


def kind_of(covariance_type: str, n_features: int) -> int:
    """Return the kind; with one feature, full covariances are diagonal ones in the same layout."""
    kind = KINDS[covariance_type]
    return DIAGONAL if kind == FULL and n_features == 1 else kind


def _pad(factors: np.ndarray) -> np.ndarray:
    count, size, _ = factors.shape
    result: np.ndarray = np.zeros((count, padded(size), padded(size)), factors.dtype)
    result[:, :size, :size] = np.triu(factors)
    return result


def center_of(X: np.ndarray) -> np.ndarray:
    """Return the median of a few rows spread evenly over the data: amid it, whatever strays, rows or components."""
    n_rows = len(X)
    if n_rows == 0:
        return np.zeros(X.shape[1], X.dtype)
    count = min(15, n_rows)
    rows = np.sort(X[np.arange(count) * n_rows // count], axis=0)
    center: np.ndarray = rows[count // 2].copy()
    center[~np.isfinite(center)] = 0
    return center


def prepare(
    X: np.ndarray,
    offsets: np.ndarray | None,
    means: np.ndarray,
    precisions_cholesky: np.ndarray,
    covariance_type: str,
) -> Model:
    """Precompute the constants in float64 and bring the factors into the loops' layout."""
    n_components, n_features = means.shape
    kind = kind_of(covariance_type, n_features)
    dtype = means.dtype
    precisions = precisions_cholesky.reshape(means.shape) if kind == DIAGONAL else precisions_cholesky
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == FULL:
            log_determinant = np.log(np.diagonal(precisions, axis1=1, axis2=2).astype(np.float64)).sum(axis=1)
        elif kind == TIED:
            log_determinant = np.log(np.diagonal(precisions).astype(np.float64)).sum()
        elif kind == DIAGONAL:
            log_determinant = np.log(precisions.astype(np.float64)).sum(axis=1)
        else:
            log_determinant = n_features * np.log(precisions.astype(np.float64))
    constants = np.zeros(n_components) if offsets is None else offsets.astype(np.float64)
    constants = constants + log_determinant - 0.5 * n_features * np.log(2 * np.pi)

    factors = np.zeros((0, 0, 0), dtype)
    location, scale = means, np.zeros((0, 0), dtype)
    center = center_of(X)
    if kind == FULL:
        factors = _pad(precisions)
    elif kind == TIED:
        factors = _pad(precisions[np.newaxis])
        moved = (means.astype(np.float64) - center) @ np.triu(precisions).astype(np.float64)
        location, scale = moved.astype(dtype), np.ones_like(means)
    elif kind == DIAGONAL:
        scale = precisions
    else:
        scale = np.repeat(precisions[:, np.newaxis], n_features, axis=1)
    arrays = (constants.astype(dtype), means, location, scale, factors, center)
    return Model(kind, *(read_only(array) for array in arrays))
