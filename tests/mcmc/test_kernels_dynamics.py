"""What densities, leapfrog steps and C functions must obey, on every back end."""

import ctypes

import numba
import numpy as np
import pytest
from numba import types

from tests.mcmc import oracles, problems
from tests.mcmc.calling import Host, run
from tests.mcmc.problems import NATIVE
from tests.parity.calling import Out, assert_close
from tests.rbm.calling import InOut

SHARED, PER_CHAIN, DENSE = range(3)


@pytest.mark.parametrize("kind", NATIVE)
def test_gradients_are_slopes(kernels, rng, kind):
    """Central differences of the kernel's own log density."""
    d, h = 5, 1e-5
    density = problems.density(rng, kind, d, np.float64)
    q = problems.points(rng, kind, (4, d), np.float64)
    _, (_, grad) = run(kernels, "log_density", q, density, Out((4,), np.float64), Out((4, d), np.float64))
    around = (q[:, np.newaxis, np.newaxis] + h * np.stack([np.eye(d), -np.eye(d)], axis=1)).reshape(-1, d)
    _, (logp,) = run(kernels, "log_density", around, density, Out((len(around),), np.float64), None)
    up, down = logp.reshape(4, d, 2).transpose(2, 0, 1)
    assert_close(grad, (up - down) / (2 * h), 1e-7, scale=10 + np.abs(grad).max())


def run_leapfrog(kernels, density, q, p, step_size, n_steps, metric):
    """(q, p, grad, logp)"""
    logp, grad = oracles.log_density(q, density)
    arrays = InOut(q), InOut(p), InOut(grad.astype(q.dtype)), InOut(logp)
    numbers = np.full(len(q), step_size), np.full(len(q), n_steps)
    return run(kernels, "leapfrog", *arrays, density, *metric, *numbers)[0]


def random_metric(rng, d, dtype):
    matrix = problems.covariance(rng, d).astype(dtype)
    return DENSE, matrix, np.linalg.cholesky(matrix)


# rounding grows along a trajectory; a random walk with steps of this size would be far beyond
REVERSED = {np.float64: 1e-11, np.float32: 1e-3}


@pytest.mark.parametrize("kind", ["multivariate_normal", "gaussian_mixture", "student_t", "funnel"])
def test_leapfrog_is_reversible(kernels, rng, dtype, kind):
    density = problems.density(rng, kind, 3, dtype)
    q, p = problems.points(rng, kind, (5, 3), dtype), rng.normal(size=(5, 3)).astype(dtype)
    metric = random_metric(rng, 3, dtype)
    q_end, p_end, _, _ = run_leapfrog(kernels, density, q, p, 0.05, 10, metric)
    assert np.abs(q_end - q).max(axis=1).min() > 0.01
    for step_size, sign in ((-0.05, 1), (0.05, -1)):
        q_back, p_back, _, _ = run_leapfrog(kernels, density, q_end.copy(), sign * p_end, step_size, 10, metric)
        assert_close(q_back, q, REVERSED[dtype])
        assert_close(sign * p_back, p, REVERSED[dtype])


@pytest.mark.parametrize("kind", ["gaussian_mixture", "student_t"])
def test_leapfrog_keeps_volume(kernels, rng, kind):
    """The Jacobian of ten steps by central differences has the determinant 1."""
    d, h = 2, 1e-5
    density, metric = problems.density(rng, kind, d, np.float64), random_metric(rng, d, np.float64)
    start = np.concatenate([problems.points(rng, kind, (1, d), np.float64), rng.normal(size=(1, d))], axis=1)
    around = np.concatenate([start + h * np.eye(2 * d), start - h * np.eye(2 * d)])
    q, p, _, _ = run_leapfrog(kernels, density, around[:, :d].copy(), around[:, d:].copy(), 0.1, 10, metric)
    ends = np.concatenate([q, p], axis=1)
    jacobian = (ends[: 2 * d] - ends[2 * d :]) / (2 * h)
    assert np.abs(jacobian - np.eye(2 * d)).max() > 0.1
    np.testing.assert_allclose(np.linalg.det(jacobian), 1, rtol=1e-6)


def test_energy_error_is_of_second_order(kernels, rng):
    """Half the step size over the same time: a quarter of the error."""
    density = problems.multivariate_normal(np.zeros(3), np.diag([0.5, 1.0, 2.0]), np.float64)
    metric = random_metric(rng, 3, np.float64)
    q, p = rng.normal(size=(50, 3)), rng.normal(size=(50, 3))
    energies = []
    for n_steps in (0, 20, 40, 80):
        _, p_end, _, logp = run_leapfrog(kernels, density, q, p, 1.0 / max(n_steps, 1), n_steps, metric)
        energies.append(np.einsum("ci,ij,cj->c", p_end, metric[1], p_end) / 2 - logp)
    errors = [np.sqrt(np.mean((energy - energies[0]) ** 2)) for energy in energies[1:]]
    assert 3.7 < errors[0] / errors[1] < 4.3
    assert 3.9 < errors[1] / errors[2] < 4.1


