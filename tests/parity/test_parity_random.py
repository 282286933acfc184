"""Every random kernel on every back end against the oracles."""

import numpy as np
import pytest

from tests import oracles
from tests.parity.calling import Out, assert_close, call

SIZES = [0, 1, 2, 3, 5, 31, 63, 65, 127, 129, 255, 257, 511, 513, 1023, 1025, 5000]
OFFSETS = [0, 1, 2, 3, 7, 2**20 + 1, 2**32 - 2, 2**33 + 5, 2**63 + 1]


def places(rng):
    """A place in each of several sequences: (seed, stream, draw, offset)."""
    for offset in OFFSETS:
        seed = int(rng.integers(0, 2**64, dtype=np.uint64))
        yield seed, int(rng.integers(0, 2**32)), int(rng.integers(0, 2**32)), offset


@pytest.mark.parametrize("n", SIZES)
def test_uniform_is_equal_bit_for_bit(kernels, rng, dtype, n):
    for place in places(rng):
        (out,) = call(kernels, kernels.random.uniform, Out((n,), dtype), *place)
        np.testing.assert_array_equal(out, oracles.uniform(n, *place, dtype))


@pytest.mark.parametrize("n", SIZES)
def test_normal(kernels, rng, dtype, n):
    for place in places(rng):
        (out,) = call(kernels, kernels.random.normal, Out((n,), dtype), *place)
        assert_close(out, oracles.normal(n, *place, dtype), 1e-14 if dtype == np.float64 else 2e-6)


@pytest.mark.parametrize("n", SIZES)
def test_bernoulli(kernels, rng, dtype, n):
    p_each = rng.random(n).astype(dtype)
    for p in (p_each, np.array([0.3], dtype), np.array([0.0], dtype), np.array([1.0], dtype)):
        for place in places(rng):
            (out,) = call(kernels, kernels.random.bernoulli, p, Out((n,), np.uint8), *place)
            np.testing.assert_array_equal(out, oracles.bernoulli(p, n, *place))


@pytest.mark.parametrize("n_categories", [1, 2, 3, 17, 300])
@pytest.mark.parametrize("n", SIZES)
def test_categorical(kernels, rng, dtype, n, n_categories):
    p = rng.random((n, n_categories))
    p[:, n_categories // 3] = 0  # never drawn
    p[:, -1] += 0.1
    for cumulative in (np.cumsum(p, axis=1), np.cumsum(p[:1], axis=1)):
        cumulative = np.ascontiguousarray(cumulative, dtype=dtype)
        if len(cumulative) == 0:
            cumulative = np.ones((1, n_categories), dtype)
        for place in list(places(rng))[:3]:
            (out,) = call(kernels, kernels.random.categorical, cumulative, Out((n,), np.int64), *place)
            np.testing.assert_array_equal(out, oracles.categorical(cumulative, n, *place))
