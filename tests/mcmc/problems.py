"""Random targets, points and metrics for the tests of the samplers' kernels."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from tests.mcmc.oracles import KINDS, Density, Place

NATIVE = KINDS[1:]

# (chains, dimensions): none, one, and one fewer and one more than the vector lanes of some back end
SHAPES = [(0, 3), (1, 1), (7, 5), (17, 2)]

TOLERANCE = {np.float64: 1e-11, np.float32: 2e-4}
# a decision that is closer than this may go either way
DOUBT = {np.float64: 1e-8, np.float32: 3e-3}


def covariance(rng, d):
    """Well conditioned, not diagonal."""
    A = rng.normal(size=(d, d)) / np.sqrt(d)
    return A @ A.T + 0.5 * np.eye(d)


def precision_factor(cov):
    """Upper triangular P with inverse P P'."""
    return np.linalg.inv(np.linalg.cholesky(cov)).T


def _normaliser(P):
    return np.log(np.diag(P)).sum() - len(P) / 2 * np.log(2 * np.pi)


def _packed(kind, dtype, size, *parts):
    data = np.concatenate([np.ravel(part) for part in parts])
    return Density(kind, np.array([size, 0, 0, 0], np.int64), data.astype(dtype))


def multivariate_normal(mean, cov, dtype):
    P = precision_factor(cov)
    return _packed("multivariate_normal", dtype, 0, _normaliser(P), mean, P)


def diagonal_normal(mean, deviations, dtype):
    constant = -np.log(deviations).sum() - len(mean) / 2 * np.log(2 * np.pi)
    return _packed("multivariate_normal", dtype, 1, constant, mean, 1 / deviations)


def gaussian_mixture(weights, means, covariances, dtype):
    factors = [precision_factor(cov) for cov in covariances]
    constants = [np.log(w) + _normaliser(P) for w, P in zip(weights, factors, strict=True)]
    return _packed("gaussian_mixture", dtype, len(weights), constants, means, factors)


def density(rng, kind, d, dtype):
    """A random target of this kind in d dimensions (two at least for a linear regression)."""
    mean = rng.normal(size=d)
    if kind == "multivariate_normal":
        if rng.random() < 0.3:
            return diagonal_normal(mean, np.exp(rng.normal(size=d) / 2), dtype)
        return multivariate_normal(mean, covariance(rng, d), dtype)
    if kind == "logistic_regression":
        n, n_padded = int(rng.integers(1, 100)), 128
        sign, X = np.zeros(n_padded), np.zeros((d, n_padded))
        sign[:n], X[:, :n] = rng.choice([-1, 1], n), rng.normal(size=(d, n))
        constant = (n_padded - n) * np.log(2) - d / 2 * np.log(2 * np.pi)
        return _packed(kind, dtype, n_padded, constant, 1.0, sign, X)
    if kind == "linear_regression":
        X = rng.normal(size=(20, d - 1))
        R = np.linalg.qr(X)[1]
        return _packed(kind, dtype, d - 1, 0.5, 20.0, rng.uniform(5, 20), 0.25, 0.04, mean[:-1], np.triu(R))
    if kind == "gaussian_mixture":
        means = rng.normal(size=(3, d)) * 2
        return gaussian_mixture(rng.dirichlet(np.ones(3)), means, [covariance(rng, d) for _ in range(3)], dtype)
    if kind == "student_t":
        P, df = precision_factor(covariance(rng, d)), 4.5
        constant = gammaln((df + d) / 2) - gammaln(df / 2) - d / 2 * np.log(df * np.pi) + np.log(np.diag(P)).sum()
        return _packed(kind, dtype, 0, constant, df, mean, P)
    if kind == "funnel":
        return _packed(kind, dtype, 0, 1.5)
    return _packed(kind, dtype, 0, 1.0, 2.0, 1.5)


def points(rng, kind, shape, dtype):
    q = rng.normal(size=shape)
    if kind == "linear_regression":
        q[:, -1:] = 1 + 0.2 * q[:, -1:]  # a small standard deviation makes a slope that no step size is right for
    return q.astype(dtype)


def step_sizes(rng, kind, n):
    """Most of them neither too small to matter nor unstable."""
    return rng.uniform(0.1, 0.4, n) * {"linear_regression": 0.2, "rosenbrock": 0.3, "logistic_regression": 0.5}.get(
        kind, 1
    )


def place(rng):
    """Counters wrap past 2^32."""
    seed = int(rng.integers(2**64, dtype=np.uint64))
    return Place(seed, 2**32 - int(rng.integers(1, 4)), int(rng.integers(2**32)))


def dimensions(kind, d):
    return max(d, 2) if kind == "linear_regression" else d
