"""The native log densities of one dtype as one C function, which the samplers call as they call a user's.

So the samplers are compiled without the densities, and these once, not into each of the samplers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
from numba import types

from gibbsite._backends._numba.jit import jit
from gibbsite._backends._numba.mcmc.densities import (
    funnel,
    gaussian_mixture,
    multivariate_normal,
    rosenbrock,
    student_t,
)
from gibbsite._backends._numba.mcmc.function import array_at
from gibbsite._backends._numba.mcmc.regression import linear_regression, logistic_regression

(
    FUNCTION,
    MULTIVARIATE_NORMAL,
    LOGISTIC_REGRESSION,
    LINEAR_REGRESSION,
    GAUSSIAN_MIXTURE,
    STUDENT_T,
    FUNNEL,
    ROSENBROCK,
) = range(8)

# entries of a context: kind, whether the gradient is wanted, address and length of the data, then the sizes
KIND, WANTED, DATA, LENGTH, SIZES = range(5)


@jit
def _density(kind: int, sizes: Any, data: Any, q: Any, wanted: bool, grad: Any) -> float:
    if kind == FUNNEL:
        return funnel(data, q, wanted, grad)
    if kind == ROSENBROCK:
        return rosenbrock(data, q, wanted, grad)
    work = np.empty(2 * (sizes[0] if kind == LOGISTIC_REGRESSION else q.shape[0]), q.dtype)
    if kind == MULTIVARIATE_NORMAL:
        return multivariate_normal(sizes, data, q, wanted, grad, work)
    if kind == LOGISTIC_REGRESSION:
        return logistic_regression(sizes, data, q, wanted, grad, work)
    if kind == LINEAR_REGRESSION:
        return linear_regression(sizes, data, q, wanted, grad, work)
    if kind == GAUSSIAN_MIXTURE:
        return gaussian_mixture(sizes, data, q, wanted, grad, work)
    return student_t(data, q, wanted, grad, work)


def _native(dim: Any, q: Any, grad: Any, logp: Any, user_data: Any) -> int:
    context = numba.carray(user_data, SIZES + 4, np.int64)
    x, slope = numba.carray(q, dim), numba.carray(grad, dim)
    data = array_at(context[DATA], context[LENGTH], x)
    logp[0] = _density(context[KIND], context[SIZES:], data, x, context[WANTED] != 0, slope)
    return 0


@cache
def native_function(dtype: np.dtype[Any]) -> Any:
    """Return the C function for this dtype; its user_data is a context, see above."""
    number = types.CPointer(types.float32 if dtype == np.float32 else types.float64)
    signature = types.int32(types.uintp, number, number, types.CPointer(types.float64), types.voidptr)
    try:
        return numba.cfunc(signature, cache=True)(_native)
    except RuntimeError:  # no place on this machine may be written to
        return numba.cfunc(signature)(_native)
