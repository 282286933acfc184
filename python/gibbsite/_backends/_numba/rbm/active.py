"""Sums of the rows of a matrix that a state's active units select: products with W that skip zeros."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit

STRIP = 512  # columns that are summed at once: eight rows of as many stay in the first-level cache


class Lists(NamedTuple):
    """The active inputs of some rows.

    Attributes
    ----------
    counts : int64 (n_rows,)
    indices : int32 (n_rows, n_inputs)
    values : (n_rows, n_inputs), or (0, 0) where every active input counts one
    """

    counts: Any
    indices: Any
    values: Any


@jit
def new_lists(n_rows: int, n_inputs: int, with_values: bool, like: Any) -> Any:
    """Room for the lists of some rows; values have the type of `like`."""
    counts, indices = np.empty(n_rows, np.int64), np.empty((n_rows, n_inputs), np.int32)
    return Lists(counts, indices, np.empty((n_rows, n_inputs) if with_values else (0, 0), like.dtype))


@jit
def _list_row(states: Any, indices: Any) -> int:
    """The active units of a row of bytes or numbers; returns how many they are."""
    count = 0
    for j in range(states.shape[0]):
        indices[count] = j  # overwritten by the next one where this one is not active
        count += states[j] != 0
    return count


@jit
def list_rows(states: Any, first: int, n: int, divisor: Any, lists: Any) -> None:
    """Lists 0 ... n - 1 of rows first ... first + n - 1; values are divided by `divisor` unless it is empty."""
    counts, indices, values = lists.counts, lists.indices, lists.values
    for r in range(n):
        counts[r] = _list_row(row(states, first + r), row(indices, r))
    for r in range(n if values.shape[0] > 0 else 0):
        source, index, value = row(states, first + r), row(indices, r), row(values, r)
        if divisor.shape[0] > 0:
            for k in range(counts[r]):
                value[k] = source[index[k]] / divisor[index[k]]
        else:
            for k in range(counts[r]):
                value[k] = source[index[k]]


@jit
def add_rows(matrix: Any, first: int, n: int, indices: Any, count: int, out: Any) -> None:
    """out += the listed rows' entries first ... first + n - 1."""
    k = 0
    while k + 8 <= count:
        a, b = part(row(matrix, indices[k]), first), part(row(matrix, indices[k + 1]), first)
        c, d = part(row(matrix, indices[k + 2]), first), part(row(matrix, indices[k + 3]), first)
        e, f = part(row(matrix, indices[k + 4]), first), part(row(matrix, indices[k + 5]), first)
        g, h = part(row(matrix, indices[k + 6]), first), part(row(matrix, indices[k + 7]), first)
        for i in range(n):
            out[i] += ((a[i] + b[i]) + (c[i] + d[i])) + ((e[i] + f[i]) + (g[i] + h[i]))
        k += 8
    while k + 3 <= count:
        a, b = part(row(matrix, indices[k]), first), part(row(matrix, indices[k + 1]), first)
        c = part(row(matrix, indices[k + 2]), first)
        for i in range(n):
            out[i] += (a[i] + b[i]) + c[i]
        k += 3
    while k < count:
        a = part(row(matrix, indices[k]), first)
        for i in range(n):
            out[i] += a[i]
        k += 1


@jit
def add_scaled_rows(matrix: Any, first: int, n: int, indices: Any, values: Any, count: int, out: Any) -> None:
    """out += the listed rows' entries times the values that belong to them."""
    k = 0
    while k + 4 <= count:
        a, b = part(row(matrix, indices[k]), first), part(row(matrix, indices[k + 1]), first)
        c, d = part(row(matrix, indices[k + 2]), first), part(row(matrix, indices[k + 3]), first)
        s, t, u, w = values[k], values[k + 1], values[k + 2], values[k + 3]
        for i in range(n):
            out[i] += (a[i] * s + b[i] * t) + (c[i] * u + d[i] * w)
        k += 4
    while k < count:
        a, s = part(row(matrix, indices[k]), first), values[k]
        for i in range(n):
            out[i] += a[i] * s
        k += 1


@jit
def add_list(matrix: Any, first: int, n: int, indices: Any, values: Any, r: int, count: int, out: Any) -> None:
    """out += the sum of the rows of list r, entries first ... first + n - 1; see Lists."""
    if values.shape[0] > 0:
        add_scaled_rows(matrix, first, n, row(indices, r), row(values, r), count, out)
    else:
        add_rows(matrix, first, n, row(indices, r), count, out)


@jit
def activations(matrix: Any, bias: Any, lists: Any, n_rows: int, out: Any) -> None:
    """out (n_rows, n_outputs) = bias + states @ matrix."""
    # taken out of the tuple once: each time costs two atomic operations
    counts, indices, values = lists.counts, lists.indices, lists.values
    n_outputs = bias.shape[0]
    for first in range(0, n_outputs, STRIP):
        n = min(STRIP, n_outputs - first)
        for r in range(n_rows):
            target = part(row(out, r), first)
            for i in range(n):
                target[i] = bias[first + i]
            add_list(matrix, first, n, indices, values, r, counts[r], target)
