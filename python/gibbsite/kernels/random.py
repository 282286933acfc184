"""Counter-based random draws: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011), keyed by the seed.

Element i of a call is element `offset + i` of the sequence (seed, stream, draw): it depends on its place alone, not
on the number of threads or the back end. Uniforms are equal bit for bit everywhere; what is computed from them agrees
to rounding. Successive calls with one seed continue a sequence by raising `offset`, or take another `stream` or `draw`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gibbsite._backends.selection import Backend, select
from gibbsite._scalars import as_integer
from gibbsite.kernels._validation import INT64, Array, as_floating, as_output

__all__ = ["bernoulli", "categorical", "normal", "uniform"]

_UINT8 = np.dtype(np.uint8)
_Size = int | tuple[int, ...]


def _place(seed: int, stream: int, draw: int, offset: int) -> tuple[int, int, int, int]:
    return (
        _within(seed, "seed", 64),
        _within(stream, "stream", 32),
        _within(draw, "draw", 32),
        _within(offset, "offset", 63),
    )


def _within(value: int, name: str, bits: int) -> int:
    number = as_integer(value, name)
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{name} must be in [0, 2**{bits}), got {value}.")
    return number


def _shape(size: _Size | None, out: Array | None) -> tuple[int, ...]:
    if size is None:
        if out is None:
            raise ValueError("size must be given where out is not.")
        return tuple(out.shape)
    shape = tuple(as_integer(n, "size") for n in (size if isinstance(size, (tuple, list)) else (size,)))
    if any(n < 0 for n in shape):
        raise ValueError(f"size must not be negative, got {size}.")
    return shape


def _floating(dtype: Any, out: Array | None) -> np.dtype[Any]:
    result: np.dtype[Any] = np.dtype(dtype) if out is None else out.dtype
    if result != np.float32 and result != np.float64:
        raise ValueError(f"dtype must be float32 or float64, got {result}.")
    return result


def uniform(
    size: _Size | None = None,
    *,
    seed: int,
    stream: int = 0,
    draw: int = 0,
    offset: int = 0,
    dtype: Any = np.float64,
    out: Array | None = None,
    like: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Draw from the uniform distribution on [0, 1): 53 random bits in float64, 24 in float32.

    Parameters
    ----------
    size : int or tuple of ints, optional
        Default: the shape of `out`.
    seed : int
        In [0, 2^64).
    stream, draw : int
        In [0, 2^32): sequences that do not overlap.
    offset : int
        In [0, 2^63): number of the first element.
    dtype : float32 or float64
        Ignored where there is an `out`, whose dtype holds.
    out : array, optional
    like : array, optional
        Draw on this array's device. Default: where `out` is, or in NumPy.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    array of shape `size`

    Raises
    ------
    TypeError
        If a size, the seed or another number of the place is no integer.
    ValueError
        If a number is out of range, or `out` does not fit.
    """
    return _fill("uniform", size, (seed, stream, draw, offset), dtype, out, like, threads)


def normal(
    size: _Size | None = None,
    *,
    seed: int,
    stream: int = 0,
    draw: int = 0,
    offset: int = 0,
    dtype: Any = np.float64,
    out: Array | None = None,
    like: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Draw from the standard normal distribution (Box & Muller 1958); arguments as in `uniform`."""
    return _fill("normal", size, (seed, stream, draw, offset), dtype, out, like, threads)


def _fill(
    name: str,
    size: _Size | None,
    place: tuple[int, int, int, int],
    dtype: Any,
    out: Array | None,
    like: Array | None,
    threads: int | None,
) -> Array:
    backend = select(out, like)
    result = as_output(out, _shape(size, out), _floating(dtype, out), backend.xp)
    getattr(backend.random, name)(result.reshape(-1), *_place(*place), backend.context(threads))
    return result


def bernoulli(
    p: Array | float,
    size: _Size | None = None,
    *,
    seed: int,
    stream: int = 0,
    draw: int = 0,
    offset: int = 0,
    dtype: Any = np.float64,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Draw ones with probability p, else zeros: uniform < p, element by element.

    Parameters
    ----------
    p : float or array
        Probabilities: one for all, or one an element.
    size : int or tuple of ints, optional
        Default: the shape of `p`, or of `out`.
    dtype : float32 or float64
        Of the uniforms, where `p` is a number; else p's own.
    seed, stream, draw, offset, threads
        As in `uniform`.
    out : uint8 array, optional

    Returns
    -------
    uint8 array of shape `size`

    Raises
    ------
    ValueError
        If a probability is not in [0, 1], or the shapes do not fit.
    """
    backend = select(p, out)
    xp = backend.xp
    if np.isscalar(p):
        p = xp.asarray(p, dtype=_floating(dtype, None))
    p = as_floating(p, xp, "p")
    if p.size and not bool(((p >= 0) & (p <= 1)).all()):
        raise ValueError("p must be in [0, 1].")
    shape = tuple(p.shape) if size is None and out is None else _shape(size, out)
    if p.size != 1 and tuple(p.shape) != shape:
        raise ValueError(f"p should have one element or the shape {shape}, but got {tuple(p.shape)}.")
    result = as_output(out, shape, _UINT8, xp)
    flat = xp.ascontiguousarray(p).reshape(-1)
    place = _place(seed, stream, draw, offset)
    backend.random.bernoulli(flat, result.reshape(-1), *place, backend.context(threads))
    return result


def categorical(
    p: Array,
    size: int | None = None,
    *,
    seed: int,
    stream: int = 0,
    draw: int = 0,
    offset: int = 0,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Draw indices k with probability p[k], by inversion: one uniform an index.

    Parameters
    ----------
    p : array of shape (K,) or (N, K)
        Probabilities up to a factor, for all draws or a row for each. float32 probabilities use float32 uniforms.
    size : int, optional
        Number of draws. Default: N, or the length of `out`.
    seed, stream, draw, offset, threads
        As in `uniform`.
    out : int64 array of shape (size,), optional

    Returns
    -------
    int64 array of shape (size,)

    Raises
    ------
    ValueError
        If a probability is negative or not finite, a row adds up to zero, or the shapes do not fit.
    """
    backend = select(p, out)
    p = as_floating(p, backend.xp, "p")
    if p.ndim not in (1, 2) or p.shape[-1] == 0:
        raise ValueError(f"p should have the shape (K,) or (N, K), K > 0, but got {tuple(p.shape)}.")
    cumulative = _cumulative(p, backend)
    n = len(p) if size is None and out is None and p.ndim == 2 else math.prod(_shape(size, out))
    if p.ndim == 2 and len(p) != n:
        raise ValueError(f"p should have one row for each of the {n} draws, but got {len(p)}.")
    result = as_output(out, (n,), INT64, backend.xp)
    backend.random.categorical(cumulative, result, *_place(seed, stream, draw, offset), backend.context(threads))
    return result


def _cumulative(p: Array, backend: Backend) -> Array:
    """Cumulative sums (rows, K), which the kernel scales by their last."""
    xp = backend.xp
    cumulative = xp.cumsum(xp.atleast_2d(p), axis=1, dtype=np.float64)
    totals = cumulative[:, -1]
    if len(totals) and not bool((p >= 0).all() and (totals > 0).all() and (totals < np.inf).all()):
        raise ValueError("p must hold finite probabilities >= 0, and in each row one that is > 0.")
    return xp.ascontiguousarray(cumulative, dtype=p.dtype)
