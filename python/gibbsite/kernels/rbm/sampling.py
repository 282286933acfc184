"""Gibbs sweeps and mean-field sweeps."""

from __future__ import annotations

from typing import Any, NamedTuple

from gibbsite._backends.selection import Backend, select
from gibbsite._scalars import as_integer
from gibbsite.kernels._validation import Array
from gibbsite.kernels.rbm._validation import (
    UINT8,
    Machine,
    as_betas,
    as_binary,
    as_machine,
    as_place,
    as_states,
    check_one_hot,
    check_parameters,
    count_by_group,
)


class GibbsState(NamedTuple):
    """Chains after some sweeps.

    Attributes
    ----------
    v : array of shape (N, D)
        uint8, or W's dtype where units are Gaussian or `mean_field` was asked for.
    h : array of shape (N, H)
        uint8, or W's dtype where `mean_field` was asked for.
    hidden_probabilities : array of shape (N, H)
        Given the final v.
    visible_probabilities : array of shape (N, D)
        Those (or the means) that the final v was drawn from.
    """

    v: Array
    h: Array
    hidden_probabilities: Array
    visible_probabilities: Array


def gibbs(
    v: Array | None,
    W: Array,
    b: Array,
    c: Array,
    *,
    n_sweeps: int = 1,
    seed: int,
    sweep: int = 0,
    chain: int = 0,
    temperature: float | Array = 1.0,
    mean_field: bool = False,
    clamp: Array | None = None,
    variance: Array | None = None,
    groups: Array | None = None,
    from_hidden: bool = False,
    h: Array | None = None,
    threads: int | None = None,
) -> GibbsState:
    """Alternate between the layers: hidden units given the visible ones, then visible units given the hidden ones.

    Unit u of chain n draws from the same random number in sweep s of a seed, whatever else is drawn. Calls with
    `sweep` raised by the sweeps made so far continue chains; calls with `chain` raised split a batch.

    Parameters
    ----------
    v : array of shape (N, D), or None
        Where the chains start; not changed. Not needed where they start from h and nothing is clamped.
    W : array of shape (H, D)
    b : array of shape (D,)
    c : array of shape (H,)
    n_sweeps : int
    seed : int
        In [0, 2^64).
    sweep, chain : int
        In [0, 2^32): numbers of the first sweep and of the first chain.
    temperature : float or array of shape (N,)
        Draw from e^(-E / temperature).
    mean_field : bool
        Pass probabilities (and means) on, and draw nothing.
    clamp : bool array of shape (N, D), optional
        Visible units that keep their value; of a group of categorical units, all or none.
    variance : array of shape (D,), optional
        Given for Gaussian units.
    groups : integer array of shape (n_groups + 1,), optional
        Offsets of the groups of categorical units.
    from_hidden : bool
        Sweeps begin with the visible units, given h, and end with the hidden ones.
    h : array of shape (N, H), optional
        With `from_hidden`: where the chains start; not changed.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    GibbsState

    Raises
    ------
    TypeError
        If v is sparse, or a number is no integer that should be one.
    ValueError
        If a shape does not fit, a number is out of range, a parameter is not finite, or units cannot take the values
        they should start from.
    """
    backend = select(v, h, W)
    xp = backend.xp
    machine = as_machine(W, b, c, xp, variance, groups)
    check_parameters(machine)
    n_sweeps = as_integer(n_sweeps, "n_sweeps")
    if n_sweeps < 1:
        raise ValueError(f"n_sweeps must be at least 1, got {n_sweeps}.")
    if from_hidden != (h is not None):
        raise ValueError("h should be given with from_hidden=True, and only then.")
    if v is None and (not from_hidden or clamp is not None):
        raise ValueError("v should be given, unless from_hidden=True and nothing is clamped.")
    place = as_place(seed, sweep, chain)
    hidden: Array = None
    if h is not None:
        hidden = _probabilities(h, machine, xp) if mean_field else as_binary(h, machine.n_hidden, xp, "h")
    if v is None:
        v = xp.zeros((len(hidden), machine.n_visible), UINT8)
    start = _mean_start(v, machine, xp) if mean_field else chain_start(v, machine, xp)
    if hidden is not None and len(hidden) != len(start):
        raise ValueError(f"h should have a row for each of the {len(start)} chains, but has {len(hidden)}.")
    fixed = None if clamp is None else _as_clamp(clamp, len(start), machine, xp)
    if not mean_field:
        _check_groups(start, fixed, machine, from_hidden, xp)
    betas = as_betas(temperature, len(start), machine.dtype, xp)
    context = backend.context(threads)
    if mean_field:
        return _mean_field(backend, machine, start, hidden, fixed, betas, n_sweeps, context)
    if hidden is None:
        hidden = xp.empty((len(start), machine.n_hidden), UINT8)
    state = GibbsState(start, hidden, xp.empty(hidden.shape, machine.dtype), xp.empty(start.shape, machine.dtype))
    parameters = machine.W, machine.b, machine.c, machine.variance, machine.groups
    backend.rbm.gibbs(*state, fixed, *parameters, betas, n_sweeps, from_hidden, *place, None, context)
    return state


