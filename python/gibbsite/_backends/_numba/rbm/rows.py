"""Probabilities and free energies, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, optional, read_only
from gibbsite._backends._numba.rbm.active import activations, list_rows, new_lists
from gibbsite._backends._numba.rbm.machine import (
    BLOCK,
    CATEGORICAL,
    GAUSSIAN,
    Machine,
    beta_of,
    prepare,
    row_work,
    run_rows,
)
from gibbsite._backends._numba.rbm.units import quadratic, softplus_total, to_logistic, to_softmax


@jit
def to_hidden_probabilities(x: Any, first: int, n: int, betas: Any) -> None:
    """Turn the activations in rows first ... first + n - 1 of x into probabilities, in place."""
    for r in range(first, first + n):
        to_logistic(row(x, r), x.shape[1], beta_of(betas, r, x))


@jit
def to_visible_probabilities(x: Any, first: int, n: int, kind: int, groups: Any, betas: Any) -> None:
    """The same for visible units; the activations of gaussian units are their means."""
    if kind == CATEGORICAL:
        for r in range(first, first + n):
            to_softmax(row(x, r), groups, beta_of(betas, r, x))
    elif kind != GAUSSIAN:
        to_hidden_probabilities(x, first, n, betas)


@jit
def _hidden_rows(v: Any, with_values: bool, machine: Any, betas: Any, out: Any, begin: int, end: int) -> None:
    lists = new_lists(min(BLOCK, end - begin), v.shape[1], with_values, out)
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        list_rows(v, first, n, machine.variance, lists)
        activations(machine.W_T, machine.c, lists, n, out[first:])
        to_hidden_probabilities(out, first, n, betas)


@jit
def _visible_rows(h: Any, with_values: bool, machine: Any, betas: Any, out: Any, begin: int, end: int) -> None:
    lists = new_lists(min(BLOCK, end - begin), h.shape[1], with_values, out)
    nothing = part(machine.b, machine.b.shape[0])
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        list_rows(h, first, n, nothing, lists)
        activations(machine.W, machine.b, lists, n, out[first:])
        to_visible_probabilities(out, first, n, machine.kind, machine.groups, betas)


@jit
def listed_total(bias: Any, indices: Any, values: Any, count: int) -> float:
    """Sum of the biases of the listed units, times the values that belong to them, in float64."""
    result = 0.0
    if values.shape[0] > 0:
        for k in range(count):
            result += np.float64(bias[indices[k]]) * np.float64(values[k])
    else:
        for k in range(count):
            result += np.float64(bias[indices[k]])
    return result


@jit
def visible_terms(v: Any, first: int, n: int, machine: Any, bias: Any, lists: Any, out: Any) -> None:
    """out[r] = bias v, or -sum (v - bias)^2 / (2 variance), of rows first ... first + n - 1, which are listed."""
    counts, indices, values, variance = lists.counts, lists.indices, lists.values, machine.variance
    if machine.kind == GAUSSIAN:
        for r in range(n):
            out[r] = -quadratic(row(v, first + r), bias, variance, bias.shape[0])
    else:
        for r in range(n):
            out[r] = listed_total(bias, row(indices, r), row(values, r), counts[r])


@jit
def _free_energy_rows(v: Any, with_values: bool, machine: Any, out: Any, begin: int, end: int) -> None:
    n_rows, n_hidden = min(BLOCK, end - begin), machine.c.shape[0]
    lists = new_lists(n_rows, v.shape[1], with_values, out)
    x, values, visible = np.empty((n_rows, n_hidden), out.dtype), np.empty(n_hidden, out.dtype), np.empty(n_rows)
    one = out.dtype.type(1)
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        list_rows(v, first, n, machine.variance, lists)
        activations(machine.W_T, machine.c, lists, n, x)
        visible_terms(v, first, n, machine, machine.b, lists, visible)
        for r in range(n):
            out[first + r] = -(visible[r] + softplus_total(row(x, r), n_hidden, one, values))


def _run(kernel: Any, states: np.ndarray, machine: Machine, inputs: tuple[Any, ...], out: Any, threads: int) -> None:
    is_scaled = kernel is not _visible_rows and machine.kind == GAUSSIAN
    states, with_values = read_only(states), states.dtype != np.uint8 or is_scaled
    arguments = states, with_values, machine, *inputs, out
    run_rows(kernel, arguments, len(states), row_work(*machine.W.shape), threads)


def hidden_probabilities(
    v: np.ndarray,
    W: np.ndarray,
    c: np.ndarray,
    variance: np.ndarray | None,
    betas: np.ndarray | None,
    out: np.ndarray,
    panels: np.ndarray | None,
    threads: int,
) -> None:
    """out (N, H) = p(h = 1 | v); `panels` is for another back end."""
    _run(_hidden_rows, v, prepare(W, None, c, variance), (optional(betas, W),), out, threads)


def visible_probabilities(
    h: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    variance: np.ndarray | None,
    groups: np.ndarray | None,
    betas: np.ndarray | None,
    out: np.ndarray,
    panels: np.ndarray | None,
    threads: int,
) -> None:
    """out (N, D) = p(v = 1 | h), or the means of gaussian units; `panels` is for another back end."""
    machine = prepare(W, b, None, variance, groups, upwards=False)
    _run(_visible_rows, h, machine, (optional(betas, W),), out, threads)


def free_energy(
    v: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    variance: np.ndarray | None,
    out: np.ndarray,
    panels: np.ndarray | None,
    threads: int,
) -> None:
    """out (N) = -log sum_h e^(-E(v, h)); `panels` is for another back end."""
    _run(_free_energy_rows, v, prepare(W, b, c, variance), (), out, threads)
