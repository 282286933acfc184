"""Every kernel of the samplers on every back end against the oracles."""

from dataclasses import dataclass

import numpy as np
import pytest

from tests.mcmc import oracles, problems
from tests.mcmc.calling import Host, run
from tests.mcmc.problems import DOUBT, NATIVE, SHAPES, TOLERANCE
from tests.parity.calling import Out, assert_close
from tests.rbm.calling import InOut

NO_WARMUP = None, Host(np.zeros(3, np.int64)), 0.8
SHARED, PER_CHAIN, DENSE = range(3)


@pytest.fixture(params=NATIVE)
def kind(request):
    return request.param


@dataclass
class Chains:
    """Where some chains are, of what density, and with what metric."""

    density: oracles.Density
    q: np.ndarray
    logp: np.ndarray
    grad: np.ndarray
    metric: tuple

    def state(self):
        return InOut(self.q), InOut(self.logp), InOut(self.grad)

    def inverse_mass(self, chain):
        """As a matrix in float64."""
        kind, inverse_mass, _ = self.metric
        values = (inverse_mass[chain] if kind == PER_CHAIN else inverse_mass).astype(np.float64)
        return values if kind == DENSE else np.diag(values)

    def part(self, begin, end):
        kind, inverse_mass, factor = self.metric
        metric = kind, inverse_mass[begin:end].copy() if kind == PER_CHAIN else inverse_mass, factor
        return Chains(self.density, *(a[begin:end].copy() for a in (self.q, self.logp, self.grad)), metric)


def random_metric(rng, shape, dtype, kind):
    if kind == DENSE:
        matrix = problems.covariance(rng, shape[1]).astype(dtype)
        return kind, matrix, np.linalg.cholesky(matrix)
    diagonal = np.exp(rng.normal(size=shape if kind == PER_CHAIN else shape[1]) / 3).astype(dtype)
    return kind, diagonal, None


def chains_of(rng, density, shape, dtype, metric=None):
    q = problems.points(rng, density.kind, shape, dtype)
    logp, grad = oracles.log_density(q, density)
    metric = int(rng.integers(3)) if metric is None else metric
    return Chains(density, q, logp, grad.astype(dtype), random_metric(rng, shape, dtype, metric))


def random_chains(rng, kind, shape, dtype, metric=None):
    shape = shape[0], problems.dimensions(kind, shape[1])
    return chains_of(rng, problems.density(rng, kind, shape[1], dtype), shape, dtype, metric)


def counted(place):
    return place.seed, place.chain, place.draw


def test_log_density(kernels, rng, dtype, kind):
    for n_chains, d in SHAPES:
        d = problems.dimensions(kind, d)
        density, q = problems.density(rng, kind, d, dtype), problems.points(rng, kind, (n_chains, d), dtype)
        value, gradient = oracles.log_density(q, density)
        _, (logp, grad) = run(kernels, "log_density", q, density, Out((n_chains,), np.float64), Out(q.shape, dtype))
        assert_close(logp, value, TOLERANCE[dtype] / 10, scale=10)
        assert_close(grad, gradient, TOLERANCE[dtype], scale=1 + np.abs(gradient).max(initial=0.0))
        _, (alone,) = run(kernels, "log_density", q, density, Out((n_chains,), np.float64), None)
        np.testing.assert_allclose(alone, logp, rtol=1e-13 if dtype == np.float64 else 1e-5, atol=1e-5)


def test_gaussian_mixture_far_away(kernels, dtype):
    """Where every component's density underflows, and where a component has no weight."""
    factors = [np.eye(2), np.eye(2)]
    with np.errstate(divide="ignore"):
        density = problems.gaussian_mixture([1.0, 0.0], [[0, 0], [1, 1]], factors, dtype)
    q = np.array([[100.0, 0.0], [0.0, 0.0]], dtype)
    _, (logp, grad) = run(kernels, "log_density", q, density, Out((2,), np.float64), Out((2, 2), dtype))
    np.testing.assert_allclose(logp, -0.5 * (q**2).sum(axis=1) - np.log(2 * np.pi), rtol=1e-6)
    np.testing.assert_allclose(grad, -q, rtol=1e-6)


# ---------------------------------------------------------------------------------------- metropolis


def proposal_factor(rng, d, dtype, kind):
    if kind == "full":
        return np.linalg.cholesky(problems.covariance(rng, d)).astype(dtype)
    return None if kind == "identity" else np.exp(rng.normal(size=d) / 3).astype(dtype)


