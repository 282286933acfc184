"""Inputs that break mixtures elsewhere."""

import warnings

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose

from gibbsite import BayesianGaussianMixture, GaussianMixture
from gibbsite.mixture import ComponentWarning

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]
INITS = ["kmeans", "k-means++", "random", "random_from_data"]
ESTIMATORS = [GaussianMixture, BayesianGaussianMixture]
PARAMETERS = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def clusters(n=600, n_features=3, seed=0):
    rng = np.random.default_rng(seed)
    centers = 6.0 * rng.normal(size=(3, n_features))
    return centers[rng.integers(3, size=n)] + rng.normal(size=(n, n_features))


def assert_sane(model, X):
    for name in PARAMETERS:
        assert np.isfinite(getattr(model, name)).all(), name
    assert model.weights_.sum() == pytest.approx(1.0, abs=1e-5)
    assert (model.weights_ >= 0).all()
    if model.covariance_type in ("full", "tied"):
        assert (np.linalg.eigvalsh(model.covariances_) > 0).all()
    else:
        assert (model.covariances_ > 0).all()
    assert np.isfinite(model.score_samples(X)).all()
    r = model.predict_proba(X)
    assert_allclose(r.sum(axis=1), 1.0, rtol=1e-5)
    assert np.isfinite(model.lower_bound_)


@pytest.mark.parametrize("offset", [0.0, 1e2, 1e3, 1e4])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_float32_far_from_the_origin_keeps_its_variance(estimator, covariance_type, offset):
    """Within-cluster variance one; the estimate in float32 within 1e-3 of that in float64 from the very same rows."""
    X32 = (clusters(n=3000) + offset).astype(np.float32)
    parameters = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0, "max_iter": 20}
    single = estimator(**parameters).fit(X32)
    double = estimator(**parameters).fit(X32.astype(np.float64))
    assert single.covariances_.dtype == np.float32
    order32, order64 = np.argsort(single.means_[:, 0]), np.argsort(double.means_[:, 0])
    assert_allclose(single.means_[order32], double.means_[order64], rtol=1e-6, atol=1e-3)
    if covariance_type == "tied":
        order32 = order64 = slice(None)
    assert_allclose(single.covariances_[order32], double.covariances_[order64], atol=1e-3)


