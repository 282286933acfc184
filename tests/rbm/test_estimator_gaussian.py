"""Gaussian and categorical visible units, against exact densities of small machines."""

import numpy as np
import pytest
from scipy.stats import kstest, multivariate_normal
from sklearn.preprocessing import OneHotEncoder

from gibbsite import BernoulliRBM, GaussianRBM
from tests.rbm.machines import (
    gaussian_log_density,
    log_likelihood,
    machine,
    one_hot_states,
    one_thread,  # noqa: F401 (a fixture)
)


@pytest.fixture(scope="module", name="Y")
def clusters():
    rng = np.random.default_rng(0)
    centers = np.array([[-1.0, 1.0, 0.0], [1.0, 1.0, -1.0], [0.0, -1.0, 1.0]])
    return centers[rng.integers(3, size=900)] + 0.4 * rng.normal(size=(900, 3))


def gaussian(Y, **settings):
    options = {"n_components": 6, "n_iter": 60, "learning_rate": 0.02, "batch_size": 20, "random_state": 0}
    return GaussianRBM(**{**options, **settings}).fit(Y)


def independent(Y):
    return float(multivariate_normal(Y.mean(axis=0), np.diag(Y.var(axis=0))).logpdf(Y).mean())


def test_the_density_is_that_of_a_mixture(rng):
    model = machine(rng, 4, 3, 0.7, gaussian=True)
    Y = rng.normal(size=(20, 3))
    assert model.log_likelihood(Y).value == pytest.approx(gaussian_log_density(model, Y).mean(), rel=1e-10)
    difference = model.free_energy(Y) + gaussian_log_density(model, Y)
    np.testing.assert_allclose(difference, difference[0], rtol=1e-10)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(
    "settings", [{"method": "cd", "k": 5}, {"method": "pcd", "n_chains": 200}, {"method": "pt", "n_chains": 200}]
)
def test_training_improves_the_exact_likelihood(Y, settings, centered):
    model = gaussian(Y, centered=centered, **settings)
    assert gaussian_log_density(model, Y).mean() > independent(Y) + 0.15
    assert (model.variances_ < Y.var(axis=0)).all()
    fixed = gaussian(Y, centered=centered, learn_variance=False, **settings)
    np.testing.assert_allclose(fixed.variances_, Y.var(axis=0), rtol=1e-9)


def test_the_variances_step_along_their_gradient(rng):
    """The exact derivative of the log-likelihood by log s, in one step with many chains."""
    start = machine(rng, 2, 3, 0.5, gaussian=True)
    Y = rng.normal(size=(50, 3))
    model = GaussianRBM(2, method="pcd", n_chains=40_000, k=30, learning_rate=1e-3, random_state=0)
    for name in ("components_", "intercept_visible_", "intercept_hidden_", "n_features_in_", "variances_"):
        setattr(model, name, np.copy(getattr(start, name)) if name != "n_features_in_" else 3)
    model.partial_fit(Y)
    moved = (np.log(model.variances_) - np.log(start.variances_)) / 1e-3
    for j in range(3):
        ends = []
        for step in (1e-4, -1e-4):
            near = machine(rng, 2, 3, gaussian=True)
            for name in ("components_", "intercept_visible_", "intercept_hidden_"):
                setattr(near, name, getattr(start, name))
            near.variances_ = start.variances_ * np.exp(step * (np.arange(3) == j))
            ends.append(gaussian_log_density(near, Y).mean())
        slope = (ends[0] - ends[1]) / 2e-4
        # a mean over 40000 chains of numbers that deviate by about 2: 0.01 a standard error, six of them
        assert moved[j] == pytest.approx(slope, abs=0.06)


def test_scales_of_the_columns_are_found():
    """Without anything to learn but location and scale, these are the data's."""
    rng = np.random.default_rng(1)
    Y = rng.normal([3.0, -1.0, 100.0], [0.5, 2.0, 1.0], size=(2000, 3))
    model = GaussianRBM(1, n_iter=5, learning_rate=1e-3, random_state=0).fit(Y)
    np.testing.assert_allclose(model.intercept_visible_, Y.mean(axis=0), rtol=0.02, atol=0.05)
    np.testing.assert_allclose(model.variances_, Y.var(axis=0), rtol=0.1)
    np.testing.assert_allclose(model.data_mean_, Y.mean(axis=0), rtol=1e-12)


def test_samples_follow_the_density(rng):
    """Each coordinate's distribution function, of a machine whose exact one is a mixture of normal distributions."""
    model = machine(rng, 2, 3, 0.5, gaussian=True)
    v = model.sample(20_000, 50)
    assert v.dtype == np.float64
    big = model.sample(200_000, 50)
    for j in range(3):
        # two independent halves of one distribution, and the density as the judge of the mean log density
        assert kstest(v[:, j], big[100_000:, j]).pvalue > 1e-6
    grid = gaussian_log_density(model, v)
    other = gaussian_log_density(model, v + 0.2)
    # the mean log density at draws from p is the highest over shifts of the draws
    assert grid.mean() > other.mean()
    # E[q / p] = 1 for a density q, under draws from p
    wide = machine(rng, 2, 3, 0.0, gaussian=True)
    wide.variances_ = model.variances_
    wide.components_ = np.zeros((2, 3))
    wide.intercept_visible_ = model.intercept_visible_
    wide.intercept_hidden_ = np.zeros(2)
    ratio = np.exp(gaussian_log_density(wide, big) - gaussian_log_density(model, big))
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / len(ratio) ** 0.5
    clamp = np.array([True, False, False])
    kept = model.gibbs(v[:10], 5, clamp=clamp)
    np.testing.assert_array_equal(kept[:, 0], v[:10, 0])
    assert (kept[:, 1:] != v[:10, 1:]).all()


