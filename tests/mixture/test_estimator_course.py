"""How a fit goes: acceleration, history, callbacks, printed lines, warnings about components."""

import itertools
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from gibbsite import BayesianGaussianMixture, GaussianMixture
from gibbsite.mixture import ComponentWarning

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]


def overlapping(seed, n_components=3, n_features=2, spread=0.9):
    rng = np.random.default_rng(seed)
    centers = rng.normal(scale=spread, size=(n_components, n_features))
    return np.concatenate([rng.normal(c, rng.uniform(0.7, 1.3), (1000, n_features)) for c in centers])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_acceleration_halves_the_passes(covariance_type, seed):
    """On overlapping clusters the same optimum in at least two times fewer passes, and no pass downhill."""
    X = overlapping(seed)
    parameters = {"covariance_type": covariance_type, "tol": 1e-8, "max_iter": 20_000, "random_state": seed}
    plain = GaussianMixture(3, **parameters).fit(X)
    fast = GaussianMixture(3, **parameters, accelerate="squarem").fit(X)
    assert plain.converged_
    assert fast.converged_
    assert fast.n_iter_ * 2 <= plain.n_iter_
    assert fast.lower_bound_ >= plain.lower_bound_ - 1e-7
    assert fast.score(X) == pytest.approx(plain.score(X), abs=1e-5)
    assert min(fast.history_["change"]) >= -1e-12
    assert len(fast.lower_bounds_) == fast.n_iter_


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_acceleration_of_the_variational_bound(covariance_type):
    X = overlapping(1)
    parameters = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "weight_concentration_prior_type": "dirichlet_distribution",
        "tol": 1e-5,
        "max_iter": 20_000,
        "random_state": 0,
    }
    plain = BayesianGaussianMixture(**parameters).fit(X)
    fast = BayesianGaussianMixture(**parameters, accelerate="squarem").fit(X)
    assert fast.n_iter_ * 2 <= plain.n_iter_
    assert fast.lower_bound_ >= plain.lower_bound_ - 1e-3
    assert min(fast.history_["change"]) >= -1e-8


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_acceleration_does_not_depend_on_units(scale):
    X = overlapping(0)
    unit = np.array([scale, 1.0])
    parameters = {
        "tol": 1e-8,
        "max_iter": 20_000,
        "reg_covar": 0,
        "accelerate": "squarem",
        "weights_init": [0.3, 0.3, 0.4],
    }
    start = GaussianMixture(3, random_state=0, max_iter=0).fit(X)

    def fit(unit):
        given = {"means_init": start.means_ * unit, "precisions_init": start.precisions_ / np.outer(unit, unit)}
        return GaussianMixture(3, **parameters, **given).fit(X * unit)

    first, second = fit(np.ones(2)), fit(unit)
    # the density changes by the factor 1 / scale, the course of the climb not at all
    assert_allclose(np.array(second.lower_bounds_[:40]) + np.log(scale), first.lower_bounds_[:40], rtol=1e-7)
    # later passes follow rounding, to the same optimum
    assert second.lower_bound_ + np.log(scale) == pytest.approx(first.lower_bound_, abs=1e-5)


def test_accelerated_float32_arrives():
    X = overlapping(2)
    parameters = {"tol": 1e-5, "max_iter": 2000, "random_state": 0, "accelerate": "squarem"}
    single = GaussianMixture(3, **parameters).fit(X.astype(np.float32))
    assert single.means_.dtype == np.float32
    assert single.score(X) == pytest.approx(GaussianMixture(3, **parameters).fit(X).score(X), abs=1e-3)


@pytest.mark.parametrize("max_iter", range(1, 8))
def test_every_end_leaves_whole_parameters(max_iter):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianMixture(3, tol=0, max_iter=max_iter, random_state=0, accelerate="squarem").fit(overlapping(0))
    assert model.n_iter_ == max_iter
    assert_allclose(model.precisions_ @ model.covariances_, np.tile(np.eye(2), (3, 1, 1)), atol=1e-9)


@pytest.mark.parametrize(
    ("estimator", "objective"), [(GaussianMixture, "log_likelihood"), (BayesianGaussianMixture, "lower_bound")]
)
def test_history_and_callback(estimator, objective):
    seen = []
    model = estimator(n_components=3, random_state=0, max_iter=5000, tol=1e-3, callback=seen.append)
    model.fit(overlapping(0))
    assert set(model.history_) == {objective, "change", "seconds"}
    assert model.history_[objective] == model.lower_bounds_ == [news.lower_bound for news in seen]
    assert len(model.history_["seconds"]) == model.n_iter_ == seen[-1].iteration
    assert all(seconds > 0 for seconds in model.history_["seconds"])
    assert seen[0].parameters.means.shape == (3, 2)
    assert model.lower_bound_ == model.lower_bounds_[-1]


