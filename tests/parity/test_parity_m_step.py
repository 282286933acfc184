"""merge and m_step on every back end: they work on statistics alone."""

import numpy as np
import pytest

from tests import oracles
from tests.parity.calling import Out, assert_close, call
from tests.parity.problems import TOLERANCE

SHAPES = [(1, 1), (1, 3), (4, 1), (3, 2), (2, 17), (5, 33), (2, 70)]
pytestmark = pytest.mark.parametrize("shape", SHAPES, ids=[f"{k}x{d}" for k, d in SHAPES])


def random_statistics(rng, shape, covariance_type, n=None, absent=None):
    """Statistics of random rows, of which none belongs to component `absent`."""
    k, d = shape
    n = 4 * d + 30 if n is None else n
    X = 3 * rng.normal(size=(n, d)) + rng.normal(size=d)
    r = rng.dirichlet(np.ones(k), n)
    if absent is not None:
        r[:, absent] = 0
    return X, r, oracles.statistics(X, r, X[:1] + np.zeros((k, d)), covariance_type, None, rng.normal(size=n))


def outputs(shape, covariance_type, dtype):
    k, d = shape
    matrix = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[covariance_type]
    return Out((k,), dtype), Out((k, d), dtype), Out(matrix, dtype), Out(matrix, dtype), Out((k,), np.int32)


def merged(kernels, a, b, shape, covariance_type):
    """`merge` writes into its first argument: call it with a copy."""
    into, other = kernels.put(a.copy()), kernels.put(b)
    before = b.copy()
    kernels.mixture.merge(into, other, *shape, covariance_type, 0)
    np.testing.assert_array_equal(b, before)
    return kernels.get(into)


def test_merge(kernels, rng, shape, covariance_type):
    X, r, a = random_statistics(rng, shape, covariance_type)
    Y, s, b = random_statistics(rng, shape, covariance_type)
    both = oracles.statistics(np.concatenate([X, Y]), np.concatenate([r, s]), X[:1] + np.zeros(shape), covariance_type)
    both[0] = a[0] + b[0]
    assert_close(merged(kernels, a, b, shape, covariance_type), both, TOLERANCE[np.float64])


def test_merge_with_a_component_that_one_side_lacks(kernels, rng, shape, covariance_type):
    X, r, a = random_statistics(rng, shape, covariance_type, absent=0)
    Y, s, b = random_statistics(rng, shape, covariance_type)
    both = oracles.statistics(np.concatenate([X, Y]), np.concatenate([r, s]), X[:1] + np.zeros(shape), covariance_type)
    both[0] = a[0] + b[0]
    assert_close(merged(kernels, a, b, shape, covariance_type), both, TOLERANCE[np.float64])
    assert_close(merged(kernels, b, a, shape, covariance_type), both, TOLERANCE[np.float64])


def test_merge_of_nothing(kernels, rng, shape, covariance_type):
    _, _, a = random_statistics(rng, shape, covariance_type, absent=0)
    np.testing.assert_array_equal(merged(kernels, a, np.zeros_like(a), shape, covariance_type), a)


def test_m_step(kernels, rng, shape, covariance_type, dtype):
    _, _, stats = random_statistics(rng, shape, covariance_type, n=400)
    arguments = stats, 1e-3, covariance_type, *outputs(shape, covariance_type, dtype)
    *parameters, status = call(kernels, kernels.mixture.m_step, *arguments)
    for actual, expected in zip(parameters, oracles.m_step(stats, *shape, covariance_type, 1e-3), strict=True):
        assert_close(actual, expected, 1e-9 if dtype == np.float64 else 1e-5)
    assert not status.any()


def test_a_starved_component_keeps_its_mean_and_gets_the_pooled_covariance(kernels, rng, shape, covariance_type, dtype):
    k, d = shape
    _, _, stats = random_statistics(rng, shape, covariance_type, n=400, absent=0)
    _, _, weight, mean, scatter = oracles.unpack(stats, k, d, covariance_type)
    arguments = stats, 1e-3, covariance_type, *outputs(shape, covariance_type, dtype)
    weights, means, covariances, precisions, status = call(kernels, kernels.mixture.m_step, *arguments)
    assert status[0] == 1
    assert not status[1:].any()
    assert all(np.isfinite(array).all() for array in (weights, means, covariances, precisions))
    assert_close(means, mean, TOLERANCE[dtype])
    if covariance_type != "tied" and k > 1:
        pooled = scatter.sum(axis=0) / weight.sum() / (d if covariance_type == "spherical" else 1)
        expected = pooled + 1e-3 * (np.eye(d) if covariance_type == "full" else 1)
        assert_close(covariances[0], expected, 1e-5)


def test_a_covariance_that_is_not_positive_definite_is_told(kernels, rng, shape, covariance_type, dtype):
    k, d = shape
    X = np.ones((10, d))
    stats = oracles.statistics(X, np.full((10, k), 1 / k), np.ones(shape), covariance_type)
    arguments = stats, 0.0, covariance_type, *outputs(shape, covariance_type, dtype)
    *parameters, status = call(kernels, kernels.mixture.m_step, *arguments)
    assert (status == 2).all()
    assert not any(np.isnan(array).any() for array in parameters)
