"""A user's own model: a mixture of Bernoullis on binarised digits."""

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score

from gibbsite.em import ExpectationMaximization, LikelihoodDecreaseError
from gibbsite.kernels.core import logsumexp

N_COMPONENTS = 10
PSEUDO = 1.0  # a Beta(2, 2) prior on every pixel, so that no probability is 0 or 1


@pytest.fixture(scope="module")
def pixels():
    digits = load_digits()
    return (digits.data > 7).astype(np.float64), digits.target


def log_joint(X, weights, p):
    return X @ np.log(p).T + (1 - X) @ np.log1p(-p).T + np.log(weights)


def steps(X):
    def e_step(parameters):
        weights, p = parameters
        joint = log_joint(X, weights, p)
        density = logsumexp(joint, axis=1)
        responsibilities = np.exp(joint - density[:, None])
        log_prior = PSEUDO * (np.log(p) + np.log1p(-p)).sum()
        return (responsibilities.sum(0), responsibilities.T @ X), float(density.sum() + log_prior)

    def m_step(statistics):
        count, on = statistics
        return count / count.sum(), (on + PSEUDO) / (count[:, None] + 2 * PSEUDO)

    return e_step, m_step


def start(X):
    rng = np.random.default_rng(0)

    def one(restart):
        return np.full(N_COMPONENTS, 1 / N_COMPONENTS), rng.uniform(0.25, 0.75, (N_COMPONENTS, X.shape[1]))

    return one


def pack(parameters):
    weights, p = parameters
    return np.concatenate([np.log(weights), logit(p).ravel()])


def test_finds_digits(pixels):
    X, digit = pixels
    em = ExpectationMaximization(*steps(X), tol=1e-3, max_iter=500, n_init=3)
    result = em.run(start(X))
    assert result.converged
    label = log_joint(X, *result.parameters).argmax(axis=1)
    assert adjusted_rand_score(digit, label) > 0.45


def test_acceleration_saves_passes_where_components_overlap():
    rng = np.random.default_rng(1)
    p = rng.uniform(0.2, 0.8, (3, 12))
    X = (rng.uniform(size=(3000, 12)) < p[rng.integers(3, size=3000)]).astype(np.float64)
    options = {"tol": 1e-7, "max_iter": 20_000}
    first = np.full(3, 1 / 3), np.random.default_rng(0).uniform(0.25, 0.75, (3, 12))

    def unpack_three(vector):
        return softmax(vector[:3]), expit(vector[3:]).reshape(3, -1)

    plain = ExpectationMaximization(*steps(X), **options).run(first)
    fast = ExpectationMaximization(*steps(X), accelerate="squarem", pack=pack, unpack=unpack_three, **options).run(
        first
    )
    assert plain.converged
    assert fast.converged
    assert fast.n_iter * 2 <= plain.n_iter
    assert min(np.diff(fast.lower_bounds)) >= 0.0
    assert fast.lower_bound == pytest.approx(plain.lower_bound, abs=1e-4)


def test_a_wrong_m_step_is_found_out(pixels):
    X, _ = pixels
    e_step, m_step = steps(X)

    def transposed_prior(statistics):
        weights, p = m_step(statistics)
        return weights, 1 - p

    with pytest.raises(LikelihoodDecreaseError, match=r"fell by .* at iteration \d+"):
        ExpectationMaximization(e_step, transposed_prior).run(start(X)(0))
