"""How every function of this back end is compiled."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import overload

# Multiply-adds may be fused everywhere. Sums may be reordered (which is what lets a reduction run in vector lanes)
# only where a function says so: the range reductions in vecmath depend on the order that is written. Neither flag
# changes what infinities and NaN do.
_IN_ORDER = {"contract"}
_REDUCTIONS = {"contract", "reassoc", "nsz"}
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
INLINE: dict[str, Any] = {**_OPTIONS, "fastmath": _IN_ORDER, "forceinline": True}


def _compile(function: Callable[..., Any], fastmath: set[str]) -> Any:
    try:
        return numba.njit(function, fastmath=fastmath, cache=True, **_OPTIONS)
    except RuntimeError:  # no place on this machine may be written to: compile in every process
        return numba.njit(function, fastmath=fastmath, **_OPTIONS)


def jit(function: Callable[..., Any]) -> Any:
    """Compile at the first call, keep the result on disk, release the GIL."""
    return _compile(function, _IN_ORDER)


def jit_reductions(function: Callable[..., Any]) -> Any:
    """Compile likewise, with sums in any order."""
    return _compile(function, _REDUCTIONS)


def by_precision(
    name: Callable[..., Any], double: Callable[..., Any], single: Callable[..., Any], inline: bool = True
) -> None:
    """Let compiled code call `name` and get `double` or `single`, by the type of the last argument."""

    def choose(*arguments: Any) -> Any:
        last = arguments[-1]
        return single if getattr(last, "dtype", last) is types.float32 else double

    choose.__signature__ = inspect.signature(double)  # type: ignore[attr-defined]
    options: Any = {**INLINE, "forceinline": inline}
    overload(name, jit_options=options)(choose)


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a read-only view: every input has one type, so that every function is compiled once a dtype."""
    view = array.view()
    view.flags.writeable = False
    return view


def optional(array: np.ndarray | None, like: np.ndarray, ndim: int = 1) -> np.ndarray:
    """Return a read-only view, an empty one for None (compiled code tells by the length)."""
    return read_only(np.empty((0,) * ndim, like.dtype) if array is None else array)