@pytest.mark.parametrize("init_params", INITS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_duplicate_points(estimator, covariance_type, init_params):
    X = np.repeat(clusters(n=30), 20, axis=0)
    model = estimator(n_components=5, covariance_type=covariance_type, init_params=init_params, random_state=0).fit(X)
    assert_sane(model, X)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_constant_column(estimator, covariance_type):
    X = clusters()
    X[:, 1] = -7.25
    model = estimator(n_components=3, covariance_type=covariance_type, random_state=0).fit(X)
    assert_sane(model, X)
    assert_allclose(model.means_[:, 1], -7.25)
    if covariance_type == "diag" and estimator is GaussianMixture:
        assert_allclose(model.covariances_[:, 1], 1e-6, rtol=1e-3)


@pytest.mark.parametrize("init_params", INITS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_more_components_than_distinct_points(estimator, covariance_type, init_params):
    X = np.array([[0.0, 0.0], [1.0, 1.0], [5.0, 5.0]]).repeat(10, axis=0)
    model = estimator(n_components=6, covariance_type=covariance_type, init_params=init_params, random_state=0).fit(X)
    assert_sane(model, X)
    model = estimator(n_components=2, covariance_type=covariance_type, random_state=0).fit(np.ones((4, 3)))
    assert_sane(model, np.ones((4, 3)))


def test_starved_components_of_k_means_are_named():
    X = np.array([[0.0, 0.0], [1.0, 1.0], [5.0, 5.0]]).repeat(10, axis=0)
    with pytest.warns(ComponentWarning, match="Components .* took no data"):
        GaussianMixture(5, random_state=0).fit(X)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_more_features_than_rows(estimator, covariance_type):
    X = np.random.default_rng(0).normal(size=(20, 50))
    model = estimator(n_components=2, covariance_type=covariance_type, random_state=0).fit(X)
    assert_sane(model, X)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_weights_zero_for_most_rows_equal_leaving_them_out(estimator, covariance_type):
    X = clusters(n=2000)
    weight = np.zeros(2000)
    weight[::40] = 1.0
    X[1::40] = 1e30  # what has no weight has no say
    for init_params in ("kmeans", "k-means++", "random_from_data"):
        model = estimator(
            n_components=3, covariance_type=covariance_type, init_params=init_params, random_state=0, max_iter=20
        )
        weighted = model.fit(X, sample_weight=weight)
        assert_sane(weighted, X[::40])
        if init_params == "kmeans":
            mean, covariance = weighted.means_, weighted.covariances_
            left_out = model.fit(X[::40])
            assert_allclose(mean, left_out.means_, rtol=1e-8)
            assert_allclose(covariance, left_out.covariances_, rtol=1e-8, atol=1e-12)


def test_random_rows_are_drawn_in_proportion_to_their_weights():
    """First pick by weight, 4000 draws: each share within 6 standard errors, a false alarm in 10^8 runs."""
    from gibbsite.mixture._initialization import _random_rows

    weight = np.array([1.0, 2.0, 3.0, 1e-300, 4.0])
    random_state = np.random.RandomState(0)
    picks = np.array([_random_rows(weight, 5, 2, random_state) for _ in range(4000)])
    assert (picks[:, 0] != picks[:, 1]).all()
    expected = weight / weight.sum()
    share = np.bincount(picks[:, 0], minlength=5) / 4000
    assert (np.abs(share - expected) <= 6 * np.sqrt(expected * (1 - expected) / 4000)).all()
    second = sum(
        expected[first] * np.where(np.arange(5) == first, 0, weight) / (10 - weight[first]) for first in range(5)
    )
    share = np.bincount(picks[:, 1], minlength=5) / 4000
    assert (np.abs(share - second) <= 6 * np.sqrt(second * (1 - second) / 4000)).all()


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++"])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_weights_that_repeat_rows_equal_repeated_rows(estimator, covariance_type, init_params):
    X = clusters(n=300)
    weight = np.random.default_rng(1).integers(0, 4, 300)
    model = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "init_params": init_params,
        "random_state": 0,
        "max_iter": 30,
    }
    weighted = estimator(**model).fit(X, sample_weight=weight)
    repeated = estimator(**model).fit(np.repeat(X, weight, axis=0))
    assert weighted.n_iter_ == repeated.n_iter_
    for name in PARAMETERS:
        assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-7, atol=1e-9, err_msg=name)
    assert_allclose(weighted.lower_bounds_, repeated.lower_bounds_, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("places", "value", "message"),
    [
        ([(17, 2), (30, 0), (31, 1)], np.inf, "X has 3 infinite values, the first at row 17, column 2"),
        ([(5, 1)], -np.inf, "X has 1 infinite value, at row 5, column 1"),
        ([(0, 0), (99, 2)], np.nan, "X has 2 NaN values, the first at row 0, column 0"),
    ],
)
def test_what_is_not_finite_is_named(places, value, message, dtype):
    X = clusters(n=100).astype(dtype)
    good = GaussianMixture(2, random_state=0).fit(X)
    for place in places:
        X[place] = value
    kind = "NaN" if np.isnan(value) else "infinity"
    for call in (GaussianMixture(2).fit, GaussianMixture(2).partial_fit, good.predict, good.score_samples, good.score):
        with pytest.raises(ValueError, match=message) as caught:
            call(X)
        assert f"Input X contains {kind}" in str(caught.value)


def test_large_finite_values_are_not_taken_for_infinite():
    X = np.array([[1e308], [1.1e308], [-1e308], [1.2e308]])
    model = GaussianMixture(1, covariance_type="diag", means_init=[[0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="ill-defined empirical covariance"):
            model.fit(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_bad_weights_are_named(bad):
    X = clusters(n=50)
    weight = np.ones(50)
    weight[7] = bad
    with pytest.raises(ValueError, match=r"sample_weight.* at row 7"):
        GaussianMixture(2).fit(X, sample_weight=weight)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(49), r"sample_weight.shape == \(49,\), expected \(50,\)"),
        (np.ones((50, 2)), "Sample weights must be 1D array or scalar, got 2D array"),
        (np.zeros(50), "Sample weights must contain at least one non-zero number"),
        (np.r_[1.0, np.zeros(49)], "at least n_components samples with a positive sample_weight"),
    ],
)
def test_impossible_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(2).fit(clusters(n=50), sample_weight=weight)


