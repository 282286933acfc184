"""Steps of annealed importance sampling (Neal 2001; Salakhutdinov & Murray 2008).

At inverse temperature beta, f_beta(v) = e^((1 - beta) base(v) + beta bias(v)) prod_i (1 + e^(beta a_i)), a = c + W v.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.rbm.draws import Place
from gibbsite._backends._numba.rbm.gibbs import activate_hidden, activate_visible, new_scratch
from gibbsite._backends._numba.rbm.machine import BLOCK, prepare, row_work, run_rows
from gibbsite._backends._numba.rbm.rows import visible_terms
from gibbsite._backends._numba.rbm.states import draw_hidden, draw_visible
from gibbsite._backends._numba.rbm.units import softplus_total

_SLICE = 1 << 30  # work of all chains between two moments in which Ctrl-C is seen, in the unit of row_work


class Room(NamedTuple):
    """More memory for a block of chains.

    Attributes
    ----------
    h : uint8 (n_rows, H)
    values : (H,)
    ours, bases : float64 (n_rows,)
        What visible units contribute by the machine's biases, and by those of the base distribution.
    beta : (1,)
    no_clamp : uint8 (0, 0)
    """

    h: Any
    values: Any
    ours: Any
    bases: Any
    beta: Any
    no_clamp: Any


@jit
def _new_room(machine: Any, n_rows: int) -> Any:
    c = machine.c
    return Room(
        np.empty((n_rows, c.shape[0]), np.uint8),
        np.empty(c.shape[0], c.dtype),
        np.empty(n_rows),
        np.empty(n_rows),
        np.empty(1, c.dtype),
        np.empty((0, 0), np.uint8),
    )


@jit
def _add_weights(
    v: Any, first: int, n: int, machine: Any, base: Any, betas: Any, k: int, scratch: Any, room: Any, out: Any
) -> None:
    """out += log f_betas[k + 1](v) - log f_betas[k](v), from the activations in scratch.hidden."""
    hidden, values, ours, bases = scratch.hidden, room.values, room.ours, room.bases
    after, before = hidden.dtype.type(betas[k + 1]), hidden.dtype.type(betas[k])
    visible_terms(v, first, n, machine, machine.b, scratch.visible_lists, ours)
    visible_terms(v, first, n, machine, base, scratch.visible_lists, bases)
    for r in range(n):
        x, n_hidden = row(hidden, r), hidden.shape[1]
        difference = softplus_total(x, n_hidden, after, values) - softplus_total(x, n_hidden, before, values)
        out[first + r] += (betas[k + 1] - betas[k]) * (ours[r] - bases[r]) + difference


@jit
def _move(
    v: Any, first: int, n: int, machine: Any, base: Any, inverse: float, place: Any, k: int, scratch: Any, room: Any
) -> None:
    """Hidden states from the activations in scratch.hidden, then visible ones."""
    visible, beta = scratch.visible, room.beta
    beta[0] = inverse
    draw_hidden(scratch.hidden, beta, place, k, scratch.hidden_draws, first, n, 0, room.h)
    activate_visible(room.h, 0, n, machine, scratch)
    factor, rest = beta[0], visible.dtype.type(1.0 - inverse)
    for r in range(n):
        x = row(visible, r)
        for j in range(x.shape[0]):
            x[j] = rest * base[j] + factor * x[j]
    draw_visible(visible, machine, scratch.nothing, place, k, scratch.visible_draws, first, n, room.no_clamp, v)


@jit
def _chunk(
    v: Any, out: Any, machine: Any, base: Any, betas: Any, reverse: bool, place: Any, steps: Any, begin: int, end: int
) -> None:
    """Steps number steps[0] ... steps[1] - 1."""
    n_rows = min(BLOCK, end - begin)
    scratch, room = new_scratch(machine, n_rows), _new_room(machine, n_rows)
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        activate_hidden(v, first, n, machine, scratch)
        for k in range(steps[0], steps[1]):
            if reverse:
                _move(v, first, n, machine, base, betas[k], place, k, scratch, room)
                activate_hidden(v, first, n, machine, scratch)
            _add_weights(v, first, n, machine, base, betas, k, scratch, room, out)
            if not reverse:
                _move(v, first, n, machine, base, betas[k + 1], place, k, scratch, room)
                if k + 1 < steps[1]:
                    activate_hidden(v, first, n, machine, scratch)


def ais_step(
    v: np.ndarray,
    log_weight: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    variance: np.ndarray | None,
    groups: np.ndarray | None,
    base: np.ndarray,
    betas: np.ndarray,
    reverse: bool,
    seed: int,
    sweep: int,
    chain: int,
    panels: np.ndarray | None,
    threads: int,
) -> None:
    """Take v (N, D) along betas (L + 1) and add to log_weight (N), in place; `panels` is for another back end."""
    machine = prepare(W, b, c, variance, groups)
    place = Place(np.uint64(seed), np.uint64(sweep), np.uint64(chain))
    arguments = v, log_weight, machine, read_only(base), read_only(betas), reverse, place
    n_steps, work = len(betas) - 1, row_work(*W.shape)
    at_once = max(1, _SLICE // (work * max(1, len(v))))
    for begin in range(0, n_steps, at_once):
        steps = begin, min(begin + at_once, n_steps)
        run_rows(_chunk, (*arguments, steps), len(v), work * (steps[1] - begin), threads)
