"""The parameters of a machine as compiled code takes them, and how work is cut into chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, optional, read_only

BERNOULLI, GAUSSIAN, CATEGORICAL = range(3)

BLOCK = 64  # rows whose lists of active inputs are held at once
_CHUNK = 1 << 23  # work of a chunk, in the unit of row_work: a tenth of a millisecond


class Machine(NamedTuple):
    """Arrays of a machine; what a function does not need, or a kind does not have, is empty.

    Attributes
    ----------
    kind : BERNOULLI, GAUSSIAN or CATEGORICAL
    W : (H, D)
        One row a hidden unit: what a hidden state's sums over active units read.
    W_T : (D, H)
        What a visible state's sums read.
    b : (D,)
    c : (H,)
    variance : (D,)
    groups : int64 (n_groups + 1,)
    """

    kind: int
    W: Any
    W_T: Any
    b: Any
    c: Any
    variance: Any
    groups: Any


@jit
def _transpose(W: Any, out: Any) -> None:
    """Sixteen rows at a time, a constant, so that vectors of one are written."""
    n, m = W.shape
    whole = n // 16 * 16
    for first in range(0, whole, 16):
        for j in range(m):
            target = part(row(out, j), first)
            for i in range(16):
                target[i] = W[first + i, j]
    for j in range(m):
        for i in range(whole, n):
            out[j, i] = W[i, j]


def prepare(
    W: np.ndarray,
    b: np.ndarray | None,
    c: np.ndarray | None,
    variance: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    upwards: bool = True,
) -> Machine:
    """Return a machine; `upwards` where sums over visible units are to come."""
    kind = GAUSSIAN if variance is not None else CATEGORICAL if groups is not None else BERNOULLI
    transposed = np.empty(W.shape[::-1] if upwards else (0, 0), W.dtype)
    W = read_only(W)
    if upwards:
        _transpose(W, transposed)
    return Machine(
        kind,
        W,
        read_only(transposed),
        optional(b, W),
        optional(c, W),
        optional(variance, W),
        read_only(np.zeros(1, np.int64) if groups is None else groups),
    )


def row_work(n_hidden: int, n_visible: int) -> int:
    """Cost of a row in both products and both draws, relative to that of one weight, most inputs being zero."""
    return n_hidden * n_visible + 128 * (n_hidden + n_visible)


def cut_rows(n_rows: int, work: int, multiple: int = 1) -> tuple[Any, int]:
    """Return the cut of the rows into chunks by the work of a row, and how many chunks; from shapes alone."""
    cut = pool.even_chunks(n_rows, min(n_rows, max(1, n_rows * work // _CHUNK)), multiple)
    return cut, -(-n_rows // cut(0)[1]) if n_rows else 0


def run_rows(
    kernel: Callable[..., None], arguments: tuple[Any, ...], n_rows: int, work: int, threads: int, multiple: int = 1
) -> None:
    """Call kernel(*arguments, begin, end) for the chunks of range(n_rows)."""
    cut, n_chunks = cut_rows(n_rows, work, multiple)
    pool.run(lambda i: kernel(*arguments, *cut(i)), n_chunks, threads)


@jit
def beta_of(betas: Any, row: int, like: Any) -> Any:
    """Inverse temperature of a row: its own, the one of all, or 1."""
    if betas.shape[0] == 0:
        return like.dtype.type(1)
    return betas[row if betas.shape[0] > 1 else 0]
