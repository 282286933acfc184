"""Arrays that live on a device: the module they belong to, the stream they are worked on, the memory they come from."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any


class DeviceError(RuntimeError):
    """A CUDA call failed; the message names the status, and the file and line of the call."""


@cache
def _cupy() -> Any:
    """Import CuPy, and let the kernels take their scratch memory from its pool."""
    cupy = importlib.import_module("cupy")
    importlib.import_module("gibbsite._cuda").use_allocator(cupy.cuda.alloc)
    return cupy


def array_module(array: Any) -> Any:
    """Return the module of a device array: CuPy.

    Raises
    ------
    ImportError
        If CuPy or `gibbsite._cuda` is missing.
    TypeError
        If it is another library's array.
    """
    cupy = _cupy()
    if not isinstance(array, cupy.ndarray):
        kind = f"{type(array).__module__}.{type(array).__qualname__}"
        raise TypeError(f"Device arrays must be cupy.ndarray, got {kind}. cupy.asarray(array) wraps it without a copy.")
    return cupy


def current_stream() -> int:
    """Return the raw pointer of CuPy's current stream."""
    return int(_cupy().cuda.get_current_stream().ptr)
