"""Random-walk Metropolis."""

from __future__ import annotations

from typing import Any

from gibbsite._backends.selection import select
from gibbsite.kernels._validation import FLOAT64, INT64, Array, as_output, as_parameter
from gibbsite.kernels.mcmc._state import MetropolisInfo, State
from gibbsite.kernels.mcmc._validation import (
    as_counts,
    as_place,
    as_points,
    as_vector,
    check_status,
    copy_into,
    evaluate,
    pack_target,
    point_of,
)


def metropolis(
    state: State | Array,
    target: Any,
    *,
    scale: float | Array,
    factor: Array | None = None,
    n_steps: int = 1,
    thin: int = 1,
    seed: int,
    chain: int = 0,
    draw: int = 0,
    keep: bool = True,
    out: tuple[State, MetropolisInfo] | None = None,
    threads: int | None = None,
) -> tuple[State, MetropolisInfo]:
    """Random-walk Metropolis steps of a batch of chains (Metropolis et al. 1953).

    A step proposes q + scale L z with standard normals z and takes it with probability min(1, p(proposal) / p(q)). In
    many dimensions an acceptance rate of 0.234 is best (Roberts, Gelman & Gilks 1997, "Weak convergence and optimal
    scaling of random walk Metropolis algorithms").

    Random numbers are placed by (seed, chain, draw): calls with `draw` raised by the steps made so far continue chains;
    calls with `chain` raised split a batch.

    Parameters
    ----------
    state : State, or array of shape (C, D)
        Where the chains start; not changed. A gradient is not needed; of plain points the density is computed.
    target : gibbsite.targets.Target
        Of dimension D.
    scale : float or array of shape (C,)
        Of the proposals; one a chain.
    factor : array of shape (D,) or (D, D), optional
        L, a diagonal or a lower triangle. Default: the identity.
    n_steps : int
    thin : int
        Every thin-th step is kept, from step thin - 1 on.
    seed : int
        In [0, 2^64).
    chain, draw : int
        In [0, 2^32): numbers of the first chain and of the first step.
    keep : bool
        False: neither draws nor their densities are stored.
    out : (State, MetropolisInfo), optional
        What an earlier call gave, to be written over. Its state may be the one that is passed.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    State
        After the last step; without a gradient.
    MetropolisInfo

    Raises
    ------
    FatalDensityError
        If a function returns a negative status.
    TypeError
        If q is sparse, or target is no target.
    ValueError
        If a shape does not fit, or a number is out of range.
    """
    backend = select(point_of(state))
    xp = backend.xp
    q = as_points(point_of(state), target, xp)
    packed = pack_target(target, q, backend)
    n_chains, n = q.shape
    place = as_place(seed, chain, draw)
    n_steps, thin = as_counts(n_steps, thin, "n_steps")
    scale = as_vector(scale, n_chains, q.dtype, xp, "scale")
    if factor is not None:
        factor = as_parameter(factor, (n, n) if xp.asarray(factor).ndim == 2 else (n,), q.dtype, xp, "factor")
    if isinstance(state, State):
        logp = as_parameter(state.logp, (n_chains,), FLOAT64, xp, "logp")
    else:
        logp = evaluate(q, packed, False, backend, threads).logp
    old_state, old = (State(None, None), MetropolisInfo(None, None, None)) if out is None else out
    q, logp = copy_into(q, old_state.q, xp, "out.q"), copy_into(logp, old_state.logp, xp, "out.logp")
    kept = n_steps // thin
    info = MetropolisInfo(
        as_output(old.draws, (n_chains, kept, n), q.dtype, xp, "out.draws") if keep else None,
        as_output(old.lp, (n_chains, kept), FLOAT64, xp, "out.lp") if keep else None,
        as_output(old.acceptance_rate, (n_chains,), FLOAT64, xp, "out.acceptance_rate"),
    )
    status = xp.empty(4, INT64)
    numbers = n_steps, thin, *place
    backend.mcmc.metropolis(q, logp, *packed, scale, factor, *numbers, *info, status, backend.context(threads))
    check_status(status, packed, q, chain)
    return State(q, logp), info
