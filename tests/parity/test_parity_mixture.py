"""Every mixture kernel on every back end against the oracles."""

import numpy as np
import pytest

from tests import oracles
from tests.parity.calling import Out, assert_close, call
from tests.parity.problems import IDS, SHAPES, TOLERANCE, arguments, gaussians, rows, weights_for
from tests.parity.roundings import assert_statistics

pytestmark = pytest.mark.parametrize("shape", SHAPES, ids=IDS)


@pytest.fixture
def problem(rng, shape, covariance_type, dtype):
    n, d, k = shape
    model = gaussians(rng, k, d, covariance_type, dtype)
    return model, rows(rng, n, model, dtype)


def size_of(model):
    k, d = model.shape
    return 2 + k + k * d + oracles.scatter_size(k, d, model.covariance_type)


def test_log_prob(kernels, problem, shape, dtype):
    model, X = problem
    n, _, k = shape
    (out,) = call(kernels, kernels.mixture.log_prob, X, *arguments(model), Out((n, k), dtype))
    assert_close(out, oracles.log_prob(X, model), TOLERANCE[dtype])


def test_log_prob_without_offsets(kernels, problem, shape, dtype):
    model, X = problem
    model.offsets = None
    n, _, k = shape
    (out,) = call(kernels, kernels.mixture.log_prob, X, *arguments(model), Out((n, k), dtype))
    assert_close(out, oracles.log_prob(X, model), TOLERANCE[dtype])


@pytest.mark.parametrize("logarithm", [False, True])
def test_responsibilities(kernels, problem, shape, dtype, logarithm):
    model, X = problem
    n, _, k = shape
    outputs = Out((n, k), dtype), Out((n,), dtype)
    out, density = call(kernels, kernels.mixture.responsibilities, X, *arguments(model), logarithm, *outputs)
    expected = oracles.responsibilities(X, model)
    assert_close(out, expected[logarithm], TOLERANCE[dtype])
    assert_close(density, expected[2], TOLERANCE[dtype])
    function = kernels.mixture.responsibilities
    (alone,) = call(kernels, function, X, *arguments(model), logarithm, outputs[0], None)
    np.testing.assert_array_equal(alone, out)


def test_log_density(kernels, problem, shape, dtype):
    model, X = problem
    (out,) = call(kernels, kernels.mixture.log_density, X, *arguments(model), Out(shape[:1], dtype))
    assert_close(out, oracles.responsibilities(X, model)[2], TOLERANCE[dtype])


def test_predict(kernels, problem, shape, dtype):
    model, X = problem
    (out,) = call(kernels, kernels.mixture.predict, X, *arguments(model), Out(shape[:1], np.int64))
    expected = oracles.log_prob(X, model)
    chosen = np.take_along_axis(expected, out[:, np.newaxis], axis=1)[:, 0]
    best = expected.max(axis=1) if len(X) else np.zeros(0)
    assert_close(chosen, best, TOLERANCE[dtype])


@pytest.mark.parametrize("weighted", [False, True])
def test_em_step(kernels, rng, problem, shape, dtype, weighted):
    model, X = problem
    weight = weights_for(rng, len(X), dtype) if weighted else None
    (stats,) = call(kernels, kernels.mixture.em_step, X, weight, *arguments(model), Out((size_of(model),), np.float64))
    expected, log_prob = oracles.em_step(X, model, weight), oracles.log_prob(X, model)
    r, kind = oracles.responsibilities(X, model)[0], model.covariance_type
    assert_statistics(stats, expected, dtype, X, r, model.means, kind, weight, log_prob)


@pytest.mark.parametrize("weighted", [False, True])
def test_statistics_of_responsibilities(kernels, rng, problem, shape, dtype, weighted):
    model, X = problem
    n, d, k = shape
    weight = weights_for(rng, n, dtype) if weighted else None
    given = rng.random((n, k)).astype(dtype)  # they need not add up to one
    center = (model.means + rng.normal(size=(k, d)) / 4).astype(dtype)
    output = Out((size_of(model),), np.float64)
    arguments_ = X, weight, given, None, center, model.covariance_type, output
    (stats,) = call(kernels, kernels.mixture.statistics, *arguments_)
    expected = oracles.statistics(X, given, center, model.covariance_type, weight)
    assert_statistics(stats, expected, dtype, X, given, center, model.covariance_type, weight)


