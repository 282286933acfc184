"""Rows that come in chunks: memory maps, lists of arrays, anything that can be iterated again and again.

At no time more than one chunk is held here. The statistics of the chunks are merged in their order, so that a fit
does not depend on when they arrive.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from gibbsite.kernels import mixture as kernels
from gibbsite.kernels._validation import check_finite
from gibbsite.kernels.mixture import Statistics
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._sources import RowSource, weighted_sum
from gibbsite.mixture._subsample import EvenSubsample
from gibbsite.mixture._validation import (
    check_chunk,
    check_enough_rows,
    check_weights,
    is_one_weight,
    n_positive,
)

Array = Any
ChunkFactory = Callable[[], Iterator[tuple[Array, Array | None]]]

# A memory map larger than this is read in windows of this size.
WINDOW_BYTES = 1 << 26


class ChunkSource(RowSource):
    """Chunks from a factory of iterators.

    Parameters
    ----------
    factory : callable
        Returns a fresh iterator over (rows, weights or None).
    n_components : int
        How many components will be fitted: the initialisation keeps an even subsample in proportion.
    threads : int or None
    dtype : numpy.dtype, optional
        Default that of the first chunk; later chunks are brought to it.
    release : callable, optional
        Called with each chunk when it has been used.

    Notes
    -----
    The first pass, made here, checks all values, counts the rows and keeps the subsample.
    """

    def __init__(
        self,
        factory: ChunkFactory,
        n_components: int,
        threads: int | None,
        dtype: Any = None,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self.factory = factory
        self.threads = threads
        self.release = release
        self.n_rows = self._n_positive = 0
        self.n_features = -1
        self.dtype = dtype
        self._buffers: dict[tuple[int, str], tuple[Statistics, Statistics]] = {}
        self._subsample = EvenSubsample(n_components)
        for _ in self._each(self._survey):
            pass
        if self.n_rows == 0:
            raise ValueError("Found no rows: the chunks are empty, or the iterable was used up before")
        check_enough_rows(self.n_rows, n_components, self._n_positive)

    def em_step(
        self, offsets: Array | None, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> Statistics:
        arguments = (offsets, means, precisions_cholesky, covariance_type)
        key = (len(means), covariance_type)
        if key not in self._buffers:
            empty = Statistics.zeros(len(means), self.n_features, covariance_type, self.xp)
            self._buffers[key] = empty, empty.copy()
        total, part = self._buffers[key]
        rows = 0

        def one(X: Array, sample_weight: Array | None) -> None:
            nonlocal rows
            out = part if rows else total
            kernels.em_step(X, *arguments, sample_weight=sample_weight, out=out, threads=self.threads)
            if rows:
                kernels.merge(total, part, out=total)
            rows += len(X)

        for _ in self._each(one):
            pass
        if rows != self.n_rows:
            raise ValueError(
                f"The chunks gave {self.n_rows} rows in the first pass and {rows} in a later one. Pass a list, or a "
                "callable that returns a fresh iterator on each call."
            )
        return total

    def log_likelihood(
        self, offsets: Array, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> tuple[float, float]:
        def one(X: Array, sample_weight: Array | None) -> tuple[float, float]:
            arguments = (offsets, means, precisions_cholesky, covariance_type)
            return weighted_sum(kernels.log_density(X, *arguments, threads=self.threads), sample_weight)

        sums = [0.0, 0.0]
        for value, weight in self._each(one):
            sums = [sums[0] + value, sums[1] + weight]
        return sums[0], sums[1]

    def initial_rows(self, n_components: int) -> tuple[Array, Array | None]:
        return self._subsample.rows()

    def _each(self, compute: Callable[[Array, Array | None], Any]) -> Iterator[Any]:
        """`compute` of each chunk; the chunk is let go before the next one is asked for."""
        iterator = iter(self.factory())
        first_row = 0
        while (pair := next(iterator, None)) is not None:
            X = check_chunk(pair[0], self.dtype if self.dtype is not None else (np.float64, np.float32))
            result = compute(X, check_weights(pair[1], X, allow_all_zero=True, first_row=first_row))
            first_row += len(X)
            del pair, X
            self.release()
            yield result

    def _survey(self, X: Array, sample_weight: Array | None) -> None:
        if self.n_features == -1:
            self.n_features, self.dtype, self.xp = X.shape[1], X.dtype, array_module(X)
        if X.shape[1] != self.n_features:
            raise ValueError(
                f"The chunk that begins at row {self.n_rows} has {X.shape[1]} features, the first one has "
                f"{self.n_features}"
            )
        check_finite(X, first_row=self.n_rows)
        self._subsample.add(X, sample_weight)
        self.n_rows += len(X)
        self._n_positive += n_positive(sample_weight, len(X))


def chunk_factory(X: Any, sample_weight: Any) -> ChunkFactory | None:
    """A factory for inputs that are iterables of chunks; None for all that is array-like.

    Raises
    ------
    TypeError
        For a one-shot iterator (a running generator): every EM pass reads the data again. When the factory is called,
        for a callable that returns no chunks.
    """
    _refuse_iterator(X, "X", "chunks")
    if not _gives_chunks(X):
        return None
    _refuse_iterator(sample_weight, "sample_weight", "arrays, one a chunk")

    def factory() -> Iterator[tuple[Array, Array | None]]:
        chunks = _called(X, "X", "chunks of rows")
        return _Pairs(chunks, _called(sample_weight, "sample_weight", "arrays, one a chunk"))

    return factory


def _refuse_iterator(given: Any, name: str, what: str) -> None:
    if isinstance(given, Iterator):
        raise TypeError(
            f"{name} is an iterator, which can be read only once, and every pass reads the data again: pass a list of "
            f"{what}, or a callable that returns a fresh iterator."
        )


def _called(given: Any, name: str, what: str) -> Any:
    """What a callable returns, which must be chunks; anything else as it is."""
    if not callable(given):
        return given
    result = given()
    # an array or a table can be iterated too, by rows or by the names of columns
    if isinstance(result, Iterable) and not hasattr(result, "shape"):
        return result
    kind = "None" if result is None else f"a {type(result).__qualname__}"
    raise TypeError(f"{name} is a callable, which must return a fresh iterator of {what}, but it returned {kind}.")


class _Pairs(Iterator[tuple[Array, Array | None]]):
    """Chunks with their weights. Unlike `zip` and generators it holds no chunk while the next one is made."""

    def __init__(self, chunks: Iterable[Array], weights: Any) -> None:
        self.chunks = iter(chunks)
        self.constant = weights if is_one_weight(weights) else None
        self.weights = None if weights is None or is_one_weight(weights) else iter(weights)

    def __next__(self) -> tuple[Array, Array | None]:
        try:
            chunk = next(self.chunks)
        except StopIteration:
            if self.weights is not None and next(self.weights, None) is not None:
                raise ValueError("sample_weight holds more arrays than X holds chunks") from None
            raise
        return chunk, self.constant if self.weights is None else self._weights_of_chunk(self.weights)

    def _weights_of_chunk(self, weights: Iterator[Array]) -> Array:
        try:
            weight = next(weights)
        except StopIteration:
            raise ValueError("sample_weight holds fewer arrays than X holds chunks") from None
        if is_one_weight(weight):
            raise ValueError(
                "X comes in chunks, so sample_weight should give one array for each chunk, but it gives numbers: cut "
                "it where X is cut."
            )
        return weight


def _gives_chunks(X: Any) -> bool:
    if any(hasattr(X, name) for name in ("__array__", "__array_interface__", "__cuda_array_interface__", "shape")):
        return False
    if callable(X):
        return True
    if isinstance(X, (list, tuple)):
        return len(X) > 0 and all(getattr(chunk, "ndim", None) == 2 for chunk in X)
    return isinstance(X, Iterable) and not hasattr(X, "__getitem__") and not hasattr(X, "__dataframe__")


def is_large_map(X: Any) -> bool:
    """Whether X is a memory map that is better read in windows."""
    # a memory map out of a pickle is an array in memory
    mapped = isinstance(X, np.memmap) and getattr(X, "_mmap", None) is not None
    return mapped and X.ndim == 2 and X.dtype.kind in "fiub" and X.nbytes > WINDOW_BYTES


def map_factory(X: np.memmap, sample_weight: Any) -> ChunkFactory:
    """Windows of a memory map as chunks."""
    rows = max(1, WINDOW_BYTES // (X.dtype.itemsize * X.shape[1]))

    def factory() -> Iterator[tuple[Array, Array | None]]:
        whole = sample_weight is None or is_one_weight(sample_weight)
        for start in range(0, len(X), rows):
            window = slice(start, start + rows)
            yield X[window], sample_weight if whole else sample_weight[window]

    return factory


def release_pages(X: np.memmap) -> Callable[[], None]:
    """A function that lets go the pages of a map, which count as this process's memory until then."""

    def release() -> None:
        # a copy-on-write map keeps the user's changes in those very pages
        if X.mode != "c" and hasattr(mmap, "MADV_DONTNEED"):
            with contextlib.suppress(ValueError, OSError):
                vars(X)["_mmap"].madvise(mmap.MADV_DONTNEED)

    return release