# ----------------------------------------------------------------------------------------- functions


@numba.cfunc(
    types.intc(
        types.uintp,
        types.CPointer(types.float64),
        types.CPointer(types.float64),
        types.CPointer(types.float64),
        types.voidptr,
    )
)
def standard_normal(dim, q, grad, logp, user_data):
    """data: a bound above which q[0] cannot be computed, and one above which it stops the run."""
    bounds = numba.carray(user_data, 2, np.float64)
    total = 0.0
    for i in range(dim):
        total += q[i] * q[i]
        grad[i] = -q[i]
    logp[0] = -0.5 * total - 0.5 * dim * np.log(2 * np.pi)
    if q[0] > bounds[1]:
        return -3
    return 2 if q[0] > bounds[0] else 0


class Function:
    """A target that is a C function."""

    def __init__(self, bound=np.inf, stop=np.inf):
        self.bounds = np.array([bound, stop])
        self.arguments = 0, np.zeros(4, np.int64), np.zeros(0), standard_normal.address, self.bounds.ctypes.data


@pytest.fixture
def on_host(kernels):
    if not kernels.on_host:
        pytest.skip("C functions are called on the host")
    return kernels


def run_all(kernels, target, q, n_draws, status=None):
    """q after draws of every sampler, and what they tell."""
    n_chains, d = q.shape
    logp, grad = -(q**2).sum(axis=1) / 2 - d / 2 * np.log(2 * np.pi), -q
    place, stops = (5, 0, 7), [(0, 0, 0)] * 3 if status is None else status
    numbers = n_draws, 1, *place

    def out(*shape):
        return Out((n_chains, n_draws, *shape), np.float64) if n_draws and status is None else None

    mass, no_warmup = (SHARED, np.ones(d), None), (None, Host(np.zeros(3, np.int64)), 0.8)
    walk = InOut(q), InOut(logp), target, np.full(n_chains, 0.7), None, *numbers, out(d), out()
    rate = InOut(np.zeros(n_chains))
    state = InOut(q), InOut(logp), InOut(grad), target, *mass, InOut(np.full(n_chains, 0.4))
    lengths = np.full(n_chains, 5), 0.0, 1000.0
    return [
        run(kernels, "metropolis", *walk, rate, status=stops[0]),
        run(kernels, "hmc", *state, *lengths, *numbers, out(d), out(), out(3), *no_warmup, status=stops[1]),
        run(kernels, "nuts", *state, 5, 1000.0, *numbers, out(d), out(), out(5), None, *no_warmup, status=stops[2]),
    ]


def test_functions_are_sampled_as_native_densities(on_host, rng):
    q = rng.normal(size=(5, 3))
    native = problems.diagonal_normal(np.zeros(3), np.ones(3), np.float64)
    pairs = zip(run_all(on_host, Function(), q, 6), run_all(on_host, native, q, 6), strict=True)
    for (changed, outputs), (changed_native, outputs_native) in pairs:
        for a, b in zip(changed + outputs, changed_native + outputs_native, strict=True):
            assert_close(a, b, 1e-11)
    _, (logp, grad) = run(on_host, "log_density", q, Function(), Out((5,), np.float64), Out(q.shape, np.float64))
    assert_close(logp, -(q**2).sum(axis=1) / 2 - 1.5 * np.log(2 * np.pi), 1e-13)
    np.testing.assert_array_equal(grad, -q)


def test_where_a_function_cannot_be_computed_no_chain_goes(on_host, rng):
    q = rng.normal(size=(20, 2))
    q[:, 0] = -np.abs(q[:, 0])
    walk, hmc, nuts = run_all(on_host, Function(bound=0.0), q, 30)
    for changed, (draws, lp, *_) in (walk, hmc, nuts):
        assert draws[:, :, 0].max() <= 0
        # from far out, most of HMC's trajectories end beyond the bound: a few chains may not move at all
        assert (changed[0] != q).any(axis=1).mean() > 0.5
        assert np.isfinite(lp).all()
    for _, (*_, info) in (hmc, nuts):
        assert 0 < info[:, :, 2].mean() < 1
    _, (logp,) = run(on_host, "log_density", -q, Function(bound=0.0), Out((20,), np.float64), None)
    np.testing.assert_array_equal(logp, -np.inf)