def chain_start(v: Array, machine: Machine, xp: Any) -> Array:
    """Return a copy of v of the kind that a chain of this machine holds; groups of units are not looked at.

    Raises
    ------
    TypeError
        If v is sparse.
    ValueError
        If the shape does not fit, or a unit cannot take a value.
    """
    return as_binary(v, machine.n_visible, xp, "v") if machine.variance is None else _mean_start(v, machine, xp)


def _check_groups(start: Array, clamp: Array | None, machine: Machine, from_hidden: bool, xp: Any) -> None:
    """Raise where one unit of a group should be on and is not; chains from h overwrite all that is not clamped."""
    if machine.groups is None or (from_hidden and clamp is None):
        return
    held = count_by_group(clamp, machine.groups, xp) > 0 if from_hidden else None
    check_one_hot(start, machine.groups, xp, held)


def _mean_start(v: Array, machine: Machine, xp: Any) -> Array:
    states = as_states(v, machine.n_visible, machine.dtype, xp, "v", machine.variance is not None)
    return xp.array(states, dtype=machine.dtype, order="C")


def _probabilities(h: Array, machine: Machine, xp: Any) -> Array:
    return xp.array(as_states(h, machine.n_hidden, machine.dtype, xp, "h"), dtype=machine.dtype, order="C")


def _as_clamp(clamp: Array, n_rows: int, machine: Machine, xp: Any) -> Array:
    mask = xp.asarray(clamp)
    if mask.dtype.kind != "b":
        raise ValueError(f"clamp should be an array of bool, but has the dtype {mask.dtype}.")
    if mask.shape != (n_rows, machine.n_visible):
        raise ValueError(f"clamp should have the shape {(n_rows, machine.n_visible)}, but got {mask.shape}.")
    if machine.groups is not None:
        of_group = count_by_group(mask, machine.groups, xp)
        partly = (of_group > 0) & (of_group < machine.groups[1:] - machine.groups[:-1])
        if bool(partly.any()):
            row, group = divmod(int(partly.argmax()), partly.shape[1])
            raise ValueError(
                f"clamp should hold all units of a group or none, but holds a part at row {row}, group {group}."
            )
    return xp.ascontiguousarray(mask, dtype=UINT8)


def _mean_field(
    backend: Backend,
    m: Machine,
    v: Array,
    h: Array | None,
    clamp: Array | None,
    betas: Array | None,
    n_sweeps: int,
    context: int,
) -> GibbsState:
    """Sweep v, and h where it is given, in place."""
    xp = backend.xp
    hidden, visible = xp.empty((len(v), m.n_hidden), m.dtype) if h is None else h, xp.empty(v.shape, m.dtype)

    def upwards() -> None:
        backend.rbm.hidden_probabilities(v, m.W, m.c, m.variance, betas, hidden, None, context)

    if h is None:
        upwards()
    for _ in range(n_sweeps):
        backend.rbm.visible_probabilities(hidden, m.W, m.b, m.variance, m.groups, betas, visible, None, context)
        v[...] = visible if clamp is None else xp.where(clamp != 0, v, visible)
        upwards()
    return GibbsState(v, hidden, hidden.copy(), visible)
