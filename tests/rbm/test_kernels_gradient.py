"""The gradient is that of the exact log likelihood; steps along it."""

import numpy as np
import pytest

from gibbsite.kernels import rbm as k
from tests.rbm import exact, oracles, problems

STEP = 1e-5


@pytest.fixture(params=problems.KINDS)
def kind(request):
    return request.param


@pytest.fixture
def machine(rng, kind):
    m = problems.machine(rng, 3, 2 if kind == "gaussian" else 5, kind)
    if kind == "categorical":
        m.groups = np.array([0, 2, 5])
    return m


def mean_log_likelihood(X, m):
    return -oracles.free_energy(X, m).mean() - oracles.log_partition(m)


def by_differences(X, m, parameter):
    """Central differences of the exact log likelihood by one of the machine's arrays (changed and restored)."""
    array, out = getattr(m, parameter), np.empty(getattr(m, parameter).shape)
    for place in np.ndindex(array.shape):
        value, both = array[place], []
        for sign in (1, -1):
            array[place] = value * np.exp(sign * STEP) if parameter == "s" else value + sign * STEP
            both.append(mean_log_likelihood(X, m))
        array[place] = value
        out[place] = (both[0] - both[1]) / (2 * STEP)
    return out


def exact_rows(m):
    """(v, h, p): rows whose weighted moments are those of the machine's distribution."""
    if m.kind != "gaussian":
        return exact.joint(m)
    # Gauss-Hermite nodes: exact for the second moments of normals
    states, p = exact.hidden_marginal(m)
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    grid = np.stack(np.meshgrid(*[nodes] * len(m.b)), axis=-1).reshape(-1, len(m.b))
    grid_weights = np.prod(np.stack(np.meshgrid(*[weights / weights.sum()] * len(m.b)), axis=-1), axis=-1).ravel()
    v = oracles.visible_activation(states, m)[:, np.newaxis] + np.sqrt(m.s) * grid
    return (
        v.reshape(-1, len(m.b)),
        np.repeat(states, len(grid), axis=0),
        np.outer(p, grid_weights).ravel(),
    )


def data_rows(rng, m):
    return problems.chain_start(rng, 20, m, np.float64)


def gaussian_arguments(m):
    return {"W": m.weights, "b": m.visible_bias, "variance": m.variance} if m.kind == "gaussian" else {}


def test_against_the_exact_log_likelihood(host, rng, machine):
    m, X = machine, data_rows(rng, machine)
    v, h, p = exact_rows(m)
    # Only rows of data carry weights: the machine's distribution stands there, and all signs turn.
    found = k.gradient(v, h, X, oracles.hidden_probabilities(X, m), sample_weight=p, **gaussian_arguments(m))
    names = {"W": found.W, "b": found.b, "c": found.c}
    if m.kind == "gaussian":
        names["s"] = found.log_variance
    else:
        assert found.log_variance is None
    for name, value in names.items():
        np.testing.assert_allclose(-value, by_differences(X.astype(np.float64), m, name), rtol=1e-6, atol=1e-8)


def flipped_gradient(gradient):
    """What the gradient of a machine becomes when all visible units swap their states."""
    return k.Gradient(-gradient.W, -gradient.b, gradient.c + gradient.W.sum(axis=1), None)


def test_a_centred_gradient_does_not_see_which_state_is_called_one(host, rng):
    v, v_model = (rng.random((2, 30, 7)) < 0.3).astype(np.uint8)
    h, h_model = rng.random((2, 30, 4))
    mu, lam = v.mean(axis=0), h.mean(axis=0)

    def gradients(**centers):
        flipped = {"visible_center": 1 - mu, "hidden_center": lam} if centers else {}
        return k.gradient(v, h, v_model, h_model, **centers), k.gradient(1 - v, h, 1 - v_model, h_model, **flipped)

    def differs(one, other):
        return any(np.abs(a - b).max() > 1e-12 for a, b in zip(flipped_gradient(one)[:3], other[:3], strict=True))

    assert not differs(*gradients(visible_center=mu, hidden_center=lam))
    assert differs(*gradients())


