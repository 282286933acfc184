"""Gibbs sweeps, samples and inpainting of fitted machines, against exact distributions."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import chi2

from gibbsite import BernoulliRBM
from tests.rbm.machines import (
    digits,
    log_unnormalised,
    machine,
    one_hot_states,
    one_thread,  # noqa: F401 (a fixture)
    states,
)

# each test of a distribution fails by chance with this probability
FALSE_FAILURE = 1e-9


def number(v):
    """Which row of `states` each row is."""
    return (v @ (2 ** np.arange(v.shape[1])[::-1])).astype(int)


def deviation(counts, p):
    """Chi-square probability of a histogram as unlikely as this one; the rarest states are counted together."""
    if counts[p == 0].any():
        return 0.0
    expected = p * counts.sum()
    order = np.argsort(expected)
    # so many of them that none of the cells is expected to hold less than 20
    last = np.searchsorted(expected[order].cumsum(), 20.0)
    counts, expected = (
        np.append(values[order[: last + 1]].sum(), values[order[last + 1 :]]) for values in (counts, expected)
    )
    return chi2.sf(((counts - expected) ** 2 / expected).sum(), len(expected) - 1)


def exact(model, every):
    log_f = log_unnormalised(model, every)
    return np.exp(log_f - logsumexp(log_f))


def test_gibbs_leaves_the_distribution_and_sample_reaches_it(rng):
    # always the same machine, one that a change of the biases moves far; what is new in every run are the draws
    model = machine(np.random.default_rng(5), 3, 5, 0.8)
    model.random_state = int(rng.integers(2**32))
    every = states(5)
    p = exact(model, every)
    start = every[rng.choice(len(every), size=50_000, p=p)]
    for v in (model.gibbs(start), model.gibbs(start, 3), model.sample(50_000, 100)):
        assert v.dtype == bool
        assert deviation(np.bincount(number(v), minlength=32), p) > FALSE_FAILURE
    # the same test fails where the hidden units' biases are forgotten
    wrong = machine(rng, 3, 5)
    wrong.random_state = model.random_state
    for name in ("components_", "intercept_visible_"):
        setattr(wrong, name, getattr(model, name))
    wrong.intercept_hidden_ = model.intercept_hidden_ + 0.5
    assert deviation(np.bincount(number(wrong.gibbs(start, 3)), minlength=32), p) < FALSE_FAILURE


def test_clamped_units_stay_and_the_others_follow_the_conditional(rng):
    model = machine(rng, 3, 5, 0.8)
    clamp = np.array([True, False, True, False, False])
    every = states(5)
    given = (every[:, 0] == 1) & (every[:, 2] == 0)
    p = exact(model, every) * given
    start = np.tile([1.0, 0.0, 0.0, 1.0, 0.0], (50_000, 1))
    v = model.gibbs(start, 50, clamp=clamp)
    assert v[:, 0].all()
    assert not v[:, 2].any()
    assert deviation(np.bincount(number(v), minlength=32), p / p.sum()) > FALSE_FAILURE
    assert deviation(np.bincount(number(model.gibbs(start, 50)), minlength=32), p / p.sum()) < FALSE_FAILURE
    # a mask of its own for each row
    mask = rng.random((50, 5)) < 0.5
    rows = (rng.random((50, 5)) < 0.5).astype(float)
    np.testing.assert_array_equal(model.gibbs(rows, 4, clamp=mask)[mask], rows[mask] == 1)
    shown = model.gibbs(rows, 4, clamp=mask, probabilities=True)
    np.testing.assert_array_equal(shown[mask], rows[mask])
    assert ((shown[~mask] > 0) & (shown[~mask] < 1)).all()


def test_grey_rows_start_from_their_probabilities(rng):
    """One sweep from grey rows: h is drawn from p(h | v) with v as it is, not rounded."""
    model = machine(rng, 2, 3, 1.5)
    grey = np.tile([[0.3, 0.6, 0.9]], (50_000, 1))
    p_h = model.transform(grey[:1])[0]
    expected = 0.0
    for h in states(2):
        weight = np.prod(np.where(h == 1, p_h, 1 - p_h))
        expected = expected + weight / (1 + np.exp(-(h @ model.components_ + model.intercept_visible_)))
    v = model.gibbs(grey)
    # three means of 50000 draws, 5.5 standard errors
    np.testing.assert_allclose(v.mean(axis=0), expected, atol=5.5 * 0.5 / 50_000**0.5)
    mixed = np.where(np.arange(3) == 1, 1.0, grey)
    kept = model.gibbs(mixed, clamp=np.array([False, True, False]))
    assert kept[:, 1].all()
    assert 0 < kept[:, 0].mean() < 1


def test_calls_go_on_and_seeds_repeat():
    X = digits()[:50]
    model = BernoulliRBM(6, random_state=3, n_iter=2).fit(X)
    again = BernoulliRBM(6, random_state=3, n_iter=2).fit(X)
    first, second = model.gibbs(X), model.gibbs(X)
    assert (first != second).any()
    np.testing.assert_array_equal(first, again.gibbs(X))
    np.testing.assert_array_equal(second, again.gibbs(X))
    np.testing.assert_array_equal(model.sample(20, 3), model.sample(20, 3))
    np.testing.assert_array_equal(model.sample(20, 3), again.sample(20, 3))
    np.testing.assert_array_equal(model.sample(20, 3)[:5], model.sample(5, 3))
    assert (model.sample(20, 3) != model.sample(20, 4)).any()
    free = BernoulliRBM(6, n_iter=2).fit(X)
    assert (free.sample(20, 3) != free.sample(20, 3)).any()
    model.fit(X)  # starts its random numbers anew
    np.testing.assert_array_equal(first, model.gibbs(X))


def test_samples_as_probabilities():
    X = digits()[:50]
    model = BernoulliRBM(6, random_state=3, n_iter=2).fit(X)
    p, v = model.sample(4000, 5, probabilities=True), model.sample(4000, 5)
    assert p.shape == v.shape == (4000, 64)
    # the states were drawn from these
    error = (v - p).mean(axis=0) / (np.sqrt((p * (1 - p)).mean(axis=0) / 4000))
    # 64 means, 6 standard errors: 1.3e-7
    assert abs(error).max() < 6
    X_again = model.gibbs(X, probabilities=True)
    assert X_again.dtype == np.float64
    assert ((X_again > 0) & (X_again < 1)).all()


def test_chains_of_the_fit_are_where_samples_start():
    """One sweep from the fit's own chains, which stand in one mode."""
    X = np.ones((20, 8))
    model = BernoulliRBM(4, random_state=0, n_iter=0, n_chains=3).fit(X)
    model.components_[:] = 5.0
    model.intercept_visible_[:] = -10.0
    model.h_samples_[:] = [[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]]
    v = model.sample(7, 1).mean(axis=1)
    np.testing.assert_array_equal(v > 0.5, [True, False, True, True, False, True, True])


def test_categorical_samples_and_clamps(rng):
    sizes = [3, 2, 4]
    every = one_hot_states(sizes)
    model = machine(rng, 3, 9, 0.8, visible="categorical", groups=sizes)
    p = exact(model, every)
    index = {tuple(row): i for i, row in enumerate(every)}
    v = model.sample(40_000, 100)
    counts = np.bincount([index[tuple(row)] for row in v.astype(float)], minlength=len(every))
    assert deviation(counts, p) > FALSE_FAILURE
    clamp = np.array([True] * 3 + [False] * 6)
    start = np.tile(every[5], (40_000, 1))
    given = (every[:, :3] == every[5, :3]).all(axis=1)
    v = model.gibbs(start, 50, clamp=clamp)
    counts = np.bincount([index[tuple(row)] for row in v.astype(float)], minlength=len(every))
    assert deviation(counts, p * given / p[given].sum()) > FALSE_FAILURE
    with pytest.raises(ValueError, match="clamp should cover a group as a whole or not at all: columns 3 to 4"):
        model.gibbs(start[:2], clamp=np.arange(9) < 4)