def test_no_pseudo_likelihood_of_real_numbers(Y):
    model = gaussian(Y, n_iter=2)
    assert not hasattr(model, "score_samples")
    assert "reconstruction_log_density" in model.history_
    rows = Y[::2]
    s = model.variances_
    log_density = -0.5 * ((rows - model.reconstruct(rows)) ** 2 / s + np.log(2 * np.pi * s)).sum(axis=1)
    assert model.history_["reconstruction_log_density"][-1] == pytest.approx(log_density.mean(), rel=1e-9)


def test_early_stopping(Y):
    options = {"n_components": 40, "n_iter": 300, "validation_fraction": 0.4, "learning_rate": 0.05, "tol": 0.0}
    model = gaussian(Y[:60], **options)
    assert model.n_iter_ < 300
    assert model.n_iter_ - np.argmax(model.history_["early_stopping_score"]) - 1 >= 10


SIZES = [3, 2, 4]


def answers(rng, n):
    """Rows of three variables of which the second and third depend on the first."""
    first = rng.integers(3, size=n)
    second = np.where(rng.random(n) < 0.9, first > 0, rng.integers(2, size=n))
    third = np.where(rng.random(n) < 0.8, first, rng.integers(4, size=n))
    return np.stack([first, second, third], axis=1)


@pytest.fixture(scope="module", name="Z")
def one_hot_answers():
    rows = answers(np.random.default_rng(0), 800)
    return OneHotEncoder(categories=[range(size) for size in SIZES], sparse_output=False).fit_transform(rows)


def categorical(Z, **settings):
    options = {"n_components": 5, "n_iter": 60, "batch_size": 20, "learning_rate": 0.05, "random_state": 0}
    return BernoulliRBM(visible="categorical", groups=SIZES, **{**options, **settings}).fit(Z)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("method", ["cd", "pcd", "pt"])
def test_categorical_training_improves_the_exact_likelihood(Z, method, centered):
    model = categorical(Z, method=method, centered=centered)
    p = Z.mean(axis=0)
    independent = float((p * np.log(p)).sum())
    value = log_likelihood(model, Z, SIZES)
    assert value > independent + 0.5
    assert model.log_likelihood(Z).value == pytest.approx(value, rel=1e-10)


def test_the_gauge_is_fixed_and_changes_nothing(Z, rng):
    model = categorical(Z, n_iter=3, momentum=0.5)
    for start, stop in ((0, 3), (3, 5), (5, 9)):
        np.testing.assert_allclose(model.components_[:, start:stop].sum(axis=1), 0, atol=1e-12)
        assert abs(model.intercept_visible_[start:stop].sum()) < 1e-12
    moved = machine(rng, 5, 9, visible="categorical", groups=SIZES)
    shift = rng.normal(size=(5, 3))
    moved.components_ = model.components_ + np.repeat(shift, SIZES, axis=1)
    moved.intercept_hidden_ = model.intercept_hidden_ - shift.sum(axis=1)
    moved.intercept_visible_ = model.intercept_visible_ + np.repeat(rng.normal(size=3), SIZES)
    assert moved.log_likelihood(Z).value == pytest.approx(model.log_likelihood(Z).value, rel=1e-10)


def test_categorical_pseudo_likelihood(rng):
    """The mean over hashes is the sum over variables of log p(variable | others)."""
    model = machine(rng, 3, 9, 0.8, visible="categorical", groups=SIZES)
    every = one_hot_states(SIZES)
    energy = {tuple(row): value for row, value in zip(every, model.free_energy(every), strict=True)}
    exact = np.zeros(len(every))
    for start, stop in ((0, 3), (3, 5), (5, 9)):
        for i, row in enumerate(every):
            values = []
            for k in range(start, stop):
                other = row.copy()
                other[start:stop] = np.arange(start, stop) == k
                values.append(-energy[tuple(other)])
            exact[i] += -energy[tuple(row)] - np.logaddexp.reduce(values)
    seen = []
    for seed in range(300):
        model.random_state = seed
        seen.append(model.score_samples(every))
    seen = np.array(seen)
    error = (seen.mean(axis=0) - exact) / (seen.std(axis=0) / len(seen) ** 0.5 + 1e-9)
    # 24 values of at most three each, 5.5 standard errors
    assert abs(error).max() < 5.5


def test_one_hot_codes_are_asked_for(Z):
    wrong = Z.copy()
    wrong[17, :3] = 0
    with pytest.raises(ValueError, match=r"row 17 has 0 in group 0 \(columns 0 to 2\)"):
        categorical(wrong)
    wrong[17, :3] = 1
    wrong[30, 5:] = 0
    with pytest.raises(ValueError, match=r"row 17 has 3 in group 0"):
        categorical([wrong[:10], wrong[10:]])
    model = categorical(Z, n_iter=1)
    with pytest.raises(ValueError, match="row 17 has 3 in group 0"):
        model.transform(wrong)
    for groups, message in [
        (None, "needs groups="),
        ([3, 2], "groups add up to 5 columns, but X has 9"),
        ([3, 0, 6], "groups should be a list of positive integers"),
        ([4.5, 4.5], "groups should be a list of positive integers"),
    ]:
        with pytest.raises(ValueError, match=message):
            BernoulliRBM(2, visible="categorical", groups=groups).fit(Z)


def test_categories_come_sparse_as_the_encoder_gives_them(Z):
    rows = answers(np.random.default_rng(0), 800)
    encoder = OneHotEncoder(categories=[range(size) for size in SIZES])
    model = categorical(encoder.fit_transform(rows), n_iter=2)
    np.testing.assert_array_equal(model.components_, categorical(Z, n_iter=2).components_)
