"""log sum w exp(x), with scipy.special.logsumexp's treatment of weights, infinities and NaN.

The largest elements are kept out of the sum, log1p(rest / largest) + log(count) + maximum (Blanchard, Higham & Higham
2021, "Accurately computing the log-sum-exp and softmax functions"). Outputs, or interleaved parts of one output, are
the vector lanes; sums are made in tiles and the tiles added with compensation (Neumaier 1974).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.jit import jit, optional, read_only
from gibbsite._backends._numba.vecmath import exp_nonpositive, log_positive

_LANES = 128
_STEPS = 32
_LONG_ROW = 1024
_CHUNK = 1 << 17  # elements


@jit
def _new_state() -> Any:
    """maximum, weight of the largest elements, sum of the others, what rounding took from it, room for results."""
    state = np.zeros((5, _LANES))
    state[0] = -np.inf
    return state


@jit
def _absorb(x: Any, weights: Any, n_steps: int, n_lanes: int, state: Any) -> None:
    """Add a tile x (steps, lanes) with its weights (or none) to the lanes' states."""
    weighted = weights.shape[0] > 0
    shift = np.empty(_LANES, x.dtype)
    maximum = np.empty(_LANES, x.dtype)
    top = np.zeros(_LANES)
    rest = np.zeros(_LANES)
    for lane in range(n_lanes):
        maximum[lane] = state[0, lane]
    for step in range(n_steps):
        for lane in range(n_lanes):
            maximum[lane] = x[step, lane] if x[step, lane] > maximum[lane] else maximum[lane]
    for lane in range(n_lanes):
        # With nothing above -inf the shift is zero: -inf - 0 is -inf, where -inf + inf would be NaN.
        shift[lane] = maximum[lane] if maximum[lane] > -np.inf else 0.0
        scale = exp_nonpositive(state[0, lane] - shift[lane])
        rose = maximum[lane] > state[0, lane]
        state[2, lane] = (state[2, lane] + state[1, lane]) * scale if rose else state[2, lane]
        state[3, lane] = state[3, lane] * scale if rose else state[3, lane]
        state[1, lane] = 0.0 if rose else state[1, lane]
        state[0, lane] = maximum[lane]
    for step in range(n_steps):
        if weighted:
            for lane in range(n_lanes):
                value = weights[step, lane] * exp_nonpositive(x[step, lane] - shift[lane])
                at_top = x[step, lane] == maximum[lane] and maximum[lane] > -np.inf
                top[lane] += weights[step, lane] if at_top else 0.0
                rest[lane] += 0.0 if at_top else value
        else:
            for lane in range(n_lanes):
                value = exp_nonpositive(x[step, lane] - shift[lane])
                at_top = x[step, lane] == maximum[lane] and maximum[lane] > -np.inf
                top[lane] += 1.0 if at_top else 0.0
                rest[lane] += 0.0 if at_top else value
    for lane in range(n_lanes):
        total = state[2, lane] + rest[lane]
        a, b = state[2, lane], rest[lane]
        lost = (a - total) + b if abs(a) >= abs(b) else (b - total) + a
        state[1, lane] += top[lane]
        state[2, lane] = total
        state[3, lane] += lost


@jit
def _merge(into: Any, i: int, other: Any, j: int) -> None:
    """Add lane j of `other` to lane i of `into`."""
    maximum = into[0, i] if into[0, i] >= other[0, j] else other[0, j]
    if maximum == -np.inf:
        into[2, i] += other[2, j]  # nothing but -inf so far: only NaN can be here
        return
    total, compensation, top = 0.0, 0.0, 0.0
    for state, lane in ((into, i), (other, j)):
        if state[0, lane] == maximum:
            top += state[1, lane]
            total += state[2, lane]
            compensation += state[3, lane]
        else:
            scale = math.exp(state[0, lane] - maximum)
            total += (state[2, lane] + state[1, lane]) * scale
            compensation += state[3, lane] * scale
    into[0, i], into[1, i], into[2, i], into[3, i] = maximum, top, total, compensation


