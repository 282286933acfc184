"""Likelihoods: exact by enumeration, and the bracket of annealed importance sampling forwards and backwards."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from gibbsite import BernoulliRBM, GaussianRBM
from gibbsite.rbm import LogLikelihood
from gibbsite.rbm._annealing import Annealing, log_mean
from tests.rbm.machines import (
    digits,
    gaussian_log_density,
    log_likelihood,
    machine,
    one_hot_states,
    one_thread,  # noqa: F401 (a fixture)
    states,
)

FAST = {"n_chains": 300, "n_temperatures": 200, "n_reverse_chains": 20}
SIZES = [3, 2, 4]


def rows_like(rng, model, n):
    """Rows that a model of the same size makes plausible."""
    return model.sample(n, 50).astype(float)


@pytest.mark.parametrize("seed", range(20))
def test_the_bracket_holds_the_exact_value(seed):
    """Twenty machines of random size and strength, within four standard errors on each side."""
    rng = np.random.default_rng(seed)
    n_hidden, n_visible = rng.integers(2, 12, size=2)
    model = machine(rng, n_hidden, n_visible, rng.uniform(0.1, 1.2))
    X = rows_like(rng, model, int(rng.integers(1, 60)))
    exact = log_likelihood(model, X)
    got = model.log_likelihood(X, "ais", random_state=seed, n_reverse_rows=None, **FAST)
    assert got.upper >= exact - 4 * got.standard_error
    assert got.lower <= exact + 4 * got.lower_standard_error
    # and it is a bracket that says something
    assert got.upper - exact < 0.1 + 4 * got.standard_error
    assert exact - got.lower < 0.3 + 4 * got.lower_standard_error
    assert got.standard_error < 0.3
    assert got.lower_standard_error < 0.3
    assert got.value == got.upper
    assert model.log_likelihood(X).value == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["gaussian", "categorical"])
def test_the_bracket_of_other_units(kind, seed):
    rng = np.random.default_rng(seed)
    if kind == "gaussian":
        model = machine(rng, 4, 3, 0.6, gaussian=True)
        X = model.sample(40, 50)
        exact = gaussian_log_density(model, X).mean()
    else:
        model = machine(rng, 4, 9, 0.6, visible="categorical", groups=SIZES)
        X = rows_like(rng, model, 40)
        exact = log_likelihood(model, X, SIZES)
    assert model.log_likelihood(X).method == "exact"
    assert model.log_likelihood(X).value == pytest.approx(exact, rel=1e-10)
    got = model.log_likelihood(X, "ais", random_state=seed, n_reverse_rows=None, **FAST)
    assert exact - 4 * got.standard_error <= got.upper < exact + 0.1 + 4 * got.standard_error
    assert exact - 0.3 - 4 * got.lower_standard_error < got.lower <= exact + 4 * got.lower_standard_error


def test_too_few_temperatures_widen_the_bracket():
    """Two steps from the base rates to the machine: both estimates are off, each on its side."""
    rng = np.random.default_rng(0)
    model = machine(rng, 8, 10, 2.5)
    X = rows_like(rng, model, 100)
    model.data_mean_, model.n_samples_seen_ = np.full(10, 0.5), 100
    exact = log_likelihood(model, X)
    few = model.log_likelihood(X, "ais", random_state=0, n_chains=20, n_temperatures=2, n_reverse_chains=1)
    many = model.log_likelihood(X, "ais", random_state=0, n_chains=1000, n_temperatures=1000)
    assert few.upper > exact + 0.5
    assert few.lower < exact - 0.5
    assert np.isfinite(few.lower_standard_error)
    assert abs(many.upper - exact) < 0.1
    assert exact - 0.3 < many.lower <= exact + 4 * many.lower_standard_error


def test_the_standard_error_is_that_of_repetitions(rng):
    model = machine(np.random.default_rng(0), 6, 8, 0.8)
    X = rows_like(rng, model, 30)
    got = [model.log_likelihood(X, "ais", random_state=seed, n_reverse_rows=None, **FAST) for seed in range(25)]
    for value, error in (("upper", "standard_error"), ("lower", "lower_standard_error")):
        spread = np.std([getattr(item, value) for item in got], ddof=1)
        stated = np.mean([getattr(item, error) for item in got])
        # a deviation from 25 numbers is good to 14 %
        assert 0.4 < spread / stated < 1.7


def test_reverse_chains_on_some_of_the_rows(rng):
    model = machine(np.random.default_rng(1), 6, 8, 0.8)
    X = rows_like(rng, model, 400)
    some = model.log_likelihood(X, "ais", random_state=0, n_reverse_rows=40, **FAST)
    every = model.log_likelihood(X, "ais", random_state=0, n_reverse_rows=None, **FAST)
    assert some.upper == every.upper
    assert abs(some.lower - every.lower) < 5 * (some.lower_standard_error + every.lower_standard_error)
    assert some.lower_standard_error > every.lower_standard_error
    # far better than the likelihoods of 40 rows by themselves
    assert some.lower_standard_error < 0.2 * model.free_energy(X).std() / 40**0.5


def test_the_base_is_exact(rng):
    """log Z at the hot end against enumeration of a machine without weights, for all kinds of units."""
    for model in (
        machine(rng, 3, 6, 0.0),
        machine(rng, 3, 9, 0.0, visible="categorical", groups=SIZES),
        machine(rng, 3, 4, 0.0, gaussian=True),
    ):
        model.intercept_visible_ = rng.normal(size=model.components_.shape[1])
        base = model._machine(np, np.dtype(float))
        annealing = Annealing(base, base.b, 0)
        exact = model.log_likelihood(np.eye(1, len(base.b)) if base.groups is None else one_hot_states(SIZES)[:1])
        assert annealing.log_partition_of_base() == pytest.approx(exact.log_partition, rel=1e-12)
        # a machine that is its own base: every weight is one
        value, error = annealing.log_partition(10, np.linspace(0, 1, 4))
        assert value == pytest.approx(exact.log_partition, rel=1e-9)
        assert error < 1e-6


def test_temperatures_are_at_equal_length(rng):
    """The increments of log weights deviate equally at every step, where even temperatures leave a peak."""
    model = machine(np.random.default_rng(3), 10, 12, 2.0)
    annealing = Annealing(model._machine(np, np.dtype(float)), np.zeros(12), 0)
    betas = annealing.ladder(60)
    assert betas.shape == (61,)
    assert (betas[0], betas[-1]) == (0.0, 1.0)
    assert (np.diff(betas) > 0).all()

    def spreads(betas):
        v, log_weight, found = annealing._base_states(2000), np.zeros(2000), []
        for step in range(60):
            log_weight[:] = 0
            annealing._run(v, log_weight, betas[step : step + 2])
            found.append(log_weight.std())
        return np.array(found)

    adapted, even = spreads(betas), spreads(np.linspace(0, 1, 61))
    assert adapted.std() / adapted.mean() < 0.5 * even.std() / even.mean()
    assert np.square(adapted).sum() < np.square(even).sum()


def test_base_rates_of_the_data_help():
    """The estimate from the data's base rates deviates less than the one from even odds."""
    X = digits()[:500]
    model = BernoulliRBM(12, learning_rate=0.05, n_iter=10, random_state=0).fit(X)
    exact = model.log_likelihood(X)
    inner, errors = model._machine(np, np.dtype(float)), []
    for base in (model._base(X, inner), np.zeros(64)):
        annealing = Annealing(inner, base, 0)
        value, error = annealing.log_partition(500, annealing.ladder(100))
        assert abs(value - exact.log_partition) < 5 * error + 0.05
        errors.append(error)
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_trained_machine(dtype):
    X = digits(dtype)
    model = BernoulliRBM(20, learning_rate=0.05, n_iter=20, batch_size=50, centered=True, random_state=0).fit(X[:1500])
    exact = model.log_likelihood(X[1500:], "exact")
    assert exact.method == "exact"
    assert exact.value == exact.lower == exact.upper
    assert exact.standard_error == exact.lower_standard_error == 0.0
    got = model.log_likelihood(X[1500:], "ais", random_state=1, **FAST)
    assert got.method == "ais"
    assert abs(got.upper - exact.value) < 4 * got.standard_error + 0.02
    assert abs(got.lower - exact.value) < 4 * got.lower_standard_error + 0.1
    assert got.log_partition == pytest.approx(exact.log_partition, abs=0.2)
    for form in (sparse.csr_matrix(X[1500:]), X[1500:].astype(bool)):
        assert model.log_likelihood(form, "ais", random_state=1, **FAST).value == pytest.approx(got.value, rel=1e-5)
    assert model.log_likelihood(sparse.csr_matrix(X[1500:])).value == pytest.approx(exact.value, rel=1e-5)