def test_a_function_stops_the_run(on_host):
    """The status names the code, the chain in the batch and the draw; q holds the point."""
    q = np.array([[-1.0, 0.0], [0.5, 0.0], [-1.0, 0.0]])
    for name in ("metropolis", "hmc", "nuts"):
        status = np.zeros(4, np.int64)
        result = _until_it_stops(on_host, name, q, status)
        assert status[[0, 1, 3]].tolist() == [-3, 1, 0], name
        assert 100 <= status[2] < 600, name
        assert result[1, 0] > 1.0, name
    run(on_host, "log_density", q, Function(stop=0.0), InOut(np.zeros(3)), None, status=(-3, 1, 0))


def _until_it_stops(kernels, name, q, status):
    """Where the chains are after 500 draws, or before; all but the second one hardly move."""
    q, target = q.copy(), Function(stop=1.0)
    n_chains, d = q.shape
    logp, grad = -(q**2).sum(axis=1) / 2 - d / 2 * np.log(2 * np.pi), -q
    place, sizes = (5, 0, 100), np.array([1e-9, 0.5, 1e-9])
    mass, no_warmup = (SHARED, np.ones(d), None), (None, np.zeros(3, np.int64), 0.8)
    if name == "metropolis":
        rate = np.zeros(n_chains)
        function = kernels.mcmc.metropolis
        arguments = q, logp, *target.arguments, sizes, None, 500, 1, *place, None, None, rate, status, 0
    elif name == "hmc":
        function, lengths = kernels.mcmc.hmc, (np.full(n_chains, 5), 0.0, 1000.0)
        numbers = sizes, *lengths, 500, 1, *place, None, None, None
        arguments = q, logp, grad, *target.arguments, *mass, *numbers, *no_warmup, status, 0
    else:
        function = kernels.mcmc.nuts
        numbers = sizes, 5, 1000.0, 500, 1, *place, None, None, None, None
        arguments = q, logp, grad, *target.arguments, *mass, *numbers, *no_warmup, status, 0
    function(*arguments)
    return q


CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_double),
    ctypes.POINTER(ctypes.c_double),
    ctypes.POINTER(ctypes.c_double),
    ctypes.c_void_p,
)


def test_python_behind_a_function(on_host):
    """What holds the GIL is called from all threads, which hold none."""

    def density(dim, q, grad, logp, user_data):
        for i in range(dim):
            grad[i] = -q[i]
        logp[0] = -0.5 * sum(q[i] ** 2 for i in range(dim))
        return 0

    callback = CALLBACK(density)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    q, logp, grad, status = np.ones((16, 2)), np.zeros(16), np.zeros((16, 2)), np.zeros(4, np.int64)
    on_host.mcmc.log_density(q, 0, np.zeros(4, np.int64), np.zeros(0), address, 0, logp, grad, status, 2)
    np.testing.assert_array_equal(logp, -1.0)
    np.testing.assert_array_equal(grad, -q)


@pytest.mark.parametrize("sampler", ["metropolis", "hmc", "nuts"])
def test_the_number_of_threads_changes_nothing(on_host, rng, dtype, sampler):
    n_chains, d = 37, 3
    density = problems.density(rng, rng.choice(NATIVE), d, dtype)
    q = problems.points(rng, density.kind, (n_chains, d), dtype)
    logp, grad = oracles.log_density(q, density)
    results = []
    for threads in (1, 2):
        state, draws = (q.copy(), logp.copy(), grad.astype(dtype)), np.empty((n_chains, 7, d), dtype)
        status, numbers = np.zeros(4, np.int64), (7, 1, 3, 0, 0)
        mass, no_warmup = (SHARED, np.ones(d, dtype), None), (None, np.zeros(3, np.int64), 0.8)
        sizes = np.full(n_chains, 0.1)
        if sampler == "metropolis":
            scale, rate = np.full(n_chains, 0.5, dtype), np.empty(n_chains)
            on_host.mcmc.metropolis(
                *(*state[:2], *density.arguments, scale, None, *numbers, draws, None, rate, status, threads)
            )
        elif sampler == "hmc":
            lengths = np.full(n_chains, 4), 0.0, 1000.0
            on_host.mcmc.hmc(
                *(*state, *density.arguments, *mass, sizes, *lengths, *numbers, draws, None, None),
                *(*no_warmup, status, threads),
            )
        else:
            on_host.mcmc.nuts(
                *(*state, *density.arguments, *mass, sizes, 6, 1000.0, *numbers, draws, None, None, None),
                *(*no_warmup, status, threads),
            )
        results.append((*state[:2], draws))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)
