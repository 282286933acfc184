"""Gibbs sweeps. Chains know nothing of each other: a chunk of them makes all its sweeps without waiting for others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit, optional
from gibbsite._backends._numba.rbm.active import activations, list_rows, new_lists
from gibbsite._backends._numba.rbm.draws import Place, new_draws
from gibbsite._backends._numba.rbm.machine import BLOCK, GAUSSIAN, prepare, row_work, run_rows
from gibbsite._backends._numba.rbm.rows import to_hidden_probabilities, to_visible_probabilities
from gibbsite._backends._numba.rbm.states import draw_hidden, draw_visible

_SLICE = 1 << 31  # work of all chains between two moments in which Ctrl-C is seen, in the unit of row_work


class Scratch(NamedTuple):
    """Memory for a block of chains: lists of active units, activations and draws of both sides; no unit at all."""

    visible_lists: Any
    hidden_lists: Any
    visible: Any
    hidden: Any
    visible_draws: Any
    hidden_draws: Any
    nothing: Any


@jit
def new_scratch(machine: Any, n_rows: int) -> Any:
    """Scratch for up to n_rows chains."""
    W = machine.W
    n_hidden, n_visible = W.shape
    return Scratch(
        new_lists(n_rows, n_visible, machine.kind == GAUSSIAN, W),
        new_lists(n_rows, n_hidden, False, W),
        np.empty((n_rows, n_visible), W.dtype),
        np.empty((n_rows, n_hidden), W.dtype),
        new_draws(n_visible, W),
        new_draws(n_hidden, W),
        np.empty(0, W.dtype),
    )


@jit
def activate_hidden(v: Any, first: int, n: int, machine: Any, scratch: Any) -> None:
    """scratch.hidden = c + W v of chains first ... first + n - 1."""
    list_rows(v, first, n, machine.variance, scratch.visible_lists)
    activations(machine.W_T, machine.c, scratch.visible_lists, n, scratch.hidden)


@jit
def activate_visible(h: Any, first: int, n: int, machine: Any, scratch: Any) -> None:
    """scratch.visible = b + h W."""
    list_rows(h, first, n, scratch.nothing, scratch.hidden_lists)
    activations(machine.W, machine.b, scratch.hidden_lists, n, scratch.visible)


@jit
def _copy_rows(x: Any, first: int, n: int, out: Any) -> None:
    for r in range(n):
        source, target = row(x, r), row(out, first + r)
        for i in range(target.shape[0]):
            target[i] = source[i]


@jit
def _chunk(
    v: Any,
    h: Any,
    hidden_out: Any,
    visible_out: Any,
    clamp: Any,
    machine: Any,
    betas: Any,
    from_hidden: bool,
    place: Any,
    sweeps: Any,
    begin: int,
    end: int,
) -> None:
    """Sweeps number sweeps[0] ... sweeps[1] - 1 of the sweeps[2] of the whole call."""
    scratch = new_scratch(machine, min(BLOCK, end - begin))
    visible, hidden = scratch.visible, scratch.hidden
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        for k in range(sweeps[0], sweeps[1]):
            if not from_hidden:
                activate_hidden(v, first, n, machine, scratch)
                draw_hidden(hidden, betas, place, k, scratch.hidden_draws, first, n, first, h)
            activate_visible(h, first, n, machine, scratch)
            if visible_out.shape[0] > 0 and k + 1 == sweeps[2]:
                _copy_rows(visible, first, n, visible_out)
                to_visible_probabilities(visible_out, first, n, machine.kind, machine.groups, betas)
            draw_visible(visible, machine, betas, place, k, scratch.visible_draws, first, n, clamp, v)
            if from_hidden:
                activate_hidden(v, first, n, machine, scratch)
                draw_hidden(hidden, betas, place, k, scratch.hidden_draws, first, n, first, h)
        if hidden_out.shape[0] > 0 and sweeps[1] == sweeps[2]:
            if not from_hidden or sweeps[2] == 0:
                activate_hidden(v, first, n, machine, scratch)
            _copy_rows(hidden, first, n, hidden_out)
            to_hidden_probabilities(hidden_out, first, n, betas)


def gibbs(
    v: np.ndarray,
    h: np.ndarray,
    hidden_probabilities: np.ndarray | None,
    visible_probabilities: np.ndarray | None,
    clamp: np.ndarray | None,
    W: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    variance: np.ndarray | None,
    groups: np.ndarray | None,
    betas: np.ndarray | None,
    n_sweeps: int,
    from_hidden: bool,
    seed: int,
    sweep: int,
    chain: int,
    panels: np.ndarray | None,
    threads: int,
) -> None:
    """Sweep v (N, D) and h (N, H) in place; `panels` is for another back end."""
    nothing = np.empty((0, 0), W.dtype)
    arguments = (
        v,
        h,
        nothing if hidden_probabilities is None else hidden_probabilities,
        nothing if visible_probabilities is None else visible_probabilities,
        optional(clamp, h, 2),
        prepare(W, b, c, variance, groups),
        optional(betas, W),
        from_hidden,
        Place(np.uint64(seed), np.uint64(sweep), np.uint64(chain)),
    )
    work = row_work(*W.shape)
    at_once = max(1, _SLICE // (work * max(1, len(v))))
    for begin in range(0, max(1, n_sweeps), at_once):
        sweeps = begin, min(begin + at_once, n_sweeps), n_sweeps
        run_rows(_chunk, (*arguments, sweeps), len(v), work * (sweeps[1] - begin), threads)
