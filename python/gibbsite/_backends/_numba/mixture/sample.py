"""Draws from given components: x = mean + L z."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.jit import jit, read_only
from gibbsite._backends._numba.mixture.model import FULL, KINDS, TIED
from gibbsite._backends._numba.random import normal


@jit
def _transform(means: Any, factors: Any, kind: int, labels: Any, out: Any, begin: int, end: int) -> None:
    """Turn the standard normals in `out` into draws, in place."""
    n_features = means.shape[1]
    for row in range(begin, end):
        k = labels[row]
        if kind in (FULL, TIED):
            lower = factors[k if kind == FULL else 0]
            for i in range(n_features - 1, -1, -1):  # entry i needs the z up to i, which are still there
                value = means.dtype.type(0.0)
                for j in range(i + 1):
                    value += lower[i, j] * out[row, j]
                out[row, i] = means[k, i] + value
        else:
            for d in range(n_features):
                scale = factors[k, d if factors.shape[1] > 1 else 0, 0]
                out[row, d] = means[k, d] + scale * out[row, d]


def sample(
    means: np.ndarray,
    covariance_cholesky: np.ndarray,
    covariance_type: str,
    labels: np.ndarray,
    out: np.ndarray,
    seed: int,
    stream: int,
    draw: int,
    offset: int,
    threads: int,
) -> None:
    """out (n, D) = mean[label] + L z, with z the elements (offset + row) * D + d of normal(seed, stream, draw)."""
    kind = KINDS[covariance_type]
    n_components, n_features = means.shape
    if kind == TIED:
        factors = covariance_cholesky[np.newaxis]
    elif kind == FULL:
        factors = covariance_cholesky
    else:
        factors = covariance_cholesky.reshape(n_components, -1, 1)
    normal(out.reshape(-1), seed, stream, draw, offset * n_features, threads)
    means, factors, labels = read_only(means), read_only(factors), read_only(labels)
    cut = pool.even_chunks(len(out), out.size // (1 << 16))
    n_chunks = -(-len(out) // cut(0)[1]) if len(out) else 0
    pool.run(lambda i: _transform(means, factors, kind, labels, out, *cut(i)), n_chunks, threads)