def run_metropolis(kernels, chains, scale, factor, n_steps, thin, place):
    """(q, logp, draws, lp, acceptance)"""
    (n_chains, d), kept = chains.q.shape, n_steps // thin
    outputs = Out((n_chains, kept, d), chains.q.dtype), Out((n_chains, kept), np.float64), Out((n_chains,), np.float64)
    state = InOut(chains.q), InOut(chains.logp)
    numbers = scale, factor, n_steps, thin, *counted(place)
    (q, logp), rest = run(kernels, "metropolis", *state, chains.density, *numbers, *outputs)
    return q, logp, *rest


def assert_draws(expected, q, logp, dtype):
    """Where the oracle's decisions were clear; returns which."""
    sure = np.array([draw.margin > DOUBT[dtype] for draw in expected], bool)
    for i in np.flatnonzero(sure):
        assert_close(q[i], expected[i].q, 10 * TOLERANCE[dtype])
        assert_close(logp[i], np.float64(expected[i].logp), 10 * TOLERANCE[dtype], scale=10)
    assert sure.any() or len(sure) < 17  # that there is no clear decision among so many chains never happens
    return sure


def test_metropolis_step(kernels, rng, dtype, kind):
    for shape in SHAPES:
        chains, place = random_chains(rng, kind, shape, dtype), problems.place(rng)
        n_chains, d = chains.q.shape
        scale = rng.uniform(0.3, 1.0, n_chains).astype(dtype)
        factor = proposal_factor(rng, d, dtype, rng.choice(["identity", "diagonal", "full"]))
        L = np.eye(d) if factor is None else np.diag(factor) if factor.ndim == 1 else factor
        q, logp, draws, lp, acceptance = run_metropolis(kernels, chains, scale, factor, 1, 1, place)
        expected = [
            oracles.metropolis_step(
                chains.density,
                chains.q[i].astype(np.float64),
                float(scale[i]),
                L.astype(np.float64),
                place.at(i, 0),
                dtype,
            )
            for i in range(n_chains)
        ]
        assert_draws(expected, q, logp, dtype)
        assert_close(acceptance, np.array([draw.acceptance_rate for draw in expected]), 10 * TOLERANCE[dtype])
        np.testing.assert_array_equal(draws[:, 0], q)
        np.testing.assert_array_equal(lp[:, 0], logp)


# ------------------------------------------------------------------------------------------ dynamics


@pytest.mark.parametrize("metric", [SHARED, PER_CHAIN, DENSE])
def test_leapfrog(kernels, rng, dtype, metric):
    for shape, kind in zip(SHAPES, rng.choice(NATIVE, len(SHAPES), replace=False), strict=True):
        chains = random_chains(rng, kind, shape, dtype, metric)
        n_chains = len(chains.q)
        p, step_size = rng.normal(size=chains.q.shape).astype(dtype), problems.step_sizes(rng, kind, n_chains)
        step_size *= rng.choice([-0.5, 0.5], n_chains)
        n_steps = rng.integers(0, 6, n_chains)
        arrays = InOut(chains.q), InOut(p), InOut(chains.grad), InOut(chains.logp)
        changed, _ = run(kernels, "leapfrog", *arrays, chains.density, *chains.metric, step_size, n_steps)
        for i in range(n_chains):
            start = chains.q[i].astype(np.float64), p[i].astype(np.float64)
            end = oracles.leapfrog(chains.density, *start, chains.inverse_mass(i), step_size[i], n_steps[i])
            for actual, expected in zip(changed, (end.q, end.p, end.grad, np.float64(end.logp)), strict=True):
                assert_close(actual[i], expected, 10 * TOLERANCE[dtype], scale=1 + np.abs(expected).max())


# ---------------------------------------------------------------------------------------------- hmc


def run_hmc(kernels, chains, step_size, lengths, n_draws, thin, place, *, jitter=0.0, limit=1000.0, warmup=NO_WARMUP):
    """(q, logp, grad, draws, lp, info), and what a warm-up changed"""
    (n_chains, d), kept = chains.q.shape, n_draws // thin
    outputs = Out((n_chains, kept, d), chains.q.dtype), *(Out((n_chains, kept, *s), np.float64) for s in [(), (3,)])
    kind, inverse_mass, factor = chains.metric
    mass = inverse_mass if warmup is NO_WARMUP else InOut(inverse_mass)
    numbers = InOut(step_size), lengths, jitter, limit, n_draws, thin, *counted(place)
    arguments = *chains.state(), chains.density, kind, mass, factor, *numbers, *outputs, *warmup
    changed, rest = run(kernels, "hmc", *arguments)
    return (*changed[:3], *rest), changed[3:]


