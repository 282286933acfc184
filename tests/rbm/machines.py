"""Small machines and data, and their likelihoods by going through all states, for clarity and nothing else."""

import itertools

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits

from gibbsite import BernoulliRBM, GaussianRBM


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """For a module that imports it: products this small are slower on several threads, of BLAS and of the kernels."""
    with threadpool_limits(1):
        yield


def states(n_units):
    """All states of binary units, one a row."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=n_units)))


def one_hot_states(sizes):
    """All states of categorical variables, one-hot."""
    return np.array([np.concatenate(parts) for parts in itertools.product(*(np.eye(size) for size in sizes))])


def log_unnormalised(model, v):
    """log sum_h exp(-E(v, h)) of binary and categorical machines, by summing over h."""
    W, b, c = (
        np.asarray(x, dtype=float) for x in (model.components_, model.intercept_visible_, model.intercept_hidden_)
    )
    h = states(len(c))
    return logsumexp(v @ b[:, None] + v @ W.T @ h.T + h @ c, axis=1)


def log_likelihood(model, X, sizes=None):
    """Mean log probability of rows, by summing over all v and h."""
    every = states(X.shape[1]) if sizes is None else one_hot_states(sizes)
    return float(
        np.mean(log_unnormalised(model, np.asarray(X, dtype=float))) - logsumexp(log_unnormalised(model, every))
    )


def gaussian_log_density(model, X):
    """log p(v) of a Gaussian machine: a mixture of one normal distribution for every state of the hidden units."""
    W, b, c = (
        np.asarray(x, dtype=float) for x in (model.components_, model.intercept_visible_, model.intercept_hidden_)
    )
    s, h = np.asarray(model.variances_, dtype=float), states(len(c))
    mean = b + h @ W
    log_weight = h @ c + ((mean**2 - b**2) / (2 * s)).sum(axis=1)
    parts = -((X[:, None] - mean) ** 2 / (2 * s)).sum(axis=2) - 0.5 * np.log(2 * np.pi * s).sum()
    return logsumexp(parts + log_weight - logsumexp(log_weight), axis=1)


def machine(rng, n_hidden, n_visible, scale=1.0, *, gaussian=False, **parameters):
    """A fitted estimator with random parameters."""
    model = (GaussianRBM if gaussian else BernoulliRBM)(n_hidden, random_state=0, **parameters)
    model.components_ = rng.normal(0, scale, (n_hidden, n_visible))
    model.intercept_hidden_ = rng.normal(0, scale, n_hidden)
    model.intercept_visible_ = rng.normal(0, scale, n_visible)
    if gaussian:
        model.variances_ = rng.uniform(0.5, 2.0, n_visible)
    model.n_features_in_ = n_visible
    return model


def digits(dtype=np.float64):
    """scikit-learn's digits, black and white."""
    return (load_digits().data > 8).astype(dtype)


def bars(rng, n, side=3):
    """Horizontal or vertical bars on a small square: data with structure, and few enough states to enumerate."""
    horizontal = rng.integers(2, size=n).astype(bool)
    lines = (rng.random((n, side)) < 0.4).astype(float)
    across = np.repeat(lines, side, axis=1)
    down = np.tile(lines, side)
    return np.where(horizontal[:, None], across, down)


def fitted(model):
    """Public fitted attributes."""
    return {name: value for name, value in vars(model).items() if name.endswith("_")}


def assert_same_fit(a, b, skip=()):
    """The same bits in every fitted attribute but for times."""
    assert fitted(a).keys() == fitted(b).keys()
    for name, value in fitted(a).items():
        other = getattr(b, name)
        assert type(value) is type(other), name
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, other, err_msg=name)
            assert value.dtype == other.dtype, name
        elif name == "history_":
            assert_same_history(value, other)
        elif name not in skip:
            assert value == other, name


def assert_same_history(a, b):
    assert a.keys() == b.keys()
    for name in a.keys() - {"seconds"}:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
