"""Checks of the arguments that the kernels of Boltzmann machines share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite.kernels._validation import INT64, Array, as_floating, as_parameter, as_rows, check_finite

UINT8 = np.dtype(np.uint8)


class Machine(NamedTuple):
    """Parameters of one dtype, checked; None is what was not given."""

    W: Array
    b: Array | None
    c: Array | None
    variance: Array | None
    groups: Array | None

    @property
    def dtype(self) -> Any:
        return self.W.dtype

    @property
    def n_hidden(self) -> int:
        return int(self.W.shape[0])

    @property
    def n_visible(self) -> int:
        return int(self.W.shape[1])


def as_machine(
    W: Array,
    b: Array | None,
    c: Array | None,
    xp: Any,
    variance: Array | None = None,
    groups: Array | None = None,
) -> Machine:
    """Return the parameters in W's dtype.

    Raises
    ------
    TypeError
        If W is sparse.
    ValueError
        If a shape does not fit, a variance is not positive, or groups do not cover the units.
    """
    W = as_rows(W, xp, "W")
    if len(W) == 0:
        raise ValueError("W should have at least one row, one for each hidden unit.")
    if variance is not None and groups is not None:
        raise ValueError("variance and groups cannot both be given: units are Gaussian or categorical.")
    n_hidden, n_visible = W.shape
    if variance is not None:
        variance = as_parameter(variance, (n_visible,), W.dtype, xp, "variance")
        if not bool((variance > 0).all()):
            raise ValueError("variance should be positive.")
    return Machine(
        W,
        None if b is None else as_parameter(b, (n_visible,), W.dtype, xp, "b"),
        None if c is None else as_parameter(c, (n_hidden,), W.dtype, xp, "c"),
        variance,
        None if groups is None else _as_groups(groups, n_visible, xp),
    )


def _as_groups(groups: Array, n_visible: int, xp: Any) -> Array:
    offsets = xp.asarray(groups)
    if offsets.ndim != 1 or len(offsets) < 2 or offsets.dtype.kind not in "iu":
        raise ValueError("groups should be a one-dimensional array of two or more integers, the offsets of the groups.")
    offsets = xp.ascontiguousarray(offsets, dtype=INT64)
    if int(offsets[0]) != 0 or int(offsets[-1]) != n_visible or not bool((offsets[1:] > offsets[:-1]).all()):
        raise ValueError(f"groups should grow from 0 to the number of visible units, {n_visible}.")
    return offsets


def as_states(states: Array, n_units: int, dtype: Any, xp: Any, name: str, is_gaussian: bool = False) -> Array:
    """Return states as bytes of 0 and 1, or as numbers of this dtype where they are Gaussian or were floating point.

    Raises
    ------
    TypeError
        If they are sparse.
    ValueError
        If the shape does not fit, a value is not finite, or one outside [0, 1] where they are not Gaussian.
    """
    if hasattr(states, "toarray") and hasattr(states, "nnz"):
        as_floating(states, xp, name)  # refuses it
    array = xp.asarray(states)
    if array.ndim != 2 or array.dtype.kind not in "buif":
        array = as_rows(states, xp, name)
    if array.shape[1] != n_units:
        raise ValueError(f"{name} should have {n_units} columns, one for each unit, but has {array.shape[1]}.")
    if array.dtype.kind == "f":
        check_finite(array, name)
    if is_gaussian:
        return xp.ascontiguousarray(array, dtype=dtype)
    if array.dtype.kind != "b":
        _refuse_where(array, (array < 0) | (array > 1), name, "in [0, 1]")
    return xp.ascontiguousarray(array, dtype=dtype if array.dtype.kind == "f" else UINT8)


def as_binary(states: Array, n_units: int, xp: Any, name: str) -> Array:
    """Return states of a chain as bytes of 0 and 1, in a new array.

    Raises
    ------
    TypeError
        If they are sparse.
    ValueError
        If the shape does not fit, or a value is neither 0 nor 1.
    """
    array = as_states(states, n_units, np.dtype(np.float64), xp, name)
    if array.dtype != UINT8:
        _refuse_where(array, (array != 0) & (array != 1), name, "0 or 1, which is what a chain of binary units holds")
    return xp.array(array, dtype=UINT8, order="C")


def _refuse_where(array: Array, wrong: Array, name: str, what: str) -> None:
    if bool(wrong.any()):
        row, column = divmod(int(wrong.argmax()), array.shape[1])
        raise ValueError(f"{name} should be {what}, but is {array[row, column]} at row {row}, column {column}.")


def as_betas(temperature: float | Array, n_rows: int, dtype: Any, xp: Any) -> Array | None:
    """Return inverse temperatures: None for a temperature of 1, one value for all rows, or one for each.

    Raises
    ------
    ValueError
        If a temperature is not positive, or there is not one for each row.
    """
    if isinstance(temperature, (int, float)) and temperature == 1:
        return None
    array = xp.asarray(temperature, dtype=dtype)
    array = array.reshape(1) if array.ndim == 0 else as_parameter(array, (n_rows,), dtype, xp, "temperature")
    if not bool((array > 0).all()):
        raise ValueError("temperature should be positive.")
    return 1 / array


def as_place(seed: int, sweep: int, chain: int) -> tuple[int, int, int]:
    """Return where draws sit.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    for name, value, bits in (("seed", seed, 64), ("sweep", sweep, 32), ("chain", chain, 32)):
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{name} must be in [0, 2**{bits}), got {value}.")
    return int(seed), int(sweep), int(chain)