def test_hmc_draw(kernels, rng, dtype, kind):
    for shape in SHAPES:
        chains, place = random_chains(rng, kind, shape, dtype), problems.place(rng)
        n_chains = len(chains.q)
        step_size, lengths = problems.step_sizes(rng, kind, n_chains), rng.integers(1, 6, n_chains)
        jitter, limit = rng.choice([0.0, 0.7]), rng.choice([1000.0, 0.1])
        (q, logp, grad, draws, lp, info), (step_after,) = run_hmc(
            kernels, chains, step_size, lengths, 1, 1, place, jitter=jitter, limit=limit
        )
        expected = [
            oracles.hmc_draw(
                *(chains.density, chains.q[i].astype(np.float64), chains.inverse_mass(i), step_size[i], lengths[i]),
                *(place.at(i, 0), dtype, jitter, limit),
            )
            for i in range(n_chains)
        ]
        for i in np.flatnonzero(assert_draws(expected, q, logp, dtype)):
            draw = expected[i]
            assert_close(grad[i], chains.density.gradient(q[i]), TOLERANCE[dtype], scale=10)
            wanted = np.array([draw.acceptance_rate, draw.energy, draw.diverging])
            assert_close(info[i, 0], wanted, 20 * TOLERANCE[dtype], scale=10)
        np.testing.assert_array_equal(draws[:, 0], q)
        np.testing.assert_array_equal(lp[:, 0], logp)
        np.testing.assert_array_equal(step_after, step_size)


# ---------------------------------------------------------------------------------------------- nuts


def run_nuts(kernels, chains, step_size, n_draws, thin, place, *, max_depth=6, limit=1000.0, warmup=NO_WARMUP):
    """(q, logp, grad, draws, lp, info), and step size, divergence and what else a warm-up changed"""
    (n_chains, d), kept = chains.q.shape, n_draws // thin
    outputs = Out((n_chains, kept, d), chains.q.dtype), *(Out((n_chains, kept, *s), np.float64) for s in [(), (5,)])
    kind, inverse_mass, factor = chains.metric
    mass = inverse_mass if warmup is NO_WARMUP else InOut(inverse_mass)
    numbers = InOut(step_size), max_depth, limit, n_draws, thin, *counted(place)
    divergence = InOut(np.full((n_chains, 3, d), -7, chains.q.dtype))
    arguments = *chains.state(), chains.density, kind, mass, factor, *numbers, *outputs, divergence, *warmup
    changed, rest = run(kernels, "nuts", *arguments)
    return (*changed[:3], *rest), changed[3:]


def test_nuts_draw(kernels, rng, dtype, kind):
    for shape in SHAPES:
        chains, place = random_chains(rng, kind, shape, dtype), problems.place(rng)
        n_chains = len(chains.q)
        step_size, limit = problems.step_sizes(rng, kind, n_chains), rng.choice([1000.0, 0.05])
        (q, logp, grad, draws, lp, info), (step_after, divergence) = run_nuts(
            kernels, chains, step_size, 1, 1, place, limit=limit
        )
        expected = [
            oracles.nuts_draw(
                *(chains.density, chains.q[i].astype(np.float64), chains.inverse_mass(i), step_size[i]),
                *(6, place.at(i, 0), dtype, limit),
            )
            for i in range(n_chains)
        ]
        for i in np.flatnonzero(assert_draws(expected, q, logp, dtype)):
            draw = expected[i]
            assert_close(grad[i], chains.density.gradient(q[i]), TOLERANCE[dtype], scale=10)
            wanted = np.array([draw.acceptance_rate, draw.energy])
            assert_close(info[i, 0, :2], wanted, 20 * TOLERANCE[dtype], scale=10)
            np.testing.assert_array_equal(info[i, 0, 2:], [draw.diverging, draw.tree_depth, draw.n_steps])
            if draw.diverging:
                assert_close(divergence[i], draw.divergence, 20 * TOLERANCE[dtype])
            else:
                assert (divergence[i] == -7).all()
        np.testing.assert_array_equal(draws[:, 0], q)
        np.testing.assert_array_equal(lp[:, 0], logp)
        np.testing.assert_array_equal(step_after, step_size)


