"""One step of gradient ascent in place, and the places of panels, which this back end does without."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit, jit_reductions, read_only
from gibbsite._backends._numba.rbm.machine import cut_rows


@jit_reductions
def _sum_of_squares(x: Any) -> float:
    result = 0.0
    for i in range(x.shape[0]):
        result += np.float64(x[i]) * np.float64(x[i])
    return result


@jit
def _step(x: Any, gradient: Any, velocity: Any, rates: Any, step: Any) -> None:
    """One row of parameters; rates: learning rate, momentum, l1, l2. The step taken is left in `step`."""
    rate, momentum, l1, l2 = rates
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for j in range(x.shape[0]):
        sign = one if x[j] > zero else (-one if x[j] < zero else x[j])  # zero and NaN are their own
        step[j] = rate * (gradient[j] - l2 * x[j] - l1 * sign)
    if velocity.shape[0] > 0:
        for j in range(x.shape[0]):
            velocity[j] = momentum * velocity[j] + step[j]
            step[j] = velocity[j]
    for j in range(x.shape[0]):
        x[j] += step[j]


@jit
def _rows(x: Any, gradient: Any, velocity: Any, rates: Any, begin: int, end: int, norms: Any) -> None:
    """Rows of parameters; their squares and those of their steps are added to norms."""
    step = np.empty(x.shape[1], x.dtype)
    for i in range(begin, end):
        velocity_row = row(velocity, i) if velocity.shape[0] > 0 else step[:0]
        _step(row(x, i), row(gradient, i), velocity_row, rates, step)
        norms[0] += _sum_of_squares(row(x, i))
        norms[1] += _sum_of_squares(step)


def _ascend(x: np.ndarray, gradient: np.ndarray, velocity: np.ndarray | None, rates: Any, threads: int) -> Any:
    """Step x (rows, columns) in place; return the sums of squares of x and of the step."""
    velocity = np.empty((0, 0), x.dtype) if velocity is None else velocity.reshape(x.shape)
    gradient = read_only(gradient)
    cut, n_chunks = cut_rows(len(x), 32 * x.shape[1])
    partials = np.zeros((n_chunks, 2))
    pool.run(lambda i: _rows(x, gradient, velocity, rates, *cut(i), partials[i]), n_chunks, threads)
    return partials.sum(axis=0)


def update(
    W: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    dW: np.ndarray,
    db: np.ndarray,
    dc: np.ndarray,
    W_velocity: np.ndarray | None,
    b_velocity: np.ndarray | None,
    c_velocity: np.ndarray | None,
    learning_rate: float,
    momentum: float,
    l1: float,
    l2: float,
    panels: np.ndarray | None,
    norms: np.ndarray,
    threads: int,
) -> None:
    """Step W, b, c and the velocities in place; norms (4): squares of W, of its step, of b and c, of their steps."""
    number = W.dtype.type
    rates = tuple(number(rate) for rate in (learning_rate, momentum, l1, l2))
    no_decay = (*rates[:2], number(0), number(0))
    norms[:2] = _ascend(W, dW, W_velocity, rates, threads)
    norms[2:] = 0.0
    for bias, gradient, velocity in ((b, db, b_velocity), (c, dc, c_velocity)):
        norms[2:] += _ascend(bias.reshape(1, -1), gradient.reshape(1, -1), velocity, no_decay, threads)


def panels_size(n_hidden: int, n_visible: int, itemsize: int) -> int:
    """Return 0: there are no panels."""
    return 0


def pack(W: np.ndarray, panels: np.ndarray, threads: int) -> None:
    """Do nothing: there are no panels to fill."""
