"""The compiled pool's number of threads, and threadpoolctl's hold on it."""

import pytest
import threadpoolctl

import gibbsite
from gibbsite._backends.selection import import_compiled


@pytest.fixture
def compiled():
    try:
        return import_compiled("_cpp").core
    except ImportError:
        pytest.skip("nothing was compiled: there is no pool to limit")


def test_threadpoolctl_finds_and_limits_the_pool(compiled):
    before = compiled.get_threads()
    info = [library for library in threadpoolctl.threadpool_info() if library["internal_api"] == "gibbsite"]
    assert [library["num_threads"] for library in info] == [before]
    with threadpoolctl.threadpool_limits(1, user_api="gibbsite"):
        assert compiled.get_threads() == 1
    assert compiled.get_threads() == before


def test_set_threads_and_back(compiled):
    before = gibbsite.get_threads()
    try:
        gibbsite.set_threads(3)
        assert gibbsite.get_threads() == compiled.get_threads() == 3
    finally:
        gibbsite.set_threads(before)
    assert gibbsite.get_threads() == before


@pytest.mark.parametrize("n", ["2", 1.5, True])
def test_numbers_of_threads_are_integers(n):
    before = gibbsite.get_threads()
    with pytest.raises(TypeError, match="The number of threads must be an instance of int"):
        gibbsite.set_threads(n)
    assert gibbsite.get_threads() == before
