"""Positive vectors whose sum is 1: y = softmax(V x) with an orthonormal basis V of the vectors whose sum is 0.

V is Helmert's; the map is the inverse of the isometric log-ratio transform (Egozcue and others 2003, Mathematical
Geology 35). x = 0 is the centre, and no element of y is special. Its log-Jacobian, for the first n - 1 elements of y,
is sum_k log y_k + log(n) / 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.jit import jit
from gibbsite.transforms import _vectors

__all__ = ["gradient", "inverse", "log_jacobian", "value"]


@jit
def _logits(x: Any, y: Any) -> float:
    """V x into y; the logarithm of the sum of their exponentials."""
    n = len(x) + 1
    above = 0.0
    for k in range(n - 1, 0, -1):
        w = x[k - 1] / np.sqrt(k * (k + 1.0))
        y[k] = above - k * w
        above += w
    y[0] = above
    top = np.max(y)
    total = 0.0
    for k in range(n):
        total += np.exp(y[k] - top)
    return float(top + np.log(total))


@jit
def _value(x: Any, y: Any) -> None:
    norm = _logits(x, y)
    for k in range(len(y)):
        y[k] = np.exp(y[k] - norm)


@jit
def _log_jacobian(x: Any) -> Any:
    n = len(x) + 1
    return 0.5 * np.log(n) - n * _logits(x, np.empty(n))


@jit
def _gradient(x: Any, g: Any, out: Any) -> None:
    n = len(x) + 1
    y = np.empty(n)
    _value(x, y)
    mean = 0.0
    for k in range(n):
        mean += y[k] * g[k]
    # the gradient with respect to the logits, then back through V
    below = y[0] * (g[0] - mean) + 1.0 - n * y[0]
    for k in range(1, n):
        own = y[k] * (g[k] - mean) + 1.0 - n * y[k]
        out[k - 1] = (below - k * own) / np.sqrt(k * (k + 1.0))
        below += own


@jit
def _inverse(y: Any, x: Any) -> None:
    below = np.log(y[0])
    for k in range(1, len(y)):
        own = np.log(y[k])
        x[k - 1] = (below - k * own) / np.sqrt(k * (k + 1.0))
        below += own


@jit
def _one_more(shape: Any) -> Any:
    return shape[0] + 1


@jit
def _one_less(shape: Any) -> Any:
    return shape[0] - 1


def value(x: Any, out: Any = None) -> Any:
    """Return y, whose last axis sums to 1.

    Parameters
    ----------
    x : array of shape (..., n - 1)
    out : array of shape (..., n), optional
    """
    return _vectors.mapped(_value, [x], [1], lambda core: (core[0] + 1,), out)


def log_jacobian(x: Any) -> Any:
    """Return the log-Jacobian of the first n - 1 elements of y."""
    return _vectors.mapped_number(_log_jacobian, x)


def gradient(x: Any, g: Any, out: Any = None) -> Any:
    """Return the gradient of f(value(x)) + log_jacobian(x) with respect to x, from g = df/dy.

    Parameters
    ----------
    x : array of shape (..., n - 1)
    g : array of shape (..., n)
        f as a function of n variables.
    out : array of shape (..., n - 1), optional
    """
    return _vectors.mapped(_gradient, [x, g], [1, 1], lambda core, _: core, out)


def inverse(y: Any, out: Any = None) -> Any:
    """Return x, of shape (..., n - 1)."""
    return _vectors.mapped(_inverse, [y], [1], lambda core: (core[0] - 1,), out)


_vectors.in_compiled_code(value, _value, _one_more)
_vectors.in_compiled_code(inverse, _inverse, _one_less)
_vectors.gradient_in_compiled_code(gradient, _gradient)
_vectors.number_in_compiled_code(log_jacobian, _log_jacobian)
