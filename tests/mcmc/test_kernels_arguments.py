"""The functional floor of the samplers: what it takes, what it refuses, and what it leaves as it was."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from gibbsite.kernels import mcmc
from gibbsite.kernels.mcmc import PackedTarget, State, Warmup
from tests.mcmc import oracles, problems


class Normal:
    """A target as the floor sees it."""

    def __init__(self, rng, dim=3):
        self.dim = dim
        self.mean, self.cov = rng.normal(size=dim), problems.covariance(rng, dim)

    def density(self, dtype):
        return problems.multivariate_normal(self.mean, self.cov, np.dtype(dtype).type)

    def packed(self, dtype):
        return PackedTarget(*self.density(dtype).arguments)


class Function:
    """One that a C function would compute, were it called."""

    dim = 3

    def packed(self, dtype):
        return PackedTarget(0, np.zeros(4, np.int64), np.zeros(0), 1)


@pytest.fixture
def target(rng):
    return Normal(rng)


@pytest.fixture
def q(rng, dtype):
    return rng.normal(size=(5, 3)).astype(dtype)


SAMPLERS = {
    "metropolis": (mcmc.metropolis, {"scale": 0.5, "n_steps": 6}),
    "hmc": (mcmc.hmc, {"step_size": 0.2, "n_leapfrog": 4, "jitter": 0.5, "n_draws": 6}),
    "nuts": (mcmc.nuts, {"step_size": 0.2, "n_draws": 6}),
}


@pytest.fixture(params=SAMPLERS)
def sampler(request):
    function, options = SAMPLERS[request.param]
    return lambda state, target, **more: function(state, target, **{**options, "seed": 3, **more})


def arrays(result):
    """All but the inverse mass, which without warm-up is what was passed."""
    state, info = result
    return [a for name, a in (state._asdict() | info._asdict()).items() if a is not None and name != "inverse_mass"]


def test_log_density(host, target, q, dtype):
    value, gradient = oracles.log_density(q, target.density(dtype))
    state = mcmc.log_density(q, target, gradient=True)
    np.testing.assert_allclose(state.logp, value, rtol=1e-4)
    np.testing.assert_allclose(state.grad, gradient, rtol=1e-3, atol=1e-3)
    assert state.logp.dtype == np.float64
    assert state.grad.dtype == dtype
    alone = mcmc.log_density(q, target)
    assert alone.grad is None
    again = mcmc.log_density(q + 1, target, gradient=True, out=state)
    assert again.logp is state.logp
    assert again.grad is state.grad
    assert (again.logp != alone.logp).all()


def test_points_of_other_kinds(host, target):
    """Lists and integers are float64; rows need not be contiguous."""
    state = mcmc.log_density([[0, 0, 1]], target, gradient=True)
    assert state.q.dtype == np.float64
    spread = np.zeros((4, 6))[:, ::2]
    np.testing.assert_array_equal(mcmc.log_density(spread, target).logp, mcmc.log_density(spread.copy(), target).logp)
    assert mcmc.log_density(np.zeros((0, 3)), target).logp.shape == (0,)


def test_states_in_and_out(host, target, q, sampler, dtype):
    before = q.copy()
    q.flags.writeable = False
    state, info = sampler(q, target)
    np.testing.assert_array_equal(q, before)
    assert info.draws.shape == (5, 6, 3)
    assert info.draws.dtype == state.q.dtype == dtype
    assert info.lp.shape == (5, 6)
    np.testing.assert_array_equal(info.draws[:, -1], state.q)
    np.testing.assert_array_equal(info.lp[:, -1], state.logp)
    copies = [a.copy() for a in state if a is not None]
    state_next, _ = sampler(state, target, draw=6)
    assert (state_next.q != state.q).any()
    for a, b in zip((a for a in state if a is not None), copies, strict=True):
        np.testing.assert_array_equal(a, b)


def test_calls_continue_chains(host, target, q, sampler):
    whole, info = sampler(q, target, thin=2)
    number = "n_draws" if hasattr(info, "numbers") else "n_steps"
    first, info1 = sampler(q, target, thin=2, **{number: 2})
    second, info2 = sampler(first, target, thin=2, draw=2, **{number: 4})
    np.testing.assert_array_equal(second.q, whole.q)
    np.testing.assert_array_equal(np.concatenate([info1.draws, info2.draws], axis=1), info.draws)
    part, info_part = sampler(q[2:4], target, thin=2, chain=2)
    np.testing.assert_array_equal(part.q, whole.q[2:4])
    np.testing.assert_array_equal(info_part.draws, info.draws[2:4])


def test_nothing_is_kept_unless_wanted(host, target, q, sampler):
    state, info = sampler(q, target, keep=False)
    assert info.draws is None
    assert info.lp is None
    np.testing.assert_array_equal(state.q, sampler(q, target)[0].q)


def test_outputs_are_written_over(host, target, q, sampler):
    expected = arrays(sampler(q, target))
    out = sampler(q + 1, target, draw=9)
    result = sampler(q, target, out=out)
    for a, b, e in zip(arrays(result), arrays(out), expected, strict=True):
        assert a is b
        np.testing.assert_array_equal(a, e)
    state = sampler(q, target)[0]
    in_place, info = sampler(state, target, draw=6, out=(state, result[1]))
    assert in_place.q is state.q
    assert info.draws is result[1].draws


def test_info(host, target, q):
    _, info = mcmc.nuts(q, target, step_size=0.3, n_draws=8, thin=2, seed=1, max_depth=3)
    assert info.acceptance_rate.shape == info.energy.shape == (5, 4)
    assert info.diverging.dtype == bool
    assert info.tree_depth.dtype == info.n_steps.dtype == np.int64
    assert info.tree_depth.max() <= 3
    assert (info.n_steps <= 7).all()
    assert np.isnan(info.divergence).all()
    _, info = mcmc.nuts(q, target, step_size=0.3, n_draws=8, seed=1, max_energy_error=1e-6)
    diverged = info.diverging.any(axis=1)
    assert diverged.any()
    assert np.isfinite(info.divergence[diverged]).all()
    _, info = mcmc.hmc(q, target, step_size=0.3, n_leapfrog=[1, 2, 3, 4, 5], n_draws=8, seed=1)
    assert ((info.acceptance_rate > 0) & (info.acceptance_rate <= 1)).all()


@pytest.mark.parametrize("name", ["hmc", "nuts"])
def test_warmup(host, target, q, dtype, name):
    function, options = SAMPLERS[name]
    warmup, inverse_mass = Warmup(60, 20, 50), np.ones(3, dtype)
    state, info = function(q, target, **{**options, "n_draws": 60}, inverse_mass=inverse_mass, seed=1, warmup=warmup)
    assert info.inverse_mass.shape == (5, 3)
    assert (info.inverse_mass != 1).all()
    assert (inverse_mass == 1).all()
    assert (info.step_size != 0.2).all()
    # in two calls
    common = {**options, "seed": 1}
    half, first = function(q, target, **{**common, "n_draws": 25}, inverse_mass=inverse_mass, warmup=warmup)
    adapted = first.adaptation.copy()
    common |= {"step_size": first.step_size, "inverse_mass": first.inverse_mass, "draw": 25, "n_draws": 35}
    end, second = function(half, target, **common, warmup=warmup._replace(adaptation=first.adaptation))
    np.testing.assert_array_equal(end.q, state.q)
    np.testing.assert_array_equal(second.step_size, info.step_size)
    np.testing.assert_array_equal(second.inverse_mass, info.inverse_mass)
    np.testing.assert_array_equal(first.adaptation, adapted)


def test_dense_metric(host, target, q):
    options = {"step_size": 0.4, "seed": 1, "metric": "dense", "inverse_mass": target.cov}
    state, info = mcmc.nuts(q, target, **options)
    factor = np.linalg.cholesky(np.asarray(target.cov, q.dtype))
    np.testing.assert_array_equal(mcmc.nuts(q, target, **options, factor=factor)[0].q, state.q)
    assert info.inverse_mass.shape == (3, 3)


@pytest.mark.parametrize("metric", ["none", "shared", "per chain", "dense"])
def test_leapfrog_with_a_gradient(host, rng, target, q, dtype, metric):
    """The same steps for a target and for a gradient in NumPy."""
    density = target.density(dtype)
    p, step_size = rng.normal(size=q.shape).astype(dtype), rng.uniform(0.05, 0.1, 5)
    mass = {
        "none": {},
        "shared": {"inverse_mass": np.array([1, 2, 0.5])},
        "per chain": {"inverse_mass": rng.uniform(0.5, 2, q.shape)},
        "dense": {"inverse_mass": target.cov, "metric": "dense"},
    }[metric]
    end = mcmc.leapfrog(q, p, target, step_size=step_size, n_steps=6, **mass)

    def gradient(x):
        return oracles.log_density(x, density)[1].astype(dtype)

    plain = mcmc.leapfrog(q, p, gradient, step_size=step_size, n_steps=6, **mass)
    assert plain.logp is None
    rtol = 1e-10 if dtype == np.float64 else 1e-3
    for a, b in zip((end.q, end.p, end.grad), (plain.q, plain.p, plain.grad), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)
    again = mcmc.leapfrog(end.q, end.p, target, step_size=-step_size, n_steps=6, logp=end.logp, grad=end.grad, **mass)
    np.testing.assert_allclose(again.q, q, rtol=rtol, atol=rtol)


def test_leapfrog_of_any_shape():
    """A gradient is called with what is passed: one point, or a grid of them."""
    q, p = np.ones(4), np.zeros(4)
    end = mcmc.leapfrog(q, p, lambda x: -x, step_size=0.1, n_steps=3, inverse_mass=np.arange(1.0, 5.0))
    grid = mcmc.leapfrog(np.ones((2, 3, 4)), np.zeros((2, 3, 4)), lambda x: -x, step_size=0.1, n_steps=3)
    assert end.q.shape == (4,)
    np.testing.assert_allclose(grid.q[1, 2, 0], end.q[0])
    np.testing.assert_array_equal(q, 1)


WRONG = [
    ({"seed": -1}, "seed must be in"),
    ({"seed": 2**64}, "seed must be in"),
    ({"chain": 2**32}, "chain must be in"),
    ({"draw": -1}, "draw must be in"),
    ({"thin": 0}, "thin must be at least 1"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_numbers_out_of_range(target, sampler, options, message):
    with pytest.raises(ValueError, match=message):
        sampler(np.zeros((2, 3)), target, **options)


WRONG_OF_NUTS = [
    ({"step_size": 0.0}, "step_size should be positive"),
    ({"step_size": np.nan}, "step_size should be positive"),
    ({"step_size": [0.1]}, r"step_size should be a number or have the shape \(2,\)"),
    ({"max_depth": 0}, r"max_depth must be in \[1, 30\]"),
    ({"n_draws": -1}, "n_draws must not be negative"),
    ({"inverse_mass": [1.0, 0.0, 1.0]}, "inverse_mass should be positive"),
    ({"inverse_mass": [1.0]}, r"inverse_mass should have the shape \(3,\)"),
    ({"metric": "dense"}, "inverse_mass should be given"),
    ({"metric": "dense", "inverse_mass": -np.eye(3)}, "positive definite"),
    ({"metric": "flat"}, "metric should be 'diag' or 'dense'"),
    ({"factor": np.eye(3)}, "factor should only be given"),
    ({"metric": "dense", "inverse_mass": np.eye(3), "warmup": Warmup(9, 3, 6)}, "Only a diagonal metric"),
    ({"warmup": Warmup(9, 3, 6, target_accept=1.0)}, "target_accept must be between"),
    ({"warmup": Warmup(9, 3, 6, adaptation=np.zeros(3))}, "adaptation should have the shape"),
]


@pytest.mark.parametrize(("options", "message"), WRONG_OF_NUTS)
def test_wrong_arguments_of_nuts(target, options, message):
    with pytest.raises(ValueError, match=message):
        mcmc.nuts(np.zeros((2, 3)), target, **{"step_size": 0.1, "seed": 0, **options})


def test_wrong_arguments_of_others(target):
    q = np.zeros((2, 3))
    with pytest.raises(ValueError, match="n_leapfrog must be at least 1"):
        mcmc.hmc(q, target, step_size=0.1, n_leapfrog=0, seed=0)
    with pytest.raises(ValueError, match="n_leapfrog should hold integers"):
        mcmc.hmc(q, target, step_size=0.1, n_leapfrog=1.5, seed=0)
    with pytest.raises(ValueError, match="jitter must be in"):
        mcmc.hmc(q, target, step_size=0.1, n_leapfrog=1, jitter=2.0, seed=0)
    with pytest.raises(ValueError, match="scale should be a number or have the shape"):
        mcmc.metropolis(q, target, scale=np.ones(3), seed=0)
    with pytest.raises(ValueError, match="factor should have the shape"):
        mcmc.metropolis(q, target, scale=1.0, factor=np.ones(2), seed=0)
    with pytest.raises(ValueError, match="n_steps must not be negative"):
        mcmc.leapfrog(q, q, target, step_size=0.1, n_steps=-1)
    with pytest.raises(ValueError, match="n_steps must be a whole number"):
        mcmc.leapfrog(q, q, lambda x: -x, step_size=0.1, n_steps=[1, 2])
    with pytest.raises(ValueError, match="p should have the shape"):
        mcmc.leapfrog(q, np.zeros(3), target, step_size=0.1)


def test_wrong_points(target, sampler):
    with pytest.raises(ValueError, match="q should have 3 columns"):
        sampler(np.zeros((2, 4)), target)
    with pytest.raises(ValueError, match="Expected 2D array"):
        sampler(np.zeros(3), target)
    with pytest.raises(ValueError, match="q contains NaN"):
        sampler(np.full((2, 3), np.nan), target)
    with pytest.raises(TypeError, match=r"gibbsite\.targets\.Target"):
        sampler(np.zeros((2, 3)), type("Other", (), {"dim": 3})())


def test_chains_must_start_somewhere(target):
    q = np.zeros((3, 3))
    state = State(q, np.array([0.0, -np.inf, 0.0]), np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"it is -inf of chain 1"):
        mcmc.nuts(state, target, step_size=0.1, seed=0)
    state = State(q, np.array([0.0, 0.0, np.nan]), np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"it is nan of chain 2"):
        mcmc.hmc(state, target, step_size=0.1, n_leapfrog=1, seed=0)


def test_wrong_outputs(target, q, sampler):
    out = sampler(q, target)
    with pytest.raises(ValueError, match=r"out\.q should have shape"):
        sampler(q[:3], target, out=out)
    with pytest.raises(ValueError, match=r"out\.draws should have shape"):
        sampler(q, target, thin=2, out=out)


def test_functions_compute_in_float64():
    with pytest.raises(ValueError, match="computes in float64, but q is float32"):
        mcmc.log_density(np.zeros((2, 3), np.float32), Function())


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises, though a background job inherits that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_long_calls_can_be_interrupted(host, target, sampler, ctrl_c):
    """Within a moment; and the next call is as if nothing had been."""
    q = np.zeros((8, 3))
    number, sent = "n_draws" if hasattr(sampler(q, target)[1], "numbers") else "n_steps", []

    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.1, send)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sampler(q, target, keep=False, threads=2, thin=10**9, **{number: 10**9})
    assert time.perf_counter() - sent[0] < 2
    timer.join()
    for a, b in zip(arrays(sampler(q, target, threads=2)), arrays(sampler(q, target)), strict=True):
        np.testing.assert_array_equal(a, b)
