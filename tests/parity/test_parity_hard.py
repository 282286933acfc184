"""Numerically hard inputs, and independence of the number of threads, on every back end."""

import numpy as np
import pytest

from tests import oracles
from tests.parity.calling import Out, assert_close, call
from tests.parity.problems import TOLERANCE, arguments, gaussians, rows
from tests.parity.roundings import assert_statistics


@pytest.mark.parametrize("offset", [0.0, 1e2, 1e3, 1e4])
def test_float32_far_from_the_origin_keeps_its_variance(kernels, rng, covariance_type, offset):
    """Unit variance within clusters: estimated within 1e-3 of what float64 finds from the same rows."""
    k, d, n = 3, 4, 1500
    means = (offset + 6 * np.arange(k)[:, np.newaxis] + np.zeros((k, d))).astype(np.float32)
    precisions = {"full": np.stack([np.eye(d)] * k), "tied": np.eye(d), "diag": np.ones((k, d))}
    precision = precisions.get(covariance_type, np.ones(k)).astype(np.float32)
    model = oracles.Gaussians(np.log(np.full(k, 1 / k)).astype(np.float32), means, precision, covariance_type)
    X = rows(rng, n, model, np.float32)
    # The means in use are a little off, as they are before convergence.
    model.means = (means + 0.3).astype(np.float32)
    size = 2 + k + k * d + oracles.scatter_size(k, d, covariance_type)
    (stats,) = call(kernels, kernels.mixture.em_step, X, None, *arguments(model), Out((size,), np.float64))
    expected = oracles.em_step(X, model)
    actual_scatter = oracles.unpack(stats, k, d, covariance_type)[4]
    expected_scatter = oracles.unpack(expected, k, d, covariance_type)[4]
    assert np.abs(actual_scatter - expected_scatter).max() < 1e-3 * np.abs(expected_scatter).max()


def test_a_row_far_from_all_components_has_finite_responsibilities(kernels, dtype, covariance_type, rng):
    model = gaussians(rng, 3, 2, covariance_type, dtype)
    X = np.full((5, 2), 1e4, dtype)
    outputs = Out((5, 3), dtype), Out((5,), dtype)
    out, density = call(kernels, kernels.mixture.responsibilities, X, *arguments(model), False, *outputs)
    assert np.isfinite(density).all()
    assert_close(out.sum(axis=1), np.ones(5), TOLERANCE[dtype])


def test_responsibilities_add_up_to_one_where_densities_have_no_digits_left(host, rng, dtype, covariance_type):
    """Densities so small that the logarithm of a sum of equal ones is that of each."""
    model = gaussians(rng, 3, 2, covariance_type, dtype)
    model.means[:], model.offsets[:] = 0, 0
    model.precisions_cholesky = np.ones_like(model.precisions_cholesky)  # as good as any factor
    X = np.full((5, 2), 1e10, dtype)
    outputs = Out((5, 3), dtype), Out((5,), dtype)
    out, density = call(host, host.mixture.responsibilities, X, *arguments(model), False, *outputs)
    assert (density < -1e18).all()
    np.testing.assert_allclose(out, np.full((5, 3), 1 / 3), rtol=4 * np.finfo(dtype).eps)


def test_nan_reaches_the_log_likelihood(kernels, rng, dtype, covariance_type):
    model = gaussians(rng, 2, 3, covariance_type, dtype)
    X = rows(rng, 200, model, dtype)
    X[77, 1] = np.nan
    size = 2 + 2 + 6 + oracles.scatter_size(2, 3, covariance_type)
    stats = kernels.put(np.zeros(size))
    inputs = [kernels.put(a) if isinstance(a, np.ndarray) else a for a in (X, None, *arguments(model))]
    kernels.mixture.em_step(*inputs, stats, 0)
    assert np.isnan(kernels.get(stats)[0])


def test_separated_clusters(kernels, rng, dtype, covariance_type):
    """Most responsibilities are far below what a sum can hold."""
    k, d = 5, 6
    model = gaussians(rng, k, d, covariance_type, dtype)
    model.means = (model.means + 40 * np.arange(k)[:, np.newaxis]).astype(dtype)
    X = rows(rng, 900, model, dtype)
    size = 2 + k + k * d + oracles.scatter_size(k, d, covariance_type)
    (stats,) = call(kernels, kernels.mixture.em_step, X, None, *arguments(model), Out((size,), np.float64))
    r, log_prob = oracles.responsibilities(X, model)[0], oracles.log_prob(X, model)
    given = X, r, model.means, covariance_type, None, log_prob
    assert_statistics(stats, oracles.em_step(X, model), dtype, *given)


def test_weights_repeat_rows(kernels, rng, dtype, covariance_type):
    model = gaussians(rng, 3, 4, covariance_type, dtype)
    X = rows(rng, 150, model, dtype)
    times = rng.integers(0, 4, 150)
    size = 2 + 3 + 12 + oracles.scatter_size(3, 4, covariance_type)
    output = Out((size,), np.float64)
    (weighted,) = call(kernels, kernels.mixture.em_step, X, times.astype(dtype), *arguments(model), output)
    (repeated,) = call(kernels, kernels.mixture.em_step, np.repeat(X, times, axis=0), None, *arguments(model), output)
    r, log_prob = oracles.responsibilities(X, model)[0], oracles.log_prob(X, model)
    assert_statistics(weighted, repeated, dtype, X, r, model.means, covariance_type, times, log_prob)


def test_results_do_not_depend_on_the_number_of_threads(host, rng, dtype, covariance_type):
    k, d, n = 8, 5, 30_011
    model = gaussians(rng, k, d, covariance_type, dtype)
    X = rows(rng, n, model, dtype)
    weight = rng.random(n).astype(dtype)
    size = 2 + k + k * d + oracles.scatter_size(k, d, covariance_type)
    given = rng.dirichlet(np.ones(k), n).astype(dtype)

    def results(threads):
        stats, same, sums = np.empty(size), np.empty(size), np.empty(1 + k + k * d)
        labels, density = np.empty(n, np.int64), np.empty(n, dtype)
        distances, potentials = np.empty((k, n), dtype), np.empty(k)
        normals = np.empty(n * d, dtype)
        host.mixture.em_step(X, weight, *arguments(model), stats, threads)
        host.mixture.statistics(X, weight, given, None, model.means, covariance_type, same, threads)
        host.mixture.log_density(X, *arguments(model), density, threads)
        host.mixture.kmeans_step(X, weight, model.means, labels, sums, threads)
        host.mixture.candidate_distances(X, model.means, None, weight, distances, potentials, threads)
        host.random.normal(normals, 1, 2, 3, 5, threads)
        columns, rows_ = np.empty(d, dtype), np.empty(n, dtype)
        host.core.logsumexp(X, None, 0, columns, threads)
        host.core.logsumexp(X, None, 1, rows_, threads)
        return stats, same, density, labels, sums, distances, potentials, normals, columns, rows_

    for one, several in zip(results(1), results(5), strict=True):
        np.testing.assert_array_equal(one, several)
