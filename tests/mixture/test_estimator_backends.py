"""The estimators over every implementation of the kernels for NumPy arrays."""

import numpy as np
import pytest
import sklearn.mixture
from numpy.testing import assert_allclose

import gibbsite

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("name", ["GaussianMixture", "BayesianGaussianMixture"])
def test_fit_and_inference_are_scikit_learns(host, name, covariance_type):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(3, 5))[rng.integers(3, size=503)] * 2 + rng.normal(size=(503, 5))
    parameters = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0, "max_iter": 15, "n_init": 2}
    ours = getattr(gibbsite, name)(**parameters).fit(X)
    theirs = getattr(sklearn.mixture, name)(**parameters).fit(X)
    assert ours.n_iter_ == theirs.n_iter_
    # Two climbs that end in one optimum tie but for rounding, and may name its components in another order.
    order = np.linalg.norm(ours.means_ - theirs.means_[:, np.newaxis], axis=2).argmin(axis=1)
    assert sorted(order) == [0, 1, 2]
    for attribute in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        actual, desired = getattr(ours, attribute), getattr(theirs, attribute)
        of_each_component = attribute in ("weights_", "means_") or covariance_type != "tied"
        assert_allclose(actual[order] if of_each_component else actual, desired, rtol=1e-6, atol=1e-8)
    assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-8)
    assert_allclose(ours.predict_proba(X)[:, order], theirs.predict_proba(X), rtol=1e-7, atol=1e-10)
    np.testing.assert_array_equal(ours.predict(X), order[theirs.predict(X)])
    X32 = X.astype(np.float32)
    single = getattr(gibbsite, name)(**parameters).fit(X32)
    assert_allclose(single.score_samples(X32), single.score_samples(X), rtol=1e-4, atol=1e-4)
    assert single.score(X) == pytest.approx(ours.score(X), abs=1e-2)


def test_acceleration_arrives(host):
    rng = np.random.default_rng(7)
    X = np.concatenate([rng.normal(m, 1.0, (400, 2)) for m in (-0.8, 0.8)])
    parameters = {"tol": 1e-8, "max_iter": 5000, "random_state": 0}
    plain = gibbsite.GaussianMixture(2, **parameters).fit(X)
    fast = gibbsite.GaussianMixture(2, **parameters, accelerate="squarem").fit(X)
    assert fast.n_iter_ * 2 <= plain.n_iter_
    assert fast.lower_bound_ >= plain.lower_bound_ - 1e-7