def test_seeds_and_threads(rng):
    model = machine(rng, 4, 5)
    X = rows_like(rng, model, 20)
    options = {"method": "ais", "n_chains": 50, "n_temperatures": 60}
    first = model.log_likelihood(X, **options)
    assert first == model.log_likelihood(X, **options)
    assert first.value != model.log_likelihood(X, random_state=1, **options).value
    for threads in (1, 2):
        model.threads = threads
        assert first == model.log_likelihood(X, **options)
    assert dataclasses.is_dataclass(LogLikelihood)


def test_auto_enumerates_the_smaller_side():
    rng = np.random.default_rng(0)
    options = {"n_chains": 10, "n_temperatures": 10}
    for n_hidden, n_visible, method in [(3, 40, "exact"), (40, 3, "exact"), (26, 30, "ais")]:
        model = machine(rng, n_hidden, n_visible, 0.1)
        assert model.log_likelihood(np.zeros((2, n_visible)), **options).method == method
    wide = machine(rng, 26, 3, 0.1, gaussian=True)
    assert wide.log_likelihood(np.zeros((2, 3)), **options).method == "ais"
    model = machine(rng, 40, 3, 0.3)
    every = states(3)
    probabilities = [np.exp(model.log_likelihood(row[None]).value) for row in every]
    assert sum(probabilities) == pytest.approx(1.0, rel=1e-10)


