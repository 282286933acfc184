"""One compiled function of a vector, seen from NumPy (any number of leading axes) and from compiled code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shape = tuple[int, ...]


def mapped(kernel: Any, arguments: list[Any], ndims: list[int], shape: Callable[..., Shape], out: Any = None) -> Any:
    """Apply a compiled ``kernel(*vectors, out)`` to every vector (or matrix) of some arrays with equal leading axes.

    Parameters
    ----------
    arguments, ndims : list
        Arrays, and how many of the last axes belong to one call.
    shape : callable
        Shape of one result from the shapes of one call's arguments.
    out : array, optional
        float64, C-contiguous.
    """
    arrays = [np.asarray(argument, dtype=np.float64, order="C") for argument in arguments]
    for array, ndim in zip(arrays, ndims, strict=True):
        if array.ndim < ndim:
            raise ValueError(f"Expected an array of {ndim} or more dimensions, got the shape {array.shape}.")
    lead = arrays[0].shape[: arrays[0].ndim - ndims[0]]
    cores = [array.shape[array.ndim - ndim :] for array, ndim in zip(arrays, ndims, strict=True)]
    for array, core in zip(arrays, cores, strict=True):
        if array.shape != lead + core:
            raise ValueError(f"The leading axes differ: {lead} and {array.shape[: array.ndim - len(core)]}.")
    core = shape(*cores)
    if out is None:
        out = np.empty(lead + core)
    elif out.shape != lead + core or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise ValueError(f"out should be a C-contiguous float64 array of shape {lead + core}, got {out.shape}.")
    flat = [array.reshape((-1, *core)) for array, core in zip([*arrays, out], [*cores, core], strict=True)]
    _each[len(arrays)](kernel, *flat)
    return out


@numba.njit(nogil=True)
def _each_of_one(kernel: Any, x: Any, out: Any) -> None:
    for i in range(len(out)):
        kernel(x[i], out[i])


@numba.njit(nogil=True)
def _each_of_two(kernel: Any, x: Any, g: Any, out: Any) -> None:
    for i in range(len(out)):
        kernel(x[i], g[i], out[i])


_each = {1: _each_of_one, 2: _each_of_two}


def in_compiled_code(public: Any, kernel: Any, shape: Any) -> None:
    """Let compiled functions call ``public(x, out=None)``; `shape`, compiled, is the result's from x's."""

    def choose(x: Any, out: Any = None) -> Any:
        if _is_none(out):

            def allocate(x: Any, out: Any = None) -> Any:
                result = np.empty(shape(x.shape))
                kernel(x, result)
                return result

            return allocate

        def write(x: Any, out: Any = None) -> Any:
            kernel(x, out)
            return out

        return write

    overload(public)(choose)


def gradient_in_compiled_code(public: Any, kernel: Any) -> None:
    """Let compiled functions call ``public(x, g, out=None)``, whose result has x's shape."""

    def choose(x: Any, g: Any, out: Any = None) -> Any:
        if _is_none(out):

            def allocate(x: Any, g: Any, out: Any = None) -> Any:
                result = np.empty(x.shape)
                kernel(x, g, result)
                return result

            return allocate

        def write(x: Any, g: Any, out: Any = None) -> Any:
            kernel(x, g, out)
            return out

        return write

    overload(public)(choose)


def number_in_compiled_code(public: Any, kernel: Any) -> None:
    """Let compiled functions call ``public(x)``, a number."""

    def choose(x: Any) -> Any:
        def call(x: Any) -> Any:
            return kernel(x)

        return call

    overload(public)(choose)


def _is_none(kind: Any) -> bool:
    return kind is None or isinstance(kind, (types.NoneType, types.Omitted))


@numba.njit(nogil=True)
def _numbers(kernel: Any, x: Any, out: Any) -> None:
    for i in range(len(out)):
        out[i] = kernel(x[i])


def mapped_number(kernel: Any, x: Any) -> Any:
    """Apply a compiled ``kernel(vector) -> number`` along the last axis."""
    array = np.asarray(x, dtype=np.float64, order="C")
    if array.ndim < 1:
        raise ValueError("Expected an array of one or more dimensions, got a number.")
    out = np.empty(array.shape[:-1])
    _numbers(kernel, array.reshape(-1, array.shape[-1]), out.reshape(-1))
    return out if out.ndim else float(out)
