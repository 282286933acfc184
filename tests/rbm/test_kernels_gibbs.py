"""Gibbs sweeps: the distribution that they leave invariant and reach, and where their draws sit.

Each statistical test fails by chance less than once in a million runs, and must refuse a sampler that is wrong.
"""

import numpy as np
import pytest
from scipy import stats

from gibbsite.kernels import rbm as k
from tests.rbm import exact, oracles, problems

ALPHA = 1e-6
N = 40_000


def parameters(m, **changes):
    """Arguments of `gibbs`; `changes` make a wrong sampler."""
    arguments = {"W": m.weights, "b": m.visible_bias, "c": m.hidden_bias, "variance": m.variance, "groups": m.groups}
    return {**arguments, **changes}


def small_machine(kind, dtype=np.float64):
    """Seven binary units, or two gaussian and four binary ones: always the same, so that it is known to mix."""
    n_hidden, n_visible = (4, 2) if kind == "gaussian" else (3, 4)
    m = problems.machine(np.random.default_rng(7), n_hidden, n_visible, kind, dtype)
    if kind == "categorical":
        m.groups = np.array([0, 1, 4])
    return m


def counts_agree(numbers, p, level=ALPHA):
    """Pearson's chi-square test; the rarest states are counted together."""
    counts, expected = np.bincount(numbers, minlength=len(p)), p * len(numbers)
    if counts[p == 0].any():
        return False
    order = np.argsort(expected)
    begin = np.searchsorted(expected[order].cumsum(), 20.0)
    cells = [np.append(values[order[: begin + 1]].sum(), values[order[begin + 1 :]]) for values in (counts, expected)]
    return stats.chisquare(*cells).pvalue > level


def joint_agrees(state, m, beta=1.0):
    v, h, p = exact.joint(m, beta)
    number = exact.numbers_of(np.concatenate([v, h], axis=1))
    p_of_number = np.zeros(2 ** (v.shape[1] + h.shape[1]))
    p_of_number[number] = p
    return counts_agree(exact.numbers_of(np.concatenate([state.v, state.h], axis=1)), p_of_number)


def gaussian_agrees(state, m, beta=1.0):
    """Hidden states by chi-square; visible ones given them, as standard normals, by Kolmogorov and Smirnov."""
    _, p = exact.hidden_marginal(m, beta)
    z = (state.v - oracles.visible_activation(state.h, m)) * np.sqrt(beta / m.s)
    level = ALPHA / (1 + z.shape[1])
    fine = [stats.kstest(column, "norm").pvalue > level for column in z.T]
    return counts_agree(exact.numbers_of(state.h), p, level) and all(fine)


def agrees(state, m, beta=1.0):
    return (gaussian_agrees if m.kind == "gaussian" else joint_agrees)(state, m, beta)


@pytest.fixture(params=problems.KINDS)
def kind(request):
    return request.param


@pytest.fixture
def seed(rng):
    return int(rng.integers(0, 2**63))


@pytest.mark.parametrize("from_hidden", [False, True])
def test_the_joint_distribution_is_invariant(host, rng, seed, kind, dtype, from_hidden):
    m = small_machine(kind, dtype)
    v, h = exact.draw(rng, m, N)

    def sweep(**changes):
        start = {"h": h} if from_hidden else {}
        return k.gibbs(v, **parameters(m, **changes), seed=seed, n_sweeps=3, from_hidden=from_hidden, **start)

    assert agrees(sweep(), m)
    assert not agrees(sweep(c=np.zeros(len(m.c))), m)
    assert not agrees(sweep(b=m.visible_bias * 0.5), m)
    assert not agrees(sweep(W=m.weights * 0.7), m)
    assert not agrees(sweep(temperature=1.3), m)


def lowest_states(m, n):
    """Binary units off, the first unit of each categorical group on."""
    v = np.zeros((n, len(m.b)), np.uint8)
    if m.groups is not None:
        v[:, m.groups[:-1]] = 1
    return v


def test_the_joint_distribution_is_reached(host, seed, kind):
    """Unlike invariance, this also tells a sampler that does not move."""
    m = small_machine(kind)
    start = lowest_states(m, N)
    assert agrees(k.gibbs(start, **parameters(m), seed=seed, n_sweeps=20), m)
    assert not agrees(k.gibbs(start, **parameters(m), seed=seed, n_sweeps=1), m)


def test_temperatures(host, seed, kind):
    """Every chain has the distribution of its own temperature."""
    m = small_machine(kind)
    temperature = np.tile([2.0, 0.8], N)
    start = lowest_states(m, len(temperature))
    v, h, _, _ = k.gibbs(start, **parameters(m), seed=seed, n_sweeps=20, temperature=temperature)
    hot = k.GibbsState(v[::2], h[::2], None, None)
    cold = k.GibbsState(v[1::2], h[1::2], None, None)
    assert agrees(hot, m, 1 / 2.0)
    assert agrees(cold, m, 1 / 0.8)
    assert not agrees(hot, m, 1 / 0.8)
    assert not agrees(cold, m, 1 / 2.0)


