"""The largest models that are promised, 512 features and 4096 components, on a few rows."""

import numpy as np
import pytest

from tests import oracles
from tests.device import checks
from tests.parity.calling import Out, assert_close, call
from tests.parity.problems import TOLERANCE, gaussians, rows, weights_for

N = 6
SHAPES = [(512, 2), (3, 4096)]  # (features, components)
pytestmark = [pytest.mark.slow, pytest.mark.parametrize(("d", "k"), SHAPES, ids=[f"{d}-{k}" for d, k in SHAPES])]


@pytest.fixture
def dtype():
    """Of the two, the one that a kernel's shared memory runs out of first."""
    return np.float64


@pytest.fixture
def problem(rng, d, k, covariance_type, dtype):
    model = gaussians(rng, k, d, covariance_type, dtype)
    return model, rows(rng, N, model, dtype), weights_for(rng, N, dtype)


def test_densities(kernels, problem):
    model, X, _ = problem
    checks.check_densities(kernels, model, X)


def test_em_step(kernels, problem):
    checks.check_em_step(kernels, *problem)


def test_statistics(kernels, rng, problem):
    checks.check_statistics(kernels, rng, *problem)


def test_m_step(kernels, rng, d, k, covariance_type, dtype):
    checks.check_m_step(kernels, rng, k, d, covariance_type, dtype)


def test_merge(kernels, rng, problem):
    model, X, _ = problem
    k, d = model.shape
    r = rng.dirichlet(np.ones(k), N)
    parts = [
        oracles.statistics(X[part], r[part], model.means, model.covariance_type) for part in (slice(4), slice(4, N))
    ]
    into, other = map(kernels.put, parts)
    kernels.mixture.merge(into, other, k, d, model.covariance_type, 0)
    expected = oracles.statistics(X, r, model.means, model.covariance_type)
    checks.assert_statistics(kernels.get(into), expected, model, TOLERANCE[np.float64])


def test_sample(kernels, rng, d, k, covariance_type, dtype):
    shape = checks.scatter_shape(k, d, covariance_type)
    factor = rng.normal(size=shape).astype(dtype)
    if factor.ndim > 1 and covariance_type != "diag":
        factor = np.tril(factor)
    means, labels = rng.normal(size=(k, d)).astype(dtype), rng.integers(0, k, N)
    arguments = means, factor, covariance_type, labels
    (out,) = call(kernels, kernels.mixture.sample, *arguments, Out((N, d), dtype), 5, 1, 0, 7)
    assert_close(out, oracles.sample(*arguments, 5, 1, 0, 7), TOLERANCE[dtype])


def test_kmeans_step(kernels, rng, d, k, dtype):
    checks.check_kmeans_step(kernels, rng, (N, d, k), dtype)


def test_candidate_distances(kernels, rng, d, k, dtype):
    X, candidates = rng.normal(size=(N, d)).astype(dtype), rng.normal(size=(k, d)).astype(dtype)
    outputs = Out((k, N), dtype), Out((k,), np.float64)
    out, potentials = call(kernels, kernels.mixture.candidate_distances, X, candidates, None, None, *outputs)
    expected, expected_potentials = oracles.candidate_distances(X, candidates)
    assert_close(out, expected, TOLERANCE[dtype])
    assert_close(potentials, expected_potentials, TOLERANCE[dtype])
