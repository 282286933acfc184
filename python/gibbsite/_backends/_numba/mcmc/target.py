"""What is sampled: one of the native log densities, or a user's C function."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.mcmc.function import call
from gibbsite._backends._numba.mcmc.native import FUNCTION, SIZES, native_function


class Target(NamedTuple):
    """A log density.

    Attributes
    ----------
    function, user_data : int
        Addresses of the function and of its last argument.
    context : int64 array
        What a native density's user_data points to, and
    data : array
        what that points to: kept here so that they live.
    """

    function: int
    user_data: int
    context: Any
    data: Any


def _signed(address: int) -> int:
    return int(np.uint64(address).astype(np.int64))


def prepare(
    kind: int, sizes: np.ndarray, data: np.ndarray, function: int, user_data: int, wanted: bool = True
) -> Target:
    """Return the target as compiled code takes it; see kernels/mcmc/_target.py. `wanted`: the gradient is."""
    context, data = np.zeros(SIZES + 4, np.int64), read_only(data)
    if kind == FUNCTION:
        if data.dtype != np.float64:
            raise TypeError("A C function takes points in float64 only.")
        return Target(_signed(function), _signed(user_data), context, data)
    context[:SIZES], context[SIZES:] = (kind, wanted, data.ctypes.data, data.size), sizes
    return Target(native_function(data.dtype).address, context.ctypes.data, context, data)


@jit
def log_density_at(target: Any, q: Any, grad: Any, fault: Any) -> float:
    """Log density at q; -inf where it is not finite, or a function says so, or left its negative status in fault[0].

    The gradient is written where it is wanted, and by a C function always: `grad` is never empty.
    """
    status, value = call(target.function, target.user_data, q, grad)
    if status < 0:
        fault[0] = status
    return value if status == 0 and np.isfinite(value) else -np.inf
