"""The fused E and M pass, and the same statistics from given responsibilities or labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, optional, read_only
from gibbsite._backends._numba.mixture.accumulate import (
    accumulate_block,
    accumulate_tied,
    add_into,
    finish,
    views,
)
from gibbsite._backends._numba.mixture.densities import block_log_prob, load_block, normalize
from gibbsite._backends._numba.mixture.model import (
    BLOCK,
    DIAGONAL,
    FULL,
    SPHERICAL,
    TIED,
    Model,
    center_of,
    kind_of,
    prepare,
)
from gibbsite._backends._numba.mixture.rows import cut_rows
from gibbsite._backends._numba.mixture.scratch import new_scratch
from gibbsite._backends._numba.sums import dot, total

_PARTIALS = 1 << 23  # most float64 entries in all partial statistics together


@jit
def _em_chunk(X: Any, weight: Any, wide: Any, model: Any, begin: int, end: int, partial: Any) -> None:
    n_components, n_features = model.means.shape
    sums = views(partial, model.kind, n_components, n_features)
    scratch = new_scratch(model, wide)
    density = scratch.density
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        load_block(X, first, n, scratch.block)
        block_log_prob(scratch.block, n, model, scratch)
        normalize(n, n_components, scratch, True)
        if weight.shape[0] > 0:
            partial[0] += dot(density, part(weight, first), n)
            partial[1] += total(part(weight, first), n)
        else:
            partial[0] += total(density, n)
            partial[1] += n
        if model.kind == TIED:
            accumulate_tied(X, first, n, weight, model, scratch, row(sums[2], 0))
        accumulate_block(X, first, n, weight, model, scratch, sums)


@jit
def _given_chunk(X: Any, weight: Any, wide: Any, given: Any, model: Any, begin: int, end: int, partial: Any) -> None:
    n_components, n_features = model.means.shape
    sums = views(partial, model.kind, n_components, n_features)
    scratch = new_scratch(model, wide)
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        load_block(X, first, n, scratch.block)
        load_block(given, first, n, scratch.values)
        partial[1] += total(part(weight, first), n) if weight.shape[0] > 0 else n
        if model.kind == TIED:
            accumulate_tied(X, first, n, weight, model, scratch, row(sums[2], 0))
        accumulate_block(X, first, n, weight, model, scratch, sums)


@jit
def _label_chunk(X: Any, weight: Any, labels: Any, model: Any, begin: int, end: int, partial: Any) -> None:
    n_components, n_features = model.means.shape
    totals, first, second = views(partial, model.kind, n_components, n_features)
    difference = np.empty(n_features)
    for n in range(begin, end):
        k = labels[n]
        w = np.float64(weight[n]) if weight.shape[0] > 0 else 1.0
        partial[1] += w
        totals[k] += w
        for d in range(n_features):
            difference[d] = np.float64(X[n, d]) - model.means[k, d]
            first[k, d] += w * difference[d]
        if model.kind == DIAGONAL:
            for d in range(n_features):
                second[k, d, 0] += w * difference[d] * difference[d]
        elif model.kind == SPHERICAL:
            second[k, 0, 0] += w * dot(difference, difference, n_features)
        else:
            if model.kind == TIED:
                for d in range(n_features):
                    difference[d] = np.float64(X[n, d]) - model.center[d]
            target = row(second, k if model.kind == FULL else 0)
            for i in range(n_features):
                product = w * difference[i]
                for j in range(i, n_features):
                    target[i, j] += product * difference[j]


def _reduce(
    kernel: Any, X: np.ndarray, inputs: tuple[np.ndarray, ...], model: Model, stats: np.ndarray, threads: int
) -> None:
    """Run the kernel over chunks of rows, add their partial sums in order, and finish."""
    cut, n_chunks = cut_rows(model, len(X), max(1, min(256, _PARTIALS // len(stats))))
    X = read_only(X)
    partials = np.zeros((n_chunks, len(stats))) if n_chunks > 1 else stats.reshape(1, -1)
    stats[:] = 0.0
    pool.run(lambda i: kernel(X, *inputs, model, *cut(i), partials[i]), n_chunks, threads)
    if n_chunks > 1:
        for partial in partials:
            add_into(stats, partial)
    finish(stats, model.means, model.center, model.kind)


def _wide(X: np.ndarray, model: Model) -> np.ndarray:
    """An array of the type that outer products are summed in: float64 for tied covariances, which cancel."""
    return read_only(np.empty((0, 0), np.float64 if model.kind == TIED else X.dtype))


def em_step(
    X: np.ndarray,
    sample_weight: np.ndarray | None,
    offsets: np.ndarray | None,
    means: np.ndarray,
    precisions_cholesky: np.ndarray,
    covariance_type: str,
    stats: np.ndarray,
    threads: int,
) -> None:
    """Fill stats with the statistics of the E step's responsibilities, and the log likelihood."""
    model = prepare(X, offsets, means, precisions_cholesky, covariance_type)
    _reduce(_em_chunk, X, (optional(sample_weight, X), _wide(X, model)), model, stats, threads)


def statistics(
    X: np.ndarray,
    sample_weight: np.ndarray | None,
    responsibilities: np.ndarray | None,
    labels: np.ndarray | None,
    center: np.ndarray,
    covariance_type: str,
    stats: np.ndarray,
    threads: int,
) -> None:
    """Fill stats from given responsibilities or labels; moments are taken about `center` (K, D)."""
    nothing = read_only(np.empty((0, 0), X.dtype))
    middle = read_only(center_of(X))
    constants = read_only(np.empty(0, X.dtype))
    no_factors = read_only(np.empty((0, 0, 0), X.dtype))
    center = read_only(center)
    kind = kind_of(covariance_type, center.shape[1])
    model = Model(kind, constants, center, center, nothing, no_factors, middle)
    weight = optional(sample_weight, X)
    if labels is not None:
        _reduce(_label_chunk, X, (weight, read_only(labels)), model, stats, threads)
    elif responsibilities is not None:
        _reduce(_given_chunk, X, (weight, _wide(X, model), read_only(responsibilities)), model, stats, threads)
