"""Draws of units from their activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit
from gibbsite._backends._numba.rbm.draws import HIDDEN, VISIBLE, normals, uniforms
from gibbsite._backends._numba.rbm.machine import CATEGORICAL, GAUSSIAN, beta_of
from gibbsite._backends._numba.rbm.units import exp, exponentials


@jit
def _draw_binary(x: Any, beta: Any, uniform: Any, clamp: Any, out: Any) -> None:
    """A unit is on where u < 1 / (1 + e^(-beta x)), without the division; those clamped keep their state."""
    one = x.dtype.type(1)
    if clamp.shape[0] == 0:
        for j in range(out.shape[0]):
            out[j] = uniform[j] * (exp(-(beta * x[j])) + one) < one
    else:
        for j in range(out.shape[0]):
            is_on = uniform[j] * (exp(-(beta * x[j])) + one) < one
            out[j] = out[j] if clamp[j] else is_on


@jit
def _draw_categorical(x: Any, beta: Any, groups: Any, uniform: Any, clamp: Any, out: Any) -> None:
    """One unit of each group: the number of running sums that the target reaches; overwrites x."""
    for g in range(groups.shape[0] - 1):
        begin, end = groups[g], groups[g + 1]
        target = uniform[g] * exponentials(x, begin, end, beta)
        running = x.dtype.type(0)
        chosen = begin
        for j in range(begin, end - 1):
            running += x[j]
            chosen += running <= target
        for j in range(begin, end):
            out[j] = out[j] if clamp.shape[0] > 0 and clamp[j] else j == chosen


@jit
def _draw_gaussian(mean: Any, variance: Any, beta: Any, normal: Any, clamp: Any, out: Any) -> None:
    for j in range(out.shape[0]):
        value = mean[j] + np.sqrt(variance[j] / beta) * normal[j]
        out[j] = out[j] if clamp.shape[0] > 0 and clamp[j] else value


@jit
def draw_hidden(x: Any, betas: Any, place: Any, sweep: int, draws: Any, first: int, n: int, at: int, out: Any) -> None:
    """Draw the hidden units of chains first ... first + n - 1 from activations x (n, H) into out from row `at` on."""
    # taken out of their tuples once: each time costs two atomic operations
    words, numbers = draws.words, draws.numbers
    for r in range(n):
        uniforms(place, sweep, first + r, HIDDEN, words, numbers)
        _draw_binary(
            row(x, r), beta_of(betas, first + r, x), numbers, part(numbers, numbers.shape[0]), row(out, at + r)
        )


@jit
def draw_visible(
    x: Any, machine: Any, betas: Any, place: Any, sweep: int, draws: Any, first: int, n: int, clamp: Any, out: Any
) -> None:
    """Draw the visible units of chains first ... first + n - 1 from activations x (n, D), which are overwritten."""
    kind, variance, groups = machine.kind, machine.variance, machine.groups
    words, numbers = draws.words, draws.numbers
    for r in range(n):
        chain = first + r
        activation, beta, fixed, target = row(x, r), beta_of(betas, chain, x), row(clamp, chain), row(out, chain)
        if kind == GAUSSIAN:
            normals(place, sweep, chain, VISIBLE, words, numbers)
            _draw_gaussian(activation, variance, beta, numbers, fixed, target)
            continue
        uniforms(place, sweep, chain, VISIBLE, words, numbers)
        if kind == CATEGORICAL:
            _draw_categorical(activation, beta, groups, numbers, fixed, target)
        else:
            _draw_binary(activation, beta, numbers, fixed, target)
