"""The stand-in is as strict as CuPy, or the tests that use it prove nothing."""

import pickle

import numpy as np
import pytest

from tests.device import cupy_standin


@pytest.fixture
def module():
    return cupy_standin.make_module()


def test_nothing_becomes_a_numpy_array_by_itself(module):
    x = module.asarray(np.arange(6.0))
    assert not isinstance(x, np.ndarray)
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(x)
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.array(x)
    with pytest.raises(TypeError):
        np.linalg.inv(module.eye(2))
    np.testing.assert_array_equal(x.get(), np.arange(6.0))
    np.testing.assert_array_equal(module.asnumpy(x), np.arange(6.0))


def test_numpy_arrays_are_refused(module):
    x, host = module.ones(3), np.ones(3)
    for mixed in (lambda: x + host, lambda: host + x, lambda: module.exp(host), lambda: np.add(x, host)):
        with pytest.raises(TypeError, match="Unsupported type"):
            mixed()
    with pytest.raises(TypeError):
        module.ascontiguousarray(host)
    with pytest.raises(TypeError):
        module.concatenate([x, host])
    with pytest.raises(TypeError):
        x[:2] = host[:2]


def test_results_stay_on_the_device(module):
    x = module.asarray([[1.0, 2.0], [3.0, 4.0]])
    for value in (x.sum(), x[0, 0], x.max(axis=0), module.log(x), np.log(x), 2 * x, -x, x @ x, x.T, x > 2, x[x > 2]):
        assert type(value) is module.ndarray
    assert float(x.sum()) == 10.0
    assert int(x.argmax()) == 3
    assert bool((x > 0).all())
    assert f"{x.sum():.1f}" == "10.0"
    assert all(type(part) is module.ndarray for part in module.linalg.eigh(x))
    assert x.dtype is np.dtype(np.float64)


def test_views_share_memory_and_assignments_arrive(module):
    x = module.zeros((2, 3))
    x[1][:] = 5.0
    x[0, 1:] += module.ones(2)
    np.testing.assert_array_equal(x.get(), [[0, 1, 1], [5, 5, 5]])
    out = module.empty(3)
    assert module.exp(module.zeros(3), out=out) is out
    np.testing.assert_array_equal(out.get(), np.ones(3))


def test_a_failed_cholesky_is_not_reported(module):
    factor = module.linalg.cholesky(module.asarray([[1.0, 2.0], [2.0, 1.0]]))
    assert not module.isfinite(factor).any()


def test_the_interface_of_device_arrays(module):
    x = module.asarray(np.arange(12, dtype=np.float32).reshape(3, 4))
    interface = x.__cuda_array_interface__
    assert interface["shape"] == (3, 4)
    assert interface["typestr"] == "<f4"
    assert interface["strides"] is None
    assert x[:, ::2].__cuda_array_interface__["strides"] == (16, 8)
    assert pickle.loads(pickle.dumps(x)).tolist() == x.tolist()


def test_memory_of_the_pool_is_given_back(module):
    pool = module.get_default_memory_pool()
    memory = module.cuda.alloc(1000)
    assert memory.ptr % 256 == 0
    assert pool.used_bytes() == 1000
    del memory
    assert pool.used_bytes() == 0
