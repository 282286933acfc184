"""Every kernel of restricted Boltzmann machines on every back end against the oracles."""

import dataclasses

import numpy as np
import pytest

from tests.parity.calling import Out, assert_close, call
from tests.rbm import oracles, problems
from tests.rbm.calling import InOut, call_in_place
from tests.rbm.problems import DOUBT, IDS, KINDS, SHAPES, TOLERANCE

pytestmark = pytest.mark.parametrize("shape", SHAPES, ids=IDS)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def machine(rng, shape, kind, dtype):
    return problems.machine(rng, shape[1], shape[2], kind, dtype)


@pytest.fixture(params=["bytes", "numbers"])
def v(request, rng, shape, machine, dtype):
    if request.param == "bytes":
        return problems.visible_bytes(rng, shape[0], machine)
    return problems.visible_numbers(rng, shape[0], machine, dtype)


def packed(kernels, m):
    """The panels of a machine, or None where the back end has none."""
    size = kernels.rbm.panels_size(*m.weights.shape, m.weights.itemsize)
    if size == 0:
        return None
    (panels,) = call(kernels, kernels.rbm.pack, m.weights, Out((size,), m.weights.dtype))
    return panels


def assert_states(actual, expected, doubt):
    """Equal bit for bit where the probability is not within rounding of the uniform; gaussian ones to rounding."""
    states, margin = expected
    if margin is None:
        assert_close(actual, states, TOLERANCE[actual.dtype.type])
    else:
        np.testing.assert_array_equal(np.where(margin > doubt, actual, states), states)


def test_hidden_probabilities(kernels, rng, shape, dtype, machine, v):
    m, output = machine, Out(shape[:2], dtype)
    for betas in problems.inverse_temperatures(rng, len(v), dtype):
        for panels in (None, packed(kernels, m)):
            arguments = v, m.weights, m.hidden_bias, m.variance, betas, output, panels
            (out,) = call(kernels, kernels.rbm.hidden_probabilities, *arguments)
            assert_close(out, oracles.hidden_probabilities(v, m, betas), TOLERANCE[dtype])


@pytest.mark.parametrize("numbers", [False, True])
def test_visible_probabilities(kernels, rng, shape, dtype, machine, numbers):
    m, n = machine, shape[0]
    h = rng.random(shape[:2]).astype(dtype) if numbers else problems.hidden_bytes(rng, n, m)
    output = Out((n, shape[2]), dtype)
    for betas in problems.inverse_temperatures(rng, n, dtype):
        for panels in (None, packed(kernels, m)):
            arguments = h, m.weights, m.visible_bias, m.variance, m.groups, betas, output, panels
            (out,) = call(kernels, kernels.rbm.visible_probabilities, *arguments)
            assert_close(out, oracles.visible_probabilities(h, m, betas), TOLERANCE[dtype])


def test_free_energy(kernels, shape, dtype, machine, v):
    m = machine
    arguments = v, m.weights, m.visible_bias, m.hidden_bias, m.variance, Out(shape[:1], dtype)
    for panels in (None, packed(kernels, m)):
        (out,) = call(kernels, kernels.rbm.free_energy, *arguments, panels)
        assert_close(out, oracles.free_energy(v, m), TOLERANCE[dtype])


def run_gibbs(kernels, m, v, h, place, *, n_sweeps=1, from_hidden=False, betas=None, clamp=None, outputs=True):
    """(v, h, hidden_probabilities, visible_probabilities) after some sweeps"""
    out = [Out(h.shape, m.weights.dtype), Out(v.shape, m.weights.dtype)] if outputs else [None, None]
    states, probabilities = call_in_place(
        kernels,
        kernels.rbm.gibbs,
        *(InOut(v), InOut(h), *out, clamp, m.weights, m.visible_bias, m.hidden_bias, m.variance, m.groups, betas),
        *(n_sweeps, from_hidden, *place, packed(kernels, m) if outputs else None),
    )
    return *states, *(probabilities or [None, None])


@pytest.mark.parametrize("from_hidden", [False, True])
@pytest.mark.parametrize("clamped", [False, True])
def test_one_gibbs_sweep(kernels, rng, shape, dtype, machine, from_hidden, clamped):
    m, n = machine, shape[0]
    v, h = problems.chain_start(rng, n, m, dtype), problems.hidden_bytes(rng, n, m)
    clamp = (rng.random(v.shape) < 0.5).astype(np.uint8) if clamped else None
    keep = np.zeros(v.shape, bool) if clamp is None else clamp.astype(bool)
    for betas in problems.inverse_temperatures(rng, n, dtype):
        place = problems.place(rng)
        v_new, h_new, hp, vp = run_gibbs(
            kernels, m, v, h, place, from_hidden=from_hidden, betas=betas, clamp=clamp, outputs=True
        )
        h_before = h if from_hidden else h_new
        v_before = v_new if from_hidden else v
        assert_states(h_new, oracles.draw_hidden(v_before, m, place, dtype, betas), DOUBT[dtype])
        states, margin = oracles.draw_visible(h_before, m, place, dtype, betas)
        assert_states(v_new, (np.where(keep, v, states), margin), DOUBT[dtype])
        np.testing.assert_array_equal(v_new[keep], v[keep])
        assert_close(hp, oracles.hidden_probabilities(v_new, m, betas), TOLERANCE[dtype])
        assert_close(vp, oracles.visible_probabilities(h_before, m, betas), TOLERANCE[dtype])


