"""Moments of the rows under the data or under the model.

For a visible unit the rows in which it is active are listed, and the hidden states of those rows summed up: the same
sums over active inputs as in a sweep. Blocks of rows are summed in T and added up in float64.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, optional, read_only
from gibbsite._backends._numba.rbm.active import STRIP, add_list
from gibbsite._backends._numba.sums import total

BLOCK_ROWS = 128  # rows summed in T
COLUMNS = 16  # visible units whose lists are held at once


class Phase(NamedTuple):
    """Rows under the data (sign 1) or the model (-1).

    Attributes
    ----------
    v : (N, D)
    h : (N, H)
    weight : (N,) or (0,)
    scale : float
        Sign over the sum of weights; 0 where there is none.
    """

    v: Any
    h: Any
    weight: Any
    scale: float


def make_phase(v: np.ndarray, h: np.ndarray, weight: np.ndarray | None, sign: float) -> Phase:
    """Return a phase; one without rows or weight adds nothing."""
    weights = float(len(v)) if weight is None else float(weight.sum(dtype=np.float64))
    return Phase(read_only(v), read_only(h), optional(weight, h), sign / weights if weights else 0.0)


@jit
def _list_columns(phase: Any, first: int, n: int, begin: int, end: int, lists: Any) -> None:
    """List j: the rows first ... first + n - 1 in which visible unit begin + j is active."""
    v, weight, counts, indices, values = phase.v, phase.weight, lists.counts, lists.indices, lists.values
    counts[:] = 0
    for r in range(first, first + n):
        states = row(v, r)
        if values.shape[0] > 0:
            factor = weight[r] if weight.shape[0] > 0 else values.dtype.type(1)
            for j in range(end - begin):
                values[j, counts[j]] = factor * states[begin + j]
        for j in range(end - begin):
            indices[j, counts[j]] = r  # overwritten by the next row's where this one is not active
            counts[j] += states[begin + j] != 0


@jit
def add_products(phase: Any, begin: int, end: int, lists: Any, products: Any, means: Any) -> None:
    """Add <h x> of visible units begin ... end - 1 to products (COLUMNS, H), and <x> to means (COLUMNS)."""
    h, scale, counts, indices, values = phase.h, phase.scale, lists.counts, lists.indices, lists.values
    n_rows, n_hidden = h.shape
    sums = np.empty(min(STRIP, n_hidden), h.dtype)
    for first in range(0, n_rows, BLOCK_ROWS):
        _list_columns(phase, first, min(BLOCK_ROWS, n_rows - first), begin, end, lists)
        for strip in range(0, n_hidden, STRIP):
            n = min(STRIP, n_hidden - strip)
            for j in range(end - begin):
                for i in range(n):
                    sums[i] = 0
                add_list(h, strip, n, indices, values, j, counts[j], sums)
                target = part(row(products, j), strip)
                for i in range(n):
                    target[i] += scale * np.float64(sums[i])
        for j in range(end - begin):
            means[j] += scale * (total(row(values, j), counts[j]) if values.shape[0] > 0 else counts[j])


@jit
def _add_hidden_means(phase: Any, begin: int, end: int, out: Any) -> None:
    """Add <h> of hidden units begin ... end - 1 to out (H)."""
    h, weight, scale = phase.h, phase.weight, phase.scale
    sums = np.zeros(end - begin)
    for r in range(h.shape[0]):
        values = part(row(h, r), begin)
        factor = np.float64(weight[r]) if weight.shape[0] > 0 else 1.0
        for i in range(end - begin):
            sums[i] += factor * np.float64(values[i])
    for i in range(end - begin):
        out[begin + i] += scale * sums[i]


@jit
def add_hidden_moments(data: Any, model: Any, dh: Any, begin: int, end: int) -> None:
    """Add <h> of both phases to dh (H)."""
    _add_hidden_means(data, begin, end, dh)
    _add_hidden_means(model, begin, end, dh)


@jit
def mean_square(phase: Any, j: int, bias: Any, variance: Any) -> float:
    """<(v_j - b_j)^2 / (2 s_j)>."""
    v, weight = phase.v, phase.weight
    result = 0.0
    for r in range(v.shape[0]):
        difference = np.float64(v[r, j]) - np.float64(bias[j])
        factor = np.float64(weight[r]) if weight.shape[0] > 0 else 1.0
        result += factor * difference * difference
    return phase.scale * result / (2.0 * np.float64(variance[j]))
