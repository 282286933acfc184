"""Leapfrog steps, and Hamiltonian Monte Carlo with a fixed or jittered number of them (Neal 2011; Betancourt 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.mcmc.adaptation import Warmup, adapt
from gibbsite._backends._numba.mcmc.draws import JITTER, Place, draw_numbers, new_buffers, place_of, uniform
from gibbsite._backends._numba.mcmc.dynamics import (
    acceptance_of,
    energy_of,
    prepare_metric,
    step,
    to_momentum,
    velocity,
)
from gibbsite._backends._numba.mcmc.run import optional2, optional3, run_chains
from gibbsite._backends._numba.mcmc.target import cost_of, prepare, with_work
from gibbsite._backends._numba.mcmc.vectors import copy


@jit
def _trajectories(
    q: Any,
    p: Any,
    grad: Any,
    logp: Any,
    target: Any,
    metric: Any,
    step_size: Any,
    n_steps: Any,
    begin: int,
    end: int,
    first: int,
    last: int,
    fault: Any,
) -> None:
    """Steps first ... last - 1 of those chains that make as many."""
    v, target = np.empty(q.shape[1], q.dtype), with_work(target, q.shape[1])
    for c in range(begin, end):
        for _ in range(first, min(last, n_steps[c])):
            if logp[c] == -np.inf:
                break
            logp[c] = step(target, metric, c, step_size[c], row(q, c), row(p, c), row(grad, c), v, fault)
            if fault[0] != 0:
                fault[1] = c
                return


def leapfrog(
    q: np.ndarray,
    p: np.ndarray,
    grad: np.ndarray,
    logp: np.ndarray,
    kind: int,
    sizes: np.ndarray,
    data: np.ndarray,
    function: int,
    user_data: int,
    mass_kind: int,
    inverse_mass: np.ndarray,
    factor: np.ndarray | None,
    step_size: np.ndarray,
    n_steps: np.ndarray,
    status: np.ndarray,
    threads: int,
) -> None:
    """Take q, p, grad (C, D) and logp (C,) n_steps (C,) further, in place; a chain stops where its logp is -inf."""
    target, metric = prepare(kind, sizes, data, function, user_data), prepare_metric(mass_kind, inverse_mass, factor)
    arguments = q, p, grad, logp, target, metric, read_only(step_size), read_only(n_steps)
    cost = cost_of(kind, data, q.shape[1])
    run_chains(_trajectories, arguments, len(q), int(n_steps.max(initial=0)), cost, status, threads)


@jit
def _length(n_leapfrog: int, jitter: float, at: Any) -> int:
    if jitter == 0.0:
        return n_leapfrog
    return max(1, int(np.floor(n_leapfrog * (1.0 + jitter * (2.0 * uniform(at, JITTER, 0) - 1.0)) + 0.5)))


@jit
def _draws(
    q: Any,
    logp: Any,
    grad: Any,
    target: Any,
    metric: Any,
    step_size: Any,
    n_leapfrog: Any,
    jitter: float,
    max_energy_error: float,
    thin: int,
    place: Any,
    draws: Any,
    lp: Any,
    info: Any,
    warmup: Any,
    begin: int,
    end: int,
    first: int,
    last: int,
    fault: Any,
) -> None:
    n, buffers, target = q.shape[1], new_buffers(1, q.shape[1], q), with_work(target, q.shape[1])
    x, p, v, slope = np.empty(n, q.dtype), np.empty(n, q.dtype), np.empty(n, q.dtype), np.empty(n, q.dtype)
    for c in range(begin, end):
        for s in range(first, last):
            at, draw = place_of(place, c, s), np.int64(place.draw) + s
            draw_numbers(at, 1, buffers)
            copy(row(buffers.normals, 0), p)
            to_momentum(metric, c, p)
            velocity(metric, c, p, v)
            start = energy_of(logp[c], p, v)
            copy(row(q, c), x)
            copy(row(grad, c), slope)
            value = logp[c]
            for _ in range(_length(n_leapfrog[c], jitter, at)):
                value = step(target, metric, c, step_size[c], x, p, slope, v, fault)
                if fault[0] != 0:
                    copy(x, row(q, c))
                    fault[1], fault[2] = c, draw
                    return
                if value == -np.inf:
                    break
            energy = energy_of(value, p, v)
            error = energy - start
            diverging = value == -np.inf or not error <= max_energy_error
            acceptance = 0.0 if diverging else acceptance_of(error)
            accepted = not diverging and np.log(buffers.uniforms[0]) < -error
            if accepted:
                copy(x, row(q, c))
                copy(slope, row(grad, c))
                logp[c] = value
            adapt(warmup, c, draw, acceptance, accepted, row(q, c), row(grad, c), step_size)
            kept = (s + 1) // thin - 1
            if (s + 1) % thin == 0:
                if draws.shape[0] > 0:
                    copy(row(q, c), row(row(draws, c), kept))
                if lp.shape[0] > 0:
                    lp[c, kept] = logp[c]
                if info.shape[0] > 0:
                    info[c, kept, 0] = acceptance
                    info[c, kept, 1] = energy if accepted else start
                    info[c, kept, 2] = diverging


def prepare_warmup(
    adaptation: np.ndarray | None, schedule: np.ndarray, inverse_mass: np.ndarray, target_accept: float
) -> Warmup:
    """Return what warm-up changes as compiled code takes it."""
    nothing = np.empty((0, 0), inverse_mass.dtype)
    changed = nothing if adaptation is None else inverse_mass
    return Warmup(optional2(adaptation), read_only(schedule), changed, float(target_accept))


def hmc(
    q: np.ndarray,
    logp: np.ndarray,
    grad: np.ndarray,
    kind: int,
    sizes: np.ndarray,
    data: np.ndarray,
    function: int,
    user_data: int,
    mass_kind: int,
    inverse_mass: np.ndarray,
    factor: np.ndarray | None,
    step_size: np.ndarray,
    n_leapfrog: np.ndarray,
    jitter: float,
    max_energy_error: float,
    n_draws: int,
    thin: int,
    seed: int,
    chain: int,
    draw: int,
    draws: np.ndarray | None,
    lp: np.ndarray | None,
    info: np.ndarray | None,
    adaptation: np.ndarray | None,
    schedule: np.ndarray,
    target_accept: float,
    status: np.ndarray,
    threads: int,
) -> None:
    """Take q, grad (C, D) and logp (C,) n_draws further, in place."""
    place = Place(np.uint64(seed), np.uint64(chain), np.uint64(draw))
    target, metric = prepare(kind, sizes, data, function, user_data), prepare_metric(mass_kind, inverse_mass, factor)
    numbers = step_size, read_only(n_leapfrog), float(jitter), float(max_energy_error), thin
    outputs = optional3(draws, q.dtype), optional2(lp), optional3(info, np.float64)
    warmup = prepare_warmup(adaptation, schedule, inverse_mass, target_accept)
    arguments = q, logp, grad, target, metric, *numbers, place, *outputs, warmup
    cost = cost_of(kind, data, q.shape[1]) * int(n_leapfrog.max(initial=1))
    run_chains(_draws, arguments, len(q), n_draws, cost, status, threads)
