"""The arrays that are passed choose the back end: NumPy C++ (or Numba where nothing was compiled), CuPy CUDA.

`GIBBSITE_BACKEND=cpp|numba` and `with gibbsite.backend("numba"):` override the choice for NumPy arrays, the latter in
the current thread or task. The compiled module reads `GIBBSITE_ISA=v2|v3|v4`, every pool `GIBBSITE_NUM_THREADS`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from gibbsite._scalars import as_integer

HOST_BACKENDS = ("cpp", "numba")

_override: ContextVar[str | None] = ContextVar("gibbsite_backend", default=None)


@dataclass(frozen=True, slots=True)
class Backend:
    """One implementation of every kernel.

    Attributes
    ----------
    name : {"cpp", "numba", "cuda"}
    core, random, mixture, rbm, mcmc : module
        Same functions, same arguments in each.
    xp : module
        The array module: NumPy or CuPy.
    stream : callable or None
        On a device: returns the raw stream that work goes to.
    """

    name: str
    core: ModuleType
    random: ModuleType
    mixture: ModuleType
    rbm: ModuleType
    mcmc: ModuleType
    xp: Any
    stream: Callable[[], int] | None = None

    def context(self, threads: int | None = None) -> int:
        """Return the last argument of every kernel: the number of threads (0: the default), or the stream.

        Raises
        ------
        TypeError
            If `threads` is no integer.
        ValueError
            If it is not positive.
        """
        if self.stream is not None:
            return self.stream()
        if threads is None:
            return 0
        number = as_integer(threads, "threads")
        if number < 1:
            raise ValueError(f"threads must be a positive number, got {threads}.")
        return number


def import_compiled(name: str) -> ModuleType:
    """Import `gibbsite._cpp` or `gibbsite._cuda`.

    Raises
    ------
    ImportError
        If it was not built; a folder of type stubs beside the package does not count.
    """
    module = importlib.import_module(f"gibbsite.{name}")
    if module.__file__ is None:
        raise ImportError(f"gibbsite.{name} was not compiled when gibbsite was installed.")
    return module


@cache
def host_backend(name: str) -> Backend:
    """Return the back end `name`, "cpp" or "numba".

    Raises
    ------
    ImportError
        If it is not there.
    ValueError
        If there is no such back end.
    """
    if name == "cpp":
        module: Any = import_compiled("_cpp")
    elif name == "numba":
        module = importlib.import_module("gibbsite._backends._numba")
    else:
        raise ValueError(f"The back end must be one of {HOST_BACKENDS} for NumPy arrays, got {name!r}.")
    return Backend(name, module.core, module.random, module.mixture, module.rbm, module.mcmc, np)


@cache
def _default_host() -> Backend:
    name = os.environ.get("GIBBSITE_BACKEND", "")
    if name:
        return host_backend(name)
    try:
        return host_backend("cpp")
    except ImportError:
        return host_backend("numba")


@cache
def _device_backend(xp: Any) -> Backend:
    devices = importlib.import_module("gibbsite._backends.devices")
    module: Any = import_compiled("_cuda")
    return Backend(
        "cuda", module.core, module.random, module.mixture, module.rbm, module.mcmc, xp, devices.current_stream
    )


def select(*arrays: Any) -> Backend:
    """Return the back end for these arrays: CUDA if one of them lives on a device, else the host's."""
    for array in arrays:
        if type(array) is not np.ndarray and hasattr(array, "__cuda_array_interface__"):
            devices = importlib.import_module("gibbsite._backends.devices")
            return _device_backend(devices.array_module(array))
    name = _override.get()
    return _default_host() if name is None else host_backend(name)


@contextmanager
def backend(name: str, *, isa: str | None = None) -> Iterator[Backend]:
    """Run NumPy arrays on one back end inside a `with` block.

    Parameters
    ----------
    name : {"cpp", "numba"}
    isa : {"v2", "v3", "v4"}, optional
        Instruction set of the compiled kernels, for tests: it holds for the whole process while the block runs.

    Raises
    ------
    ImportError
        If the back end is not installed.
    ValueError
        If there is no such back end, or it has no such instruction set.
    """
    chosen = host_backend(name)
    runtime: Any = chosen.core
    if isa is not None and name != "cpp":
        raise ValueError(f"isa is a choice of the back end 'cpp', not of {name!r}.")
    before = runtime.isa() if isa is not None else None
    if isa is not None:
        runtime.set_isa(isa)
    token = _override.set(name)
    try:
        yield chosen
    finally:
        _override.reset(token)
        if before is not None:
            runtime.set_isa(before)


def _pools() -> list[Any]:
    """Everything that keeps a number of threads; the compiled pool first."""
    pools: list[Any] = []
    with suppress(ImportError):
        pools.append(host_backend("cpp").core)
    pools.append(importlib.import_module("gibbsite._backends._numba.pool"))
    return pools


def set_threads(n: int) -> None:
    """Set how many threads kernels use when they are not told (`threads=`).

    Raises
    ------
    TypeError
        If `n` is no integer.
    ValueError
        If it is not positive.
    """
    number = as_integer(n, "The number of threads")
    if number < 1:
        raise ValueError(f"The number of threads must be positive, got {n}.")
    for pool in _pools():
        pool.set_threads(number)


def get_threads() -> int:
    """Return how many threads kernels use when they are not told."""
    return int(_pools()[0].get_threads())
