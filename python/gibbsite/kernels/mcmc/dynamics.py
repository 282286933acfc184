"""Leapfrog steps, for targets and for gradients in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gibbsite._backends.selection import select
from gibbsite.kernels._validation import FLOAT64, INT64, Array, as_floating, as_parameter
from gibbsite.kernels.mcmc._state import Phase, State
from gibbsite.kernels.mcmc._validation import (
    as_metric,
    as_points,
    as_state,
    as_vector,
    check_status,
    pack_target,
)


def leapfrog(
    q: Array,
    p: Array,
    target: Any | Callable[[Array], Array],
    *,
    step_size: float | Array,
    n_steps: int | Array = 1,
    inverse_mass: Array | None = None,
    metric: str = "diag",
    logp: Array | None = None,
    grad: Array | None = None,
    threads: int | None = None,
) -> Phase:
    """Leapfrog steps of Hamiltonian dynamics with the energy -log p(q) + p' M^-1 p / 2 (Neal 2011; Betancourt 2017).

    A step is half a kick, p += step_size / 2 grad, a drift, q += step_size M^-1 p, and half a kick. It is reversible:
    from where it ends, with -step_size (or with p negated), it goes back to where it began, to rounding.

    Parameters
    ----------
    q : array of shape (C, D)
        Positions; not changed. For a callable, any shape whose last axis is D.
    p : array of shape (C, D)
        Momenta; not changed.
    target : gibbsite.targets.Target, or callable
        The callable takes positions, as q, and returns the gradient of the log density there.
    step_size : float or array of shape (C,)
        Negative to go backwards.
    n_steps : int or integer array of shape (C,)
        For a callable: one number for all.
    inverse_mass : array of shape (D,), (C, D) or (D, D), optional
        Diagonal of M^-1, for all or one a chain; with `metric="dense"` the matrix. Default: ones.
    metric : {"diag", "dense"}
    logp : array of shape (C,), optional
        Log density at q, where `grad` is given too.
    grad : array of shape (C, D), optional
        Gradient at q. Default: it is computed.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    Phase
        Of a target, a chain stops at the first point where the log density is not finite; logp is -inf there.

    Raises
    ------
    FatalDensityError
        If a function returns a negative status.
    TypeError
        If q is sparse, or target neither a target nor callable.
    ValueError
        If a shape does not fit, or a number is out of range.
    """
    if not hasattr(target, "packed") and callable(target):
        return _with_gradient(q, p, target, step_size, n_steps, inverse_mass, metric, grad)
    backend = select(q)
    xp = backend.xp
    q = as_points(q, target, xp)
    packed = pack_target(target, q, backend)
    mass = as_metric(inverse_mass, metric, None, q.shape, q.dtype, xp)
    lengths = as_vector(n_steps, len(q), INT64, xp, "n_steps")
    if not bool((lengths >= 0).all()):
        raise ValueError("n_steps must not be negative.")
    sizes = as_vector(step_size, len(q), FLOAT64, xp, "step_size")
    given: Any = q if logp is None or grad is None else State(q, logp, grad)
    start = as_state(given, target, packed, q, backend, threads)
    result = Phase(
        *(q.copy(), as_parameter(p, q.shape, q.dtype, xp, "p").copy(), start.logp.copy(), xp.array(start.grad))
    )
    status = xp.empty(4, INT64)
    # all of a dense matrix's factor that a leapfrog step does not need is checked here and not passed on
    backend.mcmc.leapfrog(
        result.q, result.p, result.grad, result.logp, *packed, *mass, sizes, lengths, status, backend.context(threads)
    )
    check_status(status, packed, result.q)
    return result


def _with_gradient(
    q: Array,
    p: Array,
    gradient: Callable[[Array], Array],
    step_size: float | Array,
    n_steps: int | Array,
    inverse_mass: Array | None,
    metric: str,
    grad: Array | None,
) -> Phase:
    """The same steps in array arithmetic."""
    xp = select(q).xp
    q = as_floating(q, xp, "q").copy()
    p = as_parameter(p, q.shape, q.dtype, xp, "p").copy()
    steps, sizes = xp.asarray(n_steps), xp.asarray(step_size, dtype=FLOAT64)
    if steps.ndim != 0 or steps.dtype.kind not in "iu" or int(steps) < 0:
        raise ValueError(f"n_steps must be a whole number and not negative where a gradient is called, got {n_steps}.")
    if sizes.ndim > 0:
        sizes = as_parameter(sizes, q.shape[:-1], FLOAT64, xp, "step_size")[..., None]
    whole, half = sizes.astype(q.dtype), (0.5 * sizes).astype(q.dtype)
    rows = q.reshape(-1, q.shape[-1]).shape
    mass = as_metric(inverse_mass, metric, None, rows, q.dtype, xp).inverse_mass
    if metric == "diag" and mass.ndim == 2:
        mass = mass.reshape(q.shape)
    slope = xp.asarray(gradient(q) if grad is None else grad)
    for _ in range(int(steps)):
        p += half * slope
        q += whole * (p @ mass if metric == "dense" else mass * p)
        slope = xp.asarray(gradient(q))
        p += half * slope
    return Phase(q, p, None, as_parameter(slope, q.shape, q.dtype, xp, "the gradient"))