def test_clamped_units_condition_the_others(host, seed):
    m = small_machine("bernoulli")
    clamp = np.zeros((N, 4), bool)
    clamp[:, 1:3] = True
    start = np.tile(np.array([0, 1, 0, 0], np.uint8), (N, 1))
    state = k.gibbs(start, **parameters(m), seed=seed, n_sweeps=20, clamp=clamp)
    v, h, p = exact.joint(m)
    possible = (v[:, 1] == 1) & (v[:, 2] == 0)
    p = np.where(possible, p, 0) / p[possible].sum()
    p_of_number = np.zeros(2**7)
    p_of_number[exact.numbers_of(np.concatenate([v, h], axis=1))] = p
    numbers = exact.numbers_of(np.concatenate([state.v, state.h], axis=1))
    assert (state.v[:, 1:3] == [1, 0]).all()
    assert counts_agree(numbers, p_of_number)
    free = k.gibbs(start, **parameters(m, c=m.hidden_bias + 0.2), seed=seed, n_sweeps=20, clamp=clamp)
    assert not counts_agree(exact.numbers_of(np.concatenate([free.v, free.h], axis=1)), p_of_number)


def assert_same(a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.fixture
def problem(rng, kind, dtype):
    """70 chains of 150 visible and 90 hidden units: more than a block, a strip and a group of either."""
    m = problems.machine(rng, 90, 150, kind, dtype)
    return parameters(m), problems.chain_start(rng, 70, m, dtype), problems.hidden_bytes(rng, 70, m)


@pytest.mark.parametrize("from_hidden", [False, True])
def test_how_chains_and_sweeps_are_cut_into_calls_changes_no_bit(host, seed, problem, from_hidden):
    machine, v, h = problem
    temperature = np.linspace(0.5, 2, len(v))
    options = {**machine, "seed": seed, "from_hidden": from_hidden}
    first_sweep, first_chain = 7, 2**32 - 30  # the number of a chain wraps

    def run(v, h, begin, end, sweep, n_sweeps):
        start = {"h": h[begin:end]} if from_hidden else {}
        place = {"chain": (first_chain + begin) % 2**32, "sweep": sweep, "n_sweeps": n_sweeps}
        return k.gibbs(v[begin:end], **options, **start, **place, temperature=temperature[begin:end])

    whole = run(v, h, 0, 70, first_sweep, 5)
    parts = [run(v, h, begin, end, first_sweep, 5) for begin, end in ((0, 1), (1, 65), (65, 70))]
    assert_same(whole, [np.concatenate(arrays) for arrays in zip(*parts, strict=True)])
    first = run(v, h, 0, 70, first_sweep, 2)
    assert_same(whole, run(first.v, first.h, 0, 70, first_sweep + 2, 3))


def test_threads_change_no_bit(host, seed, problem):
    machine, v, _ = problem
    v = np.tile(v, (8, 1))
    one = k.gibbs(v, **machine, seed=seed, n_sweeps=4, threads=1)
    for threads in (2, 3):
        assert_same(one, k.gibbs(v, **machine, seed=seed, n_sweeps=4, threads=threads))


def test_other_places_give_other_draws(host, seed, problem):
    machine, v, _ = problem
    states = [
        k.gibbs(v, **machine, seed=seed, **place)
        for place in ({}, {"sweep": 1}, {"chain": 100}, {"chain": 2**32 - 100})
    ]
    states.append(k.gibbs(v, **machine, seed=seed ^ 1 << 40))
    for i, a in enumerate(states):
        for b in states[:i]:
            assert (a.h != b.h).mean() > 0.01
            assert (a.v != b.v).mean() > 0.01


def test_the_start_is_not_changed(host, seed, problem):
    machine, v, h = problem
    before = v.copy(), h.copy()
    for options in ({}, {"from_hidden": True, "h": h}, {"mean_field": True}):
        k.gibbs(v, **machine, seed=seed, **options)
    assert_same((v, h), before)


def test_chains_that_start_from_hidden_states_need_no_visible_ones(host, seed, problem):
    machine, v, h = problem
    options = {**machine, "seed": seed, "h": h, "from_hidden": True}
    assert_same(k.gibbs(None, **options), k.gibbs(v, **options))


@pytest.mark.parametrize("from_hidden", [False, True])
def test_mean_field_passes_probabilities_on(host, seed, problem, from_hidden):
    machine, v, h = problem
    m = oracles.Machine(machine["W"], machine["b"], machine["c"], machine["variance"], machine["groups"])
    clamp = np.zeros(v.shape, bool)
    clamp[::2] = True  # whole rows
    start = {"h": h, "from_hidden": True} if from_hidden else {}
    state = k.gibbs(v, **machine, seed=seed, n_sweeps=3, mean_field=True, clamp=clamp, temperature=1.5, **start)
    betas = np.full(len(v), 1 / 1.5)
    visible, hidden = v.astype(np.float64), h if from_hidden else oracles.hidden_probabilities(v, m, betas)
    for _ in range(3):
        probabilities = oracles.visible_probabilities(hidden, m, betas)
        visible = np.where(clamp, visible, probabilities)
        hidden = oracles.hidden_probabilities(visible, m, betas)
    tolerance = problems.TOLERANCE[m.weights.dtype.type]
    for found, wanted in zip(state, (visible, hidden, hidden, probabilities), strict=True):
        assert found.dtype == m.weights.dtype
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
