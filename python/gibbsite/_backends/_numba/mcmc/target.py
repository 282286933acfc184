"""What is sampled: one of the native log densities, or a user's C function."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.mcmc.function import call
from gibbsite._backends._numba.mcmc.native import (
    CONTEXT_SIZE,
    DATA,
    FUNCTION,
    KIND,
    LENGTH,
    LOGISTIC_REGRESSION,
    SIZES,
    WANTED,
    WORK,
    WORK_LENGTH,
    native_function,
)


class Target(NamedTuple):
    """A log density.

    Attributes
    ----------
    function, user_data : int
        Addresses of the function and of its last argument.
    context : int64 array
        What a native density's user_data points to, and
    data, work : arrays
        what that points to: kept here so that they live.
    """

    function: Any
    user_data: Any
    context: Any
    data: Any
    work: Any


def _signed(address: int) -> int:
    return int(np.uint64(address).astype(np.int64))


def prepare(
    kind: int, sizes: np.ndarray, data: np.ndarray, function: int, user_data: int, wanted: bool = True
) -> Target:
    """Return the target as compiled code takes it; see kernels/mcmc/_target.py. `wanted`: the gradient is."""
    context, data = np.zeros(CONTEXT_SIZE, np.int64), read_only(data)
    context[KIND], context[WANTED], context[SIZES:] = kind, wanted, sizes
    context[DATA], context[LENGTH] = data.ctypes.data, data.size
    nothing = np.empty(0, data.dtype)
    if kind == FUNCTION:
        if data.dtype != np.float64:
            raise TypeError("A C function takes points in float64 only.")
        return Target(_signed(function), _signed(user_data), context, data, nothing)
    return Target(native_function(data.dtype).address, 0, context, data, nothing)


@jit
def with_work(target: Any, n: int) -> Any:
    """The same with scratch of one's own, for points of n dimensions; no other thread may use it."""
    kind, context = target.context[KIND], target.context.copy()
    if kind == FUNCTION:
        return Target(target.function, target.user_data, context, target.data, np.empty(0, target.data.dtype))
    work = np.empty(2 * (context[SIZES] if kind == LOGISTIC_REGRESSION else n), target.data.dtype)
    context[WORK], context[WORK_LENGTH] = work.ctypes.data, work.shape[0]
    return Target(target.function, np.int64(context.ctypes.data), context, target.data, work)


def cost_of(kind: int, data: np.ndarray, n: int) -> int:
    """Return nanoseconds that an evaluation in n dimensions may take; 0 of a function, because nobody knows."""
    return 0 if kind == FUNCTION else 300 + 20 * n + data.size


@jit
def log_density_at(target: Any, q: Any, grad: Any, fault: Any) -> float:
    """Log density at q; -inf where it is not finite, or a function says so, or left its negative status in fault[0].

    The gradient is written where it is wanted, and by a C function always: `grad` is never empty.
    """
    status, value = call(target.function, target.user_data, q, grad)
    if status < 0:
        fault[0] = status
    return value if status == 0 and np.isfinite(value) else -np.inf
