"""Lloyd's step, and distances to candidate centres for greedy k-means++."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, optional, read_only
from gibbsite._backends._numba.mixture.accumulate import add_into
from gibbsite._backends._numba.mixture.densities import load_block
from gibbsite._backends._numba.mixture.model import BLOCK
from gibbsite._backends._numba.sums import dot, total


@jit
def _distances(block: Any, n: int, center: Any, square: Any) -> None:
    """square[r] = |x_r - center|^2."""
    n_features = center.shape[0]
    for r in range(n):
        square[r] = 0
    d = 0
    while d + 4 <= n_features:
        x = part(block, d * BLOCK)
        m0, m1, m2, m3 = center[d], center[d + 1], center[d + 2], center[d + 3]
        for r in range(n):
            y0, y1 = x[r] - m0, x[BLOCK + r] - m1
            y2, y3 = x[2 * BLOCK + r] - m2, x[3 * BLOCK + r] - m3
            square[r] += (y0 * y0 + y1 * y1) + (y2 * y2 + y3 * y3)
        d += 4
    while d < n_features:
        x = part(block, d * BLOCK)
        m0 = center[d]
        for r in range(n):
            y = x[r] - m0
            square[r] += y * y
        d += 1


@jit
def _nearest(block: Any, n: int, centers: Any, square: Any, best: Any, label: Any) -> None:
    _distances(block, n, row(centers, 0), best)
    label[:] = 0
    for k in range(1, centers.shape[0]):
        _distances(block, n, row(centers, k), square)
        for r in range(n):
            nearer = square[r] < best[r]
            label[r] = k if nearer else label[r]
            best[r] = square[r] if nearer else best[r]


@jit
def _kmeans_chunk(X: Any, weight: Any, centers: Any, labels: Any, begin: int, end: int, partial: Any) -> None:
    n_components, n_features = centers.shape
    totals = partial[1 : 1 + n_components]
    moves = partial[1 + n_components :].reshape(n_components, n_features)
    block = np.empty(n_features * BLOCK, X.dtype)
    square = np.empty(BLOCK, X.dtype)
    best = np.empty(BLOCK, X.dtype)
    label = np.empty(BLOCK, np.int64)
    weighted = weight.shape[0] > 0
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        load_block(X, first, n, block)
        _nearest(block, n, centers, square, best, label)
        partial[0] += dot(best, part(weight, first), n) if weighted else total(best, n)
        for r in range(n):
            k = label[r]
            labels[first + r] = k
            w = np.float64(weight[first + r]) if weighted else 1.0
            totals[k] += w
            for d in range(n_features):
                moves[k, d] += w * np.float64(X[first + r, d] - centers[k, d])


@jit
def _finish(sums: Any, centers: Any) -> None:
    n_components, n_features = centers.shape
    means = sums[1 + n_components :].reshape(n_components, n_features)
    for k in range(n_components):
        weight = sums[1 + k]
        for d in range(n_features):
            means[k, d] = centers[k, d] + (0.0 if weight == 0.0 else means[k, d] / weight)


def _cut(n: int, work: int, entries: int) -> tuple[Any, int]:
    most = max(1, min(256, (1 << 23) // max(1, entries)))
    cut = pool.even_chunks(n, min(most, max(1, n * work // 2_000_000)), BLOCK)
    return cut, -(-n // cut(0)[1]) if n else 0


def kmeans_step(
    X: np.ndarray,
    sample_weight: np.ndarray | None,
    centers: np.ndarray,
    labels: np.ndarray,
    sums: np.ndarray,
    threads: int,
) -> None:
    """Assign every row to its nearest centre; sums = [inertia, weight (K), new mean (K, D)]."""
    X, weight, centers = read_only(X), optional(sample_weight, X), read_only(centers)
    cut, n_chunks = _cut(len(X), centers.size + 10 * len(centers), len(sums))
    partials = np.zeros((n_chunks, len(sums)))
    pool.run(lambda i: _kmeans_chunk(X, weight, centers, labels, *cut(i), partials[i]), n_chunks, threads)
    sums[:] = 0.0
    for partial in partials:
        add_into(sums, partial)
    _finish(sums, centers)


@jit
def _candidate_chunk(
    X: Any, weight: Any, candidates: Any, closest: Any, out: Any, begin: int, end: int, potentials: Any
) -> None:
    block = np.empty(X.shape[1] * BLOCK, X.dtype)
    square = np.empty(BLOCK, X.dtype)
    for first in range(begin, end, BLOCK):
        n = min(BLOCK, end - first)
        load_block(X, first, n, block)
        for c in range(candidates.shape[0]):
            _distances(block, n, row(candidates, c), square)
            target = part(row(out, c), first)
            if closest.shape[0] > 0:
                for r in range(n):
                    target[r] = square[r] if square[r] < closest[first + r] else closest[first + r]
            else:
                for r in range(n):
                    target[r] = square[r]
            potentials[c] += dot(target, part(weight, first), n) if weight.shape[0] > 0 else total(target, n)


def candidate_distances(
    X: np.ndarray,
    candidates: np.ndarray,
    closest: np.ndarray | None,
    sample_weight: np.ndarray | None,
    out: np.ndarray,
    potentials: np.ndarray,
    threads: int,
) -> None:
    """out[c, n] = min(closest[n], |x_n - candidate_c|^2) and its weighted sums (Arthur & Vassilvitskii 2007)."""
    inputs = read_only(X), optional(sample_weight, X), read_only(candidates), optional(closest, X)
    cut, n_chunks = _cut(len(X), candidates.size + 2 * len(candidates), len(potentials))
    partials = np.zeros((n_chunks, len(potentials)))
    pool.run(lambda i: _candidate_chunk(*inputs, out, *cut(i), partials[i]), n_chunks, threads)
    potentials[:] = 0.0
    for partial in partials:
        add_into(potentials, partial)