@pytest.mark.parametrize("weight", [2.0, 3, np.float32(0.5), np.array(2.0)])
def test_a_number_is_the_weight_of_every_row(weight):
    X = clusters(n=100)
    model = GaussianMixture(2, random_state=0, max_iter=3)
    means = model.fit(X, sample_weight=weight).means_
    np.testing.assert_array_equal(means, model.fit(X, sample_weight=np.full(100, float(weight))).means_)
    assert model.score(X, sample_weight=weight) == pytest.approx(model.score(X))
    chunked = model.fit([X[:30], X[30:]], sample_weight=weight).means_
    assert_allclose(chunked, means, rtol=1e-10)


@pytest.mark.parametrize(("weight", "message"), [(-1.0, "Negative values"), (np.nan, "NaN"), (0.0, "non-zero number")])
def test_a_number_that_is_no_weight_is_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(2).fit(clusters(n=50), sample_weight=weight)


@pytest.mark.parametrize(
    ("estimator", "parameters", "message"),
    [
        (GaussianMixture, {"means_init": [[0, 0, np.nan], [1, 1, 1]]}, "Input means_init contains NaN"),
        (GaussianMixture, {"weights_init": [np.inf, 0]}, "Input weights_init contains infinity"),
        (GaussianMixture, {"weights_init": [1.0]}, r"'weights' should have the shape of \(2,\), but got \(1,\)"),
        (GaussianMixture, {"precisions_init": np.eye(3)}, r"'full precision' should have the shape of \(2, 3, 3\)"),
        (BayesianGaussianMixture, {"mean_prior": [0, np.nan, 0]}, "Input mean_prior contains NaN"),
        (
            BayesianGaussianMixture,
            {"covariance_prior": 2.0},
            r"'full covariance_prior' should have the shape of \(3, 3\), but got \(\)",
        ),
        (
            BayesianGaussianMixture,
            {"covariance_prior": np.eye(3), "covariance_type": "spherical"},
            r"'spherical covariance_prior' should have the shape of \(\), but got \(3, 3\)",
        ),
        (
            BayesianGaussianMixture,
            {"covariance_prior": np.array(-1.0), "covariance_type": "spherical"},
            "'spherical covariance_prior' should be a positive number, but got -1.0",
        ),
    ],
)
def test_what_is_given_is_named(estimator, parameters, message):
    with pytest.raises(ValueError, match=message):
        estimator(**{"n_components": 2, **parameters}).fit(clusters(n=50))


@pytest.mark.parametrize("after", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("before", ["full", "tied", "diag", "spherical"])
def test_a_covariance_type_set_after_the_fit_is_named(before, after):
    """As many components as features: a tied and a diagonal model have arrays of the same shapes."""
    X = clusters(n=300)
    model = GaussianMixture(3, covariance_type=before, random_state=0).fit(X).set_params(covariance_type=after)
    calls = [model.predict, model.score, model.partial_fit, lambda X: model.marginal([0]), lambda X: model.sample()]
    if before == after:
        for call in calls:
            call(X)
        return
    for call in [*calls, model.set_params(warm_start=True).fit]:
        with pytest.raises(ValueError, match=f"covariance_type='{after}' was set after a fit with another"):
            call(X)
    model.set_params(warm_start=False).fit(X).predict(X)


def test_what_a_warm_start_cannot_go_on_from_is_named():
    X = clusters()
    model = GaussianMixture(2, random_state=0, warm_start=True).fit(X)
    with pytest.raises(ValueError, match="which had features = 3: now it is 2"):
        model.fit(X[:, :2])
    model.set_params(n_components=3)
    for call in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="which had n_components = 2: now it is 3"):
            call(X)
    assert model.predict_proba(X).shape == (600, 2)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, bool, np.float16, object, ">f8"])
