"""The no-U-turn sampler (Hoffman & Gelman 2014), multinomial (Betancourt 2017); see csrc/mcmc/nuts.hpp."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit
from gibbsite._backends._numba.mcmc.adaptation import adapt
from gibbsite._backends._numba.mcmc.draws import (
    LEAF,
    TREE,
    Place,
    draw_numbers,
    goes_forwards,
    new_buffers,
    place_of,
    uniform,
)
from gibbsite._backends._numba.mcmc.dynamics import (
    acceptance_of,
    energy_of,
    prepare_metric,
    step,
    to_momentum,
    velocity,
)
from gibbsite._backends._numba.mcmc.hmc import prepare_warmup
from gibbsite._backends._numba.mcmc.run import optional2, optional3, run_chains
from gibbsite._backends._numba.mcmc.target import cost_of, prepare, with_work
from gibbsite._backends._numba.mcmc.tree import FIRST_P, FIRST_V, LAST_V, SUM, add_leaf, is_turning, whole
from gibbsite._backends._numba.mcmc.vectors import copy

# rows of the room of one trajectory: position, momentum, gradient and velocity at the two ends (0 backwards, 1
# forwards); position and gradient of the candidate of the subtree that grows; momentum and velocity of the end that it
# grew from; position and momentum that a step started from; the sum of all momenta; scratch and stack of tree.add_leaf
Q, P, GRAD, V = 0, 2, 4, 6
CANDIDATE, CANDIDATE_GRAD, NEAR_P, NEAR_V, START_Q, START_P, TOTAL, TREE_ROWS = range(8, 16)

# entries of the tally: log density, energy and log weight of the subtree that grows; acceptance, leaves and divergence
# of the draw
LOGP, ENERGY, LOG_WEIGHT, ACCEPTANCE, LEAVES, DIVERGING = range(6)


_USUAL_LEAVES = 16


@jit
def _log_add(a: float, b: float) -> float:
    """log(e^a + e^b)."""
    high, low = (a, b) if a > b else (b, a)
    return high if low == -np.inf else high + np.log1p(np.exp(low - high))


@jit
def _grow(
    target: Any,
    metric: Any,
    chain: int,
    at: Any,
    doubling: int,
    step_size: float,
    initial: float,
    max_energy_error: float,
    room: Any,
    tally: Any,
    fault: Any,
) -> bool:
    """Grow a subtree of 2^doubling leaves; returns whether it is complete: no fault, no turn, no divergence."""
    end = 1 if goes_forwards(at, doubling) else 0
    signed = step_size if end == 1 else -step_size
    q, p, grad, v = row(room, Q + end), row(room, P + end), row(room, GRAD + end), row(room, V + end)
    copy(p, row(room, NEAR_P))
    copy(v, row(room, NEAR_V))
    tally[LOG_WEIGHT] = -np.inf
    for leaf in range(1 << doubling):
        copy(q, row(room, START_Q))
        copy(p, row(room, START_P))
        logp = step(target, metric, chain, signed, q, p, grad, v, fault)
        if fault[0] != 0:
            copy(q, row(room, CANDIDATE))
            return False
        energy = energy_of(logp, p, v)
        error = energy - initial
        number = int(tally[LEAVES])
        tally[LEAVES] += 1.0
        tally[ACCEPTANCE] += acceptance_of(error)
        if logp == -np.inf or not error <= max_energy_error:
            tally[DIVERGING] = 1.0 + end
            return False
        tally[LOG_WEIGHT] = _log_add(tally[LOG_WEIGHT], -error)
        if np.log(uniform(at, LEAF, number)) < -error - tally[LOG_WEIGHT]:
            copy(q, row(room, CANDIDATE))
            copy(grad, row(room, CANDIDATE_GRAD))
            tally[LOGP], tally[ENERGY] = logp, energy
        if add_leaf(room, TREE_ROWS, leaf, p, v):
            return False
    return True


@jit
def _joins_turning(doubling: int, end: int, room: Any) -> bool:
    """Add the finished subtree to the trajectory; returns whether the whole turns back."""
    new, total = whole(TREE_ROWS, doubling), row(room, TOTAL)
    new_sum = row(room, new + SUM)
    turning = is_turning(
        row(room, V + 1 - end),
        row(room, NEAR_P),
        row(room, NEAR_V),
        total,
        row(room, new + FIRST_P),
        row(room, new + FIRST_V),
        row(room, new + LAST_V),
        new_sum,
    )
    for i in range(total.shape[0]):
        total[i] += new_sum[i]
    return turning


@jit
def _trajectory(
    target: Any,
    metric: Any,
    chain: int,
    at: Any,
    step_size: float,
    max_depth: int,
    max_energy_error: float,
    q: Any,
    logp: Any,
    grad: Any,
    buffers: Any,
    room: Any,
    tally: Any,
    fault: Any,
) -> Any:
    """One draw: q, logp[chain] and grad become those of the point that is chosen.

    Returns its energy, the depth of the tree and whether the point is another.
    """
    p, v = row(room, P), row(room, V)
    draw_numbers(at, 1, buffers)
    copy(row(buffers.normals, 0), p)
    to_momentum(metric, chain, p)
    velocity(metric, chain, p, v)
    copy(p, row(room, P + 1))
    copy(v, row(room, V + 1))
    copy(p, row(room, TOTAL))
    for end in range(2):
        copy(q, row(room, Q + end))
        copy(grad, row(room, GRAD + end))
    initial = energy_of(logp[chain], p, v)
    tally[ACCEPTANCE] = tally[LEAVES] = tally[DIVERGING] = 0.0
    energy, log_weight, moved = initial, 0.0, False
    depth = np.int64(0)  # not a literal: that would be compiled once more
    while depth < max_depth:
        if not _grow(target, metric, chain, at, depth, step_size, initial, max_energy_error, room, tally, fault):
            break
        if np.log(uniform(at, TREE, depth)) < tally[LOG_WEIGHT] - log_weight:
            copy(row(room, CANDIDATE), q)
            copy(row(room, CANDIDATE_GRAD), grad)
            logp[chain], energy, moved = tally[LOGP], tally[ENERGY], True
        log_weight = _log_add(log_weight, tally[LOG_WEIGHT])
        depth += 1
        if _joins_turning(depth - 1, 1 if goes_forwards(at, depth - 1) else 0, room):
            break
    return energy, depth, moved


@jit
def _draws(
    q: Any,
    logp: Any,
    grad: Any,
    target: Any,
    metric: Any,
    step_size: Any,
    max_depth: int,
    max_energy_error: float,
    thin: int,
    place: Any,
    draws: Any,
    lp: Any,
    info: Any,
    divergence: Any,
    warmup: Any,
    begin: int,
    end: int,
    first: int,
    last: int,
    fault: Any,
) -> None:
    buffers, tally, target = new_buffers(1, q.shape[1], q), np.empty(6), with_work(target, q.shape[1])
    room = np.empty((whole(TREE_ROWS, max_depth + 1), q.shape[1]), q.dtype)
    for c in range(begin, end):
        for s in range(first, last):
            at, draw, x, slope = place_of(place, c, s), np.int64(place.draw) + s, row(q, c), row(grad, c)
            energy, depth, moved = _trajectory(
                *(target, metric, c, at, step_size[c], max_depth, max_energy_error),
                *(x, logp, slope, buffers, room, tally, fault),
            )
            if fault[0] != 0:
                copy(row(room, CANDIDATE), x)
                fault[1], fault[2] = c, draw
                return
            if tally[DIVERGING] != 0.0 and divergence.shape[0] > 0:
                copy(row(room, START_Q), row(row(divergence, c), 0))
                copy(row(room, Q + int(tally[DIVERGING]) - 1), row(row(divergence, c), 1))
                copy(row(room, START_P), row(row(divergence, c), 2))
            acceptance = tally[ACCEPTANCE] / max(1.0, tally[LEAVES])
            adapt(warmup, c, draw, acceptance, moved, x, slope, step_size)
            kept = (s + 1) // thin - 1
            if (s + 1) % thin == 0:
                if draws.shape[0] > 0:
                    copy(x, row(row(draws, c), kept))
                if lp.shape[0] > 0:
                    lp[c, kept] = logp[c]
                if info.shape[0] > 0:
                    info[c, kept, 0] = acceptance
                    info[c, kept, 1] = energy
                    info[c, kept, 2] = tally[DIVERGING] != 0.0
                    info[c, kept, 3] = depth
                    info[c, kept, 4] = tally[LEAVES]


def nuts(
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
    max_depth: int,
    max_energy_error: float,
    n_draws: int,
    thin: int,
    seed: int,
    chain: int,
    draw: int,
    draws: np.ndarray | None,
    lp: np.ndarray | None,
    info: np.ndarray | None,
    divergence: np.ndarray | None,
    adaptation: np.ndarray | None,
    schedule: np.ndarray,
    target_accept: float,
    status: np.ndarray,
    threads: int,
) -> None:
    """Take q, grad (C, D) and logp (C,) n_draws further, in place."""
    place = Place(np.uint64(seed), np.uint64(chain), np.uint64(draw))
    target, metric = prepare(kind, sizes, data, function, user_data), prepare_metric(mass_kind, inverse_mass, factor)
    numbers = step_size, max_depth, float(max_energy_error), thin
    outputs = optional3(draws, q.dtype), optional2(lp), optional3(info, np.float64), optional3(divergence, q.dtype)
    warmup = prepare_warmup(adaptation, schedule, inverse_mass, target_accept)
    arguments = q, logp, grad, target, metric, *numbers, place, *outputs, warmup
    cost = cost_of(kind, data, q.shape[1]) * _USUAL_LEAVES
    run_chains(_draws, arguments, len(q), n_draws, cost, status, threads)
