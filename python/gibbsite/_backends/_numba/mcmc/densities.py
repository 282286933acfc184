"""Log densities of one chain that need no data: normals and their mixtures, Student's t, funnel, banana.

Each returns the log density in float64 and writes the gradient where it is wanted; csrc/mcmc/targets.hpp has the
layouts of `data`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import part
from gibbsite._backends._numba.jit import jit
from gibbsite._backends._numba.mcmc.vectors import add_scaled, inner
from gibbsite._backends._numba.sums import dot

_LOG_2PI = 1.8378770664093454836


@jit
def _whiten(q: Any, mean: Any, factor: Any, y: Any) -> float:
    """y = (q - mean) P with P upper triangular; returns |y|^2."""
    n = q.shape[0]
    for j in range(n):
        y[j] = 0
    for i in range(n):
        add_scaled(part(factor, i * n + i), q[i] - mean[i], n - i, part(y, i))
    return dot(y, y, n)


@jit
def _pull_back(factor: Any, y: Any, scale: Any, grad: Any) -> None:
    """grad += scale P y."""
    n = grad.shape[0]
    for i in range(n):
        grad[i] += scale * inner(part(factor, i * n + i), part(y, i), n - i)


@jit
def _clear(x: Any) -> None:
    for i in range(x.shape[0]):
        x[i] = 0


@jit
def multivariate_normal(sizes: Any, data: Any, q: Any, wanted: bool, grad: Any, work: Any) -> float:
    """Data: constant, mean, factor of the precision, or the inverse deviations where sizes[0] is 1."""
    n = q.shape[0]
    mean, factor = part(data, 1), part(data, 1 + n)
    if sizes[0] == 0:
        square = _whiten(q, mean, factor, work)
        if wanted:
            _clear(grad)
            _pull_back(factor, work, -q.dtype.type(1), grad)
        return data[0] - 0.5 * square
    for i in range(n):
        work[i] = (q[i] - mean[i]) * factor[i]
    if wanted:
        for i in range(n):
            grad[i] = -(work[i] * factor[i])
    return data[0] - 0.5 * dot(work, work, n)


@jit
def student_t(data: Any, q: Any, wanted: bool, grad: Any, work: Any) -> float:
    """Data: constant, degrees of freedom, mean, factor."""
    n = q.shape[0]
    df = np.float64(data[1])
    factor = part(data, 2 + n)
    square = _whiten(q, part(data, 2), factor, work)
    if wanted:
        _clear(grad)
        _pull_back(factor, work, q.dtype.type(-(df + n) / (df + square)), grad)
    return data[0] - 0.5 * (df + n) * np.log1p(square / df)


@jit
def gaussian_mixture(sizes: Any, data: Any, q: Any, wanted: bool, grad: Any, work: Any) -> float:
    """Data: constants, means, factors; one pass that scales what it has by the new maximum."""
    n, n_components = q.shape[0], sizes[0]
    means, factors = part(data, n_components), part(data, n_components * (1 + n))
    largest, sum_exp = -np.inf, 0.0
    if wanted:
        _clear(grad)
    for k in range(n_components):
        factor = part(factors, k * n * n)
        value = data[k] - 0.5 * _whiten(q, part(means, k * n), factor, work)
        if value > largest:
            shrink = np.exp(largest - value)
            sum_exp *= shrink
            if wanted:
                for i in range(n):
                    grad[i] *= q.dtype.type(shrink)
            largest = value
        weight = np.exp(value - largest) if value > -np.inf or value != value else 0.0
        sum_exp += weight
        if wanted and weight != 0.0:
            _pull_back(factor, work, q.dtype.type(-weight), grad)
    if wanted:
        for i in range(n):
            grad[i] *= q.dtype.type(1.0 / sum_exp)
    return largest + np.log(sum_exp)


@jit
def funnel(data: Any, q: Any, wanted: bool, grad: Any) -> float:
    """Neal (2003), "Slice sampling"; data: the scale of q[0]."""
    n, scale, v = q.shape[0] - 1, np.float64(data[0]), np.float64(q[0])
    rest = part(q, 1)
    precision = np.exp(-v)
    half_square = 0.5 * precision * dot(rest, rest, n)
    if wanted:
        grad[0] = -v / (scale * scale) + half_square - 0.5 * n
        factor = -q.dtype.type(precision)
        for i in range(n):
            grad[1 + i] = factor * rest[i]
    z = v / scale
    return -0.5 * (z * z + (n + 1) * _LOG_2PI + n * v) - np.log(scale) - half_square


@jit
def rosenbrock(data: Any, q: Any, wanted: bool, grad: Any) -> float:
    """Data: a, b, temperature; a sum over neighbours, not normalised."""
    a, b, inverse = np.float64(data[0]), np.float64(data[1]), 1.0 / np.float64(data[2])
    result, carried = 0.0, 0.0
    for i in range(q.shape[0] - 1):
        x = np.float64(q[i])
        bend, reach = np.float64(q[i + 1]) - x * x, a - x
        result += b * bend * bend + reach * reach
        if wanted:
            grad[i] = inverse * (carried + 4.0 * b * bend * x + 2.0 * reach)
        carried = -2.0 * b * bend
    if wanted:
        grad[q.shape[0] - 1] = inverse * carried
    return -inverse * result
