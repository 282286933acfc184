"""Log densities of a batch of points, and random-walk Metropolis steps of a batch of chains."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.mcmc.draws import Place, draw_numbers, new_buffers, place_of
from gibbsite._backends._numba.mcmc.dynamics import acceptance_of
from gibbsite._backends._numba.mcmc.run import optional2, optional3, run_chains
from gibbsite._backends._numba.mcmc.target import cost_of, log_density_at, prepare, with_work
from gibbsite._backends._numba.mcmc.vectors import copy, inner


@jit
def _densities(
    q: Any, target: Any, logp: Any, grad: Any, begin: int, end: int, first: int, last: int, fault: Any
) -> None:
    target = with_work(target, q.shape[1])
    wanted, scratch = grad.shape[0] > 0, np.empty((1, q.shape[1]), q.dtype)
    for c in range(begin, end):
        slope = row(grad, c) if wanted else row(scratch, 0)
        logp[c] = log_density_at(target, row(q, c), slope, fault)
        if fault[0] != 0:
            fault[1] = c
            return


def log_density(
    q: np.ndarray,
    kind: int,
    sizes: np.ndarray,
    data: np.ndarray,
    function: int,
    user_data: int,
    logp: np.ndarray,
    grad: np.ndarray | None,
    status: np.ndarray,
    threads: int,
) -> None:
    """logp (C,) and grad (C, D) at q (C, D)."""
    target = prepare(kind, sizes, data, function, user_data, grad is not None)
    slopes = np.empty((0, q.shape[1]), q.dtype) if grad is None else grad
    cost = cost_of(kind, data, q.shape[1])
    run_chains(_densities, (read_only(q), target, logp, slopes), len(q), 1, cost, status, threads)


_AT_ONCE = 16  # steps whose random numbers are drawn together


@jit
def _propose(x: Any, scale: Any, factor: Any, z: Any, out: Any) -> None:
    """x + scale L z; factor: (0, 0) for the identity, (1, D) for a diagonal, (D, D) for L."""
    n = x.shape[0]
    if factor.shape[0] == 0:
        for i in range(n):
            out[i] = x[i] + scale * z[i]
    elif factor.shape[0] == 1:
        for i in range(n):
            out[i] = x[i] + scale * (factor[0, i] * z[i])
    else:
        for i in range(n):
            out[i] = x[i] + scale * inner(row(factor, i), z, i + 1)


@jit
def _steps(
    q: Any,
    logp: Any,
    target: Any,
    scale: Any,
    factor: Any,
    thin: int,
    place: Any,
    draws: Any,
    lp: Any,
    acceptance: Any,
    begin: int,
    end: int,
    first: int,
    last: int,
    fault: Any,
) -> None:
    n, target = q.shape[1], with_work(target, q.shape[1])
    proposal, grad = np.empty(n, q.dtype), np.empty(n, q.dtype)
    buffers = new_buffers(min(_AT_ONCE, last - first), n, q)
    z, uniforms = buffers.normals, buffers.uniforms
    for c in range(begin, end):
        x = row(q, c)
        for s in range(first, last):
            k = (s - first) % _AT_ONCE
            if k == 0:
                draw_numbers(place_of(place, c, s), min(_AT_ONCE, last - s), buffers)
            _propose(x, scale[c], factor, row(z, k), proposal)
            value = log_density_at(target, proposal, grad, fault)
            if fault[0] != 0:
                copy(proposal, x)
                fault[1], fault[2] = c, np.int64(place.draw) + s
                return
            gain = value - logp[c]
            acceptance[c] += acceptance_of(-gain)
            if np.log(uniforms[k]) < gain:
                copy(proposal, x)
                logp[c] = value
            kept = (s + 1) // thin - 1
            if (s + 1) % thin == 0:
                if draws.shape[0] > 0:
                    copy(x, row(row(draws, c), kept))
                if lp.shape[0] > 0:
                    lp[c, kept] = logp[c]


def metropolis(
    q: np.ndarray,
    logp: np.ndarray,
    kind: int,
    sizes: np.ndarray,
    data: np.ndarray,
    function: int,
    user_data: int,
    scale: np.ndarray,
    factor: np.ndarray | None,
    n_steps: int,
    thin: int,
    seed: int,
    chain: int,
    draw: int,
    draws: np.ndarray | None,
    lp: np.ndarray | None,
    acceptance: np.ndarray,
    status: np.ndarray,
    threads: int,
) -> None:
    """Take q (C, D) and logp (C,) n_steps further, in place."""
    place = Place(np.uint64(seed), np.uint64(chain), np.uint64(draw))
    target = prepare(kind, sizes, data, function, user_data, wanted=False)
    shape = np.empty((0, 0), q.dtype) if factor is None else factor if factor.ndim == 2 else factor.reshape(1, -1)
    outputs = optional3(draws, q.dtype), optional2(lp), acceptance
    acceptance[:] = 0.0
    arguments = q, logp, target, read_only(scale), read_only(shape), thin, place, *outputs
    cost = cost_of(kind, data, q.shape[1])
    run_chains(_steps, arguments, len(q), n_steps, cost, status, threads)
    acceptance /= max(1, n_steps)
