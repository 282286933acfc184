"""Hamiltonian Monte Carlo, and the no-U-turn sampler."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends.selection import Backend, select
from gibbsite.kernels._validation import FLOAT64, INT64, Array, as_output, as_parameter
from gibbsite.kernels.mcmc._state import HMCInfo, NUTSInfo, State, Warmup
from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.kernels.mcmc._validation import (
    Metric,
    as_counts,
    as_metric,
    as_place,
    as_points,
    as_state,
    as_vector,
    check_start,
    check_status,
    copy_into,
    pack_target,
    point_of,
)


class _Run(NamedTuple):
    """The checked arguments that both samplers have."""

    backend: Backend
    packed: PackedTarget
    state: State
    metric: Metric
    step_size: Array
    counts: tuple[int, int]
    place: tuple[int, int, int]
    adaptation: Array | None
    schedule: Any
    target_accept: float


def _prepare(
    state: State | Array,
    target: Any,
    step_size: float | Array,
    inverse_mass: Array | None,
    metric: str,
    factor: Array | None,
    counts: tuple[int, int],
    place: tuple[int, int, int],
    warmup: Warmup | None,
    out: tuple[State, Any] | None,
    threads: int | None,
) -> _Run:
    backend = select(point_of(state))
    xp = backend.xp
    q = as_points(point_of(state), target, xp)
    packed = pack_target(target, q, backend)
    start = as_state(state, target, packed, q, backend, threads)
    check_start(start.logp)
    old_state, old = (State(None, None), None) if out is None else out
    state = State(*(copy_into(a, b, xp, f"out.{n}") for a, b, n in zip(start, old_state, State._fields, strict=True)))
    sizes = as_vector(step_size, len(q), FLOAT64, xp, "step_size")
    if not bool(((sizes > 0) & (sizes < np.inf)).all()):
        raise ValueError("step_size should be positive and finite.")
    mass = as_metric(inverse_mass, metric, factor, q.shape, q.dtype, xp)
    if old is not None:
        sizes = copy_into(sizes, old.step_size, xp, "out.step_size")
    adaptation, schedule, target_accept = None, np.zeros(3, np.int64), 0.8
    if warmup is not None:
        mass = _own_metric(mass, q, None if old is None else old.inverse_mass, xp)
        schedule[:] = warmup[:3]
        target_accept = float(warmup.target_accept)
        if not 0 < target_accept < 1:
            raise ValueError(f"target_accept must be between 0 and 1, got {target_accept}.")
        shape = len(q), backend.mcmc.adaptation_size(q.shape[1])
        before = xp.zeros(shape, FLOAT64) if warmup.adaptation is None else warmup.adaptation
        before = as_parameter(before, shape, FLOAT64, xp, "adaptation")
        adaptation = copy_into(before, None if old is None else old.adaptation, xp, "out.adaptation")
    return _Run(backend, packed, state, mass, sizes, counts, place, adaptation, schedule, target_accept)


def _own_metric(metric: Metric, q: Array, out: Array | None, xp: Any) -> Metric:
    """A diagonal for each chain, to be changed.

    Raises
    ------
    ValueError
        If the metric is dense.
    """
    if metric.factor is not None:
        raise ValueError("Only a diagonal metric is adapted: metric='dense' cannot be given with warmup.")
    diagonal = metric.inverse_mass
    if diagonal.ndim == 1:
        per_chain = xp.empty(q.shape, q.dtype)
        per_chain[...] = diagonal
        diagonal = per_chain
    return Metric(1, copy_into(diagonal, out, xp, "out.inverse_mass"), None)


def _outputs(run: _Run, keep: bool, n_numbers: int, old: Any) -> tuple[Array | None, Array | None, Array]:
    """draws, lp and numbers."""
    xp, q = run.backend.xp, run.state.q
    n_chains, n = q.shape
    kept = run.counts[0] // run.counts[1]
    draws, lp, numbers = (None, None, None) if old is None else old[:3]
    return (
        as_output(draws, (n_chains, kept, n), q.dtype, xp, "out.draws") if keep else None,
        as_output(lp, (n_chains, kept), FLOAT64, xp, "out.lp") if keep else None,
        as_output(numbers, (n_chains, kept, n_numbers), FLOAT64, xp, "out.numbers"),
    )


def hmc(
    state: State | Array,
    target: Any,
    *,
    step_size: float | Array,
    n_leapfrog: int | Array,
    jitter: float = 0.0,
    inverse_mass: Array | None = None,
    metric: str = "diag",
    factor: Array | None = None,
    max_energy_error: float = 1000.0,
    n_draws: int = 1,
    thin: int = 1,
    seed: int,
    chain: int = 0,
    draw: int = 0,
    warmup: Warmup | None = None,
    keep: bool = True,
    out: tuple[State, HMCInfo] | None = None,
    threads: int | None = None,
) -> tuple[State, HMCInfo]:
    """Hamiltonian Monte Carlo of a batch of chains (Duane et al. 1987; Neal 2011; Betancourt 2017).

    A draw takes a new momentum, makes leapfrog steps, and accepts where they end with probability min(1, e^-(energy
    error)). Random numbers are placed by (seed, chain, draw): calls with `draw` raised by the draws made so far
    continue chains; calls with `chain` raised split a batch.

    Parameters
    ----------
    state : State, or array of shape (C, D)
        Where the chains start; not changed. Of plain points, the density and its gradient are computed.
    target : gibbsite.targets.Target
        Of dimension D.
    step_size : float or array of shape (C,)
    n_leapfrog : int or integer array of shape (C,)
        Steps of a draw.
    jitter : float
        In [0, 1]: a draw makes n_leapfrog (1 + jitter u) steps with u uniform on [-1, 1), rounded, and at least one.
    inverse_mass : array of shape (D,), (C, D) or (D, D), optional
        Diagonal of the inverse mass, for all or one a chain; with `metric="dense"` the matrix. It should be like the
        covariance of the target. Default: ones.
    metric : {"diag", "dense"}
    factor : array of shape (D, D), optional
        With `metric="dense"`: lower Cholesky factor of `inverse_mass`. Default: it is computed.
    max_energy_error : float
        From here on a trajectory counts as divergent, and is rejected.
    n_draws : int
    thin : int
        Every thin-th draw is kept, from draw thin - 1 on.
    seed : int
        In [0, 2^64).
    chain, draw : int
        In [0, 2^32): numbers of the first chain and of the first draw.
    warmup : Warmup, optional
        Adapt the step size (dual averaging, Hoffman & Gelman 2014) and a diagonal metric (nutpie's rule:
        sqrt(var(draws) / var(gradients))) of each chain.
    keep : bool
        False: neither draws nor their densities are stored.
    out : (State, HMCInfo), optional
        What an earlier call gave, to be written over. Its state may be the one that is passed.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    State
        After the last draw.
    HMCInfo

    Raises
    ------
    FatalDensityError
        If a function returns a negative status.
    TypeError
        If q is sparse, or target is no target.
    ValueError
        If a shape does not fit, a number is out of range, or a chain starts where the density is zero.
    """
    counts, place = as_counts(n_draws, thin, "n_draws"), as_place(seed, chain, draw)
    run = _prepare(state, target, step_size, inverse_mass, metric, factor, counts, place, warmup, out, threads)
    backend, old = run.backend, None if out is None else out[1]
    xp = backend.xp
    lengths = as_vector(n_leapfrog, len(run.state.q), INT64, xp, "n_leapfrog")
    if not bool((lengths >= 1).all()):
        raise ValueError("n_leapfrog must be at least 1.")
    if not 0 <= jitter <= 1:
        raise ValueError(f"jitter must be in [0, 1], got {jitter}.")
    outputs = _outputs(run, keep, 3, old)
    status = xp.empty(4, INT64)
    backend.mcmc.hmc(
        *(*run.state, *run.packed, *run.metric, run.step_size, lengths, float(jitter), float(max_energy_error)),
        *(*counts, *place, *outputs, run.adaptation, run.schedule, run.target_accept),
        *(status, backend.context(threads)),
    )
    check_status(status, run.packed, run.state.q, chain)
    return run.state, HMCInfo(*outputs, run.step_size, run.metric.inverse_mass, run.adaptation)


def nuts(
    state: State | Array,
    target: Any,
    *,
    step_size: float | Array,
    inverse_mass: Array | None = None,
    metric: str = "diag",
    factor: Array | None = None,
    max_depth: int = 10,
    max_energy_error: float = 1000.0,
    n_draws: int = 1,
    thin: int = 1,
    seed: int,
    chain: int = 0,
    draw: int = 0,
    warmup: Warmup | None = None,
    keep: bool = True,
    out: tuple[State, NUTSInfo] | None = None,
    threads: int | None = None,
) -> tuple[State, NUTSInfo]:
    """The no-U-turn sampler (Hoffman & Gelman 2014), as Betancourt (2017) and Stan have it, of a batch of chains.

    A trajectory doubles, forwards or backwards at random, until it turns back on itself. The draw is one of its points:
    multinomial inside a subtree, and biased towards the newer one where two halves join. That a tree turns is judged by
    the sum of its momenta at both ends, and twice across the joint. The tree is built by iteration, with memory that
    grows with its depth (Phan, Pradhan & Jankowiak 2019).

    Parameters
    ----------
    state, target, step_size, inverse_mass, metric, factor
        As in `hmc`.
    max_depth : int
        In [1, 30]: a trajectory has at most 2^max_depth - 1 steps.
    max_energy_error : float
        A step that ends more than this above the energy of the start diverges, and ends the trajectory.
    n_draws, thin, seed, chain, draw, warmup, keep
        As in `hmc`.
    out : (State, NUTSInfo), optional
        What an earlier call gave, to be written over. Its state may be the one that is passed.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    State
        After the last draw.
    NUTSInfo

    Raises
    ------
    FatalDensityError
        If a function returns a negative status.
    TypeError
        If q is sparse, or target is no target.
    ValueError
        If a shape does not fit, a number is out of range, or a chain starts where the density is zero.
    """
    counts, place = as_counts(n_draws, thin, "n_draws"), as_place(seed, chain, draw)
    if not 1 <= max_depth <= 30:
        raise ValueError(f"max_depth must be in [1, 30], got {max_depth}.")
    run = _prepare(state, target, step_size, inverse_mass, metric, factor, counts, place, warmup, out, threads)
    backend, old = run.backend, None if out is None else out[1]
    xp, q = backend.xp, run.state.q
    outputs = _outputs(run, keep, 5, old)
    old_divergence = None if old is None else old.divergence
    divergence = as_output(old_divergence, (len(q), 3, q.shape[1]), q.dtype, xp, "out.divergence")
    divergence[...] = np.nan
    status = xp.empty(4, INT64)
    backend.mcmc.nuts(
        *(*run.state, *run.packed, *run.metric, run.step_size, int(max_depth), float(max_energy_error)),
        *(*counts, *place, *outputs, divergence, run.adaptation, run.schedule, run.target_accept),
        *(status, backend.context(threads)),
    )
    check_status(status, run.packed, q, chain)
    return run.state, NUTSInfo(*outputs, run.step_size, run.metric.inverse_mass, run.adaptation, divergence)
