"""Sums over vectors in float64, whatever their type."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.jit import jit_reductions


@jit_reductions
def total(x: Any, n: int) -> float:
    """Sum of the first n, in float64."""
    result = 0.0
    for i in range(n):
        result += np.float64(x[i])
    return result


@jit_reductions
def dot(x: Any, y: Any, n: int) -> float:
    """Sum of products of the first n, in float64."""
    result = 0.0
    for i in range(n):
        result += np.float64(x[i]) * np.float64(y[i])
    return result