# ------------------------------------------------------------------------------------------- warm-up


@pytest.mark.parametrize("sampler", ["hmc", "nuts"])
def test_warmup(kernels, rng, dtype, sampler):
    """Draw by draw through all phases of a warm-up: what adapts, and that draws use what was adapted."""
    schedule, n_chains = (40, 22, 34), 4
    density = problems.multivariate_normal(rng.normal(size=3), problems.covariance(rng, 3), dtype)
    chains, place = chains_of(rng, density, (n_chains, 3), dtype, PER_CHAIN), problems.place(rng)
    place = oracles.Place(place.seed, place.chain, 0)
    step_size, lengths = rng.uniform(0.2, 0.4, n_chains), np.full(n_chains, 4)
    state = np.zeros((n_chains, kernels.mcmc.adaptation_size(3)))
    oracle = [
        oracles.Adaptation(schedule, 0.8, step_size[i], chains.metric[1][i].astype(float)) for i in range(n_chains)
    ]
    for number in range(44):
        warmup, at = (InOut(state), Host(np.array(schedule, np.int64)), 0.8), place.at(0, number)
        if sampler == "hmc":
            (q, logp, grad, _, _, info), rest = run_hmc(kernels, chains, step_size, lengths, 1, 1, at, warmup=warmup)
        else:
            (q, logp, grad, _, _, info), rest = run_nuts(kernels, chains, step_size, 1, 1, at, warmup=warmup)
        for i in range(n_chains):
            arguments = density, chains.q[i].astype(np.float64), chains.inverse_mass(i), step_size[i]
            if sampler == "hmc":
                expected = oracles.hmc_draw(*arguments, lengths[i], at.at(i, 0), dtype)
            else:
                expected = oracles.nuts_draw(*arguments, 6, at.at(i, 0), dtype)
            if expected.margin > DOUBT[dtype]:
                assert_close(q[i], expected.q, 10 * TOLERANCE[dtype])
                assert_close(info[i, 0, 0], expected.acceptance_rate, 10 * TOLERANCE[dtype])
            moved = bool((q[i] != chains.q[i]).any())
            draw = oracles.Draw(q[i].astype(np.float64), logp[i], info[i, 0, 0], moved=moved)
            oracle[i].update(number, draw, grad[i].astype(np.float64))
        chains = Chains(density, q.copy(), logp.copy(), grad.copy(), (PER_CHAIN, rest[0].copy(), None))
        step_size, state = rest[1].copy(), rest[-1].copy()
        np.testing.assert_allclose(step_size, [o.step_size for o in oracle], rtol=1e-12)
        rounding = 1e-9 if dtype == np.float64 else 1e-6
        np.testing.assert_allclose(chains.metric[1], [o.inverse_mass for o in oracle], rtol=rounding)


# ------------------------------------------------------------------------- the same numbers anyway cut


def run_sampler(kernels, sampler, chains, n_draws, thin, place):
    """(q, logp, draws, lp), and the gradient if there is one"""
    step_size = np.full(len(chains.q), 0.3)
    if sampler == "metropolis":
        scale = np.full(len(chains.q), 0.5, chains.q.dtype)
        q, logp, draws, lp, _ = run_metropolis(kernels, chains, scale, None, n_draws, thin, place)
        return (q, logp, draws, lp), chains.grad
    if sampler == "hmc":
        lengths = np.arange(len(chains.q)) % 3 + 2
        results, _ = run_hmc(kernels, chains, step_size, lengths, n_draws, thin, place, jitter=0.5)
    else:
        results, _ = run_nuts(kernels, chains, step_size, n_draws, thin, place)
    return (*results[:2], *results[3:5]), results[2]


@pytest.mark.parametrize("sampler", ["metropolis", "hmc", "nuts"])
def test_draws_follow_each_other(kernels, rng, dtype, sampler):
    kind = rng.choice(NATIVE)
    chains, place = random_chains(rng, kind, (5, 3), dtype), problems.place(rng)
    (q, logp, draws, lp), _ = run_sampler(kernels, sampler, chains, 6, 2, place)
    part = chains
    for k in range(3):
        (q_k, logp_k, draws_k, lp_k), grad = run_sampler(kernels, sampler, part, 2, 2, place.at(0, 2 * k))
        np.testing.assert_array_equal(draws_k[:, 0], draws[:, k])
        np.testing.assert_array_equal(lp_k[:, 0], lp[:, k])
        part = Chains(chains.density, q_k.copy(), logp_k.copy(), grad.copy(), chains.metric)
    np.testing.assert_array_equal(part.q, q)
    np.testing.assert_array_equal(part.logp, logp)


