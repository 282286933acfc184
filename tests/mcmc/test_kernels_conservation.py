"""Samplers leave their target as it is: exact draws are exact draws after a transition.

50,000 chains start from exact draws and make one transition. The bound of Dvoretzky, Kiefer & Wolfowitz (with Massart's
constant) on the distance of empirical distributions from the true ones has a false-failure rate of 1e-6 a test. The
same test must fail for a sampler with a mistake.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import chdtr, ndtr

from tests.mcmc import oracles, problems
from tests.mcmc.calling import Host, run
from tests.parity.calling import Out
from tests.rbm.calling import InOut

N, RATE = 50_000, 1e-6
SHARED, PER_CHAIN, DENSE = range(3)


@dataclass
class Exact:
    """A target that exact draws can be made of; `known` turns draws into uniforms on [0, 1], several of each."""

    density: oracles.Density
    q: np.ndarray
    known: object


def normal(rng, dtype):
    mean, cov = rng.normal(size=3), np.array([[1.0, 0.8, 0.0], [0.8, 1.5, -0.5], [0.0, -0.5, 0.7]])
    q = rng.multivariate_normal(mean, cov, N, method="cholesky")
    P = problems.precision_factor(cov)

    def known(q):
        for direction in (*np.eye(3), np.array([1, -1, 1])):
            yield ndtr((q - mean) @ direction / np.sqrt(direction @ cov @ direction))
        yield chdtr(3, (((q - mean) @ P) ** 2).sum(axis=1))

    return Exact(problems.multivariate_normal(mean, cov, dtype), q.astype(dtype), known)


def funnel(rng, dtype):
    v = rng.normal(size=N) * 1.5
    x = rng.normal(size=(N, 2)) * np.exp(v / 2)[:, np.newaxis]
    density = problems.density(rng, "funnel", 3, dtype)

    def known(q):
        yield ndtr(q[:, 0] / 1.5)
        yield from (ndtr(q[:, i] * np.exp(-q[:, 0] / 2)) for i in (1, 2))

    return Exact(density, np.column_stack([v, x]).astype(dtype), known)


def distance(exact, q):
    """The largest distance of an empirical distribution from the true one, in units of the bound."""
    known = [np.sort(u) for u in exact.known(q.astype(np.float64))]
    bound = np.sqrt(np.log(2 * len(known) / RATE) / (2 * N))
    steps = np.arange(N + 1) / N
    return max(max((steps[1:] - u).max(), (u - steps[:-1]).max()) for u in known) / bound


def log_densities(kernels, exact):
    n, d = exact.q.shape
    outputs = Out((n,), np.float64), Out((n, d), exact.q.dtype)
    return run(kernels, "log_density", exact.q, exact.density, *outputs)[1]


def transition(kernels, rng, exact, sampler, metric, *, excess=0.0, factor_error=1.0, tuned=False):
    """Where the chains are after one; with a mistake where one is asked for."""
    n, d = exact.q.shape
    dtype = exact.q.dtype.type
    logp, grad = log_densities(kernels, exact)
    state = InOut(exact.q), InOut(logp + excess)
    place = int(rng.integers(2**63)), 0, 3
    if sampler == "metropolis":
        L = np.tril(np.full((d, d), 0.3) + np.eye(d)).astype(dtype)
        numbers = np.full(n, 0.6, dtype), L, 1, 1, *place, None, None, Out((n,), np.float64)
        return run(kernels, sampler, *state, exact.density, *numbers)[0][0]
    matrix = np.array([[1.0, 0.5, 0.0], [0.5, 1.2, 0.0], [0.0, 0.0, 0.8]])
    mass = {
        PER_CHAIN: (PER_CHAIN, rng.uniform(0.5, 1.5, (n, d)).astype(dtype), None),
        DENSE: (DENSE, matrix.astype(dtype), (factor_error * np.linalg.cholesky(matrix)).astype(dtype)),
    }[metric]
    sizes = np.where(tuned & (exact.q[:, 0] > np.median(exact.q[:, 0])), 0.05, 0.5)
    no_warmup = None, Host(np.zeros(3, np.int64)), 0.8
    start = *state, InOut(grad), exact.density, *mass, InOut(sizes)
    if sampler == "hmc":
        numbers = rng.integers(1, 4, n), 0.0, 1000.0, 1, 1, *place, None, None, None
    else:
        numbers = 4, 1000.0, 1, 1, *place, None, None, None, None
    return run(kernels, sampler, *start, *numbers, *no_warmup)[0][0]


CASES = [("metropolis", SHARED), *((sampler, metric) for sampler in ("hmc", "nuts") for metric in (PER_CHAIN, DENSE))]


@pytest.mark.parametrize(("sampler", "metric"), CASES)
def test_exact_draws_stay_exact(kernels, rng, dtype, sampler, metric):
    exact = (funnel if metric == PER_CHAIN else normal)(rng, dtype)
    q = transition(kernels, rng, exact, sampler, metric)
    assert (q != exact.q).any(axis=1).mean() > 0.3
    assert distance(exact, q) < 1


MISTAKES = [
    ("metropolis", {"excess": -1.0}),
    ("hmc", {"factor_error": 1.25}),
    ("nuts", {"tuned": True}),
    ("nuts", {"factor_error": 1.25}),
]


@pytest.mark.parametrize(("sampler", "mistake"), MISTAKES)
def test_a_mistake_is_seen(kernels, rng, sampler, mistake):
    """A ratio that is off by a factor; momenta of another mass; a step size that depends on the state."""
    exact = normal(rng, np.float64)
    assert distance(exact, transition(kernels, rng, exact, sampler, DENSE, **mistake)) > 1