@jit
def _directly(x: Any, weights: Any, first: int, stride: int, n: int) -> Any:
    """The textbook formula, which is what decides every result that is not finite."""
    total = 0.0
    for i in range(n):
        value = math.exp(x[first + i * stride])
        total += value * weights[first + i * stride] if weights.shape[0] > 0 else value
    if total > 0.0:
        return math.log(total)
    return -np.inf if total == 0.0 else np.nan


@jit
def _finish(state: Any, lane: int, x: Any, weights: Any, first: int, stride: int, n: int) -> Any:
    maximum, top = state[0, lane], state[1, lane]
    rest = state[2, lane] + state[3, lane]
    if top > 0.0 and rest >= 0.0 and rest < np.inf and abs(maximum) < np.inf:
        return math.log1p(rest / top) + (0.0 if top == 1.0 else math.log(top)) + maximum
    ratio = rest if rest == 0.0 else rest / top
    negative = (ratio < -1.0) != (top < 0.0)
    ratio = -ratio - 2.0 if ratio < -1.0 else ratio
    value = math.log1p(ratio) + math.log(abs(top)) + maximum if ratio > -1.0 and top != 0.0 else np.nan
    if negative or not abs(value) < np.inf:
        return _directly(x, weights, first, stride, n)
    return value


@jit
def _finish_lanes(
    state: Any, lanes: int, x: Any, weights: Any, first: int, step: int, stride: int, n: int, out: Any
) -> None:
    """out[lane] from every lane's state; the elements of lane 0 begin at `first`, those of the next `step` later."""
    for lane in range(lanes):
        # log1p(rest / top), with what 1 + ratio rounds away given back to first order
        top = state[1, lane]
        ratio = (state[2, lane] + state[3, lane]) / top
        u = 1.0 + ratio
        value = log_positive(u) + (ratio - (u - 1.0)) / u
        value = ratio if u == 1.0 else value
        state[4, lane] = value + log_positive(top) + state[0, lane]
    for lane in range(lanes):
        rest = state[2, lane] + state[3, lane]
        plain = state[1, lane] > 0.0 and rest >= 0.0 and rest < np.inf and abs(state[0, lane]) < np.inf
        if plain:
            out[lane] = state[4, lane]
        else:
            out[lane] = _finish(state, lane, x, weights, first + lane * step, stride, n)


@jit
def _load_rows(source: Any, weights: Any, row: int, column: int, steps: int, lanes: int, tile: Any, sign: Any) -> None:
    """tile[step, lane] = source[row + lane, column + step]; where the weight is zero, -inf if `sign` says so."""
    for lane in range(lanes):
        for step in range(steps):
            tile[step, lane] = source[row + lane, column + step]
    if weights.shape[0] > 0 and sign:
        for lane in range(lanes):
            for step in range(steps):
                if weights[row + lane, column + step] == 0.0:
                    tile[step, lane] = -np.inf


@jit
def _short_rows(x: Any, weights: Any, out: Any, begin: int, end: int) -> None:
    """axis = 1: a lane a row."""
    n = x.shape[1]
    tile = np.empty((_STEPS, _LANES), x.dtype)
    weight_tile = np.empty((_STEPS if weights.shape[0] > 0 else 0, _LANES), x.dtype)
    flat, flat_weights = x.reshape(x.size), weights.reshape(weights.size)
    for row in range(begin, end, _LANES):
        lanes = min(_LANES, end - row)
        state = _new_state()
        for column in range(0, n, _STEPS):
            steps = min(_STEPS, n - column)
            _load_rows(x, weights, row, column, steps, lanes, tile, True)
            if weights.shape[0] > 0:
                _load_rows(weights, weights, row, column, steps, lanes, weight_tile, False)
            _absorb(tile, weight_tile, steps, lanes, state)
        _finish_lanes(state, lanes, flat, flat_weights, row * n, n, 1, n, out[row:])


