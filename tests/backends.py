"""Every implementation of the kernels, behind one small interface, for the tests that run them all."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

HOST = ("cpp-v2", "cpp-v3", "cpp-v4", "cpp-baseline", "numba")
ALL = (*HOST, "cuda-emulated", "cuda")

# Back ends that must be there: on these machines a missing one fails instead of being skipped.
REQUIRED = tuple(filter(None, os.environ.get("GIBBSITE_TEST_BACKENDS", "").replace(" ", "").split(",")))


class Missing(Exception):
    """The back end is not on this machine, and why."""


@dataclass
class Implementation:
    """Modules of one back end, and how its arrays come and go."""

    name: str
    core: Any
    random: Any
    mixture: Any
    rbm: Any
    mcmc: Any

    def put(self, array: np.ndarray) -> Any:
        return array

    def get(self, array: Any) -> np.ndarray:
        return array

    @property
    def on_host(self) -> bool:
        return not self.name.startswith("cuda")


class _HostMemory:
    """What the emulated device takes for a device array: host memory behind the interface of one."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.__cuda_array_interface__ = array.__array_interface__


class _Emulated(Implementation):
    def put(self, array: np.ndarray) -> Any:
        return _HostMemory(array)

    def get(self, array: Any) -> np.ndarray:
        return array.array


class _Device(Implementation):
    def put(self, array: np.ndarray) -> Any:
        import cupy

        return cupy.asarray(array)

    def get(self, array: Any) -> np.ndarray:
        return array.get()


def _import(name: str) -> Any:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise Missing(str(error)) from error
    if module.__file__ is None:  # a folder of type stubs
        raise Missing(f"{name} was not compiled")
    return module


@contextmanager
def _cpp(isa: str) -> Iterator[Implementation]:
    module = _import("gibbsite._cpp")
    if isa not in module.core.available_isas():
        raise Missing(f"this machine cannot run instruction set {isa}")
    before = module.core.isa()
    module.core.set_isa(isa)
    try:
        yield Implementation(f"cpp-{isa}", module.core, module.random, module.mixture, module.rbm, module.mcmc)
    finally:
        module.core.set_isa(before)


@contextmanager
def implementation(name: str) -> Iterator[Implementation]:
    """Yield the back end `name`.

    Raises
    ------
    Missing
        If it is not on this machine.
    """
    if name.startswith("cpp-"):
        with _cpp(name.removeprefix("cpp-")) as found:
            yield found
    elif name == "numba":
        module = _import("gibbsite._backends._numba")
        yield Implementation(name, module.core, module.random, module.mixture, module.rbm, module.mcmc)
    else:
        module = _import("gibbsite._cuda")
        if module.emulated() != (name == "cuda-emulated"):
            raise Missing(f"_cuda was compiled for {'the emulation' if module.emulated() else 'a device'}")
        if name == "cuda":
            _require_device(module)
        kind = _Emulated if name == "cuda-emulated" else _Device
        yield kind(name, module.core, module.random, module.mixture, module.rbm, module.mcmc)


def _require_device(module: Any) -> None:
    _import("cupy")
    if module.device_count() == 0:
        raise Missing("there is no CUDA device")


@contextmanager
def required_or_skip(name: str) -> Iterator[Implementation]:
    """Yield the back end, or skip the test; fail it where GIBBSITE_TEST_BACKENDS lists the name."""
    manager = implementation(name)
    try:
        found = manager.__enter__()
    except Missing as missing:
        message = f"back end {name}: {missing}"
        if name in REQUIRED:
            pytest.fail(f"{message} (GIBBSITE_TEST_BACKENDS asks for it)")
        pytest.skip(message)
    try:
        yield found
    finally:
        manager.__exit__(None, None, None)