@pytest.mark.parametrize("from_hidden", [False, True])
def test_sweeps_follow_each_other(kernels, rng, shape, dtype, machine, from_hidden):
    m, n = machine, shape[0]
    v, h = problems.chain_start(rng, n, m, dtype), problems.hidden_bytes(rng, n, m)
    seed, _, chain = problems.place(rng)
    sweep = 2**32 - 2  # the number of a sweep wraps
    options = {"from_hidden": from_hidden, "betas": problems.inverse_temperatures(rng, n, dtype)[-1]}
    together = run_gibbs(kernels, m, v, h, (seed, sweep, chain), n_sweeps=3, **options)
    v_only, h_only, _, _ = run_gibbs(kernels, m, v, h, (seed, sweep, chain), n_sweeps=3, outputs=False, **options)
    for k in range(3):
        v, h, hp, vp = run_gibbs(kernels, m, v, h, (seed, (sweep + k) % 2**32, chain), **options)
    for a, b in zip(together, (v, h, hp, vp), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(v_only, v)
    np.testing.assert_array_equal(h_only, h)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("centered", [False, True])
def test_gradient(kernels, rng, shape, dtype, machine, v, weighted, centered):
    (n, n_hidden, n_visible), m = shape, machine
    n_model = n // 2 + 1
    v_model = rng.permutation(np.concatenate([v, v, v[:1]]))[:n_model] if n else np.zeros((1, n_visible), v.dtype)
    h, h_model = rng.random((n, n_hidden)).astype(dtype), rng.random((n_model, n_hidden)).astype(dtype)
    weight = (rng.random(n) * (rng.random(n) > 0.1)).astype(dtype) if weighted else None
    if weighted:
        weight[:1] += 0.5  # at least one row counts
    centers = [rng.random(k).astype(dtype) for k in (n_visible, n_hidden)] if centered else [None, None]
    outputs = [Out(s, dtype) for s in ((n_hidden, n_visible), (n_visible,), (n_hidden,))]
    outputs.append(Out((n_visible,), dtype) if m.kind == "gaussian" else None)
    arguments = v, h, weight, v_model, h_model, *centers, m.weights, m.visible_bias, m.variance, *outputs
    found = call(kernels, kernels.rbm.gradient, *arguments)
    expected = oracles.gradient(v, h, v_model, h_model, m, weight, *centers)
    wanted = expected.W, expected.b, expected.c, expected.log_variance
    for a, b in zip(found, wanted[: len(found)], strict=True):
        assert_close(a, b, TOLERANCE[dtype])


@pytest.mark.parametrize("momentum", [None, 0.8])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.01, 0.3)])
def test_update(kernels, rng, shape, dtype, machine, momentum, l1, l2):
    m = machine
    m.weights[::2, ::2] = 0  # their sign is 0
    parameters = m.weights, m.visible_bias, m.hidden_bias
    gradients = [rng.normal(size=p.shape).astype(dtype) for p in parameters]
    velocities = [None if momentum is None else rng.normal(size=p.shape).astype(dtype) for p in parameters]
    size = kernels.rbm.panels_size(*m.weights.shape, m.weights.itemsize)
    panels = InOut(packed(kernels, m)) if size else None
    (W, b, c, *others), (norms,) = call_in_place(
        kernels,
        kernels.rbm.update,
        *(*map(InOut, parameters), *gradients, *(None if v is None else InOut(v) for v in velocities)),
        *(0.1, momentum or 0.0, l1, l2, panels, Out((4,), np.float64)),
    )
    rates = [(l1, l2), (0.0, 0.0), (0.0, 0.0)]
    expected = [
        oracles.update(x, g, v, 0.1, momentum or 0.0, *decay)
        for x, g, v, decay in zip(parameters, gradients, velocities, rates, strict=True)
    ]
    for found, (wanted, _) in zip((W, b, c), expected, strict=True):
        assert_close(found, wanted, TOLERANCE[dtype])
    for found, (_, step) in zip(others[:3] if momentum else [], expected, strict=momentum is not None):
        assert_close(found, step, TOLERANCE[dtype])
    squares = [((x**2).sum(), (step**2).sum()) for x, step in expected]
    wanted = *squares[0], squares[1][0] + squares[2][0], squares[1][1] + squares[2][1]
    np.testing.assert_allclose(norms, wanted, rtol=TOLERANCE[dtype])
    if size:
        m.weights = W
        np.testing.assert_array_equal(others[-1], packed(kernels, m))


