"""`sample`: any target, any sampler, many chains."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from time import monotonic
from typing import Any

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.mcmc._chains import Chains
from gibbsite.mcmc._errors import SamplingWarning
from gibbsite.mcmc._gradient_check import check_gradient as compare_gradient
from gibbsite.mcmc._hamiltonian import HamiltonianRun
from gibbsite.mcmc._progress import Progress
from gibbsite.mcmc._random_walk import RandomWalkRun
from gibbsite.mcmc._record import Record
from gibbsite.mcmc._samplers import HMC, NUTS, RandomWalk, Sampler, check_count
from gibbsite.mcmc._start import begin, first_points
from gibbsite.mcmc._trace import Trace, Warmup
from gibbsite.mcmc._warnings import messages
from gibbsite.targets import BatchedTarget, CFunctionTarget, Target

Run = HamiltonianRun | RandomWalkRun

# a call of a kernel should take so long, and its draws no more memory
_CALL_SECONDS = 0.2
_CALL_BYTES = 1 << 24
_FIRST_CALL = 20


def sample(
    target: Target,
    sampler: Sampler | None = None,
    *,
    chains: int = 4,
    warmup: int = 1000,
    draws: int = 1000,
    thin: int = 1,
    seed: int | np.random.Generator | None = None,
    init: Any = None,
    threads: int | None = None,
    progress: bool | None = None,
    dtype: Any = np.float64,
    store_warmup: bool = False,
    check_gradient: bool = True,
) -> Trace:
    """Draw from a target with Markov chains.

    Parameters
    ----------
    target : gibbsite.targets.Target
        A native density, or one made by `density`, `from_cfunc` or `from_numpy`.
    sampler : NUTS, HMC or RandomWalk, default=NUTS()
    chains : int, default=4
        Spread over the threads.
    warmup : int, default=1000
        Draws of each chain in which step sizes and scales are learned; they are not kept.
    draws : int, default=1000
        Kept draws of each chain.
    thin : int, default=1
        Keep every so-manieth draw after the warm-up: `draws` times `thin` are made.
    seed : int, numpy Generator or None
        Same seed, same draws, on the same back end bit for bit: they do not depend on threads, and those of a chain not
        on the chains beside it, except where scales are learned from all of them (metric "dense"; proposals
        "diagonal" and "full").
    init : array-like of shape (dim,) or (chains, dim), mapping of names to values, or None
        Where the chains begin. None: uniformly between -2 and 2 in each coordinate, drawn again where the density is
        not finite. A CuPy array: everything runs on its device.
    threads : int, optional
        Default: `gibbsite.get_threads()`.
    progress : bool, optional
        Default: a bar in a terminal for runs over two seconds, elsewhere one line a minute.
    dtype : float32 or float64, default=float64
        Precision of the states; log densities are float64 always.
    store_warmup : bool, default=False
        Keep the draws of the warm-up too.
    check_gradient : bool, default=True
        Compare the gradient of a density of your own with finite differences at the first points.

    Returns
    -------
    Trace
        Also when Ctrl-C interrupts: with what was drawn so far.

    Raises
    ------
    DensityError
        If the density raises an exception or returns a negative status: in which chain, at which draw, where.
    StartError
        If log density or gradient is not finite where a chain begins.
    GradientError
        See `check_gradient`.

    Warns
    -----
    SamplingWarning
        Where draws should not be trusted as they are: divergences, low E-BFMI, R-hat above 1.01, trees that reach their
        greatest depth, an interrupted run.

    Examples
    --------
    >>> import gibbsite as gb
    >>> target = gb.targets.MultivariateNormal([1.0, 5.0], scales=[0.1, 0.2])
    >>> trace = gb.sample(target, gb.NUTS(), seed=1)
    >>> trace.draws.shape
    (4, 1000, 2)
    >>> trace.summary()["mean"].round(1).tolist()
    [1.0, 5.0]
    """
    sampler = _checked(target, sampler)
    n_chains, n_warmup = check_count(chains, "chains"), check_count(warmup, "warmup", 0)
    n_draws, thin = check_count(draws, "draws"), check_count(thin, "thin")
    number = _seed(seed)
    states = Chains(target, first_points(init, target, n_chains, np.dtype(dtype)), number, threads)
    gradient = not isinstance(sampler, RandomWalk)
    begin(states, init, gradient)
    if gradient and check_gradient and isinstance(target, (CFunctionTarget, BatchedTarget)):
        compare_gradient(states)
    run: Run = (
        RandomWalkRun(sampler, states, n_warmup)
        if isinstance(sampler, RandomWalk)
        else HamiltonianRun(sampler, states, n_warmup)
    )
    shape = (target.dim, len(run.info_names), states.dtype)
    before = Record(n_chains, n_warmup if store_warmup else 0, *shape)
    record = Record(n_chains, n_draws, *shape)
    shown = Progress(progress, n_warmup + n_draws * thin)
    seconds: list[float] = []
    interrupted = False
    try:
        seconds.append(_warm_up(run, n_warmup, before if store_warmup else None, shown))
        seconds.append(_draw(run, thin, record, shown))
    except KeyboardInterrupt:
        if record.done == 0:
            raise
        interrupted = True
        record.finish()
    finally:
        shown.close()
    trace = _trace(run, record, before if store_warmup else None, seconds, thin, interrupted)
    for message in trace.warnings:
        warnings.warn(message, SamplingWarning, stacklevel=2)
    return trace


def _checked(target: Any, sampler: Any) -> Sampler:
    if not isinstance(target, Target):
        hint = (
            " A Python function becomes one by @gibbsite.targets.density(dim=...), or by gibbsite.targets.from_numpy."
            if callable(target)
            else ""
        )
        raise TypeError(f"target must be a gibbsite.targets.Target, got {type(target).__name__}.{hint}")
    if sampler is None:
        return NUTS()
    if not isinstance(sampler, (NUTS, HMC, RandomWalk)):
        raise TypeError(f"sampler must be a NUTS, HMC or RandomWalk, such as gibbsite.NUTS(), got {sampler!r}.")
    return sampler


def _seed(seed: Any) -> int:
    if seed is None:
        return int(np.random.default_rng().integers(2**63))
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    number = check_count(seed, "seed", 0)
    if number >= 2**64:
        raise ValueError(f"seed must be in [0, 2**64), got {seed}.")
    return number


def _warm_up(run: Run, n_warmup: int, record: Record | None, shown: Progress) -> float:
    began = monotonic()
    for n in _pieces(run, n_warmup, 1):
        buffers = (None, None, None) if record is None else record.buffers(n, run.chains.xp)
        run.warm_up(n, buffers)
        if record is not None:
            record.keep(buffers, n)
        shown.update(n, {"warm-up, step size": f"{float(np.mean(to_host(run.step_size))):.3g}"})
    return monotonic() - began


def _draw(run: Run, thin: int, record: Record, shown: Progress) -> float:
    began = monotonic()
    divergences = 0
    for n in _pieces(run, record.draws.shape[1], thin):
        buffers = record.buffers(n, run.chains.xp)
        run.advance(n * thin, thin, buffers)
        record.keep(buffers, n)
        facts = {"step size": f"{float(np.mean(to_host(run.step_size))):.3g}"}
        latest = record.info[:, record.done - n : record.done]
        if "tree_depth" in run.info_names:
            facts["depth"] = f"{latest[:, :, run.info_names.index('tree_depth')].mean():.1f}"
        if "diverging" in run.info_names:
            divergences += int(latest[:, :, run.info_names.index("diverging")].sum())
            facts["divergences"] = str(divergences)
        shown.update(n * thin, facts)
    return monotonic() - began


def _pieces(run: Run, total: int, thin: int) -> Iterator[int]:
    """How many kept draws each call makes: as many as fit into its time and memory; results do not depend on it."""
    unit = run.granularity if thin == 1 else 1
    chains = run.chains
    most = max(unit, _CALL_BYTES // (len(chains) * (chains.dim + 6) * 8) // unit * unit)
    n, left = max(unit, _FIRST_CALL // thin), total
    while left > 0:
        n = min(n, most, left)
        began = monotonic()
        yield n
        left -= n
        rate = n / max(monotonic() - began, 1e-6)
        n = max(unit, int(min(_CALL_SECONDS * rate, 10 * n)) // unit * unit)


def _trace(
    run: Run, record: Record, before: Record | None, seconds: list[float], thin: int, interrupted: bool
) -> Trace:
    chains = run.chains
    stats = _stats(run, record)
    if not isinstance(run, RandomWalkRun):
        acceptance = stats["acceptance_rate"].mean(axis=1)
        stats["step_size"] = np.broadcast_to(to_host(run.step_size)[:, np.newaxis], record.lp.shape).copy()
    else:
        acceptance = run.acceptance
    trace = Trace(
        draws=record.draws,
        variables=dict(chains.target.variables),
        stats=stats,
        warmup=Warmup(
            n_draws=run.n_warmup,
            seconds=seconds[0],
            draws=None if before is None else before.draws,
            stats=None if before is None else _stats(run, before),
        ),
        state={
            "q": to_host(chains.q).copy(),
            "logp": to_host(chains.logp).copy(),
            "draw": chains.draw,
            "seed": chains.seed,
            **run.state(),
        },
        sampler=run.sampler,
        acceptance=acceptance,
        divergence=None if run.divergence is None else to_host(run.divergence),
        seconds=seconds[1] if len(seconds) > 1 else 0.0,
        thin=thin,
        interrupted=interrupted,
    )
    trace.warnings = messages(trace)
    return trace


def _stats(run: Run, record: Record) -> dict[str, Any]:
    """What is known of each draw, under ArviZ's names."""
    kinds = {"diverging": bool, "tree_depth": np.int64, "n_steps": np.int64}
    stats = {"lp": record.lp}
    for k, name in enumerate(run.info_names):
        stats[name] = record.info[:, :, k].astype(kinds.get(name, np.float64))
    return stats
