"""The gradient of the log likelihood: moments under the data minus moments under the model."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, optional, read_only
from gibbsite._backends._numba.rbm.active import Lists
from gibbsite._backends._numba.rbm.machine import run_rows
from gibbsite._backends._numba.rbm.moments import (
    BLOCK_ROWS,
    COLUMNS,
    add_hidden_moments,
    add_products,
    make_phase,
    mean_square,
)
from gibbsite._backends._numba.sums import dot


class Target(NamedTuple):
    """What the chunks of visible units read besides the rows, and what they write; empty where it is not asked for."""

    W: Any
    b: Any
    variance: Any
    visible_center: Any
    hidden_center: Any
    dh: Any
    weights: Any
    visible: Any
    log_variance: Any


@jit
def _scale_by_variance(data: Any, model: Any, begin: int, n: int, products: Any, means: Any, target: Any) -> None:
    """From v to x = v / s in products and means, and the gradient of the variances' logarithms."""
    W, b, variance = target.W, target.b, target.variance
    for j in range(n):
        product, inverse = row(products, j), 1.0 / np.float64(variance[begin + j])
        means[j] *= inverse
        through_weights = 0.0
        for i in range(product.shape[0]):
            product[i] *= inverse
            through_weights += np.float64(W[i, begin + j]) * product[i]
        square = mean_square(data, begin + j, b, variance) + mean_square(model, begin + j, b, variance)
        target.log_variance[begin + j] = square - through_weights


@jit
def _center(begin: int, n: int, products: Any, means: Any, target: Any) -> None:
    """The centred gradient in terms of the ordinary parameters (Melchior, Fischer & Wiskott 2016)."""
    centers, hidden_center, dh, variance = target.visible_center, target.hidden_center, target.dh, target.variance
    for j in range(n):
        mu = np.float64(centers[begin + j])
        mu = mu / np.float64(variance[begin + j]) if variance.shape[0] > 0 else mu
        product, mean = row(products, j), means[j]
        for i in range(product.shape[0]):
            product[i] -= hidden_center[i] * mean + dh[i] * mu
        means[j] = mean - dot(product, hidden_center, product.shape[0])


@jit
def _store(begin: int, n: int, products: Any, means: Any, dW: Any, db: Any) -> None:
    """Write columns of dW; a constant number of them, the usual one, becomes vector code."""
    for j in range(n):
        db[begin + j] = means[j]
    for i in range(dW.shape[0]):
        target = part(row(dW, i), begin)
        if n == COLUMNS:
            for j in range(COLUMNS):
                target[j] = products[j, i]
        else:
            for j in range(n):
                target[j] = products[j, i]


@jit
def _visible_chunk(data: Any, model: Any, with_values: Any, target: Any, begin: int, end: int) -> None:
    n_hidden = data.h.shape[1]
    room = np.empty((COLUMNS, BLOCK_ROWS), data.h.dtype)
    counts, indices = np.empty(COLUMNS, np.int64), np.empty((COLUMNS, BLOCK_ROWS), np.int32)
    data_lists = Lists(counts, indices, room if with_values[0] else room[:0])
    model_lists = Lists(counts, indices, room if with_values[1] else room[:0])
    products, means = np.empty((COLUMNS, n_hidden)), np.empty(COLUMNS)
    for first in range(begin, end, COLUMNS):
        n = min(COLUMNS, end - first)
        products[:] = 0.0
        means[:] = 0.0
        add_products(data, first, first + n, data_lists, products, means)
        add_products(model, first, first + n, model_lists, products, means)
        if target.variance.shape[0] > 0:
            _scale_by_variance(data, model, first, n, products, means, target)
        if target.visible_center.shape[0] > 0:
            _center(first, n, products, means, target)
        _store(first, n, products, means, target.weights, target.visible)


@jit
def _finish_hidden(target: Any, dc: Any, begin: int, end: int) -> None:
    """dc = dh, minus dW mu where centred."""
    has_variance = target.variance.shape[0] > 0
    for i in range(begin, end):
        shift = 0.0
        for j in range(target.visible_center.shape[0]):
            mu = np.float64(target.visible_center[j])
            mu = mu / np.float64(target.variance[j]) if has_variance else mu
            shift += np.float64(target.weights[i, j]) * mu
        dc[i] = target.dh[i] - shift


def gradient(
    v: np.ndarray,
    h: np.ndarray,
    sample_weight: np.ndarray | None,
    v_model: np.ndarray,
    h_model: np.ndarray,
    visible_center: np.ndarray | None,
    hidden_center: np.ndarray | None,
    W: np.ndarray,
    b: np.ndarray | None,
    variance: np.ndarray | None,
    dW: np.ndarray,
    db: np.ndarray,
    dc: np.ndarray,
    dlog_variance: np.ndarray | None,
    threads: int,
) -> None:
    """Fill dW (H, D), db (D), dc (H) and dlog_variance (D); a phase whose weights are all zero adds nothing."""
    data, model = make_phase(v, h, sample_weight, 1.0), make_phase(v_model, h_model, None, -1.0)
    n_hidden, n_visible = dW.shape
    target = Target(
        read_only(W),
        optional(b, W),
        optional(variance, W),
        optional(visible_center, W),
        optional(hidden_center, W),
        np.zeros(n_hidden),
        dW,
        db,
        np.empty(0, dW.dtype) if dlog_variance is None else dlog_variance,
    )
    n_rows = len(v) + len(v_model)
    run_rows(add_hidden_moments, (data, model, target.dh), n_hidden, n_rows, threads)
    with_values = v.dtype != np.uint8 or sample_weight is not None, v_model.dtype != np.uint8
    work = (n_rows + 16) * (n_hidden + 16)
    run_rows(_visible_chunk, (data, model, with_values, target), n_visible, work, threads, multiple=COLUMNS)
    run_rows(_finish_hidden, (target, dc), n_hidden, n_visible, threads)