def run_ais(kernels, m, v, log_weight, base, betas, reverse, place):
    (v, log_weight), _ = call_in_place(
        kernels,
        kernels.rbm.ais_step,
        *(InOut(v), InOut(log_weight), m.weights, m.visible_bias, m.hidden_bias, m.variance, m.groups, base),
        *(np.asarray(betas, np.float64), reverse, *place, packed(kernels, m)),
    )
    return v, log_weight


@pytest.mark.parametrize("reverse", [False, True])
def test_one_ais_step(kernels, rng, shape, dtype, machine, reverse):
    m, n = machine, shape[0]
    v, before = problems.chain_start(rng, n, m, dtype), rng.normal(size=n)
    base = rng.normal(size=shape[2]).astype(dtype)
    betas, place = [0.3, 0.45], problems.place(rng)
    v_new, log_weight = run_ais(kernels, m, v, before, base, betas, reverse, place)
    weighed = v_new if reverse else v
    increment = oracles.log_f(weighed, m, base, betas[1]) - oracles.log_f(weighed, m, base, betas[0])
    # each of the hidden units' terms is rounded for itself
    assert_close(log_weight, before + increment, TOLERANCE[dtype], scale=1 + shape[1] / 10)

    beta = betas[0] if reverse else betas[1]
    h, h_margin = oracles.draw_hidden(v, m, place, dtype, [beta])
    x = (1 - beta) * base + beta * oracles.visible_activation(h, m)
    states, margin = oracles.visible_draw(x, m, place, dtype)
    sure = (h_margin > DOUBT[dtype]).all(axis=1)  # chains whose hidden states are known
    assert_states(v_new[sure], (states[sure], None if margin is None else margin[sure]), DOUBT[dtype])


@pytest.mark.parametrize("reverse", [False, True])
def test_ais_steps_follow_each_other(kernels, rng, shape, dtype, machine, reverse):
    m, n = machine, shape[0]
    v, log_weight = problems.chain_start(rng, n, m, dtype), rng.normal(size=n)
    base, betas = rng.normal(size=shape[2]).astype(dtype), [0.9, 0.6, 0.5, 0.1] if reverse else [0.0, 0.1, 0.5, 1.0]
    seed, sweep, chain = problems.place(rng)[0], 2**32 - 1, 2**32 - 1
    together = run_ais(kernels, m, v, log_weight, base, betas, reverse, (seed, sweep, chain))
    for k in range(3):
        place = seed, (sweep + k) % 2**32, chain
        v, log_weight = run_ais(kernels, m, v, log_weight, base, betas[k : k + 2], reverse, place)
    np.testing.assert_array_equal(together[0], v)
    np.testing.assert_allclose(together[1], log_weight, rtol=1e-14)


def test_exact_log_partition(kernels, rng, shape, dtype, kind):
    n_hidden = min(shape[1], 12 if shape[2] < 100 else 7)
    m = problems.machine(rng, n_hidden, shape[2], kind, dtype)
    arguments = m.weights, m.visible_bias, m.hidden_bias, m.variance, m.groups, Out((1,), np.float64)
    (out,) = call(kernels, kernels.rbm.exact_log_partition, *arguments)
    rounding = 1e-12 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(out[0], oracles.log_partition(m), rtol=rounding, atol=rounding)


@pytest.mark.parametrize(("which", "size"), [("one", 75.0), ("one", 85.0), ("every third", 800.0), ("all", 1e5)])
def test_exact_log_partition_of_large_activations(kernels, rng, shape, dtype, kind, which, size):
    """Units whose exponentials would overflow stand beside others; one large bias makes one."""
    m = problems.machine(rng, min(shape[1], 7), shape[2], kind, dtype)
    units = {"one": [shape[2] // 2], "every third": slice(None, None, 3), "all": slice(None)}[which]
    m.visible_bias[units] = size * rng.choice([-1.0, 1.0], m.visible_bias[units].shape)
    if which != "one":
        m.weights[:, units] *= size / 10
    m = dataclasses.replace(m)  # copies for the oracle
    arguments = m.weights, m.visible_bias, m.hidden_bias, m.variance, m.groups, Out((1,), np.float64)
    (out,) = call(kernels, kernels.rbm.exact_log_partition, *arguments)
    # the terms that are added up are as large as this
    largest = (size**2 if kind == "gaussian" else size) * shape[2]
    np.testing.assert_allclose(out[0], oracles.log_partition(m), rtol=1e-12, atol=1e-13 * largest)


def test_a_single_active_unit_selects_its_weights(kernels, shape, dtype, rng):
    """Whatever parts a product is made of, they add up to the weights bit for bit."""
    m = problems.machine(rng, shape[1], shape[2], "gaussian", dtype)
    h, output = np.eye(shape[1], dtype=np.uint8), Out((shape[1], shape[2]), dtype)
    nothing = np.zeros(shape[2], dtype)
    for panels in (None, packed(kernels, m)):
        arguments = h, m.weights, nothing, m.variance, None, None, output, panels
        (out,) = call(kernels, kernels.rbm.visible_probabilities, *arguments)
        np.testing.assert_array_equal(out, m.weights)
