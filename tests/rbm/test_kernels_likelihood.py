"""Free energies and partition functions: exact values, extremes, annealed importance sampling."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from gibbsite.kernels import rbm as k
from tests.rbm import exact, oracles, problems

ALPHA = 1e-6
# Logarithms may be near 0.
ROUNDING = {np.float64: {"rtol": 1e-12, "atol": 1e-12}, np.float32: {"rtol": 1e-6, "atol": 1e-6}}


@pytest.fixture(params=problems.KINDS)
def kind(request):
    return request.param


def arguments(m):
    return {"W": m.weights, "b": m.visible_bias, "c": m.hidden_bias, "variance": m.variance, "groups": m.groups}


def brute_log_partition(m):
    """Over all pairs of states; gaussian units on a grid, on which sums of smooth densities are all but integrals."""
    h = oracles.states_of(len(m.c))
    if m.kind == "gaussian":
        axis, spacing = np.linspace(-20, 20, 801, retstep=True)
        v = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        measure = 2 * np.log(spacing)
    else:
        v, measure = oracles.visible_states_of(m), 0.0
    return logsumexp([logsumexp(-oracles.energy(v, np.tile(row, (len(v), 1)), m)) for row in h]) + measure


def test_log_partition_of_all_pairs_of_states(host, rng, dtype, kind):
    m = problems.machine(rng, 4, 2 if kind == "gaussian" else 7, kind, dtype)
    found = k.exact_log_partition(**arguments(m))
    assert isinstance(found, float)
    np.testing.assert_allclose(found, brute_log_partition(m), **ROUNDING[dtype])


def test_a_binary_machine_is_enumerated_on_its_smaller_side(host, rng):
    m = problems.machine(rng, 40, 6, "bernoulli")
    turned = oracles.Machine(np.ascontiguousarray(m.weights.T), m.hidden_bias, m.visible_bias)
    found = k.exact_log_partition(**arguments(m))
    np.testing.assert_allclose(found, oracles.log_partition(turned), rtol=1e-12, atol=1e-12)


def test_too_many_units(host, rng):
    m = problems.machine(rng, 31, 32, "bernoulli")
    with pytest.raises(ValueError, match="Both sides have more than 30 units: 31"):
        k.exact_log_partition(**arguments(m))
    m = problems.machine(rng, 31, 2, "gaussian")
    with pytest.raises(ValueError, match="The hidden side has more than 30 units: 31"):
        k.exact_log_partition(**arguments(m))


@pytest.mark.parametrize("scale", [1e-4, 1e2, 1e4])
def test_log_partition_of_extreme_machines(host, rng, kind, scale):
    m = problems.machine(rng, 9, 40, kind, scale=scale)
    found = k.exact_log_partition(**arguments(m))
    np.testing.assert_allclose(found, oracles.log_partition(m), rtol=1e-11, atol=1e-11)


def test_threads_change_no_bit(host, rng, kind, dtype):
    m = problems.machine(rng, 14, 900, kind, dtype)
    few = arguments(m)
    v = problems.chain_start(rng, 333, m, dtype)
    shared = {"W": m.weights, "c": m.hidden_bias, "variance": m.variance}
    h = rng.random((333, 14)).astype(dtype)
    betas, base = np.linspace(0, 1, 5), np.zeros(900)
    runs = [
        (
            k.exact_log_partition(**few, threads=threads),
            k.free_energy(v, b=m.visible_bias, **shared, threads=threads),
            k.hidden_probabilities(v, **shared, threads=threads),
            k.visible_probabilities(
                h, m.weights, m.visible_bias, variance=m.variance, groups=m.groups, threads=threads
            ),
            *k.ais_step(v, **few, base=base, betas=betas, seed=1, threads=threads),
        )
        for threads in (1, 2, 3)
    ]
    for other in runs[1:]:
        for a, b in zip(runs[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_free_energy_is_a_sum_over_hidden_states(host, rng, kind):
    m = problems.machine(rng, 5, 6, kind)
    v = problems.chain_start(rng, 9, m, np.float64)
    h = oracles.states_of(5)
    expected = [-logsumexp(-oracles.energy(np.tile(row, (len(h), 1)), h, m)) for row in v.astype(np.float64)]
    found = k.free_energy(v, m.weights, m.visible_bias, m.hidden_bias, variance=m.variance)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [30.0, 90.0, 800.0, 1e4])
def test_activations_of_any_size(host, dtype, size):
    """The softplus neither overflows nor jumps, and probabilities stay in [0, 1]."""
    x = np.concatenate([np.linspace(-size, size, 201), [0.0, -0.0]])
    W, v = x[:, np.newaxis].astype(dtype), np.ones((1, 1), np.uint8)
    nothing = np.zeros(len(x), dtype), np.zeros(1, dtype)
    one_by_one = [float(k.free_energy(v, W[i : i + 1], nothing[1], nothing[0][:1])[0]) for i in range(len(x))]
    expected, limits = -np.logaddexp(0, W[:, 0].astype(np.float64)), np.finfo(dtype)
    np.testing.assert_allclose(one_by_one, expected, rtol=4 * limits.eps, atol=limits.tiny)
    assert (np.diff(one_by_one[:201]) <= 0).all()
    total = k.free_energy(v, W, nothing[1], nothing[0])
    np.testing.assert_allclose(total, np.sum(one_by_one), rtol=1e-6)
    for p in (k.hidden_probabilities(v, W, nothing[0]), k.visible_probabilities(v, W.T, nothing[0])):
        assert ((p >= 0) & (p <= 1)).all()
        np.testing.assert_allclose(p[0], 1 / (1 + np.exp(np.minimum(-x, 700))), atol=1e-6)
    state = k.gibbs(v, W, nothing[1], nothing[0], seed=3)
    sure = np.abs(x) > 40
    np.testing.assert_array_equal(state.h[0][sure], x[sure] > 0)


def test_softmax_of_any_size(host, dtype):
    b = np.array([0, 1e4, -1e4, 30, -1e4, -1e4], dtype)
    p = k.visible_probabilities(np.zeros((1, 1)), np.zeros((1, 6), dtype), b, groups=[0, 3, 4, 6])
    np.testing.assert_array_equal(p, [[0, 1, 0, 1, 0.5, 0.5]])


def test_free_energies_of_many_units_keep_float32(host, rng):
    """The sum over units is made in float64: ten thousand terms lose nothing but the last rounding."""
    m = problems.machine(rng, 10_000, 20, "bernoulli", np.float32)
    v = problems.visible_bytes(rng, 5, m)
    found = k.free_energy(v, m.weights, m.visible_bias, m.hidden_bias)
    np.testing.assert_allclose(found, oracles.free_energy(v, m), rtol=3e-7)


def estimate(log_weight):
    """(log of the mean weight, its standard error)"""
    shift = log_weight.max()
    weight = np.exp(log_weight - shift)
    return shift + np.log(weight.mean()), weight.std() / (weight.mean() * np.sqrt(len(weight)))


def within(log_weight, expected):
    """Two-sided at level ALPHA for a normal estimate, and a deviation more because weights are a little skewed."""
    value, error = estimate(log_weight)
    assert 0 < error < 0.1
    return abs(value - expected) <= (stats.norm.isf(ALPHA / 2) + 1) * error


@pytest.mark.parametrize("reverse", [False, True])
def test_annealed_importance_sampling(host, rng, kind, dtype, reverse):
    m = problems.machine(rng, 6, 8, kind, dtype)
    base = (m.visible_bias + 0.3 * rng.normal(size=8)).astype(dtype)
    n, seed = 20_000, int(rng.integers(0, 2**63))
    ratio = oracles.log_partition(m) - exact.log_base_partition(m, base.astype(np.float64))
    betas = np.linspace(0, 1, 60)
    v = exact.draw(rng, m, n)[0] if reverse else exact.draw_base(rng, m, base, n)

    def log_weight(**changes):
        ladder = betas[::-1] if reverse else betas
        return k.ais_step(
            v, **{**arguments(m), **changes}, base=base, betas=ladder, seed=seed, reverse=reverse
        ).log_weight

    expected = -ratio if reverse else ratio
    assert within(log_weight(), expected)
    assert not within(log_weight(c=m.hidden_bias - 0.3), expected)


def test_ladders_may_be_climbed_in_parts(host, rng, kind, dtype):
    m = problems.machine(rng, 20, 30, kind, dtype)
    v, base = problems.chain_start(rng, 70, m, dtype), np.zeros(30)
    betas, options = np.linspace(0, 1, 9), {**arguments(m), "base": np.zeros(30), "seed": 5}
    whole = k.ais_step(v, **options, betas=betas)
    first = k.ais_step(v, **options, betas=betas[:4])
    second = k.ais_step(first.v, **options, betas=betas[3:], log_weight=first.log_weight, sweep=3)
    np.testing.assert_array_equal(whole.v, second.v)
    np.testing.assert_allclose(whole.log_weight, second.log_weight, rtol=1e-13)
    parts = [k.ais_step(v[a:b], **options, betas=betas, chain=a) for a, b in ((0, 1), (1, 66), (66, 70))]
    np.testing.assert_array_equal(whole.v, np.concatenate([part.v for part in parts]))
    np.testing.assert_array_equal(whole.log_weight, np.concatenate([part.log_weight for part in parts]))
    assert (base == 0).all()
