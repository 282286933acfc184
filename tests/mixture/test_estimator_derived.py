"""Marginals, conditionals, draws, divergence, criteria and pictures of a fitted mixture."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from gibbsite import BayesianGaussianMixture, GaussianMixture

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]


def full(model):
    d = model.means_.shape[1]
    return {
        "full": lambda c: c,
        "tied": lambda c: np.tile(c, (len(model.means_), 1, 1)),
        "diag": lambda c: np.array([np.diag(row) for row in c]),
        "spherical": lambda c: np.array([np.eye(d) * value for value in c]),
    }[model.covariance_type](model.covariances_)


def log_density(model, X):
    """The mixture's log density by SciPy, one component after the other."""
    parts = [
        np.log(w) + multivariate_normal(m, c).logpdf(X).reshape(len(X))
        for w, m, c in zip(model.weights_, model.means_, full(model), strict=True)
    ]
    return logsumexp(parts, axis=0)


@pytest.fixture(scope="module", name="X")
def correlated_rows():
    rng = np.random.default_rng(0)
    shapes = rng.normal(size=(3, 4, 4))
    centers = rng.normal(scale=3.0, size=(3, 4))
    label = rng.integers(3, size=900)
    return centers[label] + np.einsum("nij,nj->ni", shapes[label], rng.normal(size=(900, 4)))


@pytest.fixture(scope="module", params=COVARIANCE_TYPES)
def model(request, X):
    return GaussianMixture(3, covariance_type=request.param, random_state=0).fit(X)


def test_density_integrates_its_parameters(model, X):
    assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-8)


@pytest.mark.parametrize("features", [[0], [2, 0], [3, 1, 2], [0, 1, 2, 3], [-1]])
def test_marginal_has_the_blocks(model, X, features):
    marginal = model.marginal(features)
    assert_allclose(marginal.means_, model.means_[:, features])
    assert_allclose(full(marginal), full(model)[:, features][:, :, features])
    assert_allclose(marginal.weights_, model.weights_)
    assert_allclose(marginal.score_samples(X[:, features]), log_density(marginal, X[:, features]), rtol=1e-7)
    assert marginal.covariance_type == model.covariance_type
    assert marginal.n_features_in_ == len(features)


@pytest.mark.parametrize("known", [[1], [3, 0], [0, 1, 2]])
def test_joint_is_marginal_times_conditional(model, X, known):
    rest = [d for d in range(4) if d not in known]
    for row in X[:20]:
        conditional = model.conditional(dict(zip(known, row[known], strict=True)))
        joint = model.score_samples(row[None])
        product = model.marginal(known).score_samples(row[known][None]) + conditional.score_samples(row[rest][None])
        assert_allclose(joint, product, rtol=1e-8)
        assert_allclose(conditional.weights_.sum(), 1.0)


def test_conditional_far_from_all_data_is_finite(model):
    conditional = model.conditional({0: 1e6})
    assert np.isfinite(conditional.means_).all()
    assert_allclose(conditional.weights_.sum(), 1.0)