def test_a_callback_ends_the_fit_without_a_warning():
    model = GaussianMixture(3, random_state=0, tol=0, callback=lambda news: news.iteration == 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(overlapping(0))
    assert model.n_iter_ == 4
    assert not model.converged_


@pytest.mark.parametrize("verbose", [1, 2])
def test_verbose_is_scikit_learns(verbose, capsys):
    import re

    import sklearn.mixture

    def lines(module):
        module.GaussianMixture(
            3, random_state=0, tol=1e-4, n_init=2, verbose=verbose, verbose_interval=3, max_iter=500
        ).fit(overlapping(0))
        printed = capsys.readouterr().out
        return re.sub(r"time lapse [\d.]+s", "time", printed).splitlines()

    import gibbsite

    assert lines(gibbsite) == lines(sklearn.mixture)


def starving_start():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    return X, {"means_init": [[0, 0], [1e8, 1e8], [0.5, 0.5]], "random_state": 0}


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_starved_component_is_named_and_keeps_its_mean(covariance_type):
    X, parameters = starving_start()
    model = GaussianMixture(3, covariance_type=covariance_type, **parameters)
    with pytest.warns(ComponentWarning, match="Component 1 took no data") as caught:
        model.fit(X)
    assert caught[0].filename == __file__
    assert_allclose(model.means_[1], 1e8)
    assert model.weights_[1] < 1e-12
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert np.isfinite(getattr(model, name)).all()
    assert np.isfinite(model.score_samples(X)).all()
    if covariance_type == "full":
        others = model.weights_[[0, 2]] / model.weights_[[0, 2]].sum()
        pooled = np.einsum("k,kij->ij", others, model.covariances_[[0, 2]])
        assert_allclose(model.covariances_[1], pooled, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_starved_component_far_away_does_not_disturb_the_others(covariance_type):
    X, _ = starving_start()
    precisions = {"full": np.eye(2), "diag": np.ones(2), "spherical": np.ones(()), "tied": np.eye(2)}[covariance_type]

    def fit(weights, means):
        start = precisions if covariance_type == "tied" else np.array([precisions] * len(means))
        model = GaussianMixture(
            len(means),
            covariance_type=covariance_type,
            weights_init=weights,
            means_init=means,
            precisions_init=start,
            tol=0,
            max_iter=5,
        )
        return model.fit(X)

    three = fit([0.4, 0.2, 0.4], [[0, 0], [1e8, 1e8], [0.5, 0.5]])
    two = fit([0.5, 0.5], [[0, 0], [0.5, 0.5]])
    alive = slice(None) if covariance_type == "tied" else [0, 2]
    assert_allclose(three.means_[[0, 2]], two.means_, rtol=1e-6, atol=1e-8)
    assert_allclose(three.covariances_[alive], two.covariances_, rtol=1e-6, atol=1e-8)


def test_a_collapsed_component_is_named():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(200, 2)), np.full((50, 2), 9.0)])
    with pytest.warns(ComponentWarning, match=r"Component \d collapsed onto equal rows"):
        GaussianMixture(2, random_state=0).fit(X)


def test_healthy_fits_do_not_warn():
    X = overlapping(0)
    X[:, 0] = 3.0  # a constant column is no collapse
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for covariance_type in COVARIANCE_TYPES:
            GaussianMixture(2, covariance_type=covariance_type, random_state=0, max_iter=1000).fit(X)


def test_threads_do_not_change_a_bit():
    X = overlapping(0)
    one, two = (GaussianMixture(3, random_state=0, threads=n).fit(X) for n in (1, 2))
    np.testing.assert_array_equal(one.means_, two.means_)
    np.testing.assert_array_equal(one.covariances_, two.covariances_)
    assert one.lower_bounds_ == two.lower_bounds_
    with pytest.raises(ValueError, match="threads"):
        GaussianMixture(3, threads=0).fit(X)


@pytest.mark.parametrize("accelerate", [None, "squarem"])
@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_a_callback_may_keep_what_it_sees(estimator, accelerate):
    seen = []
    parameters = {"n_components": 3, "random_state": 0, "max_iter": 12, "tol": 0, "accelerate": accelerate}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = estimator(**parameters, callback=lambda news: seen.append(news.parameters.means)).fit(overlapping(0))
        untouched = estimator(**parameters).fit(overlapping(0))
    assert all((a != b).any() for a, b in itertools.pairwise(seen))
    seen[-1][:] = 0  # nor does writing to it change the fit
    np.testing.assert_array_equal(model.means_, untouched.means_)
