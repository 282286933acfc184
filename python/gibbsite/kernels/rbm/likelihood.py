"""The partition function: exactly, and by annealed importance sampling."""

from __future__ import annotations

from typing import Any, NamedTuple

from gibbsite._backends.selection import select
from gibbsite.kernels._validation import FLOAT64, Array, as_parameter, check_finite
from gibbsite.kernels.rbm._validation import Machine, as_machine, as_place, check_one_hot, check_parameters
from gibbsite.kernels.rbm.sampling import chain_start

MOST_UNITS = 30  # whose states can be enumerated


class AnnealedState(NamedTuple):
    """Chains of annealed importance sampling.

    Attributes
    ----------
    v : array of shape (N, D)
        uint8, or W's dtype where units are Gaussian.
    log_weight : float64 array of shape (N,)
    """

    v: Array
    log_weight: Array


def ais_step(
    v: Array,
    W: Array,
    b: Array,
    c: Array,
    *,
    base: Array,
    betas: Array,
    log_weight: Array | None = None,
    reverse: bool = False,
    seed: int,
    sweep: int = 0,
    chain: int = 0,
    variance: Array | None = None,
    groups: Array | None = None,
    threads: int | None = None,
) -> AnnealedState:
    """Take chains along a ladder of inverse temperatures, and weigh them (Neal 2001; Salakhutdinov & Murray 2008).

    The distribution at beta is f_beta(v) = e^((1 - beta) base(v) + beta bias(v)) prod_i (1 + e^(beta (c + W v)_i)),
    from independent units with biases `base` at 0 to the machine at 1; base(v) is base v, or
    -sum (v - base)^2 / (2 s) for Gaussian units, and bias(v) is likewise.

    Parameters
    ----------
    v : array of shape (N, D)
        Draws from the distribution at betas[0]; not changed.
    W : array of shape (H, D)
    b : array of shape (D,)
    c : array of shape (H,)
    base : array of shape (D,)
        Visible biases (or means) at beta = 0.
    betas : array of shape (L + 1,)
        In [0, 1]: from 0 to 1 for an estimate of the partition function, or a part of such a ladder.
    log_weight : array of shape (N,), optional
        What the chains weigh so far; not changed. Default: zeros.
    reverse : bool
        Move at betas[k] before the weight from betas[k] to betas[k + 1], not after it at betas[k + 1]: for ladders that
        go down (Burda, Grosse & Salakhutdinov 2015).
    seed : int
        In [0, 2^64).
    sweep, chain : int
        In [0, 2^32): numbers of the first step's draws and of the first chain.
    variance : array of shape (D,), optional
        Given for Gaussian units.
    groups : integer array of shape (n_groups + 1,), optional
        Offsets of the groups of categorical units.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    AnnealedState

    Raises
    ------
    TypeError
        If v is sparse, or a number is no integer that should be one.
    ValueError
        If a shape does not fit, a number is out of range, a parameter is not finite, or units cannot take the values of
        v.
    """
    backend = select(v, W)
    xp = backend.xp
    m = as_machine(W, b, c, xp, variance, groups)
    check_parameters(m)
    state = chain_start(v, m, xp)
    if m.groups is not None:
        check_one_hot(state, m.groups, xp)
    weight = xp.zeros(len(state), FLOAT64)
    if log_weight is not None:
        weight += as_parameter(log_weight, weight.shape, FLOAT64, xp, "log_weight")
    ladder = _as_ladder(betas, xp)
    base = as_parameter(base, (m.n_visible,), m.dtype, xp, "base")
    check_finite(base, "base")
    parameters = m.W, m.b, m.c, m.variance, m.groups
    place = as_place(seed, sweep, chain)
    backend.rbm.ais_step(
        state, weight, *parameters, base, ladder, bool(reverse), *place, None, backend.context(threads)
    )
    return AnnealedState(state, weight)


def _as_ladder(betas: Array, xp: Any) -> Array:
    ladder = xp.ascontiguousarray(xp.asarray(betas), dtype=FLOAT64)
    if ladder.ndim != 1 or len(ladder) == 0:
        raise ValueError("betas should be one-dimensional, with at least one value.")
    check_finite(ladder, "betas")
    outside = (ladder < 0) | (ladder > 1)
    if bool(outside.any()):
        place = int(outside.argmax())
        raise ValueError(f"betas should be in [0, 1], but is {float(ladder[place]):g} at place {place}.")
    return ladder


def exact_log_partition(
    W: Array,
    b: Array,
    c: Array,
    *,
    variance: Array | None = None,
    groups: Array | None = None,
    threads: int | None = None,
) -> float:
    """Logarithm of the partition function, by enumeration of the states of the hidden units; all of it in float64.

    Of a machine with binary units on both sides, the smaller side is enumerated. Time doubles with each unit.

    Parameters
    ----------
    W : array of shape (H, D)
    b : array of shape (D,)
    c : array of shape (H,)
    variance : array of shape (D,), optional
        Given for Gaussian units.
    groups : integer array of shape (n_groups + 1,), optional
        Offsets of the groups of categorical units.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a shape does not fit, a parameter is not finite, or there are more than 30 units to enumerate.
    """
    backend = select(W)
    xp = backend.xp
    m = _smaller_side_hidden(as_machine(W, b, c, xp, variance, groups), xp)
    check_parameters(m)
    if m.n_hidden > MOST_UNITS:
        what = "Both sides have" if m.variance is None and m.groups is None else "The hidden side has"
        raise ValueError(
            f"{what} more than {MOST_UNITS} units: {m.n_hidden}, which are too many to enumerate. "
            "Annealed importance sampling estimates the partition function of such a machine."
        )
    out = xp.empty(1, FLOAT64)
    backend.rbm.exact_log_partition(*m, out, backend.context(threads))
    return float(out[0])


def _smaller_side_hidden(m: Machine, xp: Any) -> Machine:
    if m.variance is None and m.groups is None and m.n_visible < m.n_hidden:
        return Machine(xp.ascontiguousarray(m.W.T), m.c, m.b, None, None)
    return m