def test_names_stand_for_columns(X):
    model = GaussianMixture(2, random_state=0).fit(X)
    model.feature_names_in_ = np.array(["a", "b", "c", "d"], dtype=object)
    marginal = model.marginal(["c", "a"])
    assert list(marginal.feature_names_in_) == ["c", "a"]
    conditional = model.conditional({"b": 0.5})
    assert list(conditional.feature_names_in_) == ["a", "c", "d"]
    assert_allclose(conditional.means_, model.conditional({1: 0.5}).means_)
    with pytest.raises(ValueError, match="unknown feature 'e'"):
        model.marginal(["e"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.marginal([]), "at least one feature"),
        (lambda m: m.marginal([1, 1]), "none twice"),
        (lambda m: m.marginal([1, -3]), "none twice"),
        (lambda m: m.marginal([4]), "feature 4 is out of range: the model has 4 features"),
        (lambda m: m.conditional({}), "at least one feature"),
        (lambda m: m.conditional({0: 1.0, -4: 1.0}), "none twice"),
        (lambda m: m.conditional(dict.fromkeys(range(4), 0.0)), "leave at least one"),
        (lambda m: m.conditional({0: np.nan}), "finite"),
    ],
)
def test_bad_features_are_named(X, call, message):
    model = GaussianMixture(2, random_state=0).fit(X)
    with pytest.raises(ValueError, match=message):
        call(model)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.marginal([0.5]), "must be an instance of int, not float: got 0.5"),
        (lambda m: m.marginal([True, False, False, True]), r"a mask is no sequence .* numpy.flatnonzero\(mask\)"),
        (lambda m: m.marginal(np.array([True, False, False, True])), "a mask is no sequence"),
        (lambda m: m.marginal(0), r"features must be a sequence of column numbers or names, such as \[0, 2\]; got 0"),
        (lambda m: m.marginal(None), "features must be a sequence .* got None"),
        (lambda m: m.marginal("ab"), "features must be a sequence .* got 'ab'"),
        (lambda m: m.conditional({1.5: 0.0}), "must be an instance of int, not float: got 1.5"),
        (lambda m: m.conditional({True: 0.0}), "a mask is no sequence"),
        (lambda m: m.conditional([0, 1]), "given must be a mapping"),
        (lambda m: m.conditional({0: "x"}), "one number for each feature, but feature 0 has 'x'"),
        (lambda m: m.conditional({0: [1.0, 2.0]}), r"one number for each feature, but feature 0 has \[1.0, 2.0\]"),
        (lambda m: m.sample(2.5), "n_samples must be an instance of int, not float"),
        (lambda m: m.sample("3"), "n_samples must be an instance of int, not str"),
        (lambda m: m.kl_divergence("x"), "other must be a fitted mixture with score_samples, not str"),
        (lambda m: m.kl_divergence(m, n_samples=100.5), "n_samples must be an instance of int, not float"),
    ],
)
def test_arguments_of_another_kind_are_named(X, call, message):
    with pytest.raises(TypeError, match=message):
        call(GaussianMixture(2, random_state=0, max_iter=20).fit(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_conditional_beyond_all_numbers_is_named(model, X, dtype):
    """Squares of distances overflow before the distances: in float64 there is room for those of float32."""
    fitted = GaussianMixture(3, covariance_type=model.covariance_type, random_state=0).fit(X.astype(dtype))
    # of equal covariances the log densities differ by as much as the value itself, beside which its square rounds
    tied = model.covariance_type == "tied"
    far = fitted.conditional({0: 1e12 if tied else 1e30})
    assert far.means_.dtype == far.weights_.dtype == dtype
    assert np.isfinite(far.means_).all()
    assert_allclose(far.weights_.sum(), 1.0, rtol=1e-6)
    if tied:
        with pytest.raises(ValueError, match="too far from every component"):
            fitted.conditional({0: 1e30})
    with pytest.raises(ValueError, match=f"too far from every component for {np.dtype(dtype)}: .* {{0: 1e\\+200}}"):
        fitted.conditional({0: 1e200})


def test_bayesian_mixtures_give_their_posterior_means(X):
    model = BayesianGaussianMixture(n_components=4, random_state=0, max_iter=300).fit(X)
    marginal = model.marginal([1, 3])
    assert type(marginal) is GaussianMixture
    assert_allclose(marginal.weights_, model.weights_)
    assert np.isfinite(model.conditional({2: 0.0}).means_).all()


def test_draws_follow_the_model(model):
    """Moments of 10^5 draws within 6 standard errors: a false alarm in 10^7 runs."""
    n = 100_000
    X, label = model.sample(n)
    assert X.shape == (n, 4)
    assert label.shape == (n,)
    assert label.dtype == np.int64
    for k, weight in enumerate(model.weights_):
        rows = X[label == k]
        assert abs(len(rows) - n * weight) < 6 * np.sqrt(n * weight * (1 - weight))
        covariance = full(model)[k]
        deviation = np.sqrt(np.diag(covariance))
        assert (np.abs(rows.mean(0) - model.means_[k]) < 6 * deviation / np.sqrt(len(rows))).all()
        error = np.sqrt((covariance**2 + np.outer(deviation, deviation) ** 2) / len(rows))
        assert (np.abs(np.cov(rows.T) - covariance) < 6 * error).all()


def test_draws_depend_on_the_seed_alone(model):
    first, again = model.sample(50), model.sample(50)
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(model.set_params(random_state=1).sample(50)[0], first[0])
    model.set_params(random_state=0)
    with pytest.raises(ValueError, match="Invalid value for 'n_samples': 0"):
        model.sample(0)


def gaussian(mean, variance):
    return GaussianMixture(
        1, weights_init=[1.0], means_init=[[mean]], precisions_init=[[[1 / variance]]], max_iter=0
    ).fit([[0.0], [1.0]])


def test_divergence_of_two_gaussians():
    """KL(N(0, 1) | N(1, 4)) = log 2 + 2/8 - 1/2, within 5 standard errors: a false alarm in 2 million runs."""
    value, error = gaussian(0.0, 1.0).kl_divergence(gaussian(1.0, 4.0), n_samples=20_000, random_state=0)
    assert abs(value - (np.log(2) + 2 / 8 - 0.5)) < 5 * error
    assert 0 < error < 0.02
    itself = gaussian(0.0, 1.0).kl_divergence(gaussian(0.0, 1.0), random_state=0)
    assert (itself.value, itself.standard_error) == (0.0, 0.0)


def test_divergence_has_the_standard_error_of_its_draws():
    estimates = [gaussian(0, 1).kl_divergence(gaussian(1, 4), 500, random_state=i) for i in range(200)]
    spread = np.std([e.value for e in estimates])
    claimed = np.mean([e.standard_error for e in estimates])
    assert 0.75 < spread / claimed < 1.3


def test_completed_likelihood(model, X):
    r = model.predict_proba(X)
    assert model.icl(X) == pytest.approx(model.bic(X) - 2 * np.log(r.max(axis=1)).sum())
    assert model.icl(X) >= model.bic(X)


def test_weighted_score_counts_rows(model, X):
    weight = np.arange(len(X)) % 3
    repeated = np.repeat(X, weight, axis=0)
    assert model.score(X, sample_weight=weight) == pytest.approx(model.score(repeated))


def test_density_in_one_dimension():
    x = np.linspace(-3, 3, 7)[:, None]
    assert_allclose(gaussian(0.5, 2.0).score_samples(x), norm(0.5, np.sqrt(2.0)).logpdf(x[:, 0]))


def test_plot_draws_on_the_given_axes(X):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    model = GaussianMixture(2, random_state=0).fit(X[:, :2])
    _, ax = plt.subplots()
    assert model.plot(X[:, :2], ax=ax) is ax
    plt.close("all")
