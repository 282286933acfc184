"""Checks of data at the door of the estimators, in scikit-learn's words; for device arrays in the same words."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import (
    _check_n_features,
    check_array,
    check_is_fitted,
    validate_data,
)

from gibbsite.kernels._validation import check_finite
from gibbsite.mixture._algebra import covariance_shape
from gibbsite.mixture._arrays import array_module, is_device_array

Array = Any
FLOATS = (np.float64, np.float32)


def check_rows(estimator: Any, X: Any, *, reset: bool, min_samples: int = 1, dtype: Any = None) -> Array:
    """X as a finite, C-contiguous float32 or float64 array of two dimensions; no copy where it is one already.

    Parameters
    ----------
    estimator : estimator
        Gets ``n_features_in_`` and ``feature_names_in_`` where `reset`, is compared with them otherwise.
    X : array-like or device array of shape (n_samples, n_features)
    reset : bool
    min_samples : int
    dtype : numpy.dtype, optional
        Wanted instead of X's own.

    Raises
    ------
    TypeError
        Sparse input.
    ValueError
        Wrong dimensions, no rows, complex or non-numeric values, another number of features than in fit, NaN or
        infinity (with the number of such values and the place of the first).
    """
    if is_device_array(X):
        X = _check_device_rows(X, min_samples, dtype or FLOATS)
        _check_n_features(estimator, X, reset=reset)
    else:
        X = validate_data(
            estimator,
            X,
            reset=reset,
            dtype=dtype or FLOATS,
            order="C",
            ensure_all_finite=False,
            ensure_min_samples=min_samples,
        )
    check_finite(X)
    return X


def check_chunk(X: Any, dtype: Any = FLOATS) -> Array:
    """The same for one chunk of many, without looking at the values."""
    if is_device_array(X):
        return _check_device_rows(X, 0, dtype)
    return check_array(X, dtype=dtype, order="C", ensure_all_finite=False, ensure_min_samples=0, input_name="X")


def is_one_weight(sample_weight: Any) -> bool:
    """Whether this is one number, the weight of every row."""
    return isinstance(sample_weight, Real) or getattr(sample_weight, "shape", None) == ()


def check_weights(sample_weight: Any, X: Array, *, allow_all_zero: bool = False, first_row: int = 0) -> Array | None:
    """Weights of the rows as a contiguous array of X's dtype, or None where there are none.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,), number or None
        A number is the weight of every row.
    X : array of shape (n_rows, n_features)
    allow_all_zero : bool
    first_row : int
        Number of X's first row in the data that it is a part of.

    Raises
    ------
    ValueError
        Wrong shape, negative, NaN or infinite weights, all weights zero (unless `allow_all_zero`: one chunk of many).
    """
    if sample_weight is None:
        return None
    xp = array_module(X)
    if is_one_weight(sample_weight):
        weights = xp.full(len(X), float(sample_weight), dtype=X.dtype)
    elif is_device_array(X):
        weights = xp.ascontiguousarray(xp.asarray(sample_weight), dtype=X.dtype)
    else:
        weights = check_array(
            sample_weight,
            dtype=X.dtype,
            order="C",
            ensure_2d=False,
            ensure_all_finite=False,
            ensure_min_samples=0,
            input_name="sample_weight",
        )
    if weights.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weights.ndim}D array. Expected either a scalar value or "
            f"a 1D array of length {len(X)}."
        )
    if weights.shape != X.shape[:1]:
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {X.shape[:1]}!")
    check_finite(weights, "sample_weight", first_row)
    if bool((weights < 0).any()):
        row = first_row + int((weights < 0).argmax())
        raise ValueError(f"Negative values in data passed to `sample_weight`, first at row {row}.")
    if not (allow_all_zero or bool((weights > 0).any())):
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def check_fitted(estimator: Any) -> None:
    """Raise unless the estimator is fitted, with the covariance type that it has now.

    Raises
    ------
    NotFittedError
    ValueError
        When `covariance_type` was set to another one after the fit.
    """
    check_is_fitted(estimator)
    factor, (n_components, n_features) = estimator.precisions_cholesky_, estimator.means_.shape
    covariance_type = estimator.covariance_type
    same = tuple(factor.shape) == covariance_shape(covariance_type, n_components, n_features)
    if same and covariance_type in ("tied", "diag") and n_components == n_features > 1:
        # the shapes are equal too; a factor of matrices is triangular, one of diagonals has no zero
        same = bool(factor[-1, 0] == 0) == (covariance_type == "tied")
    if not same:
        raise ValueError(
            f"covariance_type={covariance_type!r} was set after a fit with another covariance type, whose "
            f"precisions_cholesky_ has the shape {tuple(factor.shape)}: set it back, or fit again without warm_start."
        )


def check_continues(estimator: Any, n_features: int) -> None:
    """Raise unless a fit can go on from the fitted attributes (warm_start, partial_fit).

    Raises
    ------
    ValueError
        When the number of features is another one, or a parameter was set that their shapes depend on.
    """
    check_fitted(estimator)
    before = dict(zip(("n_components", "features"), estimator.means_.shape, strict=True))
    now = {"n_components": estimator.n_components, "features": n_features}
    for name, count in now.items():
        if count != before[name]:
            raise ValueError(
                f"The fit cannot go on from the last one, which had {name} = {before[name]}: now it is {count}. "
                "Begin anew with fit and warm_start=False."
            )


def n_positive(sample_weight: Array | None, n_rows: int) -> int:
    """Number of rows that count."""
    return n_rows if sample_weight is None else int((sample_weight > 0).sum())


def check_enough_rows(n_rows: int, n_components: int, positive: int) -> None:
    """At least one row, and one of positive weight, for each component."""
    if n_rows < n_components:
        raise ValueError(
            f"Expected n_samples >= n_components but got n_components = {n_components}, n_samples = {n_rows}"
        )
    if positive < n_components:
        raise ValueError(
            "Expected at least n_components samples with a positive sample_weight but got "
            f"n_components = {n_components}, positive sample_weight = {positive}"
        )


def _check_device_rows(X: Array, min_samples: int, dtype: Any = FLOATS) -> Array:
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
    wanted = dtype if not isinstance(dtype, tuple) else (X.dtype if X.dtype in FLOATS else np.float64)
    return xp.ascontiguousarray(X, dtype=wanted)
