"""The stand-in for CuPy in place of CuPy, over the emulated card; and kernels of cards alone."""

import importlib
import sys

import pytest
from threadpoolctl import threadpool_limits

from gibbsite._backends import devices, selection
from tests import backends
from tests.device import cupy_standin


def _forget_modules():
    devices._cupy.cache_clear()
    selection._device_backend.cache_clear()


@pytest.fixture(params=["cuda-emulated", pytest.param("cuda", marks=pytest.mark.gpu)])
def kernels(request):
    """The kernels of a card, on the host and on one."""
    with backends.required_or_skip(request.param) as found:
        yield found


@pytest.fixture(autouse=True, scope="module")
def _one_blas_thread():
    """The oracles' matrices are small: threads inside BLAS cost more than they give."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture
def cupy(monkeypatch):
    with backends.required_or_skip("cuda-emulated"):
        module = cupy_standin.make_module()
        monkeypatch.setitem(sys.modules, "cupy", module)
        _forget_modules()
        yield module
        _forget_modules()
        importlib.import_module("gibbsite._cuda").use_allocator(None)