def test_bytes_and_numbers_say_the_same(host, rng, dtype):
    v, v_model = (rng.random((2, 300, 70)) < 0.3).astype(np.uint8)
    h, h_model = rng.random((2, 300, 40)).astype(dtype)
    a = k.gradient(v, h, v_model, h_model)
    for b in (
        k.gradient(v.astype(dtype), h, v_model, h_model),
        k.gradient(v.astype(bool), h, v_model.tolist(), h_model),
    ):
        for x, y in zip(a[:3], b[:3], strict=True):
            np.testing.assert_allclose(x, y, atol=1e-6 if dtype == np.float32 else 1e-14)


def test_float32_keeps_small_differences_of_many_rows(host, rng):
    """A hundred thousand rows: sums in float32 alone would lose the fifth digit."""
    v, v_model = (rng.random((2, 100_001, 3)) < 0.5).astype(np.uint8)
    h, h_model = rng.random((2, 100_001, 2)).astype(np.float32)
    m = problems.machine(rng, 2, 3, "bernoulli", np.float32)
    found, wanted = k.gradient(v, h, v_model, h_model), oracles.gradient(v, h, v_model, h_model, m)
    for a, b in zip(found[:3], (wanted.W, wanted.b, wanted.c), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-7)


@pytest.mark.parametrize("gaussian", [False, True])
def test_threads_change_no_bit(host, rng, dtype, gaussian):
    m = problems.machine(rng, 300, 500, "gaussian" if gaussian else "bernoulli", dtype)
    v, v_model = (problems.chain_start(rng, 400, m, dtype) for _ in range(2))
    h, h_model = rng.random((2, 400, 300)).astype(dtype)
    options = {
        "visible_center": v.mean(axis=0),
        "hidden_center": h.mean(axis=0),
        "sample_weight": rng.random(400),
        **gaussian_arguments(m),
    }
    one = k.gradient(v, h, v_model, h_model, **options, threads=1)
    for threads in (2, 3):
        for a, b in zip(one, k.gradient(v, h, v_model, h_model, **options, threads=threads), strict=True):
            np.testing.assert_array_equal(a, b)
    norms = []
    for threads in (1, 2, 3):
        arrays = [a.copy() for a in (m.weights, m.visible_bias, m.hidden_bias)]
        norms.append(k.update(*arrays, one, learning_rate=0.1, l2=0.1, threads=threads))
    np.testing.assert_array_equal(norms, [norms[0]] * 3)


def test_out_is_written_and_returned(host, rng):
    v, h = np.eye(3, dtype=np.uint8), rng.random((3, 2))
    out = k.Gradient(np.full((2, 3), np.nan), np.full(3, np.nan), np.full(2, np.nan), None)
    found = k.gradient(v, h, v[:1], h[:1], out=out)
    assert found.W is out.W
    for a, b in zip(found[:3], k.gradient(v, h, v[:1], h[:1])[:3], strict=True):
        np.testing.assert_array_equal(a, b)


def test_norms_are_not_finite_where_a_parameter_is_not(host, dtype):
    for bad in (np.nan, np.inf):
        W, b, c = np.zeros((2, 3), dtype), np.zeros(3, dtype), np.zeros(2, dtype)
        slopes = [np.zeros_like(a) for a in (W, b, c)]
        slopes[1][1] = bad
        norms = k.update(W, b, c, slopes, learning_rate=0.1)
        assert np.isfinite(norms).tolist() == [True, True, False, False]
        slopes[0][1, 2] = bad
        assert not np.isfinite(k.update(W, b, c, slopes, learning_rate=0.1)).any()


def test_a_large_step_is_taken_as_it_is(host, dtype):
    W, b, c = np.full((2, 3), -2, dtype), np.zeros(3, dtype), np.zeros(2, dtype)
    slopes = [np.ones_like(a) for a in (W, b, c)]
    velocity = [np.ones_like(a) for a in (W, b, c)]
    norms = k.update(W, b, c, slopes, learning_rate=0.5, velocity=velocity, momentum=0.25, l1=1.0, l2=2.0)
    step = 0.25 + 0.5 * (1 + 2 * 2 + 1)
    np.testing.assert_allclose(W, step - 2)
    np.testing.assert_allclose(velocity[0], step)
    np.testing.assert_allclose([*b, *c], 0.75)  # no decay
    np.testing.assert_allclose(norms, [6 * (step - 2) ** 2, 6 * step**2, 5 * 0.75**2, 5 * 0.75**2])