@pytest.mark.parametrize("sampler", ["metropolis", "hmc", "nuts"])
def test_chains_do_not_depend_on_those_beside(kernels, rng, dtype, sampler):
    kind = rng.choice(NATIVE)
    chains, place = random_chains(rng, kind, (21, 3), dtype), problems.place(rng)
    place = oracles.Place(place.seed, 5, place.draw)
    together, _ = run_sampler(kernels, sampler, chains, 2, 1, place)
    for begin, end in ((0, 3), (3, 18), (18, 21)):  # multiples of 3: lengths of trajectories repeat after as many
        apart, _ = run_sampler(kernels, sampler, chains.part(begin, end), 2, 1, place.at(begin, 0))
        for whole, part in zip(together, apart, strict=True):
            np.testing.assert_array_equal(part, whole[begin:end])


@pytest.mark.parametrize("sampler", ["hmc", "nuts"])
def test_warmup_goes_on_in_the_next_call(kernels, rng, dtype, sampler):
    density = problems.multivariate_normal(rng.normal(size=2), problems.covariance(rng, 2), dtype)
    chains = chains_of(rng, density, (3, 2), dtype, PER_CHAIN)
    schedule, seed = Host(np.array([30, 15, 26], np.int64)), int(rng.integers(2**63))

    def go(chains, step_size, adaptation, draw, n_draws):
        place, warmup = oracles.Place(seed, 0, draw), (InOut(adaptation), schedule, 0.8)
        if sampler == "hmc":
            results, rest = run_hmc(kernels, chains, step_size, np.full(3, 3), n_draws, 1, place, warmup=warmup)
        else:
            results, rest = run_nuts(kernels, chains, step_size, n_draws, 1, place, warmup=warmup)
        mass, step_size, adaptation = rest[0], rest[1], rest[-1]
        state = Chains(density, *(a.copy() for a in results[:3]), (PER_CHAIN, mass.copy(), None))
        return state, step_size.copy(), adaptation.copy()

    start = chains, np.full(3, 0.3), np.zeros((3, kernels.mcmc.adaptation_size(2)))
    whole = go(*start, 0, 35)
    part = start
    for draw, n_draws in ((0, 12), (12, 1), (13, 16), (29, 6)):
        part = go(*part, draw, n_draws)
    np.testing.assert_array_equal(part[0].q, whole[0].q)
    np.testing.assert_array_equal(part[0].metric[1], whole[0].metric[1])
    np.testing.assert_array_equal(part[1], whole[1])
    np.testing.assert_array_equal(part[2], whole[2])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_no_density_anywhere(kernels, rng, dtype, wrong):
    """A density that is not a finite number counts as zero: nothing moves."""
    density = problems.diagonal_normal(np.zeros(2), np.ones(2), dtype)
    chains, place = chains_of(rng, density, (3, 2), dtype, SHARED), problems.place(rng)
    density.data[0] = wrong
    q, logp, _, _, acceptance = run_metropolis(kernels, chains, np.ones(3, dtype), None, 3, 3, place)
    np.testing.assert_array_equal(q, chains.q)
    np.testing.assert_array_equal(logp, chains.logp)
    assert not acceptance.any()
    (q, logp, _, _, _, info), _ = run_hmc(kernels, chains, np.ones(3), np.full(3, 4), 1, 1, place, limit=np.inf)
    np.testing.assert_array_equal(q, chains.q)
    np.testing.assert_array_equal(info[:, 0, [0, 2]], [[0, 1]] * 3)
    (q, logp, _, _, _, info), _ = run_nuts(kernels, chains, np.ones(3), 1, 1, place, limit=np.inf)
    np.testing.assert_array_equal(q, chains.q)
    np.testing.assert_array_equal(info[:, 0][:, [0, 2, 3, 4]], [[0, 1, 0, 1]] * 3)
    _, (values, _) = run(kernels, "log_density", q, density, Out((3,), np.float64), Out((3, 2), dtype))
    np.testing.assert_array_equal(values, -np.inf)
