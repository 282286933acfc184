"""Checks of states and weights at the door of the machines, in scikit-learn's words where it has some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import _check_n_features, check_array, validate_data

from gibbsite.kernels._validation import check_finite
from gibbsite.kernels.rbm._validation import count_by_group
from gibbsite.mixture._arrays import array_module, is_device_array
from gibbsite.mixture._chunks import chunk_factory

Array = Any
FLOATS = (np.dtype(np.float64), np.dtype(np.float32))

# rows whose values are looked at together
_BLOCK = 1 << 12


def check_rows(estimator: Any, X: Any, *, reset: bool) -> Array:
    """X with two dimensions and real values, dense and C-contiguous or CSR without duplicates, of its own dtype.

    Parameters
    ----------
    estimator : estimator
        Gets ``n_features_in_`` and ``feature_names_in_`` where `reset`, is compared with them otherwise.
    X : array-like, sparse matrix or device array of shape (n_samples, n_features)
    reset : bool

    Raises
    ------
    ValueError
        Wrong dimensions, no rows, complex or non-numeric values, another number of features than in fit, chunks where
        one array is wanted.
    """
    _check_is_one_array(X)
    if is_device_array(X):
        X = _check_device_rows(X)
        _check_n_features(estimator, X, reset=reset)
        return X
    X = validate_data(
        estimator, X, reset=reset, accept_sparse="csr", dtype="numeric", order="C", ensure_all_finite=False
    )
    return _canonical(X)


def _check_is_one_array(X: Any) -> None:
    """Raise for nothing at all, and for chunks, of which scikit-learn would say that they have three dimensions."""
    if X is None or (isinstance(X, (list, tuple)) and not X):
        raise ValueError(f"Found no rows: X is {X!r}.")
    if isinstance(X, Iterator) or chunk_factory(X, None) is not None:
        raise ValueError(
            "X gives rows in chunks, which fit and partial_fit alone take: pass one array, or one chunk a call."
        )


def check_combination(estimator: Any) -> None:
    """Raise for parameters that were set and would play no part.

    Raises
    ------
    ValueError
        `groups` of units that are not categorical; `n_chains` where chains start at the batch.
    """
    if estimator.groups is not None and estimator._kind != "categorical":
        raise ValueError(f"groups is for visible='categorical', but visible is {estimator.visible!r}.")
    if estimator.n_chains is not None and estimator.method == "cd":
        raise ValueError(
            f"n_chains is for method='pcd' and method='pt': with 'cd' a chain starts at every row of the batch. "
            f"Got n_chains={estimator.n_chains}."
        )


def check_n_features(estimator: Any, n_features: int, reset: bool) -> None:
    """scikit-learn's bookkeeping for inputs that it does not know."""
    if reset:
        estimator.n_features_in_ = n_features
        vars(estimator).pop("feature_names_in_", None)
    elif n_features != getattr(estimator, "n_features_in_", n_features):
        raise ValueError(
            f"X has {n_features} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )


def check_chunk(X: Any) -> Array:
    """The same for one chunk of many, which may be empty."""
    if is_device_array(X):
        return _check_device_rows(X, min_samples=0)
    X = check_array(
        X,
        accept_sparse="csr",
        dtype="numeric",
        order="C",
        ensure_all_finite=False,
        ensure_min_samples=0,
        input_name="X",
    )
    return _canonical(X)


def check_states(X: Array, is_binary_kind: bool, out_of_range: str = "raise", first_row: int = 0) -> bool:
    """Whether every value is 0 or 1, after the checks of the values.

    Parameters
    ----------
    X : array or CSR matrix
        Of `check_rows` or `check_chunk`.
    is_binary_kind : bool
        Whether values must lie in [0, 1].
    out_of_range : {"raise", "clip"}
        "clip": values outside [0, 1] are no error (and count as not binary).
    first_row : int
        Number of X's first row in the data that it is a part of.

    Raises
    ------
    ValueError
        NaN, infinity or, for binary units, values outside [0, 1]: how many, and where the first one is.
    """
    if sparse.issparse(X):
        return _check_sparse_states(X, is_binary_kind, out_of_range, first_row)
    if X.dtype.kind == "b":
        return True
    if X.dtype.kind == "f":
        check_finite(X, first_row=first_row)
    if not is_binary_kind:
        return False
    inside, binary = True, True
    for start in range(0, len(X), _BLOCK):
        block = X[start : start + _BLOCK]
        binary = binary and bool(((block == 0) | (block == 1)).all())
        inside = inside and (binary or bool(((block >= 0) & (block <= 1)).all()))
    if not inside and out_of_range == "raise":
        outside = (X < 0) | (X > 1)
        row, column = divmod(int(outside.argmax()), X.shape[1])
        _raise_outside(int(outside.sum()), first_row + row, column, X[row, column])
    return binary


def check_one_hot(block: Array, groups: Array, first_row: int) -> None:
    """Raise unless exactly one unit of every group is on in every row of a dense block of zeros and ones."""
    counts = count_by_group(block, groups, array_module(block))
    wrong = counts != 1
    if bool(wrong.any()):
        row, group = divmod(int(wrong.argmax()), counts.shape[1])
        raise ValueError(
            f"Categorical visible units need exactly one 1 in every group of columns: row {first_row + row} has "
            f"{int(counts[row, group])} in group {group} (columns {int(groups[group])} to {int(groups[group + 1]) - 1})"
        )


def check_groups(groups: Any, n_features: int) -> np.ndarray:
    """Offsets, of shape (n_groups + 1,), from the sizes of the groups.

    Raises
    ------
    ValueError
        No sizes, sizes below one, or sizes that do not add up to the number of columns.
    """
    if groups is None:
        raise ValueError("visible='categorical' needs groups=: how many columns each variable has")
    sizes = np.asarray(groups)
    if sizes.ndim != 1 or sizes.size == 0 or sizes.dtype.kind not in "iu" or sizes.min() < 1:
        raise ValueError(f"groups should be a list of positive integers, got {groups!r}{_sizes_of(sizes, n_features)}")
    if sizes.sum() != n_features:
        raise ValueError(
            f"groups add up to {sizes.sum()} columns, but X has {n_features}{_sizes_of(sizes, n_features)}"
        )
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _sizes_of(numbers: np.ndarray, n_features: int) -> str:
    """What to say of numbers that look like the offsets of the groups."""
    if numbers.ndim != 1 or numbers.size == 0 or numbers.dtype.kind not in "iu" or numbers[-1] != n_features:
        return ""
    sizes = np.diff(numbers) if numbers[0] == 0 else np.diff(numbers, prepend=0)
    offsets = sizes.size > 0 and bool((sizes > 0).all())
    return f": these are offsets; the sizes of the groups are {sizes.tolist()}" if offsets else ""


def floating(dtype: Any, wanted: str | None) -> Any:
    """The precision to compute in: what the user wants, else the data's own, else float64."""
    if wanted is not None:
        return np.dtype(wanted)
    return np.dtype(dtype) if dtype in FLOATS else FLOATS[0]


def _canonical(X: Array) -> Array:
    if sparse.issparse(X) and not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def _check_device_rows(X: Array, min_samples: int = 1) -> Array:
    xp = array_module(X)
    X = xp.asarray(X)
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D array instead")
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported")
    if X.shape[0] < min_samples:
        raise ValueError(f"Found array with {X.shape[0]} sample(s) while a minimum of {min_samples} is required.")
    if X.shape[1] == 0:
        raise ValueError(f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required.")
    return xp.ascontiguousarray(X)


def _check_sparse_states(X: Any, is_binary_kind: bool, out_of_range: str, first_row: int) -> bool:
    data = X.data
    bad = ~np.isfinite(data) if data.dtype.kind == "f" else np.zeros(0, dtype=bool)
    if bad.any():
        row, column = _place(X, int(bad.argmax()))
        count = int(bad.sum())
        words = f"{count} such value{'s, the first' if count > 1 else ','}"
        raise ValueError(f"Input X contains NaN or infinity.\nX has {words} at row {first_row + row}, column {column}.")
    if not is_binary_kind:
        return False
    outside = (data < 0) | (data > 1)
    if outside.any() and out_of_range == "raise":
        first = int(outside.argmax())
        row, column = _place(X, first)
        _raise_outside(int(outside.sum()), first_row + row, column, data[first])
    return bool(((data == 0) | (data == 1)).all())


def _place(X: Any, entry: int) -> tuple[int, int]:
    """Row and column of a stored entry."""
    return int(np.searchsorted(X.indptr, entry, side="right")) - 1, int(X.indices[entry])


def _raise_outside(count: int, row: int, column: int, value: Any) -> None:
    words = f"{count} values outside [0, 1], the first" if count > 1 else "1 value outside [0, 1],"
    raise ValueError(
        f"X has {words} at row {row}, column {column}: {float(value):.6g}. The units are binary: scale the columns to "
        "[0, 1], or set out_of_range='clip'."
    )