@jit
def _tall_columns(x: Any, weights: Any, columns: int, first: int, lanes: int, begin: int, end: int) -> Any:
    """State of the elements begin <= i < end of a flat array whose element i belongs to lane (i - begin) % period.

    The period is `lanes` where those are consecutive elements of one row-major run (few columns: several rows side by
    side), else the row length `columns`, of which `lanes` from `first` on are read.
    """
    weighted = weights.shape[0] > 0
    tile = np.empty((_STEPS, _LANES), x.dtype)
    weight_tile = np.empty((_STEPS if weighted else 0, _LANES), x.dtype)
    state = _new_state()
    period = max(columns, lanes)
    for start in range(begin, end, period * _STEPS):
        steps = min(_STEPS, -(-(end - start) // period))
        for step in range(steps):
            base = start + step * period + first
            available = min(lanes, end - base)
            for lane in range(available):
                tile[step, lane] = x[base + lane]
            for lane in range(available, lanes):
                tile[step, lane] = -np.inf
            if weighted:
                for lane in range(available):
                    weight_tile[step, lane] = weights[base + lane]
                    if weights[base + lane] == 0.0:
                        tile[step, lane] = -np.inf
                for lane in range(available, lanes):
                    weight_tile[step, lane] = 0.0
        _absorb(tile, weight_tile, steps, lanes, state)
    return state


@jit
def _few_columns(x: Any, weights: Any, columns: int, begin: int, end: int, states: Any) -> None:
    """Reduce rows begin <= r < end of a row-major (rows, columns <= _LANES) array into states (4, columns)."""
    lanes = (_LANES // columns) * columns
    state = _tall_columns(x, weights, columns, 0, lanes, begin * columns, end * columns)
    for lane in range(columns):
        states[:, lane] = state[:4, lane]
    for lane in range(columns, lanes):
        _merge(states, lane % columns, state, lane)


@jit
def _finish_columns(states: Any, x: Any, weights: Any, columns: int, n: int, out: Any) -> None:
    for part in range(1, states.shape[0]):
        for column in range(columns):
            _merge(states[0], column, states[part], column)
    for column in range(columns):
        out[column] = _finish(states[0], column, x, weights, column, columns, n)


@jit
def _many_columns(x: Any, weights: Any, columns: int, n: int, begin: int, end: int, out: Any) -> None:
    for first in range(begin, end, _LANES):
        lanes = min(_LANES, end - first)
        state = _tall_columns(x, weights, columns, first, lanes, 0, n * columns)
        _finish_lanes(state, lanes, x, weights, first, 1, columns, n, out[first:])


def _reduce_columns(x: np.ndarray, weights: np.ndarray, columns: int, out: np.ndarray, threads: int) -> None:
    """axis = 0 of a flat row-major array of `columns` columns."""
    rows = x.size // columns
    if columns > _LANES:
        wide = pool.even_chunks(columns, x.size // _CHUNK, _LANES)
        n_chunks = -(-columns // (wide(0)[1] or 1))
        pool.run(lambda i: _many_columns(x, weights, columns, rows, *wide(i), out), n_chunks, threads)
        return
    cut = pool.even_chunks(rows, min(64, x.size // _CHUNK), _LANES)
    n_chunks = -(-rows // cut(0)[1])
    states = np.empty((n_chunks, 4, columns))
    pool.run(lambda i: _few_columns(x, weights, columns, *cut(i), states[i]), n_chunks, threads)
    _finish_columns(states, x, weights, columns, rows, out)


def logsumexp(x: np.ndarray, weights: np.ndarray | None, axis: int, out: np.ndarray, threads: int) -> None:
    """out = log sum w exp(x) along `axis` of x (M, N)."""
    if x.size == 0:
        out[:] = -np.inf
        return
    rows, columns = x.shape
    x, weights = read_only(x), optional(weights, x, 2)
    flat, flat_weights = x.reshape(-1), weights.reshape(-1)
    if axis == 0:
        _reduce_columns(flat, flat_weights, columns, out, threads)
    elif columns >= _LONG_ROW:
        for row in range(rows):
            part = slice(row * columns, (row + 1) * columns)
            _reduce_columns(flat[part], flat_weights[part], 1, out[row : row + 1], threads)
    else:
        cut = pool.even_chunks(rows, x.size // _CHUNK, _LANES)
        n_chunks = -(-rows // cut(0)[1])
        pool.run(lambda i: _short_rows(x, weights, out, *cut(i)), n_chunks, threads)
