"""Increasing vectors: y_1 = x_1, y_k = y_(k-1) + exp(x_k)."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.jit import jit
from gibbsite.transforms import _vectors

__all__ = ["gradient", "inverse", "log_jacobian", "value"]


@jit
def _value(x: Any, y: Any) -> None:
    y[0] = x[0]
    for k in range(1, len(x)):
        y[k] = y[k - 1] + np.exp(x[k])


@jit
def _log_jacobian(x: Any) -> Any:
    return np.sum(x[1:])


@jit
def _gradient(x: Any, g: Any, out: Any) -> None:
    above = 0.0
    for k in range(len(x) - 1, 0, -1):
        above += g[k]
        out[k] = above * np.exp(x[k]) + 1.0
    out[0] = above + g[0]


@jit
def _inverse(y: Any, x: Any) -> None:
    x[0] = y[0]
    for k in range(1, len(y)):
        x[k] = np.log(y[k] - y[k - 1])


@jit
def _same(shape: Any) -> Any:
    return shape


def value(x: Any, out: Any = None) -> Any:
    """Return y, increasing along the last axis.

    Parameters
    ----------
    x : array of shape (..., n)
    out : array of shape (..., n), optional
    """
    return _vectors.mapped(_value, [x], [1], lambda core: core, out)


def log_jacobian(x: Any) -> Any:
    """Return the sum of all x but the first."""
    return _vectors.mapped_number(_log_jacobian, x)


def gradient(x: Any, g: Any, out: Any = None) -> Any:
    """Return the gradient of f(value(x)) + log_jacobian(x) with respect to x, from g = df/dy.

    Parameters
    ----------
    x, g : array of shape (..., n)
    out : array of shape (..., n), optional
    """
    return _vectors.mapped(_gradient, [x, g], [1, 1], lambda core, _: core, out)


def inverse(y: Any, out: Any = None) -> Any:
    """Return x."""
    return _vectors.mapped(_inverse, [y], [1], lambda core: core, out)


_vectors.in_compiled_code(value, _value, _same)
_vectors.in_compiled_code(inverse, _inverse, _same)
_vectors.gradient_in_compiled_code(gradient, _gradient)
_vectors.number_in_compiled_code(log_jacobian, _log_jacobian)
