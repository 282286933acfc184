"""Checks of the arguments that the kernels of Boltzmann machines share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._scalars import as_integer
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


def check_parameters(machine: Machine) -> None:
    """Raise unless all parameters are finite: a draw or a sum over all states would not show where they are not.

    Raises
    ------
    ValueError
        NaN or infinity: which parameter, how many values, and where the first one is.
    """
    for name in ("W", "b", "c", "variance"):
        value = getattr(machine, name)
        if value is not None:
            check_finite(value, name)


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


def count_by_group(array: Array, groups: Array, xp: Any) -> Array:
    """Sums of each row of zeros and ones over each group, of shape (n_rows, n_groups)."""
    below = xp.zeros((array.shape[0], array.shape[1] + 1), INT64)
    below[:, 1:] = xp.cumsum(array, axis=1, dtype=INT64)
    return below[:, groups[1:]] - below[:, groups[:-1]]


def check_one_hot(v: Array, groups: Array, xp: Any, where: Array | None = None) -> None:
    """Raise unless one unit of every group is on.

    Parameters
    ----------
    v : array of shape (N, D)
        Zeros and ones.
    groups : int64 array of shape (n_groups + 1,)
    xp : module
    where : bool array of shape (N, n_groups), optional
        The groups to look at; default all.

    Raises
    ------
    ValueError
        The first group of which none or several units are on, and how many.
    """
    counts = count_by_group(v, groups, xp)
    wrong = counts != 1
    if where is not None:
        wrong &= where
    if bool(wrong.any()):
        row, group = divmod(int(wrong.argmax()), counts.shape[1])
        raise ValueError(
            f"v should have one unit on in every group of categorical units, but has {int(counts[row, group])} at row "
            f"{row}, group {group}."
        )


def _refuse_where(array: Array, wrong: Array, name: str, what: str) -> None:
    if bool(wrong.any()):
        row, column = divmod(int(wrong.argmax()), array.shape[1])
        raise ValueError(f"{name} should be {what}, but is {array[row, column]} at row {row}, column {column}.")


def as_betas(temperature: float | Array, n_rows: int, dtype: Any, xp: Any) -> Array | None:
    """Return inverse temperatures: None for a temperature of 1, one value for all rows, or one for each.

    Raises
    ------
    ValueError
        If a temperature is not a positive number, or there is not one for each row.
    """
    if isinstance(temperature, (int, float)) and temperature == 1:
        return None
    try:
        array = xp.asarray(temperature, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"temperature should be a positive number, or one for each row, got {temperature!r}."
        ) from error
    array = array.reshape(1) if array.ndim == 0 else as_parameter(array, (n_rows,), dtype, xp, "temperature")
    if not bool((array > 0).all()):
        raise ValueError("temperature should be positive.")
    return 1 / array


def as_place(seed: int, sweep: int, chain: int) -> tuple[int, int, int]:
    """Return where draws sit.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If it is out of range.
    """
    return _within(seed, "seed", 64), _within(sweep, "sweep", 32), _within(chain, "chain", 32)


def _within(value: int, name: str, bits: int) -> int:
    number = as_integer(value, name)
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{name} must be in [0, 2**{bits}), got {value}.")
    return number
