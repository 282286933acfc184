"""The samplers' kernels on device arrays: what comes out is of the same kind and says the same."""

import numpy as np
import pytest

from gibbsite.kernels import mcmc
from gibbsite.kernels.mcmc import PackedTarget, State, Warmup
from tests.mcmc import problems

pytestmark = pytest.mark.usefixtures("cupy")


@pytest.fixture
def rng():
    """Always the same numbers: decisions may differ where they are within rounding."""
    return np.random.default_rng(5)


class Target:
    def __init__(self, rng, kind, dim):
        self.rng, self.kind, self.dim = rng, kind, dim
        self.made = {}

    def packed(self, dtype):
        if dtype not in self.made:
            density = problems.density(np.random.default_rng(8), self.kind, self.dim, dtype.type)
            self.made[dtype] = PackedTarget(*density.arguments)
        return self.made[dtype]


class Function:
    dim = 3

    def packed(self, dtype):
        return PackedTarget(0, np.zeros(4, np.int64), np.zeros(0), 1)


def same(cupy, got, wanted, tolerance):
    for a, b in zip(got, wanted, strict=True):
        if isinstance(b, tuple):
            same(cupy, a, b, tolerance)
        elif b is None:
            assert a is None
        else:
            assert type(a) is cupy.ndarray
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a.get(), b, rtol=tolerance, atol=tolerance)


TOLERANCE = {np.float64: 1e-8, np.float32: 1e-2}

CALLS = {
    "log_density": lambda q, t, put: mcmc.log_density(q, t, gradient=True),
    "metropolis": lambda q, t, put: mcmc.metropolis(q, t, scale=0.5, factor=put([1.0, 2, 3]), n_steps=4, seed=2),
    "hmc": lambda q, t, put: mcmc.hmc(q, t, step_size=0.1, n_leapfrog=3, jitter=0.5, n_draws=3, seed=2),
    "nuts": lambda q, t, put: mcmc.nuts(q, t, step_size=put(np.full(7, 0.1)), n_draws=2, seed=2),
    "dense": lambda q, t, put: mcmc.nuts(
        q, t, step_size=0.1, metric="dense", inverse_mass=put(np.eye(3) + 0.5), n_draws=2, seed=2
    ),
    "warmup": lambda q, t, put: mcmc.nuts(
        q, t, step_size=0.1, inverse_mass=put([1.0, 2, 3]), n_draws=6, seed=2, warmup=Warmup(5, 2, 4)
    ),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["gaussian_mixture", "student_t"])
def test_every_function(cupy, rng, dtype, kind, call):
    q, target = problems.points(rng, kind, (7, 3), dtype), Target(rng, kind, 3)
    wanted = CALLS[call](q, target, lambda value: np.array(value, dtype=np.float64))
    got = CALLS[call](cupy.asarray(q), target, lambda value: cupy.asarray(np.array(value, dtype=np.float64)))
    same(cupy, got, wanted, TOLERANCE[dtype])
    if hasattr(wanted[1], "diverging"):
        np.testing.assert_array_equal(got[1].diverging.get(), wanted[1].diverging)


def test_leapfrog(cupy, rng, dtype):
    q, p = rng.normal(size=(2, 7, 3)).astype(dtype)
    target, mass = Target(rng, "student_t", 3), np.array([1.0, 2, 3])
    options = {"step_size": 0.1, "n_steps": 4}
    wanted = mcmc.leapfrog(q, p, target, inverse_mass=mass, **options)
    got = mcmc.leapfrog(cupy.asarray(q), cupy.asarray(p), target, inverse_mass=cupy.asarray(mass), **options)
    same(cupy, got, wanted, TOLERANCE[dtype])


def test_chains_go_on_in_place(cupy, rng):
    q, target = cupy.asarray(rng.normal(size=(7, 3))), Target(rng, "student_t", 3)
    state, info = mcmc.nuts(q, target, step_size=0.1, seed=1)
    again, more = mcmc.nuts(state, target, step_size=0.1, seed=1, draw=1, out=(state, info))
    assert again.q is state.q
    assert more.draws is info.draws
    np.testing.assert_array_equal(again.q.get(), more.draws.get()[:, 0])


def test_refusals(cupy, rng):
    q, target = cupy.asarray(np.zeros((2, 3))), Target(rng, "student_t", 3)
    with pytest.raises(TypeError, match="cannot be called on a device"):
        mcmc.log_density(q, Function())
    state = State(q, cupy.asarray(np.array([0.0, -np.inf])), q)
    with pytest.raises(ValueError, match="-inf of chain 1"):
        mcmc.nuts(state, target, step_size=0.1, seed=0)
    with pytest.raises(ValueError, match="q contains NaN"):
        mcmc.nuts(q * np.nan, target, step_size=0.1, seed=0)
