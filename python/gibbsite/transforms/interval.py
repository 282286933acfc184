"""Numbers between two others, y = low + (high - low) / (1 + exp(-x))."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

__all__ = ["gradient", "inverse", "log_jacobian", "value"]


@register_jitable
def value(x: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Return y = low + (high - low) / (1 + exp(-x))."""
    return low + (high - low) * np.exp(-np.logaddexp(0.0, -x))


@register_jitable
def log_jacobian(x: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Return log(dy/dx)."""
    return np.log(high - low) - np.logaddexp(0.0, x) - np.logaddexp(0.0, -x)


@register_jitable
def gradient(x: Any, g: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Return the derivative of f(value(x)) + log_jacobian(x) with respect to x, from g = df/dy."""
    share = np.exp(-np.logaddexp(0.0, -x))
    rest = np.exp(-np.logaddexp(0.0, x))
    return g * (high - low) * share * rest + rest - share


@register_jitable
def inverse(y: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Return x = log((y - low) / (high - y))."""
    return np.log(y - low) - np.log(high - y)
