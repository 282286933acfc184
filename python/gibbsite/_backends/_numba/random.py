"""uniform, normal, bernoulli and categorical draws; element i's value depends on (seed, stream, draw, i) alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gibbsite._backends._numba import pool
from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import by_precision, jit, read_only
from gibbsite._backends._numba.philox import LANES, philox_blocks
from gibbsite._backends._numba.vecmath import log_positive, sincos_turn

_CHUNK = 1 << 18  # elements; a multiple of LANES blocks in either dtype


def _to_uniforms(words: Any, out: Any) -> None:
    """Turn words (4, LANES) into the uniforms of out's dtype on [0, 1)."""
    raise NotImplementedError


def _to_normals(words: Any, out: Any) -> None:
    """Turn words (4, LANES) into normals of out's dtype (Box & Muller 1958)."""
    raise NotImplementedError


def _uniforms64(words: Any, out: Any) -> None:
    for lane in range(LANES):
        for j in range(2):
            bits = ((words[2 * j + 1, lane] << np.uint64(32)) | words[2 * j, lane]) >> np.uint64(11)
            out[2 * lane + j] = np.int64(bits) * 2.0**-53


def _uniforms32(words: Any, out: Any) -> None:
    for lane in range(LANES):
        for j in range(4):
            out[4 * lane + j] = np.float32(np.int32(words[j, lane] >> np.uint64(8))) * np.float32(2.0**-24)


def _normals64(words: Any, out: Any) -> None:
    uniform = np.empty((2, LANES), np.float64)
    for j in range(2):
        for lane in range(LANES):
            bits = ((words[2 * j + 1, lane] << np.uint64(32)) | words[2 * j, lane]) >> np.uint64(11)
            uniform[j, lane] = np.int64(bits) * 2.0**-53
    for lane in range(LANES):
        uniform[0, lane] = np.sqrt(-2.0 * log_positive(1.0 - uniform[0, lane]))
    for lane in range(LANES):
        sine, cosine = sincos_turn(uniform[1, lane])
        out[2 * lane] = uniform[0, lane] * cosine
        out[2 * lane + 1] = uniform[0, lane] * sine


def _normals32(words: Any, out: Any) -> None:
    radius = np.empty(LANES, np.float32)
    for pair in range(2):
        for lane in range(LANES):
            # (w + 1) 2^-32, but with w rounded to float32 first: never zero, never above one.
            u = np.float32(np.float32(words[2 * pair, lane]) * np.float32(2.0**-32) + np.float32(2.0**-33))
            u = u if u < np.float32(1.0) else np.float32(1.0)
            radius[lane] = np.sqrt(np.float32(-2.0) * log_positive(u))
        for lane in range(LANES):
            u = np.float32(np.int32(words[2 * pair + 1, lane] >> np.uint64(8))) * np.float32(2.0**-24)
            sine, cosine = sincos_turn(u)
            out[4 * lane + 2 * pair] = radius[lane] * cosine
            out[4 * lane + 2 * pair + 1] = radius[lane] * sine


by_precision(_to_uniforms, _uniforms64, _uniforms32, inline=False)
by_precision(_to_normals, _normals64, _normals32, inline=False)