def test_too_many_units_to_enumerate():
    model = machine(np.random.default_rng(0), 40, 50, 0.1)
    with pytest.raises(ValueError, match=r"40 units are too many to enumerate.* method='ais' estimates"):
        model.log_likelihood(np.zeros((2, 50)), "exact")


def test_log_mean():
    weights = np.log(np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 5.0, 5.0, 5.0]])) - 1000.0
    value, error = log_mean(weights)
    np.testing.assert_allclose(value, np.log([2.5, 5.0]) - 1000.0)
    np.testing.assert_allclose(error, [np.std([1, 2, 3, 4], ddof=1) / 2.5 / 2, 0.0], atol=1e-12)


def test_one_row_and_one_chain():
    model = GaussianRBM(2, random_state=0, n_iter=1).fit(np.random.default_rng(0).normal(size=(20, 3)))
    got = model.log_likelihood(np.zeros((1, 3)), "ais", n_chains=2, n_temperatures=5, n_reverse_chains=2)
    assert np.isfinite([got.lower, got.upper, got.standard_error, got.lower_standard_error]).all()


def test_an_error_that_nothing_is_known_of_is_nan():
    """One chain of one row has no spread; neither do rows that were not looked at, beside a single one that was."""
    model = machine(np.random.default_rng(0), 3, 4)
    options = {"n_chains": 5, "n_temperatures": 5}
    alone = model.log_likelihood(np.zeros((1, 4)), "ais", n_reverse_chains=1, **options)
    assert np.isnan(alone.lower_standard_error)
    assert np.isfinite(alone.lower)
    one_of_two = model.log_likelihood(np.eye(2, 4), "ais", n_reverse_rows=1, **options)
    assert np.isnan(one_of_two.lower_standard_error)


@pytest.mark.parametrize("name", ["n_chains", "n_temperatures", "n_reverse_chains", "n_reverse_rows"])
def test_bad_numbers(name):
    model = machine(np.random.default_rng(0), 2, 3)
    with pytest.raises(ValueError, match=f"{name} should be a positive integer, got 0"):
        model.log_likelihood(np.zeros((2, 3)), **{name: 0})


def test_a_bar_shows_on_long_runs(capsys, monkeypatch):
    monkeypatch.setattr("gibbsite.rbm._annealing._BAR_DELAY", 0.0)
    model = machine(np.random.default_rng(0), 4, 5, verbose=1)
    model.log_likelihood(np.zeros((2, 5)), "ais", n_chains=5, n_temperatures=100)
    assert "AIS" in capsys.readouterr().err
    model.verbose = 0
    model.log_likelihood(np.zeros((2, 5)), "ais", n_chains=5, n_temperatures=100)
    assert not capsys.readouterr().err
