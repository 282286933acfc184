"""The partition function by enumeration of the hidden states.

A chunk of them goes in the order of Gray's code, so that a state differs from the one before in one hidden unit, and
one row of W is added to the visible units' activations or taken from them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, jit_reductions, read_only
from gibbsite._backends._numba.rbm.machine import BERNOULLI, GAUSSIAN, Machine, prepare
from gibbsite._backends._numba.vecmath import exp_nonpositive

_PRODUCT = 512  # factors between 1 and 2, the product of which is finite
_WORK = 1 << 22  # visible units of all states of a chunk


@jit_reductions
def _move_and_reduce(x: Any, weights: Any, sign: float, n: int) -> Any:
    """Add sign times weights to x; returns sum_j max(x_j, 0) and prod_j (1 + e^-|x_j|)."""
    total, product = 0.0, 1.0
    for j in range(n):
        value = x[j] + sign * weights[j]
        x[j] = value
        total += value if value > 0.0 else 0.0
        product *= 1.0 + exp_nonpositive(-abs(value))
    return total, product


@jit
def _move_bernoulli(x: Any, weights: Any, sign: float) -> float:
    """Add sign times weights to x; returns sum_j log(1 + e^x_j) = sum_j max(x_j, 0) + log prod_j (1 + e^-|x_j|)."""
    result = 0.0
    for first in range(0, x.shape[0], _PRODUCT):
        n = min(_PRODUCT, x.shape[0] - first)
        total, product = _move_and_reduce(part(x, first), part(weights, first), sign, n)
        result += total + math.log(product)
    return result


@jit
def _log_categorical(x: Any, groups: Any) -> float:
    """sum over groups of log sum_k e^x_k; several sums are multiplied before a logarithm is taken."""
    result, product = 0.0, 1.0
    for g in range(groups.shape[0] - 1):
        largest = x[groups[g]]
        for j in range(groups[g] + 1, groups[g + 1]):
            largest = max(largest, x[j])
        sum_of_group = 0.0
        for j in range(groups[g], groups[g + 1]):
            sum_of_group += exp_nonpositive(x[j] - largest)
        result += largest
        product *= sum_of_group
        if product > 1e200:
            result += math.log(product)
            product = 1.0
    return result + math.log(product)


@jit_reductions
def _log_gaussian(x: Any, b: Any, variance: Any) -> float:
    """sum_j (x_j^2 - b_j^2) / (2 s_j)."""
    result = 0.0
    for j in range(x.shape[0]):
        result += (x[j] - b[j]) * (x[j] + b[j]) / (2.0 * variance[j])
    return result


@jit
def _move_others(x: Any, weights: Any, sign: float, kind: int, groups: Any, b: Any, variance: Any) -> float:
    for j in range(x.shape[0]):
        x[j] += sign * weights[j]
    return _log_gaussian(x, b, variance) if kind == GAUSSIAN else _log_categorical(x, groups)


@jit
def _chunk(machine: Any, n_bits: int, number: int, partial: Any) -> None:
    """Sum the states whose units from n_bits on are the bits of `number`: partial = (largest term, sum over it)."""
    W, b, c, variance = machine.W, machine.b, machine.c, machine.variance
    kind, groups = machine.kind, machine.groups
    x, bias = b.copy(), 0.0
    for i in range(n_bits, W.shape[0]):
        if number >> (i - n_bits) & 1:
            x += W[i]
            bias += c[i]
    largest, result = -np.inf, 0.0
    for state in range(1 << n_bits):
        # the unit that changes is the lowest set bit of the count; it goes on where the next higher one is not set
        i, sign = 0, 0.0
        if state > 0:
            while not state >> i & 1:
                i += 1
            sign = -1.0 if state >> (i + 1) & 1 else 1.0
        bias += sign * c[i]
        if kind == BERNOULLI:
            value = bias + _move_bernoulli(x, row(W, i), sign)
        else:
            value = bias + _move_others(x, row(W, i), sign, kind, groups, b, variance)
        if value > largest or value != value:
            result = result * math.exp(largest - value) + 1.0
            largest = value
        else:
            result += math.exp(value - largest) if value > -np.inf else 0.0
    partial[0], partial[1] = largest, result


def _combined(partials: np.ndarray) -> float:
    largest = float(partials[:, 0].max())
    if not np.isfinite(largest):
        return largest
    return largest + math.log(float((np.exp(partials[:, 0] - largest) * partials[:, 1]).sum()))


def exact_log_partition(
    W: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    variance: np.ndarray | None,
    groups: np.ndarray | None,
    out: np.ndarray,
    threads: int,
) -> None:
    """out (1) = log Z, all of it in float64."""
    n_hidden, n_visible = W.shape
    narrow = prepare(W, b, c, variance, groups, upwards=False)
    W, no_transpose, b, c, variance64 = (
        read_only(array.astype(np.float64)) for array in (W, narrow.W_T, b, c, narrow.variance)
    )
    machine = Machine(narrow.kind, W, no_transpose, b, c, variance64, narrow.groups)
    n_bits = min(n_hidden, max(4, int(math.log2(_WORK / n_visible))))
    partials = np.empty((1 << (n_hidden - n_bits), 2))
    pool.run(lambda i: _chunk(machine, n_bits, i, partials[i]), len(partials), threads)
    out[0] = _combined(partials)
    if variance is not None:
        out[0] += 0.5 * float(np.log(2 * np.pi * variance.astype(np.float64)).sum())
