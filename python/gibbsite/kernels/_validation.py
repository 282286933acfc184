"""Checks of arguments, with scikit-learn's exception types and wording where it has one.

Arrays that are already right (exact class, float32 or float64, C-contiguous) pass in well under a microsecond; all
others are converted, or refused with a message that says what would be right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends.selection import select

Array = Any
"""A NumPy or CuPy array."""

FLOAT64 = np.dtype(np.float64)
FLOAT32 = np.dtype(np.float32)
INT64 = np.dtype(np.int64)


def _is_floating(X: Any, xp: Any) -> bool:
    return type(X) is xp.ndarray and (X.dtype is FLOAT64 or X.dtype is FLOAT32)


def as_floating(X: Any, xp: Any, name: str) -> Array:
    """Return X as a float32 or float64 array of any number of dimensions; integers and others become float64.

    Raises
    ------
    TypeError
        If X is sparse.
    ValueError
        If X holds complex or non-numeric values.
    """
    if _is_floating(X, xp):
        return X
    if hasattr(X, "toarray") and hasattr(X, "nnz"):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense data is required. "
            "Use '.toarray()' to convert to a dense numpy array."
        )
    array = xp.asarray(X)
    if array.dtype == FLOAT32 or array.dtype == FLOAT64:
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{X}\n")
    return array.astype(FLOAT64)


def as_rows(X: Any, xp: Any = np, name: str = "X") -> Array:
    """Return X as a C-contiguous (n_rows, n_features) array of float32 or float64, without a copy where it is one.

    Raises
    ------
    TypeError
        If X is sparse.
    ValueError
        If X is not two-dimensional, has no features, or does not hold real numbers.
    """
    if _is_floating(X, xp) and X.ndim == 2 and X.shape[1] and X.flags.c_contiguous:
        return X
    X = as_floating(X, xp, name)
    if X.ndim == 1 or X.ndim == 0:
        kind = "scalar" if X.ndim == 0 else "1D"
        raise ValueError(
            f"Expected 2D array, got {kind} array instead:\narray={X}.\n"
            "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or "
            "array.reshape(1, -1) if it contains a single sample."
        )
    if X.ndim > 2:
        raise ValueError(f"Found array with dim {X.ndim}, while dim <= 2 is required for {name}.")
    if X.shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required for {name}."
        )
    return xp.ascontiguousarray(X)


def as_parameter(value: Any, shape: tuple[int, ...], dtype: Any, xp: Any, name: str) -> Array:
    """Return `value` as a C-contiguous array of exactly this shape and dtype, without a copy where it is one.

    Raises
    ------
    ValueError
        If the shape is another.
    """
    if type(value) is xp.ndarray and value.dtype is dtype and value.shape == shape and value.flags.c_contiguous:
        return value
    array = xp.ascontiguousarray(xp.asarray(value), dtype=dtype) if shape else xp.asarray(value, dtype=dtype)
    if array.shape != shape:
        raise ValueError(f"{name} should have the shape {shape}, but got {array.shape}.")
    return array


def as_output(out: Any, shape: tuple[int, ...], dtype: Any, xp: Any, name: str = "out") -> Array:
    """Return a new array, or `out` if it is one that a kernel can write to as it is.

    Raises
    ------
    TypeError
        If `out` is not an array of the inputs' kind.
    ValueError
        If its shape, dtype or memory layout is another, or it is read-only.
    """
    if out is None:
        return xp.empty(shape, dtype)
    if not isinstance(out, xp.ndarray):
        raise TypeError(f"{name} should be a {xp.__name__} array, got {type(out).__name__}.")
    if out.shape != shape or out.dtype != dtype:
        raise ValueError(f"{name} should have shape {shape} and dtype {dtype}, got {out.shape} and {out.dtype}.")
    if not out.flags.c_contiguous:
        raise ValueError(f"{name} should be C-contiguous.")
    if not getattr(out.flags, "writeable", True):
        raise ValueError(f"{name} should be writeable, got a read-only array.")
    return out


def check_finite(X: Array, name: str = "X", first_row: int = 0) -> None:
    """Raise if an array holds NaN or infinity; the sum of all values shows at once, nearly always, that it does not.

    Parameters
    ----------
    X : array of shape (N,) or (N, D)
    name : str
    first_row : int
        Number of X's first row in the data that it is a part of.

    Raises
    ------
    ValueError
        In scikit-learn's words, and saying how many such values there are and where the first one is.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(float(X.sum())):
            return
    # The sum of very large numbers overflows too: look at each.
    xp = select(X).xp
    kinds = {"NaN": ("NaN", xp.isnan(X)), "infinite": (f"infinity or a value too large for {X.dtype!r}", xp.isinf(X))}
    found = {kind: _count_and_place(mask, first_row) for kind, (_, mask) in kinds.items() if bool(mask.any())}
    if found:
        words = kinds[next(iter(found))][0]
        counts = "; and ".join(
            f"{count} {kind} value{'s, the first' if count > 1 else ','} at {place}"
            for kind, (count, place) in found.items()
        )
        raise ValueError(f"Input {name} contains {words}.\n{name} has {counts}.")


def _count_and_place(mask: Array, first_row: int) -> tuple[int, str]:
    """How many are set, and where the first one is."""
    row, *column = np.unravel_index(int(mask.argmax()), mask.shape)
    place = f"row {first_row + int(row)}" + "".join(f", column {int(c)}" for c in column)
    return int(mask.sum()), place
