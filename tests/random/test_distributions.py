"""Do the draws have the distributions they should? Each test fails by chance once in a million runs.

Every test has its power check: the same criterion must refuse a sampler that is slightly wrong.
"""

import numpy as np
import pytest
from scipy import stats

from gibbsite.kernels import random

ALPHA = 1e-6
N = 1_000_000


@pytest.fixture
def seed(rng):
    return int(rng.integers(0, 2**63))


def moments_agree(x):
    """Mean, variance, skewness and kurtosis of a standard normal, at level ALPHA together."""
    n = len(x)
    x = x.astype(np.float64)
    errors = np.array([1, 2, 6, 24]) / n  # variances of the four estimates below
    estimates = x.mean(), (x**2).mean() - 1, (x**3 - 3 * x).mean(), (x**4 - 6 * x**2 + 3).mean()
    limit = stats.norm.isf(ALPHA / 8)
    return bool((np.abs(estimates) <= limit * np.sqrt(errors)).all())


def distribution_agrees(x, distribution):
    """Kolmogorov and Smirnov's test at level ALPHA."""
    return stats.kstest(x.astype(np.float64), distribution).pvalue > ALPHA


def counts_agree(counts, p):
    """Pearson's chi-square test at level ALPHA."""
    return stats.chisquare(counts, p * counts.sum()).pvalue > ALPHA


def uncorrelated(x, y):
    """Correlation of two samples of independent draws, at level ALPHA."""
    r = np.corrcoef(x.astype(np.float64), y.astype(np.float64))[0, 1]
    return abs(r) * np.sqrt(len(x)) <= stats.norm.isf(ALPHA / 2)


def test_uniform(host, seed, dtype):
    x = random.uniform(N, seed=seed, dtype=dtype)
    assert x.min() >= 0
    assert x.max() < 1
    assert distribution_agrees(x, "uniform")
    assert not distribution_agrees(0.99 * x, "uniform")


def test_normal(host, seed, dtype):
    x = random.normal(N, seed=seed, dtype=dtype)
    assert moments_agree(x)
    assert distribution_agrees(x, "norm")
    for wrong in (1.02 * x, x + 0.01):
        assert not moments_agree(wrong)
        assert not distribution_agrees(wrong, "norm")
    assert not moments_agree(np.clip(x, -3, 3))


def test_normal_tail(host, seed, dtype):
    """Beyond three and four deviations there are as many as there should be."""
    x = np.abs(random.normal(N, seed=seed, dtype=dtype))
    p = np.array([2 * stats.norm.sf(4), 2 * (stats.norm.sf(3) - stats.norm.sf(4))])
    p = np.append(p, 1 - p.sum())

    def counts(x):
        return np.array([(x > 4).sum(), ((x > 3) & (x <= 4)).sum(), (x <= 3).sum()])

    assert counts_agree(counts(x), p)
    assert not counts_agree(counts(1.03 * x), p)


@pytest.mark.parametrize("p", [0.02, 0.5, 0.9])
def test_bernoulli(host, seed, dtype, p):
    def agrees(x):
        return stats.binomtest(int(x.sum()), N, p).pvalue > ALPHA

    assert agrees(random.bernoulli(p, N, seed=seed, dtype=dtype))
    assert not agrees(random.bernoulli(p + 0.005, N, seed=seed, dtype=dtype))


@pytest.mark.parametrize("n_categories", [2, 5, 40])
def test_categorical(host, seed, dtype, n_categories):
    p = np.linspace(1, 2, n_categories)
    p /= p.sum()
    counts = np.bincount(random.categorical(p.astype(dtype), N, seed=seed), minlength=n_categories)
    assert counts_agree(counts, p)
    # A sampler whose first two categories are a little confused.
    moved = counts.copy()
    move = int(0.05 * (counts[0] + counts[1]))
    moved[0] += move
    moved[1] -= move
    assert not counts_agree(moved, p)


@pytest.mark.parametrize("change", ["seed", "stream", "draw", "offset"])
def test_sequences_are_independent(host, seed, dtype, change):
    place = {"seed": seed, "stream": 3, "draw": 5, "offset": 0}
    x = random.normal(N, **place, dtype=dtype)
    other = {**place, change: place[change] + (N if change == "offset" else 1)}
    y = random.normal(N, **other, dtype=dtype)
    assert uncorrelated(x, y)
    assert uncorrelated(x[:-1], x[1:])
    assert not uncorrelated(x, y + 0.01 * x)
