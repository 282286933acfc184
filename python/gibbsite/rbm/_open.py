"""Finds the source of batches that fits what the user passed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from gibbsite.mixture._arrays import array_module, is_device_array
from gibbsite.mixture._chunks import chunk_factory, is_large_map, map_factory, release_pages
from gibbsite.mixture._dask import is_dask_array
from gibbsite.mixture._validation import check_weights
from gibbsite.rbm._sources import BatchSource, Chunks, InMemory, Streamed
from gibbsite.rbm._survey import Rule
from gibbsite.rbm._validation import check_chunk, check_n_features, check_rows, floating

Array = Any


def open_batches(
    estimator: Any,
    X: Any,
    sample_weight: Any,
    make_rule: Callable[[int], Rule],
    *,
    dtype: str | None,
    batch_size: int | None = None,
    shuffle: bool = False,
    reset: bool = True,
) -> BatchSource:
    """A checked source of batches; see `BernoulliRBM.fit` for what X may be.

    Parameters
    ----------
    estimator : estimator
        Gets ``n_features_in_`` where `reset`, is compared with it otherwise.
    X, sample_weight
    make_rule : callable
        Number of columns to `Rule`.
    dtype : str or None
        Precision; default that of the data where it is float32, else float64.
    batch_size : int or None
        None: all rows are one batch.
    shuffle, reset : bool

    Raises
    ------
    ValueError, TypeError
        Bad data, or `shuffle` where the rows come in an order of their own.
    """
    chunks = _chunks(X, sample_weight)
    if chunks is None:
        X = check_rows(estimator, X, reset=reset)
        precision = floating(X.dtype, dtype)
        weight = check_row_weights(sample_weight, X, precision)
        if not sparse.issparse(X):
            return InMemory(X, weight, make_rule(X.shape[1]), precision, batch_size, shuffle)
        chunks = _once(X, weight)
    if shuffle:
        raise ValueError("shuffle=True needs rows that lie in memory as one dense array: shuffle the rows beforehand")
    n_features, first_dtype = _first_shape(chunks)
    if not sparse.issparse(X):
        check_n_features(estimator, n_features, reset)
    precision = floating(first_dtype, dtype)
    return Streamed(_with_weights(chunks, precision), make_rule(n_features), precision, batch_size)


def check_row_weights(sample_weight: Any, X: Array, dtype: Any, *, allow_all_zero: bool = False) -> Array | None:
    """Weights in the machine's precision, of the checked rows X."""
    if sample_weight is None:
        return None
    xp = np if sparse.issparse(X) else array_module(X)
    if allow_all_zero and X.shape[0] == 0:  # an empty chunk
        return xp.empty(0, dtype=dtype)
    _check_numbers(sample_weight)
    # only the number of rows, the place and the precision of this stand-in for X matter
    return check_weights(sample_weight, xp.empty((X.shape[0], 1), dtype=dtype), allow_all_zero=allow_all_zero)


def _check_numbers(sample_weight: Any) -> None:
    if is_device_array(sample_weight):
        return
    try:
        np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight should hold numbers: {error}") from error


def _chunks(X: Any, sample_weight: Any) -> Chunks | None:
    """A factory of unchecked (rows, weights), or None for what is one array or matrix."""
    if sparse.issparse(X):
        return None
    if is_dask_array(X):
        return dask_factory(X, sample_weight)
    if is_large_map(X):
        weight = None if sample_weight is None else np.asarray(sample_weight)
        if weight is not None and weight.shape != X.shape[:1]:
            raise ValueError(f"sample_weight.shape == {weight.shape}, expected {X.shape[:1]}!")
        return _releasing(map_factory(X, weight), release_pages(X))
    factory = chunk_factory(X, sample_weight)
    if factory is not None:
        _check_weights_come_in_chunks(sample_weight)
    return factory


def _check_weights_come_in_chunks(sample_weight: Any) -> None:
    """Raise for one array of numbers beside chunks of rows."""
    if hasattr(sample_weight, "__len__") and len(sample_weight) and np.ndim(next(iter(sample_weight))) == 0:
        raise ValueError(
            "X comes in chunks, so sample_weight should give one array for each chunk, got "
            f"{len(sample_weight)} numbers: cut it where X is cut."
        )


def dask_factory(X: Any, sample_weight: Any) -> Chunks:
    """Chunk after chunk of a Dask array, computed when its turn has come."""
    dask: Any = importlib.import_module("dask")
    da: Any = importlib.import_module("dask.array")
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D array instead")
    X = X.rechunk({1: -1})
    blocks = list(X.to_delayed().ravel())
    weights = [None] * len(blocks)
    if sample_weight is not None:
        weight = da.asarray(sample_weight)
        if weight.shape != X.shape[:1]:
            raise ValueError(f"sample_weight.shape == {weight.shape}, expected {X.shape[:1]}!")
        weights = list(weight.rechunk((X.chunks[0],)).to_delayed().ravel())

    def factory() -> Iterator[tuple[Array, Array | None]]:
        for pair in zip(blocks, weights, strict=True):
            yield dask.compute(*pair)

    return factory


def _releasing(factory: Chunks, release: Callable[[], None]) -> Chunks:
    def wrapped() -> Iterator[tuple[Array, Array | None]]:
        for pair in factory():
            yield pair
            del pair
            release()

    return wrapped


def _once(X: Any, weight: Array | None) -> Chunks:
    return lambda: iter([(X, weight)])


def _first_shape(chunks: Chunks) -> tuple[int, Any]:
    """Columns and dtype of the first chunk."""
    pair = next(iter(chunks()), None)
    if pair is None:
        raise ValueError("Found no rows: the chunks are empty, or the iterable was used up before")
    X = check_chunk(pair[0])
    return X.shape[1], X.dtype


def _with_weights(chunks: Chunks, dtype: Any) -> Chunks:
    """The same chunks, checked."""

    def checked() -> Iterator[tuple[Array, Array | None]]:
        for X, weight in chunks():
            X = check_chunk(X)
            yield X, check_row_weights(weight, X, dtype, allow_all_zero=True)
            del X, weight

    return checked
