"""Positive numbers, y = exp(x)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

__all__ = ["gradient", "inverse", "log_jacobian", "value"]


@register_jitable
def value(x: Any) -> Any:
    """Return y = exp(x)."""
    return np.exp(x)


@register_jitable
def log_jacobian(x: Any) -> Any:
    """Return log(dy/dx) = x."""
    return x


@register_jitable
def gradient(x: Any, g: Any) -> Any:
    """Return the derivative of f(value(x)) + log_jacobian(x) with respect to x, from g = df/dy."""
    return g * np.exp(x) + 1.0


@register_jitable
def inverse(y: Any) -> Any:
    """Return x = log(y)."""
    return np.log(y)
