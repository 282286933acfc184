"""Draws from a mixture."""

import numpy as np
import pytest
from scipy import stats

from gibbsite.kernels import mixture as k

ALPHA = 1e-6
WEIGHTS = np.array([0.2, 0.5, 0.3])
MEANS = np.array([[0.0, 0.0], [4.0, -3.0], [-5.0, 5.0]])
MATRICES = np.array([[[2.0, 0.9], [0.9, 1.0]], [[0.5, -0.2], [-0.2, 1.0]], [[1.0, 0.0], [0.0, 3.0]]])
COVARIANCES = {
    "full": MATRICES,
    "tied": MATRICES[0],
    "diag": np.diagonal(MATRICES, axis1=1, axis2=2),
    "spherical": MATRICES[:, 0, 0],
}


def matrices(covariance_type):
    covariances = COVARIANCES[covariance_type]
    if covariance_type == "full":
        return covariances
    if covariance_type == "tied":
        return np.stack([covariances] * 3)
    return np.stack([np.diag(c) if covariance_type == "diag" else c * np.eye(2) for c in covariances])


def agrees(X, labels, covariance_type):
    """Labels by chi-square; Mahalanobis distances and the two whitened coordinates by Kolmogorov and Smirnov."""
    p_values = [stats.chisquare(np.bincount(labels, minlength=3), WEIGHTS * len(X)).pvalue]
    for component, covariance in enumerate(matrices(covariance_type)):
        centred = X[labels == component] - MEANS[component]
        white = np.linalg.solve(np.linalg.cholesky(covariance), centred.T)
        p_values += [stats.kstest((white**2).sum(axis=0), stats.chi2(2).cdf).pvalue]
        p_values += [stats.kstest(row, "norm").pvalue for row in white]
    return min(p_values) > ALPHA / len(p_values)


def draw(seed, covariance_type, dtype=np.float64, covariances=None, **options):
    covariances = COVARIANCES[covariance_type] if covariances is None else covariances
    return k.sample(200_000, WEIGHTS, MEANS, covariances, covariance_type, seed=seed, dtype=dtype, **options)


def test_the_distribution(host, rng, covariance_type, dtype):
    seed = int(rng.integers(0, 2**63))
    X, labels = draw(seed, covariance_type, dtype)
    assert X.dtype == dtype
    assert labels.dtype == np.int64
    assert agrees(X, labels, covariance_type)
    X, labels = draw(seed, covariance_type, dtype, 1.1 * COVARIANCES[covariance_type])
    assert not agrees(X, labels, covariance_type)


def test_rows_are_not_sorted_and_do_not_depend_on_how_they_are_asked_for(host, covariance_type):
    X, labels = draw(5, covariance_type)
    assert (np.diff(labels) < 0).any()
    parts = [
        k.sample(n, WEIGHTS, MEANS, COVARIANCES[covariance_type], covariance_type, seed=5, offset=begin, threads=2)
        for begin, n in ((0, 3), (3, 1000))
    ]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in parts]), X[:1003])
    np.testing.assert_array_equal(np.concatenate([label for _, label in parts]), labels[:1003])


def test_streams_differ(host, covariance_type):
    X, _ = draw(5, covariance_type)
    Y, _ = draw(5, covariance_type, stream=1)
    assert (X != Y).all()


def test_no_rows(host, covariance_type):
    X, labels = k.sample(0, WEIGHTS, MEANS, COVARIANCES[covariance_type], covariance_type, seed=0)
    assert X.shape == (0, 2)
    assert labels.shape == (0,)


def test_what_is_refused(host):
    with pytest.raises(ValueError, match="covariances should be positive definite"):
        k.sample(5, WEIGHTS, MEANS, -MATRICES, seed=0)
    with pytest.raises(ValueError, match="covariances should be >= 0"):
        k.sample(5, WEIGHTS, MEANS, -np.ones((3, 2)), "diag", seed=0)
    with pytest.raises(ValueError, match="covariances should have the shape"):
        k.sample(5, WEIGHTS, MEANS, np.ones((3, 2)), "full", seed=0)
