"""Sizes that cross a card's seams: chunks of rows, splits of sums, tiles of components, panels of features.

The parity tests cover everything at small sizes; here each statistic is compared at the scale of its kind.
"""

import numpy as np
import pytest

from tests.device import checks
from tests.parity.calling import call
from tests.parity.problems import arguments, gaussians, rows, weights_for

# (rows, features, components). A chunk of the emulated card has 2^13 elements and at least 128 rows, a split at least
# 64 rows: all shapes take several chunks, the last of them not full.
SHAPES = [(300, 130, 5), (300, 20, 70), (270, 3, 140), (1100, 1, 2), (200, 150, 3), (390, 16, 33)]
of_shapes = pytest.mark.parametrize("shape", SHAPES, ids=[f"{n}x{d}-{k}" for n, d, k in SHAPES])


@pytest.fixture
def problem(rng, shape, covariance_type, dtype):
    n, d, k = shape
    model = gaussians(rng, k, d, covariance_type, dtype)
    return model, rows(rng, n, model, dtype), weights_for(rng, n, dtype)


@of_shapes
def test_densities(kernels, problem):
    model, X, _ = problem
    checks.check_densities(kernels, model, X)


@of_shapes
def test_em_step(kernels, problem):
    checks.check_em_step(kernels, *problem)


@of_shapes
def test_statistics(kernels, rng, problem):
    checks.check_statistics(kernels, rng, *problem)


@of_shapes
def test_kmeans(kernels, rng, shape, dtype):
    checks.check_kmeans_step(kernels, rng, shape, dtype)


@pytest.mark.parametrize("shape", [(3, 130), (2, 300), (300, 2)], ids=str)
def test_m_step_beyond_one_block(kernels, rng, shape, covariance_type, dtype):
    checks.check_m_step(kernels, rng, *shape, covariance_type, dtype)


@pytest.mark.parametrize("shape", [(390, 16, 33)], ids=str)
def test_the_order_of_blocks_and_threads_does_not_matter(kernels, monkeypatch, problem):
    """Bit for bit: every sum has one order, whatever a card runs first."""
    model, X, weight = problem
    output = checks.output_of_statistics(model)
    first = call(kernels, kernels.mixture.em_step, X, weight, *arguments(model), output)[0]
    monkeypatch.setenv("GIBBSITE_EMULATION_ORDER", "reverse")
    second = call(kernels, kernels.mixture.em_step, X, weight, *arguments(model), output)[0]
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("offset", [1e2, 1e3, 1e4])
def test_float32_far_from_the_origin(kernels, rng, covariance_type, offset):
    """Unit variance at an offset of 10^4: one step's variances are those of float64 on the same rows."""
    model = gaussians(rng, 3, 5, covariance_type, np.float32, offset)
    X = rows(rng, 1000, model, np.float32)
    checks.check_em_step(kernels, model, X, None)
