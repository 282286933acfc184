"""Rows of any form (dense or CSR, bytes or numbers) into dense batches of the type that the kernels read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from gibbsite.mixture._arrays import array_module

Array = Any

# Numbers of a block of rows, and its most rows.
_BLOCK_SIZE = 1 << 20
_BLOCK_ROWS = 1 << 12


def block_rows(n_features: int) -> int:
    """Rows that are worked on together where a dense copy is made of them."""
    return max(1, min(_BLOCK_ROWS, _BLOCK_SIZE // n_features))


def as_states(X: Array, dtype: Any, clip: bool = False) -> Array | None:
    """X itself where the kernels can read it as it lies (bool as bytes), else None."""
    if sparse.issparse(X) or clip or not X.flags.c_contiguous:
        return None
    if X.dtype == np.bool_ and dtype == np.uint8:
        return X.view(np.uint8)
    return X if X.dtype == dtype else None


def fill(out: Array, X: Array, start: int, stop: int, clip: bool = False) -> None:
    """Rows start to stop of X into a dense `out`; of a CSR matrix only these are made dense."""
    if sparse.issparse(X):
        begin, end = X.indptr[start], X.indptr[stop]
        rows = np.repeat(np.arange(stop - start), np.diff(X.indptr[start : stop + 1]))
        out[...] = 0
        out[rows, X.indices[begin:end]] = X.data[begin:end]
    else:
        out[...] = X[start:stop]
    if clip:
        array_module(out).clip(out, 0, 1, out=out)


def dense_blocks(X: Array, dtype: Any, clip: bool = False, n_rows: int | None = None) -> Iterator[tuple[int, Array]]:
    """Rows of X as dense contiguous blocks: (number of the first row, block), valid until the next one."""
    n_rows = block_rows(X.shape[1]) if n_rows is None else n_rows
    whole = as_states(X, dtype, clip)
    buffer = None
    for start in range(0, X.shape[0], n_rows):
        stop = min(start + n_rows, X.shape[0])
        if whole is not None:
            yield start, whole[start:stop]
            continue
        if buffer is None:
            xp = np if sparse.issparse(X) else array_module(X)
            buffer = xp.empty((min(n_rows, X.shape[0]), X.shape[1]), dtype=dtype)
        fill(buffer[: stop - start], X, start, stop, clip)
        yield start, buffer[: stop - start]


class Reblocking:
    """Cuts rows that come in pieces of any size and form into dense blocks of one size.

    Parameters
    ----------
    n_rows, n_features : int
        Of a block.
    dtype : numpy.dtype
    weight_dtype : numpy.dtype
    clip : bool
    xp : module
    """

    def __init__(self, n_rows: int, n_features: int, dtype: Any, weight_dtype: Any, clip: bool, xp: Any) -> None:
        self._block = xp.empty((n_rows, n_features), dtype=dtype)
        self._weight = xp.empty(n_rows, dtype=weight_dtype)
        self._clip = clip
        self._filled = 0
        self._is_weighted = False

    def add(self, X: Array, weight: Array | None) -> Iterator[tuple[Array, Array | None]]:
        """Take in rows, and yield (block, weight) whenever a block is full; it is valid until the next one."""
        self._is_weighted = weight is not None
        start, n_rows = 0, len(self._block)
        while start < X.shape[0]:
            stop = min(start + n_rows - self._filled, X.shape[0])
            end = self._filled + stop - start
            fill(self._block[self._filled : end], X, start, stop, self._clip)
            if weight is not None:
                self._weight[self._filled : end] = weight[start:stop]
            self._filled, start = end, stop
            if end == n_rows:
                yield from self.rest()

    def rest(self) -> Iterator[tuple[Array, Array | None]]:
        """Yield what is left of the rows, if anything."""
        if self._filled:
            rows, self._filled = slice(0, self._filled), 0
            yield self._block[rows], self._weight[rows] if self._is_weighted else None
