"""Lower Cholesky factors of correlation matrices, row by row from hyperbolic tangents.

L_ij = tanh(x_ij) sqrt(1 - sum_(k<j) L_ik^2) for j < i; each row has length 1 (Stan Reference Manual, transform of the
Cholesky factor of a correlation matrix). x holds the rows of the strict lower triangle one after another.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gibbsite._backends._numba.jit import jit
from gibbsite.transforms import _vectors

__all__ = ["gradient", "inverse", "log_jacobian", "value"]


@jit
def _order(n_free: Any) -> int:
    """Rows of a matrix with so many entries below its diagonal."""
    return int((1 + np.sqrt(1.0 + 8.0 * n_free)) / 2 + 0.5)


@jit
def _log_sech_squared(x: Any) -> Any:
    """log(1 - tanh(x)^2) without cancellation."""
    return 2 * (np.log(2.0) - abs(x) - np.log1p(np.exp(-2 * abs(x))))


@jit
def _value(x: Any, y: Any) -> None:
    n, place = len(y), 0
    for i in range(n):
        log_rest = 0.0
        for j in range(i):
            y[i, j] = np.tanh(x[place]) * np.exp(0.5 * log_rest)
            log_rest += _log_sech_squared(x[place])
            place += 1
        y[i, i] = np.exp(0.5 * log_rest)
        y[i, i + 1 :] = 0.0


@jit
def _log_jacobian(x: Any) -> Any:
    total, place = 0.0, 0
    for i in range(_order(len(x))):
        for j in range(i):
            total += (1 + 0.5 * (i - 1 - j)) * _log_sech_squared(x[place])
            place += 1
    return total


@jit
def _gradient(x: Any, g: Any, out: Any) -> None:
    place = len(x)
    for i in range(len(g) - 1, 0, -1):
        place -= i
        log_rest = 0.0
        for j in range(i):
            log_rest += _log_sech_squared(x[place + j])
        # sum of g_ik L_ik over the columns k to the right, which all shrink as the entry j grows
        right = g[i, i] * np.exp(0.5 * log_rest)
        for j in range(i - 1, -1, -1):
            z, log_slope = np.tanh(x[place + j]), _log_sech_squared(x[place + j])
            log_rest -= log_slope
            rest = np.exp(0.5 * log_rest)
            out[place + j] = g[i, j] * np.exp(log_slope) * rest - z * (right + 2 + (i - 1 - j))
            right += g[i, j] * z * rest


@jit
def _inverse(y: Any, x: Any) -> None:
    place = 0
    for i in range(len(y)):
        rest = 1.0
        for j in range(i):
            x[place] = np.arctanh(y[i, j] / np.sqrt(rest))
            rest -= y[i, j] ** 2
            place += 1


@jit
def _matrix(shape: Any) -> Any:
    n = _order(shape[0])
    return n, n


@jit
def _triangle(shape: Any) -> Any:
    return shape[0] * (shape[0] - 1) // 2


def _checked(core: tuple[int, ...]) -> tuple[int, ...]:
    n = (1 + math.isqrt(1 + 8 * core[0])) // 2
    if n * (n - 1) // 2 != core[0]:
        raise ValueError(f"The factor of an (n, n) correlation needs n (n - 1) / 2 numbers, got {core[0]}.")
    return n, n


def value(x: Any, out: Any = None) -> Any:
    """Return L, lower triangular with rows of length 1.

    Parameters
    ----------
    x : array of shape (..., n (n - 1) / 2)
    out : array of shape (..., n, n), optional
    """
    return _vectors.mapped(_value, [x], [1], _checked, out)


def log_jacobian(x: Any) -> Any:
    """Return the log-Jacobian of the entries below the diagonal."""
    _checked(np.shape(x)[-1:])
    return _vectors.mapped_number(_log_jacobian, x)


def gradient(x: Any, g: Any, out: Any = None) -> Any:
    """Return the gradient of f(value(x)) + log_jacobian(x) with respect to x, from g = df/dL.

    Parameters
    ----------
    x : array of shape (..., n (n - 1) / 2)
    g : array of shape (..., n, n)
        Entries above the diagonal do not count.
    out : array of shape (..., n (n - 1) / 2), optional
    """

    def shape(core: tuple[int, ...], matrix: tuple[int, ...]) -> tuple[int, ...]:
        if _checked(core) != matrix:
            raise ValueError(f"g should have the shape {_checked(core)}, but got {matrix}.")
        return core

    return _vectors.mapped(_gradient, [x, g], [1, 2], shape, out)


def inverse(y: Any, out: Any = None) -> Any:
    """Return x, of shape (..., n (n - 1) / 2)."""
    return _vectors.mapped(_inverse, [y], [2], lambda core: (core[0] * (core[0] - 1) // 2,), out)


_vectors.in_compiled_code(value, _value, _matrix)
_vectors.in_compiled_code(inverse, _inverse, _triangle)
_vectors.gradient_in_compiled_code(gradient, _gradient)
_vectors.number_in_compiled_code(log_jacobian, _log_jacobian)
