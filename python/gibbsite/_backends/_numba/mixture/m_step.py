"""Parameters from statistics, and the merging of statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.mixture.accumulate import views
from gibbsite._backends._numba.mixture.model import DIAGONAL, FULL, KINDS, SPHERICAL, TIED


@jit
def _merge(into: Any, other: Any, kind: int, n_components: int, n_features: int) -> None:
    weight, mean, second = views(into, kind, n_components, n_features)
    weight_b, mean_b, second_b = views(other, kind, n_components, n_features)
    move = np.empty(n_features)
    into[0] += other[0]
    into[1] += other[1]
    second += second_b
    for k in range(n_components):
        joint = weight[k] + weight_b[k]
        if weight_b[k] == 0.0:
            continue
        share = weight_b[k] / joint
        between = weight[k] * share
        for d in range(n_features):
            move[d] = mean_b[k, d] - mean[k, d]
            mean[k, d] = mean_b[k, d] if weight[k] == 0.0 else mean[k, d] + share * move[d]
        weight[k] = joint
        for i in range(n_features):
            if kind == DIAGONAL:
                second[k, i, 0] += between * move[i] * move[i]
            elif kind == SPHERICAL:
                second[k, 0, 0] += between * move[i] * move[i]
            else:
                target = second[k if kind == FULL else 0]
                for j in range(n_features):
                    target[i, j] += between * move[i] * move[j]


def merge(
    into: np.ndarray, other: np.ndarray, n_components: int, n_features: int, covariance_type: str, threads: int
) -> None:
    """Add `other` to `into`: Chan, Golub & LeVeque 1979, equation 2.1, for every component."""
    _merge(into, read_only(other), KINDS[covariance_type], n_components, n_features)


@jit
def _cholesky(matrix: Any) -> bool:
    """Lower Cholesky factor in place (the upper triangle is left alone); False if not positive definite."""
    n = matrix.shape[0]
    for j in range(n):
        pivot = matrix[j, j]
        for i in range(j):
            pivot -= matrix[j, i] * matrix[j, i]
        if not (pivot > 0.0 and pivot < np.inf):
            return False
        matrix[j, j] = np.sqrt(pivot)
        for row in range(j + 1, n):
            value = matrix[row, j]
            for i in range(j):
                value -= matrix[row, i] * matrix[j, i]
            matrix[row, j] = value / matrix[j, j]
    return True


@jit
def _precision_factor(covariance: Any, precision: Any) -> bool:
    """Precision = L^-T for covariance = L L^T; a diagonal stand-in and False if there is no L."""
    n = covariance.shape[0]
    lower = covariance.copy()
    precision[:] = 0
    if not _cholesky(lower):
        for i in range(n):
            precision[i, i] = _safe_root(covariance[i, i])
        return False
    # Column j of L^-1 is row j of the upper triangular precision factor.
    column = np.zeros(n)
    for j in range(n):
        column[j] = 1.0 / lower[j, j]
        for i in range(j + 1, n):
            value = 0.0
            for m in range(j, i):
                value -= lower[i, m] * column[m]
            column[i] = value / lower[i, i]
        for i in range(j, n):
            precision[j, i] = column[i]
    return True


@jit
def _safe_root(variance: float) -> Any:
    """1 / sqrt(variance), finite whatever the variance."""
    if variance < np.inf and variance > 2.2250738585072014e-308:
        return 1.0 / np.sqrt(variance)
    return 1.0 / np.sqrt(2.2250738585072014e-308) if variance < 1.0 else 1.0


@jit
def _scalar_precision(variance: float, precision: Any, k: int, d: int) -> bool:
    precision[k, d] = _safe_root(variance)
    return variance > 0.0 and variance < np.inf


@jit
def _pooled(weight: Any, second: Any, starved: Any) -> Any:
    """Scatter over weight of all components that are not starved."""
    pooled = np.zeros(second.shape[1:])
    mass = 0.0
    for k in range(weight.shape[0]):
        if not starved[k]:
            pooled += second[k]
            mass += weight[k]
    return pooled / mass if mass > 0.0 else pooled


@jit
def _m_step(
    stats: Any, kind: int, reg_covar: float, weights: Any, means: Any, covariances: Any, precisions: Any, status: Any
) -> None:
    n_components, n_features = means.shape
    weight, mean, second = views(stats, kind, n_components, n_features)
    epsilon = 10 * 2.220446049250313e-16
    starved = weight <= epsilon * stats[1]
    effective = weight + epsilon
    effective_total = effective.sum()
    for k in range(n_components):
        weights[k] = effective[k] / effective_total
        status[k] = 1 if starved[k] else 0
        for d in range(n_features):
            means[k, d] = mean[k, d]
    if kind == TIED:
        covariance = second[0] / effective_total
        for i in range(n_features):
            covariance[i, i] += reg_covar
        covariances[0] = covariance
        if not _precision_factor(covariance, precisions[0]):
            status[:] = 2
        return
    pooled = _pooled(weight, second, starved)
    for k in range(n_components):
        covariance = pooled if starved[k] else second[k] / effective[k]
        if kind == FULL:
            covariance = covariance.copy()
            for i in range(n_features):
                covariance[i, i] += reg_covar
            covariances[k] = covariance
            if not _precision_factor(covariance, precisions[k]):
                status[k] = 2
        else:
            for d in range(covariance.shape[0]):
                variance = covariance[d, 0] / (n_features if kind == SPHERICAL else 1) + reg_covar
                covariances[k, d, 0] = variance
                if not _scalar_precision(variance, precisions[k], d, 0):
                    status[k] = 2


def m_step(
    stats: np.ndarray,
    reg_covar: float,
    covariance_type: str,
    weights: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    precisions_cholesky: np.ndarray,
    status: np.ndarray,
    threads: int,
) -> None:
    """Write the parameters that maximise the expected log likelihood, in float64 rounded once at the end."""
    kind = KINDS[covariance_type]
    n_components, n_features = means.shape
    shape = {
        FULL: (n_components, n_features, n_features),
        TIED: (1, n_features, n_features),
        DIAGONAL: (n_components, n_features, 1),
        SPHERICAL: (n_components, 1, 1),
    }[kind]
    outputs = covariances.reshape(shape), precisions_cholesky.reshape(shape)
    _m_step(read_only(stats), kind, float(reg_covar), weights, means, *outputs, status)
