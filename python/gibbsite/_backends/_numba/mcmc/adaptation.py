"""Step size and diagonal metric of one chain in warm-up, in float64; see csrc/mcmc/adaptation.hpp for the layout.

Dual averaging is that of Hoffman & Gelman (2014), section 3.2. The metric is nutpie's: sqrt(var(draws) /
var(gradients)) from a foreground of draws, which the background replaces when that has grown large enough.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit

_GAMMA, _T0, _KAPPA = 0.05, 10.0, 0.75
_EARLY_WINDOW, _LATE_WINDOW = 10, 80
_LOWEST, _HIGHEST = 1e-20, 1e20
_FEWEST = 3  # draws that tell a variance

_COUNT, _MU, _ERROR, _LOG_AVERAGE, _FOREGROUND, _BACKGROUND, _BEGUN = range(7)
_HEADER = 8


class Warmup(NamedTuple):
    """What warm-up changes, and when.

    Attributes
    ----------
    state : float64 (C, adaptation_size(D)), or (0, 0) where nothing is adapted
    schedule : int64 (3,)
        Draws in warm-up; the first that is not early; the first after which the metric stays.
    inverse_mass : (C, D), or (0, 0)
    target_accept : float
    """

    state: Any
    schedule: Any
    inverse_mass: Any
    target_accept: float


def adaptation_size(n_dimensions: int) -> int:
    """Return the numbers that a chain's adaptation keeps."""
    return _HEADER + 8 * n_dimensions


@jit
def _average(state: Any, acceptance: float, target_accept: float, is_last: bool, step_size: float) -> float:
    """One update of dual averaging; returns the next step size."""
    if state[_BEGUN] == 0.0:
        state[_BEGUN], state[_MU] = 1.0, np.log(10.0 * step_size)
    state[_COUNT] += 1.0
    count = state[_COUNT]
    share = 1.0 / (count + _T0)
    state[_ERROR] = (1.0 - share) * state[_ERROR] + share * (target_accept - acceptance)
    log_step = state[_MU] - np.sqrt(count) / _GAMMA * state[_ERROR]
    weight = count**-_KAPPA
    state[_LOG_AVERAGE] = weight * log_step + (1.0 - weight) * state[_LOG_AVERAGE]
    return np.exp(state[_LOG_AVERAGE] if is_last else log_step)


@jit
def _add(x: Any, count: float, mean: Any, squares: Any) -> None:
    """Welford's update with the count that includes x."""
    for i in range(x.shape[0]):
        difference = np.float64(x[i]) - mean[i]
        mean[i] += difference / count
        squares[i] += difference * (np.float64(x[i]) - mean[i])


@jit
def _observe(state: Any, q: Any, grad: Any) -> None:
    n = q.shape[0]
    for pair in range(2):
        state[_FOREGROUND + pair] += 1.0
        count, at = state[_FOREGROUND + pair], _HEADER + 4 * n * pair
        _add(q, count, part(state, at), part(state, at + n))
        _add(grad, count, part(state, at + 2 * n), part(state, at + 3 * n))


@jit
def _switch(state: Any, n: int) -> None:
    """The background becomes the foreground, and begins again."""
    state[_FOREGROUND], state[_BACKGROUND] = state[_BACKGROUND], 0.0
    for i in range(_HEADER, _HEADER + 4 * n):
        state[i], state[i + 4 * n] = state[i + 4 * n], 0.0


@jit
def _refresh(state: Any, inverse_mass: Any) -> None:
    n = inverse_mass.shape[0]
    draws, gradients = part(state, _HEADER + n), part(state, _HEADER + 3 * n)
    for i in range(n):
        value = np.sqrt(draws[i] / gradients[i])
        if 0.0 < value < np.inf:
            inverse_mass[i] = min(max(value, _LOWEST), _HIGHEST)


@jit
def adapt(
    warmup: Any, chain: int, draw: int, acceptance: float, moved: bool, q: Any, grad: Any, step_size: Any
) -> None:
    """What follows the draw of this number: step_size[chain] and the chain's metric change."""
    n_warmup, early_end, late_begin = warmup.schedule[0], warmup.schedule[1], warmup.schedule[2]
    if warmup.state.shape[0] == 0 or draw >= n_warmup:
        return
    state, n = row(warmup.state, chain), q.shape[0]
    is_last = draw == n_warmup - 1
    step_size[chain] = _average(state, acceptance, warmup.target_accept, is_last, step_size[chain])
    if draw >= late_begin:
        return
    if moved:
        _observe(state, q, grad)
    window = _EARLY_WINDOW if draw < early_end else _LATE_WINDOW
    if state[_BACKGROUND] >= window and draw + window <= late_begin:
        _switch(state, n)
    if state[_FOREGROUND] >= _FEWEST:
        _refresh(state, row(warmup.inverse_mass, chain))
