"""Per-row results: log_prob, responsibilities, log_density, predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.borrow import part
from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.mixture.densities import block_log_prob, load_block, normalize
from gibbsite._backends._numba.mixture.model import BLOCK, FULL, Model, prepare
from gibbsite._backends._numba.mixture.scratch import new_scratch

_LOG_PROB, _RESPONSIBILITIES, _LOG_RESPONSIBILITIES, _LOG_DENSITY, _PREDICT = range(5)


@jit
def _store(values: Any, n: int, begin: int, out: Any) -> None:
    for r in range(n):
        for k in range(out.shape[1]):
            out[begin + r, k] = values[k * BLOCK + r]


@jit
def _argmax(values: Any, n: int, n_components: int, best: Any, labels: Any) -> None:
    """The first largest."""
    for r in range(n):
        best[r] = values[r]
        labels[r] = 0
    for k in range(1, n_components):
        value = part(values, k * BLOCK)
        for r in range(n):
            labels[r] = k if value[r] > best[r] else labels[r]
            best[r] = value[r] if value[r] > best[r] else best[r]


@jit
def _rows(X: Any, model: Any, mode: int, begin: int, end: int, out: Any, log_density: Any, labels: Any) -> None:
    n_components = model.means.shape[0]
    scratch = new_scratch(model, X)
    values, density = scratch.values, scratch.density
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        load_block(X, first, n, scratch.block)
        block_log_prob(scratch.block, n, model, scratch)
        if mode == _PREDICT:
            _argmax(values, n, n_components, scratch.shift, part(labels, first))
            continue
        if mode != _LOG_PROB:
            normalize(n, n_components, scratch, mode == _RESPONSIBILITIES)
        if mode == _LOG_RESPONSIBILITIES:
            for k in range(n_components):
                value = part(values, k * BLOCK)
                for r in range(n):
                    value[r] -= density[r]
        if mode != _LOG_DENSITY:
            _store(values, n, first, out)
        if log_density.shape[0] > 0:
            for r in range(n):
                log_density[first + r] = density[r]


def cut_rows(model: Model, n_rows: int, most: int = 1 << 20) -> tuple[Any, int]:
    """Return the cut of the rows into chunks of about a millisecond of work, and how many; from shapes alone."""
    n_components, n_features = model.means.shape
    work = n_components * (n_features + 10) * (n_features / 4 if model.kind == FULL else 1)
    cut = pool.even_chunks(n_rows, min(most, max(1, int(n_rows * work / 2e6))), BLOCK)
    return cut, -(-n_rows // cut(0)[1]) if n_rows else 0


def _run(
    X: np.ndarray,
    model: Model,
    mode: int,
    threads: int,
    out: np.ndarray | None = None,
    log_density: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> None:
    X = read_only(X)
    out = np.empty((0, 0), X.dtype) if out is None else out
    log_density = np.empty(0, X.dtype) if log_density is None else log_density
    labels = np.empty(0, np.int64) if labels is None else labels
    cut, n_chunks = cut_rows(model, len(X))
    pool.run(lambda i: _rows(X, model, mode, *cut(i), out, log_density, labels), n_chunks, threads)


def log_prob(
    X: np.ndarray,
    offsets: np.ndarray | None,
    means: np.ndarray,
    precisions_cholesky: np.ndarray,
    covariance_type: str,
    out: np.ndarray,
    threads: int,
) -> None:
    """out (N, K) = offsets + log density of every row under every component."""
    _run(X, prepare(X, offsets, means, precisions_cholesky, covariance_type), _LOG_PROB, threads, out)


def responsibilities(
    X: np.ndarray,
    offsets: np.ndarray | None,
    means: np.ndarray,
    precisions_cholesky: np.ndarray,
    covariance_type: str,
    logarithm: bool,
    out: np.ndarray,
    log_density: np.ndarray | None,
    threads: int,
) -> None:
    """out (N, K) = responsibilities or their logarithms; log_density (N) if given."""
    mode = _LOG_RESPONSIBILITIES if logarithm else _RESPONSIBILITIES
    _run(X, prepare(X, offsets, means, precisions_cholesky, covariance_type), mode, threads, out, log_density)


def log_density(
    X: np.ndarray,
    offsets: np.ndarray | None,
    means: np.ndarray,
    precisions_cholesky: np.ndarray,
    covariance_type: str,
    out: np.ndarray,
    threads: int,
) -> None:
    """out (N) = log sum over components of exp(offset) times density."""
    _run(X, prepare(X, offsets, means, precisions_cholesky, covariance_type), _LOG_DENSITY, threads, log_density=out)


def predict(
    X: np.ndarray,
    offsets: np.ndarray | None,
    means: np.ndarray,
    precisions_cholesky: np.ndarray,
    covariance_type: str,
    out: np.ndarray,
    threads: int,
) -> None:
    """out (N) = the most likely component."""
    _run(X, prepare(X, offsets, means, precisions_cholesky, covariance_type), _PREDICT, threads, labels=out)
