"""The native log densities of one dtype as one C function, which the samplers call as they call a user's.

So the samplers are compiled without the densities, and these once, not into each of the samplers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
from numba import types

from gibbsite._backends._numba.borrow import part
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

# entries of a context: kind, whether the gradient is wanted, addresses of the data and of scratch, their lengths, the
# sizes
KIND, WANTED, DATA, WORK, LENGTH, WORK_LENGTH, SIZES = range(7)
CONTEXT_SIZE = SIZES + 4


@jit
def _density(kind: int, sizes: Any, data: Any, q: Any, wanted: bool, grad: Any, work: Any) -> float:
    if kind == MULTIVARIATE_NORMAL:
        return multivariate_normal(sizes, data, q, wanted, grad, work)
    if kind == LOGISTIC_REGRESSION:
        return logistic_regression(sizes, data, q, wanted, grad, work)
    if kind == LINEAR_REGRESSION:
        return linear_regression(sizes, data, q, wanted, grad, work)
    if kind == GAUSSIAN_MIXTURE:
        return gaussian_mixture(sizes, data, q, wanted, grad, work)
    if kind == STUDENT_T:
        return student_t(data, q, wanted, grad, work)
    if kind == FUNNEL:
        return funnel(data, q, wanted, grad)
    return rosenbrock(data, q, wanted, grad)


def _native(dim: Any, q: Any, grad: Any, logp: Any, user_data: Any) -> int:
    context = numba.carray(user_data, CONTEXT_SIZE, np.int64)
    x, slope = numba.carray(q, dim), numba.carray(grad, dim)
    data, work = array_at(context[DATA], context[LENGTH], x), array_at(context[WORK], context[WORK_LENGTH], x)
    logp[0] = _density(context[KIND], part(context, SIZES), data, x, context[WANTED] != 0, slope, work)
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
