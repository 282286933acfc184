"""How far float rounding alone may move the statistics of a mixture: an error bound of first order for every entry.

Entries that are sums of large terms of both signs may end near zero; an error is small or large only beside the terms.
"""

from __future__ import annotations

import numpy as np

from tests import oracles

# Roundings that a term goes through: products, sums in lanes, the exponential, the division by the sum. In float64 also
# those of the oracle, and of sums that run through all rows one by one (random walks of up to 1025 steps).
ROUNDINGS = {np.float32: 16, np.float64: 64}


def unit_roundings(X, r, center, covariance_type, sample_weight=None, log_prob=None):
    """Flat statistics (as oracles.statistics) of absolute values: what one relative rounding of each term adds up to.

    Rows and means are subtracted from an origin amid the data first, so the size of a difference is that of both parts.
    A responsibility inherits the absolute error of its log density, which is as large as that density.
    """
    X, center, r = X.astype(np.float64), center.astype(np.float64), r.astype(np.float64)
    n, d = X.shape
    w = np.ones(n) if sample_weight is None else sample_weight.astype(np.float64)
    growth, log_likelihood = np.ones_like(r), 0.0
    if log_prob is not None:
        log_density = oracles.logsumexp(log_prob, None, 1)
        growth = d + np.abs(log_prob) + np.abs(log_density)[:, np.newaxis]
        log_likelihood = (w * (d + np.abs(log_density))).sum()
    terms = w[:, np.newaxis] * r * growth
    origin = X.mean(axis=0) if n else np.zeros(d)
    size = np.abs(X - origin)[:, np.newaxis] + np.abs(center - origin)  # (N, K, D)
    weight = (w[:, np.newaxis] * r).sum(axis=0)
    first = np.einsum("nk,nkd->kd", terms, size)
    mean = np.abs(center) + np.divide(
        first, weight[:, np.newaxis], np.zeros_like(first), where=weight[:, np.newaxis] > 0
    )
    full = np.einsum("nk,nka,nkb->kab", terms, size, size)
    scatter = {
        "full": full,
        "tied": full.sum(axis=0),
        "diag": np.diagonal(full, axis1=1, axis2=2),
        "spherical": np.trace(full, axis1=1, axis2=2),
    }[covariance_type]
    return oracles.pack(log_likelihood, w.sum(), terms.sum(axis=0), mean, scatter)


def assert_statistics(actual, expected, dtype, X, r, center, covariance_type, *arguments):
    """|actual - expected| within the roundings of `dtype`; the rest as unit_roundings takes it.

    A component whose weight is too small a number for `dtype` may count as empty, which leaves its mean at the centre.
    """
    assert actual.shape == expected.shape
    (k, d), tiny = center.shape, np.finfo(dtype).tiny
    unit = np.finfo(dtype).eps * unit_roundings(X, r, center, covariance_type, *arguments) + tiny
    error = np.abs(actual - expected)
    _, _, weight, mean, _ = oracles.unpack(actual, k, d, covariance_type)
    faint = expected[2 : 2 + k] < tiny / np.finfo(dtype).eps
    assert (weight[faint] < 2 * tiny / np.finfo(dtype).eps).all()
    empty = np.repeat(faint & (weight == 0), d)
    assert (mean.ravel()[empty] == center.ravel()[empty]).all()
    error[2 + k : 2 + k + k * d][empty] = 0
    roundings = error / unit
    assert roundings.max() <= ROUNDINGS[dtype], f"entry {roundings.argmax()} is {roundings.max():.3g} roundings off"
