"""Kernels against their oracles at sizes where errors are relative to the scale of each kind of result."""

from __future__ import annotations

import numpy as np

from tests import oracles
from tests.parity.calling import Out, assert_close, call
from tests.parity.problems import TOLERANCE, arguments


def scatter_shape(k, d, covariance_type):
    return {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[covariance_type]


def output_of_statistics(model):
    k, d = model.shape
    return Out((2 + k + k * d + oracles.scatter_size(k, d, model.covariance_type),), np.float64)


def assert_statistics(actual, expected, model, tolerance):
    pairs = zip(
        *(oracles.unpack(stats, *model.shape, model.covariance_type) for stats in (actual, expected)), strict=True
    )
    for got, wanted in pairs:
        scale = np.abs(wanted).max() or 1.0
        assert_close(np.atleast_1d(got), np.atleast_1d(wanted), tolerance, scale)


def check_densities(kernels, model, X):
    dtype, tolerance = X.dtype, TOLERANCE[X.dtype.type] / 10
    n, k = len(X), len(model.means)
    outputs = Out((n, k), dtype), Out((n,), dtype)
    out, density = call(kernels, kernels.mixture.responsibilities, X, *arguments(model), False, *outputs)
    expected = oracles.responsibilities(X, model)
    scale = np.abs(expected[2]).max()  # what a rounding of a log density is relative to
    assert_close(density, expected[2], tolerance, scale)
    assert_close(out, expected[0], tolerance, scale)
    (labels,) = call(kernels, kernels.mixture.predict, X, *arguments(model), Out((n,), np.int64))
    chosen = np.take_along_axis(expected[0], labels[:, np.newaxis], axis=1)[:, 0]
    assert_close(chosen, expected[0].max(axis=1), tolerance, scale)


def check_em_step(kernels, model, X, weight):
    (stats,) = call(kernels, kernels.mixture.em_step, X, weight, *arguments(model), output_of_statistics(model))
    assert_statistics(stats, oracles.em_step(X, model, weight), model, TOLERANCE[X.dtype.type] / 10)


def check_statistics(kernels, rng, model, X, weight):
    given = rng.random((len(X), len(model.means))).astype(X.dtype)
    rest = model.means, model.covariance_type, output_of_statistics(model)
    (stats,) = call(kernels, kernels.mixture.statistics, X, weight, given, None, *rest)
    expected = oracles.statistics(X, given, model.means, model.covariance_type, weight)
    assert_statistics(stats, expected, model, TOLERANCE[X.dtype.type] / 10)


def check_kmeans_step(kernels, rng, shape, dtype):
    n, d, k = shape
    X = rng.normal(size=(n, d)).astype(dtype)
    centers = rng.normal(size=(k, d)).astype(dtype)
    same = min(n, k)
    centers[:same] = X[:same]  # some distances are exactly zero
    outputs = Out((n,), np.int64), Out((1 + k + k * d,), np.float64)
    labels, sums = call(kernels, kernels.mixture.kmeans_step, X, None, centers, *outputs)
    distances = oracles.square_distances(X, centers)
    chosen = np.take_along_axis(distances, labels[:, np.newaxis], axis=1)[:, 0]
    assert_close(chosen, distances.min(axis=1), TOLERANCE[dtype])
    # The sums are those of the labels given: rows between two centres may go to either.
    stats = oracles.statistics(X, np.eye(k)[labels], centers, "diag", None)
    _, _, weight, mean, _ = oracles.unpack(stats, k, d, "diag")
    assert_close(sums, np.concatenate([[chosen.sum()], weight, mean.ravel()]), TOLERANCE[dtype])
    np.testing.assert_array_equal(labels[:same], np.arange(same))


def check_m_step(kernels, rng, k, d, covariance_type, dtype):
    root = rng.normal(size=(k, d, 2 * d))
    full = root @ root.transpose(0, 2, 1)
    chosen = {"full": full, "tied": full.sum(0), "diag": np.diagonal(full, axis1=1, axis2=2)}
    weight = 2 * d * (1 + rng.random(k))
    parts = weight, rng.normal(size=(k, d)), chosen.get(covariance_type, np.trace(full, axis1=1, axis2=2))
    stats = oracles.pack(-1.0, weight.sum(), *parts)
    shape = scatter_shape(k, d, covariance_type)
    outputs = Out((k,), dtype), Out((k, d), dtype), Out(shape, dtype), Out(shape, dtype), Out((k,), np.int32)
    *got, status = call(kernels, kernels.mixture.m_step, stats, 1e-6, covariance_type, *outputs)
    for actual, expected in zip(got, oracles.m_step(stats, k, d, covariance_type, 1e-6), strict=True):
        assert_close(actual, expected, 4 * np.finfo(dtype).eps if dtype == np.float32 else 1e-11)
    assert not status.any()
