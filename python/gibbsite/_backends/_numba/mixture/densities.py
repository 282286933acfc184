"""Log densities and responsibilities of one block of rows, rows as vector lanes.

Arrays of a block are flat with a row length of BLOCK, a constant, so that the compiler can tell which of them overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit
from gibbsite._backends._numba.mixture.model import BLOCK, FULL, PANEL, TIED
from gibbsite._backends._numba.vecmath import exp_nonpositive, log_positive


@jit
def load_block(X: Any, begin: int, n: int, block: Any) -> None:
    """block[d * BLOCK + r] = X[begin + r, d]."""
    for d in range(X.shape[1]):
        target = part(block, d * BLOCK)
        for r in range(n):
            target[r] = X[begin + r, d]


@jit
def _diagonal(block: Any, n: int, model: Any, square: Any, values: Any) -> None:
    """values[k * BLOCK + r] = constant_k - |(x_r - location_k) * scale_k|^2 / 2."""
    n_components, n_features = model.location.shape
    half = block.dtype.type(0.5)
    for k in range(n_components):
        for r in range(n):
            square[r] = 0
        d = 0
        while d + 4 <= n_features:
            x = part(block, d * BLOCK)
            m0, m1 = model.location[k, d], model.location[k, d + 1]
            m2, m3 = model.location[k, d + 2], model.location[k, d + 3]
            p0, p1, p2, p3 = model.scale[k, d], model.scale[k, d + 1], model.scale[k, d + 2], model.scale[k, d + 3]
            for r in range(n):
                y0 = (x[r] - m0) * p0
                y1 = (x[BLOCK + r] - m1) * p1
                y2 = (x[2 * BLOCK + r] - m2) * p2
                y3 = (x[3 * BLOCK + r] - m3) * p3
                square[r] += (y0 * y0 + y1 * y1) + (y2 * y2 + y3 * y3)
            d += 4
        while d < n_features:
            x = part(block, d * BLOCK)
            mean, scale = model.location[k, d], model.scale[k, d]
            for r in range(n):
                y = (x[r] - mean) * scale
                square[r] += y * y
            d += 1
        constant = model.constants[k]
        out = part(values, k * BLOCK)
        for r in range(n):
            out[r] = constant - half * square[r]


@jit
def _four_columns(centered: Any, n: int, factor: Any, j: int, columns: Any) -> None:
    """Columns j ... j + 3 of centered @ factor, which is zero below its diagonal."""
    for r in range(PANEL * BLOCK):
        columns[r] = 0
    for i in range(0, j + PANEL, PANEL):
        x = part(centered, i * BLOCK)
        p0, p1, p2, p3 = factor[i, j], factor[i + 1, j], factor[i + 2, j], factor[i + 3, j]
        q0, q1, q2, q3 = factor[i, j + 1], factor[i + 1, j + 1], factor[i + 2, j + 1], factor[i + 3, j + 1]
        s0, s1, s2, s3 = factor[i, j + 2], factor[i + 1, j + 2], factor[i + 2, j + 2], factor[i + 3, j + 2]
        t0, t1, t2, t3 = factor[i, j + 3], factor[i + 1, j + 3], factor[i + 2, j + 3], factor[i + 3, j + 3]
        for r in range(n):
            x0, x1, x2, x3 = x[r], x[BLOCK + r], x[2 * BLOCK + r], x[3 * BLOCK + r]
            a, b, c, d = columns[r], columns[BLOCK + r], columns[2 * BLOCK + r], columns[3 * BLOCK + r]
            a, b, c, d = a + x0 * p0, b + x0 * q0, c + x0 * s0, d + x0 * t0
            a, b, c, d = a + x1 * p1, b + x1 * q1, c + x1 * s1, d + x1 * t1
            a, b, c, d = a + x2 * p2, b + x2 * q2, c + x2 * s2, d + x2 * t2
            a, b, c, d = a + x3 * p3, b + x3 * q3, c + x3 * s3, d + x3 * t3
            columns[r], columns[BLOCK + r], columns[2 * BLOCK + r], columns[3 * BLOCK + r] = a, b, c, d


@jit
def _center_block(block: Any, n: int, mean: Any, centered: Any) -> None:
    for d in range(mean.shape[0]):
        source = part(block, d * BLOCK)
        target = part(centered, d * BLOCK)
        m = mean[d]
        for r in range(n):
            target[r] = source[r] - m


@jit
def _full(block: Any, n: int, model: Any, scratch: Any) -> None:
    """values[k * BLOCK + r] = constant_k - |(x_r - mean_k) @ factor_k|^2 / 2."""
    n_components, n_features = model.means.shape
    half = block.dtype.type(0.5)
    square = scratch.square
    y = part(scratch.white, 0)
    for k in range(n_components):
        _center_block(block, n, row(model.means, k), scratch.centered)
        for r in range(n):
            square[r] = 0
        for j in range(0, n_features, PANEL):
            _four_columns(scratch.centered, n, row(model.factors, k), j, y)
            for r in range(n):
                a, b, c, d = y[r], y[BLOCK + r], y[2 * BLOCK + r], y[3 * BLOCK + r]
                square[r] += (a * a + b * b) + (c * c + d * d)
        constant = model.constants[k]
        out = part(scratch.values, k * BLOCK)
        for r in range(n):
            out[r] = constant - half * square[r]


@jit
def _whiten(block: Any, n: int, model: Any, scratch: Any) -> None:
    """white = (x - center) @ factor, once for all components of a tied covariance."""
    _center_block(block, n, model.center, scratch.centered)
    for j in range(0, model.means.shape[1], PANEL):
        _four_columns(scratch.centered, n, row(model.factors, 0), j, part(scratch.white, j * BLOCK))


@jit
def block_log_prob(block: Any, n: int, model: Any, scratch: Any) -> None:
    """Weighted log densities of a block's first n rows under every component, into scratch.values."""
    if model.kind == FULL:
        _full(block, n, model, scratch)
    elif model.kind == TIED:
        _whiten(block, n, model, scratch)
        _diagonal(scratch.white, n, model, scratch.square, scratch.values)
    else:
        _diagonal(block, n, model, scratch.square, scratch.values)


@jit
def normalize(n: int, n_components: int, scratch: Any, in_place: bool) -> None:
    """density[r] = log sum_k exp values[k, r]; the values become the responsibilities if `in_place`."""
    values, density, shift, total = scratch.values, scratch.density, scratch.shift, scratch.square
    lowest = values.dtype.type(-np.inf)
    zero, one = values.dtype.type(0.0), values.dtype.type(1.0)
    for r in range(n):
        shift[r] = values[r]
        total[r] = zero
    for k in range(1, n_components):
        share = part(values, k * BLOCK)
        for r in range(n):
            shift[r] = share[r] if share[r] > shift[r] else shift[r]
    for r in range(n):
        # A row that no component explains has a shift of zero: its density is zero, not NaN.
        shift[r] = zero if shift[r] == lowest else shift[r]
    for k in range(n_components):
        share = part(values, k * BLOCK)
        if in_place:
            for r in range(n):
                share[r] = exp_nonpositive(share[r] - shift[r])
                total[r] += share[r]
        else:
            for r in range(n):
                total[r] += exp_nonpositive(share[r] - shift[r])
    for r in range(n):
        value = shift[r] + log_positive(total[r])
        value = lowest if total[r] == zero else value
        density[r] = value if total[r] == total[r] else total[r]
        total[r] = one / total[r]
    if in_place:
        for k in range(n_components):
            share = part(values, k * BLOCK)
            for r in range(n):
                share[r] *= total[r]