def test_other_number_types_are_computed_in_float64(estimator, dtype):
    X = (clusters(n=200) > 0) * 1.0 + np.arange(3)
    X = X if dtype is bool else X * 3
    model = estimator(n_components=2, random_state=0).fit(X.astype(dtype))
    assert model.means_.dtype == np.float64
    expected = estimator(n_components=2, random_state=0).fit(X.astype(dtype).astype(np.float64))
    np.testing.assert_array_equal(model.means_, expected.means_)
    np.testing.assert_array_equal(model.predict(X.astype(dtype)), expected.predict(X.astype(dtype).astype(float)))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros(5), ValueError, "Expected 2D array, got 1D array instead"),
        (np.float64(3.0), ValueError, "Expected 2D array, got scalar array instead"),
        (np.zeros((4, 3, 2)), ValueError, "with dim 3, while dim <= 2 is required"),
        (np.zeros((0, 3)), ValueError, r"Found array with 0 sample\(s\)"),
        (np.zeros((3, 0)), ValueError, r"0 feature\(s\)"),
        (np.zeros((1, 3)), ValueError, "a minimum of 2 is required"),
        (np.array([["a", "b"], ["c", "d"]]), ValueError, "could not convert string to float"),
        (np.array([[object(), 1.0], [1.0, 2.0]]), TypeError, "float"),
        (np.zeros((5, 2), dtype=complex), ValueError, "Complex data not supported"),
        (scipy.sparse.eye(5, format="csr"), TypeError, "Sparse data was passed for X, but dense data is required"),
        (scipy.sparse.coo_array(np.eye(5)), TypeError, "Sparse data was passed for X, but dense data is required"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(X, error, message):
    for estimator in ESTIMATORS:
        with pytest.raises(error, match=message):
            estimator().fit(X)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score_samples", "score", "bic", "icl"])
def test_wrong_feature_count(method):
    X = clusters()
    model = GaussianMixture(2, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3 features as input"):
        getattr(model, method)(X[:, :2])


def test_more_components_than_rows():
    with pytest.raises(ValueError, match="Expected n_samples >= n_components but got n_components = 4, n_samples = 3"):
        GaussianMixture(4).fit(np.eye(3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_memory_layouts_do_not_matter_and_inputs_are_not_touched(covariance_type, dtype):
    X = clusters().astype(dtype)
    weight = np.random.default_rng(0).uniform(size=len(X))
    expected = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X, sample_weight=weight)
    wide = np.zeros((len(X) * 2, 7), dtype)
    wide[::2, 1:7:2] = X
    layouts = {
        "read-only": X.copy(),
        "Fortran": np.asfortranarray(X),
        "strided": wide[::2, 1:7:2],
        "reversed": X[::-1].copy()[::-1],
    }
    layouts["read-only"].flags.writeable = False
    for name, data in layouts.items():
        before = np.array(data)
        frozen = weight.copy()
        frozen.flags.writeable = False
        model = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(data, sample_weight=frozen)
        np.testing.assert_array_equal(model.means_, expected.means_, err_msg=name)
        np.testing.assert_array_equal(model.predict_proba(data), expected.predict_proba(X), err_msg=name)
        np.testing.assert_array_equal(data, before)


def test_lists_and_one_column():
    model = GaussianMixture(2, random_state=0).fit([[0.0], [0.1], [5.0], [5.1]])
    assert sorted(model.means_[:, 0].round(2)) == [0.05, 5.05]


def test_fitted_attributes_are_not_shared_between_fits():
    X = clusters()
    model = GaussianMixture(3, random_state=0, warm_start=True, max_iter=1).fit(X)
    means, precisions = model.means_, model.precisions_
    kept = means.copy()
    model.fit(X + 1)
    np.testing.assert_array_equal(means, kept)
    assert model.precisions_ is not precisions


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, MemoryError])
def test_a_failed_fit_leaves_the_estimator_as_it_was(kind):
    X = clusters()

    def fail(news):
        raise kind("stop")

    fresh = GaussianMixture(3, random_state=0, callback=fail)
    with pytest.raises(kind):
        fresh.fit(X)
    assert not [name for name in vars(fresh) if name.endswith("_")]
    fresh.set_params(callback=None).fit(X)
    before = dict(vars(fresh))
    with pytest.raises(ValueError, match="NaN"):
        fresh.fit(np.full((10, 5), np.nan))
    assert vars(fresh) == before
    assert fresh.predict(X).shape == (600,)


def test_ill_defined_covariance_names_its_components():
    X = np.concatenate([np.zeros((10, 2)), np.random.default_rng(0).normal(5, 1, (50, 2))])
    with pytest.raises(ValueError, match=r"ill-defined empirical covariance .* ill-defined covariance: [01]\."):
        GaussianMixture(2, random_state=0, reg_covar=0).fit(X)
