"""Checks of the arguments that the samplers share."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from gibbsite._backends.selection import Backend
from gibbsite.kernels._validation import (
    FLOAT64,
    INT64,
    Array,
    as_output,
    as_parameter,
    as_rows,
    check_finite,
)
from gibbsite.kernels.mcmc._state import FatalDensityError, State
from gibbsite.kernels.mcmc._target import PackedTarget

FUNCTION = 0  # the kind of a C function
_SHARED, _PER_CHAIN, _DENSE = range(3)

_on_device: WeakKeyDictionary[Any, dict[tuple[Any, str], Array]] = WeakKeyDictionary()


def as_points(q: Any, target: Any, xp: Any, name: str = "q") -> Array:
    """Return points (C, D) of the target's dimension.

    Raises
    ------
    TypeError
        If they are sparse.
    ValueError
        If the shape does not fit.
    """
    q = as_rows(q, xp, name)
    if q.shape[1] != target.dim:
        raise ValueError(
            f"{name} should have {target.dim} columns, one a dimension of the target, but has {q.shape[1]}."
        )
    return q


def pack_target(target: Any, q: Array, backend: Backend) -> PackedTarget:
    """Return the target in q's dtype, with its data where q is.

    Raises
    ------
    TypeError
        If it is no target, or a C function while q is on a device.
    ValueError
        If it cannot be computed in q's dtype.
    """
    try:
        packed: PackedTarget = target.packed(q.dtype)
    except AttributeError:
        raise TypeError(f"target should be a gibbsite.targets.Target, got {type(target).__name__}.") from None
    if backend.stream is None:
        if packed.kind == FUNCTION and q.dtype != FLOAT64:
            raise ValueError(f"A C function computes in float64, but q is {q.dtype}.")
        return packed
    if packed.kind == FUNCTION:
        raise TypeError("A C function cannot be called on a device: pass q as a NumPy array.")
    copies = _on_device.setdefault(target, {})
    key = q.dtype, str(getattr(q, "device", ""))
    if key not in copies:
        copies[key] = backend.xp.asarray(packed.data)
    return packed._replace(data=copies[key])


def as_state(state: Any, target: Any, packed: PackedTarget, q: Array, backend: Backend, threads: int | None) -> State:
    """Return a state with a gradient that fits q, computed where it is not given.

    Raises
    ------
    ValueError
        If a shape does not fit, or q is not finite where no density is given with it.
    """
    xp = backend.xp
    if isinstance(state, State) and state.grad is not None:
        logp = as_parameter(state.logp, (len(q),), FLOAT64, xp, "logp")
        return State(q, logp, as_parameter(state.grad, q.shape, q.dtype, xp, "grad"))
    return evaluate(q, packed, True, backend, threads)


def evaluate(q: Array, packed: PackedTarget, gradient: bool, backend: Backend, threads: int | None) -> State:
    """Return the log density, and its gradient, in new arrays."""
    xp = backend.xp
    check_finite(q, "q")
    state = State(q, xp.empty(len(q), FLOAT64), xp.empty(q.shape, q.dtype) if gradient else None)
    status = xp.empty(4, INT64)
    backend.mcmc.log_density(q, *packed, *state[1:], status, backend.context(threads))
    check_status(status, packed, q)
    return state


def point_of(state: Any) -> Any:
    """Return the array that a state, or an array in its place, puts chains at."""
    return state.q if isinstance(state, State) else state


def check_start(logp: Array) -> None:
    """Raise if a chain is where the density is zero.

    Raises
    ------
    ValueError
        Naming the first such chain.
    """
    if not bool((logp > -np.inf).all()):
        first = int((~(logp > -np.inf)).argmax())
        raise ValueError(
            f"Chains should start where the log density is finite, but it is {logp[first]} of chain {first}."
        )


def as_place(seed: int, chain: int, draw: int) -> tuple[int, int, int]:
    """Return where random numbers sit.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    for name, value, bits in (("seed", seed, 64), ("chain", chain, 32), ("draw", draw, 32)):
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{name} must be in [0, 2**{bits}), got {value}.")
    return int(seed), int(chain), int(draw)


def as_counts(n: int, thin: int, name: str) -> tuple[int, int]:
    """Return how many draws to make, and each how manyeth to keep.

    Raises
    ------
    ValueError
        If one is out of range.
    """
    if n < 0:
        raise ValueError(f"{name} must not be negative, got {n}.")
    if thin < 1:
        raise ValueError(f"thin must be at least 1, got {thin}.")
    return int(n), int(thin)


def as_vector(value: Any, n: int, dtype: Any, xp: Any, name: str) -> Array:
    """Return a new vector with one number a chain, from one for all or one for each.

    Raises
    ------
    ValueError
        If the shape does not fit, or whole numbers are wanted and these are not.
    """
    array = xp.asarray(value)
    if array.ndim > 1 or (array.ndim == 1 and len(array) != n):
        raise ValueError(f"{name} should be a number or have the shape {(n,)}, but got {array.shape}.")
    if dtype is INT64 and array.dtype.kind not in "iu":
        raise ValueError(f"{name} should hold integers, but has the dtype {array.dtype}.")
    result = xp.empty(n, dtype)
    result[...] = array
    return result


def copy_into(value: Array, out: Array | None, xp: Any, name: str) -> Array:
    """Return a copy of a state's array, in `out` if that is given; it may be the array itself.

    Raises
    ------
    TypeError, ValueError
        If `out` does not fit.
    """
    result = as_output(out, value.shape, value.dtype, xp, name)
    if result is not value:
        result[...] = value
    return result


class Metric(NamedTuple):
    """The three arguments that tell a back end the inverse mass; see _backends/_numba/mcmc/dynamics.py."""

    kind: int
    inverse_mass: Array
    factor: Array | None


def as_metric(inverse_mass: Any, metric: str, factor: Any, shape: tuple[int, int], dtype: Any, xp: Any) -> Metric:
    """Return the inverse mass in q's dtype.

    Raises
    ------
    ValueError
        If there is no such metric, a shape does not fit, or it is not positive (definite).
    """
    n_chains, n = shape
    if metric == "dense":
        if inverse_mass is None:
            raise ValueError("inverse_mass should be given with metric='dense'.")
        matrix = as_parameter(inverse_mass, (n, n), dtype, xp, "inverse_mass")
        if factor is None:
            try:
                factor = xp.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                raise ValueError("inverse_mass should be positive definite.") from None
        return Metric(_DENSE, matrix, as_parameter(factor, (n, n), dtype, xp, "factor"))
    if metric != "diag":
        raise ValueError(f"metric should be 'diag' or 'dense', got {metric!r}.")
    if factor is not None:
        raise ValueError("factor should only be given with metric='dense'.")
    if inverse_mass is None:
        return Metric(_SHARED, xp.ones(n, dtype), None)
    array = xp.asarray(inverse_mass)
    per_chain = array.ndim == 2
    diagonal = as_parameter(array, (n_chains, n) if per_chain else (n,), dtype, xp, "inverse_mass")
    if not bool(((diagonal > 0) & (diagonal < np.inf)).all()):
        raise ValueError("inverse_mass should be positive and finite.")
    return Metric(_PER_CHAIN if per_chain else _SHARED, diagonal, None)


def check_status(status: Array, packed: PackedTarget, q: Array, chain: int = 0) -> None:
    """Raise if the density stopped the run; only a C function can, and those are on the host.

    Raises
    ------
    FatalDensityError
    """
    if packed.kind == FUNCTION and status[0]:
        code, index, draw = (int(number) for number in status[:3])
        raise FatalDensityError(code, chain + index, draw, q[index].copy())