@jit
def _fill(out: Any, first: Any, seed: Any, stream: Any, draw: Any, normal: bool) -> None:
    """Fill `out` with the elements first, first + 1, ..."""
    per_block = np.uint64(16 // out.itemsize)
    width = LANES * (16 // out.itemsize)
    words = np.empty((4, LANES), np.uint64)
    values = np.empty(width, out.dtype)
    n = out.shape[0]
    skip: Any = np.int64(first % per_block)
    block = first // per_block
    done: Any = 0
    while done < n:
        philox_blocks(seed, stream, draw, block, words)
        if skip == 0 and done + width <= n:
            target = out[done : done + width]
            if normal:
                _to_normals(words, target)
            else:
                _to_uniforms(words, target)
            done += width
        else:
            if normal:
                _to_normals(words, values)
            else:
                _to_uniforms(words, values)
            take = min(width - skip, n - done)
            for i in range(take):
                out[done + i] = values[skip + i]
            done += take
            skip = 0
        block += np.uint64(LANES)


def _fill_range(out: np.ndarray, first: int, seed: int, stream: int, draw: int, normal: bool) -> None:
    first64, seed64 = np.uint64(first % 2**64), np.uint64(seed % 2**64)
    _fill(out, first64, seed64, np.uint64(stream), np.uint64(draw), normal)


def _in_chunks(n: int, offset: int, threads: int, work: Callable[[int, int], None]) -> None:
    """Call work(begin, end) over range(n), cut where the element numbers are multiples of _CHUNK."""
    lead = offset % _CHUNK

    def chunk(i: int) -> None:
        begin, end = max(0, i * _CHUNK - lead), min(n, (i + 1) * _CHUNK - lead)
        if begin < end:
            work(begin, end)

    pool.run(chunk, -(-(n + lead) // _CHUNK), threads)


def uniform(out: np.ndarray, seed: int, stream: int, draw: int, offset: int, threads: int) -> None:
    """Uniforms on [0, 1) into out (n,): 53 random bits in float64, 24 in float32."""

    def work(begin: int, end: int) -> None:
        _fill_range(out[begin:end], offset + begin, seed, stream, draw, False)

    _in_chunks(len(out), offset, threads, work)


def normal(out: np.ndarray, seed: int, stream: int, draw: int, offset: int, threads: int) -> None:
    """Standard normals into out (n,)."""

    def work(begin: int, end: int) -> None:
        _fill_range(out[begin:end], offset + begin, seed, stream, draw, True)

    _in_chunks(len(out), offset, threads, work)


@jit
def _bernoulli(p: Any, out: Any, first: Any, seed: Any, stream: Any, draw: Any) -> None:
    n = out.shape[0]
    buffer = np.empty(2048, p.dtype)
    shared = p.shape[0] == 1
    for begin in range(0, n, 2048):
        m = min(2048, n - begin)
        _fill(buffer[:m], first + np.uint64(begin), seed, stream, draw, False)
        if shared:
            threshold = p[0]
            for i in range(m):
                out[begin + i] = buffer[i] < threshold
        else:
            for i in range(m):
                out[begin + i] = buffer[i] < p[begin + i]


def bernoulli(p: np.ndarray, out: np.ndarray, seed: int, stream: int, draw: int, offset: int, threads: int) -> None:
    """out[i] = uniform_i < p[i] (or p[0] where p has one element), as uint8."""
    p = read_only(p)
    rest = (np.uint64(seed % 2**64), np.uint64(stream), np.uint64(draw))

    def work(begin: int, end: int) -> None:
        _bernoulli(p if len(p) == 1 else p[begin:end], out[begin:end], np.uint64(offset + begin), *rest)

    _in_chunks(len(out), offset, threads, work)


@jit
def _count_below(cumulative: Any, thresholds: Any, n: int, out: Any) -> None:
    """out[i] = the number of entries of `cumulative` that thresholds[i] reaches: a few, so all are compared."""
    for i in range(n):
        out[i] = 0
    for k in range(cumulative.shape[0] - 1):
        bound = cumulative[k]
        for i in range(n):
            out[i] += 1 if bound <= thresholds[i] else 0


@jit
def _bisect(cumulative: Any, threshold: float) -> int:
    """The same for one threshold, by bisection."""
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] <= threshold:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def _categorical(cumulative: Any, out: Any, first: Any, seed: Any, stream: Any, draw: Any) -> None:
    n = out.shape[0]
    last = cumulative.shape[1] - 1
    shared = cumulative.shape[0] == 1
    buffer = np.empty(2048, cumulative.dtype)
    for begin in range(0, n, 2048):
        m = min(2048, n - begin)
        _fill(buffer[:m], first + np.uint64(begin), seed, stream, draw, False)
        for i in range(m):
            buffer[i] *= cumulative[0 if shared else begin + i, last]
        if shared and last < 64:
            _count_below(row(cumulative, 0), buffer, m, part(out, begin))
        else:
            for i in range(m):
                out[begin + i] = _bisect(row(cumulative, 0 if shared else begin + i), buffer[i])


def categorical(
    cumulative: np.ndarray, out: np.ndarray, seed: int, stream: int, draw: int, offset: int, threads: int
) -> None:
    """out[i] = the number of k < K - 1 with cumulative[i, k] <= uniform_i * cumulative[i, K - 1]."""
    cumulative = read_only(cumulative)
    rest = (np.uint64(seed % 2**64), np.uint64(stream), np.uint64(draw))

    def work(begin: int, end: int) -> None:
        rows = cumulative if len(cumulative) == 1 else cumulative[begin:end]
        _categorical(rows, out[begin:end], np.uint64(offset + begin), *rest)

    _in_chunks(len(out), offset, threads, work)
