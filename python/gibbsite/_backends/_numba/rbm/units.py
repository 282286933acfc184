"""How an activation becomes a probability, and the sums over a row; see csrc/rbm/units.hpp."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.jit import by_precision, jit, jit_reductions
from gibbsite._backends._numba.sums import total
from gibbsite._backends._numba.vecmath import exp_nonpositive, log_positive

# From here on 2^n is infinite: e^x is infinity from 2^(largest exponent + 1/2) on.
_EXP_HIGH64 = 709.7
_EXP_HIGH32 = np.float32(88.7)


def _exp64(x: Any) -> Any:
    # The polynomial and the power of two of exp_nonpositive hold on both sides of zero.
    return exp_nonpositive(_EXP_HIGH64 if x > _EXP_HIGH64 else x)


def _exp32(x: Any) -> Any:
    return exp_nonpositive(_EXP_HIGH32 if x > _EXP_HIGH32 else x)


def exp(x: Any) -> Any:
    """e^x, flushed to zero where it would be subnormal; NaN stays NaN."""
    raise NotImplementedError


by_precision(exp, _exp64, _exp32)


def _softplus64(x: Any) -> Any:
    e = exp_nonpositive(-abs(x))
    u = 1.0 + e
    # log1p: the rounding of 1 + e is given back to first order. A NaN comes through the first term.
    return (x if x > 0.0 or x != x else 0.0) + (log_positive(u) + (e - (u - 1.0)) / u)


def _softplus32(x: Any) -> Any:
    zero, one = np.float32(0.0), np.float32(1.0)
    e = exp_nonpositive(np.float32(-abs(x)))
    u = np.float32(one + e)
    tail = np.float32(log_positive(u) + np.float32(np.float32(e - np.float32(u - one)) / u))
    return np.float32((x if x > zero or x != x else zero) + tail)


def softplus(x: Any) -> Any:
    """log(1 + e^x) = max(x, 0) + log1p(e^-|x|)."""
    raise NotImplementedError


by_precision(softplus, _softplus64, _softplus32)


@jit
def to_logistic(x: Any, n: int, beta: Any) -> None:
    """x = 1 / (1 + e^(-beta x)), in place."""
    one = x.dtype.type(1)
    for i in range(n):
        x[i] = one / (exp(-(beta * x[i])) + one)


@jit
def to_softmax(x: Any, groups: Any, beta: Any) -> None:
    """x = softmax of beta x over each group, in place."""
    for g in range(groups.shape[0] - 1):
        begin, end = groups[g], groups[g + 1]
        total = exponentials(x, begin, end, beta)
        scale = x.dtype.type(1) / total
        for j in range(begin, end):
            x[j] *= scale


@jit
def exponentials(x: Any, begin: int, end: int, beta: Any) -> Any:
    """x = e^(beta x - largest beta x) over [begin, end), in place; returns their sum in order."""
    largest = x.dtype.type(-np.inf)
    for j in range(begin, end):
        x[j] *= beta
        largest = x[j] if x[j] > largest else largest
    total = x.dtype.type(0)
    for j in range(begin, end):
        x[j] = exp_nonpositive(x[j] - largest)
        total += x[j]
    return total


@jit_reductions
def quadratic(v: Any, center: Any, variance: Any, n: int) -> float:
    """sum (v - center)^2 / (2 variance), in float64."""
    result = 0.0
    for j in range(n):
        difference = np.float64(v[j]) - np.float64(center[j])
        result += difference * difference / (2.0 * np.float64(variance[j]))
    return result


@jit
def softplus_total(x: Any, n: int, beta: Any, values: Any) -> float:
    """Sum of softplus(beta x) over the first n, in float64; `values` is scratch."""
    for i in range(n):
        values[i] = softplus(beta * x[i])
    return total(values, n)