@pytest.mark.parametrize("weighted", [False, True])
def test_statistics_of_labels(kernels, rng, problem, shape, dtype, weighted):
    model, X = problem
    n, d, k = shape
    weight = weights_for(rng, n, dtype) if weighted else None
    labels = rng.integers(0, k, n)
    labels[labels == k // 2] = 0  # one component has no rows
    center = (model.means + rng.normal(size=(k, d)) / 4).astype(dtype)
    output = Out((size_of(model),), np.float64)
    arguments_ = X, weight, None, labels, center, model.covariance_type, output
    (stats,) = call(kernels, kernels.mixture.statistics, *arguments_)
    expected = oracles.statistics(X, np.eye(k)[labels], center, model.covariance_type, weight)
    assert_statistics(stats, expected, dtype, X, np.eye(k)[labels], center, model.covariance_type, weight)


@pytest.mark.parametrize("weighted", [False, True])
def test_kmeans_step(kernels, rng, shape, dtype, weighted):
    n, d, k = shape
    X = rng.normal(size=(n, d)).astype(dtype)
    centers = rng.normal(size=(k, d)).astype(dtype)
    weight = weights_for(rng, n, dtype) if weighted else None
    outputs = Out((n,), np.int64), Out((1 + k + k * d,), np.float64)
    labels, sums = call(kernels, kernels.mixture.kmeans_step, X, weight, centers, *outputs)
    distances = oracles.square_distances(X, centers)
    chosen = np.take_along_axis(distances, labels[:, np.newaxis], axis=1)[:, 0]
    assert_close(chosen, distances.min(axis=1) if n else np.zeros(0), TOLERANCE[dtype])
    # The sums are those of the labels given: rows between two centres may go to either.
    stats = oracles.statistics(X, np.eye(k)[labels], centers, "diag", weight)
    _, _, expected_weight, expected_mean, _ = oracles.unpack(stats, k, d, "diag")
    inertia = (chosen * (1 if weight is None else weight)).sum()
    expected = np.concatenate([[inertia], expected_weight, expected_mean.ravel()])
    assert_close(sums, expected, TOLERANCE[dtype])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("first", [True, False])
def test_candidate_distances(kernels, rng, shape, dtype, weighted, first):
    n, d, c = shape
    X = rng.normal(size=(n, d)).astype(dtype)
    candidates = rng.normal(size=(c, d)).astype(dtype)
    weight = weights_for(rng, n, dtype) if weighted else None
    closest = None if first else (2 * d * rng.random(n)).astype(dtype)
    outputs = Out((c, n), dtype), Out((c,), np.float64)
    out, potentials = call(kernels, kernels.mixture.candidate_distances, X, candidates, closest, weight, *outputs)
    expected, expected_potentials = oracles.candidate_distances(X, candidates, closest, weight)
    assert_close(out, expected, TOLERANCE[dtype])
    assert_close(potentials, expected_potentials, TOLERANCE[dtype])


def test_sample(kernels, rng, shape, covariance_type, dtype):
    n, d, k = shape
    model = gaussians(rng, k, d, covariance_type, dtype)
    lower = np.tril(rng.normal(size=(k, d, d)))
    factors = {"full": lower, "tied": lower[0], "diag": lower[:, 0] + 1, "spherical": lower[:, 0, 0] + 1}
    factor = np.ascontiguousarray(factors[covariance_type], dtype=dtype)
    labels = rng.integers(0, k, n)
    seed, stream, draw, offset = (int(i) for i in rng.integers(0, 2**31, 4))
    place = seed, stream, draw, offset
    (out,) = call(
        kernels, kernels.mixture.sample, model.means, factor, covariance_type, labels, Out((n, d), dtype), *place
    )
    expected = oracles.sample(model.means, factor, covariance_type, labels, *place)
    assert_close(out, expected, TOLERANCE[dtype])
