"""partial_fit: exact over an epoch, forgetful with a decay."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gibbsite import BayesianGaussianMixture, GaussianMixture

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]


@pytest.fixture(scope="module", name="X")
def overlapping_clusters():
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(m, s, (400, 3)) for m, s in ((-2, 1), (0, 0.7), (2, 1.3))])
    return X[rng.permutation(len(X))]


def start(X):
    return {"n_components": 3, "weights_init": [0.3, 0.3, 0.4], "means_init": X[:3]}


def unit_precisions(covariance_type):
    return {
        "full": np.tile(np.eye(3), (3, 1, 1)),
        "tied": np.eye(3),
        "diag": np.ones((3, 3)),
        "spherical": np.ones(3),
    }[covariance_type]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("sizes", [[1200], [700, 500], [3, 1, 996, 200]])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_epochs_are_em_iterations(X, covariance_type, sizes):
    """Whatever the chunks, n epochs equal n iterations of fit."""
    weight = np.random.default_rng(0).uniform(0, 2, len(X))
    parameters = {
        **start(X),
        "covariance_type": covariance_type,
        "precisions_init": unit_precisions(covariance_type),
    }
    whole = GaussianMixture(**parameters, max_iter=4, tol=0).fit(X, sample_weight=weight)
    pieces = GaussianMixture(**parameters)
    bounds = np.cumsum([0, *sizes])
    for _ in range(4):
        for a, b in itertools.pairwise(bounds):
            pieces.partial_fit(X[a:b], sample_weight=weight[a:b])
        pieces.end_epoch()
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        assert_allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-10, atol=1e-12)
    assert_allclose(pieces.lower_bounds_, whole.lower_bounds_, rtol=1e-12)
    assert pieces.n_iter_ == 4
    assert {len(curve) for curve in pieces.history_.values()} == {4}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("prior", ["dirichlet_process", "dirichlet_distribution"])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_bayesian_epochs_are_iterations(X, covariance_type, prior):
    parameters = {
        "n_components": 4,
        "covariance_type": covariance_type,
        "weight_concentration_prior_type": prior,
        "random_state": 0,
        "tol": 0,
    }
    whole = BayesianGaussianMixture(**parameters, max_iter=5).fit(X)
    pieces = BayesianGaussianMixture(**parameters, max_iter=1).fit(X)
    for _ in range(4):
        for chunk in np.array_split(X, 3):
            pieces.partial_fit(chunk)
        pieces.end_epoch()
    for name in ("weights_", "means_", "covariances_", "mean_precision_"):
        assert_allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-9)
    assert_allclose(pieces.lower_bounds_, whole.lower_bounds_, rtol=1e-11)


def test_every_call_leaves_a_usable_model(X):
    model = GaussianMixture(3, random_state=0)
    scores = []
    for chunk in np.array_split(X, 6):
        model.partial_fit(chunk)
        scores.append(model.score(X))
        assert model.predict(chunk).shape == (200,)
    assert scores[-1] > scores[0] - 0.05


def test_epochs_converge_by_tol(X):
    model = GaussianMixture(3, random_state=0, tol=1e-5)
    for _ in range(500):
        for chunk in np.array_split(X, 2):
            model.partial_fit(chunk)
        if model.end_epoch().converged_:
            break
    assert model.converged_
    whole = GaussianMixture(3, random_state=0, tol=1e-5, max_iter=500).fit(X)
    assert model.score(X) == pytest.approx(whole.score(X), abs=1e-3)


def test_stepwise_em_approaches_the_batch_optimum(X):
    rng = np.random.default_rng(0)
    model = GaussianMixture(3, random_state=0, decay=0.7).partial_fit(X[:100])
    for _ in range(20):
        for chunk in np.array_split(rng.permutation(X), 12):
            model.partial_fit(chunk)
    best = GaussianMixture(3, random_state=0, tol=1e-6, max_iter=1000).fit(X).score(X)
    assert model.score(X) > best - 0.02
    assert model.n_iter_ == 241


def test_stepwise_em_follows_a_drift():
    """After the clusters have moved, a forgetful model is where they are, a sum of all is not."""
    rng = np.random.default_rng(0)

    def chunk(at):
        return np.concatenate([rng.normal(at - 5, 1, (100, 1)), rng.normal(at + 5, 1, (100, 1))])

    forgetful = GaussianMixture(2, random_state=0, decay=0.6)
    for at in np.r_[np.zeros(20), np.linspace(0, 3, 30), np.full(100, 3.0)]:
        forgetful.partial_fit(chunk(at))
    assert_allclose(np.sort(forgetful.means_[:, 0]), [-2, 8], atol=0.5)


def test_stepwise_steps_are_the_published_recursion(X):
    """s_2 = (1 - 2^-d) s_1 + 2^-d s(chunk), checked on raw moments."""
    decay = 0.8
    model = GaussianMixture(**start(X), precisions_init=unit_precisions("full"), decay=decay)
    one, two = X[:300], X[300:900]

    def moments(model, chunk):
        r = model.predict_proba(chunk)
        return np.concatenate([r.sum(0)[:, None], r.T @ chunk], axis=1) / len(chunk)

    first = GaussianMixture(**start(X), precisions_init=unit_precisions("full"), max_iter=0).fit(one)
    s = moments(first, one)
    s = (1 - 2**-decay) * s + 2**-decay * moments(model.partial_fit(one), two)
    model.partial_fit(two)
    assert_allclose(model.weights_, s[:, 0] / s[:, 0].sum(), rtol=1e-10)
    assert_allclose(model.means_, s[:, 1:] / s[:, :1], rtol=1e-10)


def test_goes_on_from_a_fit(X):
    model = GaussianMixture(3, random_state=0).fit(X)
    before = model.score(X)
    model.partial_fit(X).end_epoch()
    assert model.score(X) >= before - 1e-9
    again = GaussianMixture(3, random_state=0).fit(X)
    assert_allclose(model.fit(X).means_, again.means_)


def test_precision_of_the_first_chunk_holds(X):
    model = GaussianMixture(3, random_state=0).partial_fit(X[:600].astype(np.float32)).partial_fit(X[600:])
    assert model.means_.dtype == np.float32


def test_misuse_is_named(X):
    model = GaussianMixture(3, random_state=0)
    with pytest.raises(ValueError, match="has taken in no rows"):
        model.end_epoch()
    with pytest.raises(ValueError, match="n_samples = 2"):
        model.partial_fit(X[:2])
    assert not hasattr(model, "n_features_in_")
    model.partial_fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3"):
        model.partial_fit(X[:, :2])
    model.end_epoch()
    with pytest.raises(ValueError, match="has taken in no rows"):
        model.end_epoch()
    with pytest.raises(ValueError, match="no meaning with decay"):
        GaussianMixture(3, decay=0.7).partial_fit(X).end_epoch()
    with pytest.raises(ValueError, match="decay"):
        GaussianMixture(3, decay=0.4).partial_fit(X)


def test_a_decay_set_in_the_middle_of_an_epoch_is_refused(X):
    model = GaussianMixture(3, random_state=0).partial_fit(X[:600])
    with pytest.raises(ValueError, match=r"decay was set in the middle of an epoch.* call end_epoch first"):
        model.set_params(decay=0.7).partial_fit(X[600:])
    model.set_params(decay=None).end_epoch().set_params(decay=0.7).partial_fit(X[600:])
    assert model._epoch.n_steps == 1
    # stepwise EM has no epochs: exact sums begin with the next chunk
    before = model.means_.copy()
    model.set_params(decay=None).partial_fit(X)
    assert model._epoch.statistics.total_weight == len(X)
    assert not np.array_equal(model.means_, before)


def test_a_failed_chunk_changes_nothing(X):
    model, undisturbed = (GaussianMixture(3, random_state=0).partial_fit(X[:600]) for _ in range(2))
    bad = X[600:].copy()
    bad[17, 2] = np.inf
    with pytest.raises(ValueError, match="row 17, column 2"):
        model.partial_fit(bad)
    assert_allclose(model.partial_fit(X[600:]).means_, undisturbed.partial_fit(X[600:]).means_, rtol=0)
