"""Drop-in: the same results, attributes and errors as scikit-learn's mixtures, and its checks of an estimator."""

import inspect

import numpy as np
import pytest
import sklearn.mixture
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

import gibbsite

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]
INITS = ["kmeans", "k-means++", "random", "random_from_data"]
CLASSES = ["GaussianMixture", "BayesianGaussianMixture"]
PARAMETERS = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small products, of which scikit-learn makes many, are slower on several threads."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module", name="X")
def overlapping_clusters():
    rng = np.random.default_rng(5)
    centers = rng.normal(scale=2.0, size=(4, 3))
    return centers[rng.integers(4, size=600)] + rng.normal(size=(600, 3)) * rng.uniform(0.5, 1.5, 3)


def both(name, X, **parameters):
    ours = getattr(gibbsite, name)(**parameters).fit(X)
    theirs = getattr(sklearn.mixture, name)(**parameters).fit(X)
    return ours, theirs


def assert_same(ours, theirs, rtol=1e-6):
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.converged_ == theirs.converged_
    for name in PARAMETERS:
        assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=rtol, atol=rtol, err_msg=name)
    assert_allclose(ours.lower_bound_, np.ravel(theirs.lower_bound_)[0], rtol=rtol)
    assert_allclose(ours.lower_bounds_, np.ravel(theirs.lower_bounds_), rtol=rtol)


@pytest.mark.parametrize("name", CLASSES)
def test_check_estimator(name):
    for result in check_estimator(getattr(gibbsite, name)(), on_skip=None):
        assert result["status"] in ("passed", "skipped"), result
        assert not result["expected_to_fail"]


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_and_defaults_are_scikit_learns(name):
    ours, theirs = getattr(gibbsite, name), getattr(sklearn.mixture, name)
    assert theirs().get_params().items() <= ours().get_params().items()
    signature, reference = inspect.signature(ours), inspect.signature(theirs)
    for parameter in reference.parameters.values():
        assert signature.parameters[parameter.name].kind == parameter.kind
    public = {member for member in dir(theirs) if not member.startswith("_")}
    assert public <= set(dir(ours))


@pytest.mark.parametrize("n_init", [1, 3])
@pytest.mark.parametrize("init_params", INITS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("name", CLASSES)
def test_same_random_state_same_fit(X, name, covariance_type, init_params, n_init):
    assert_same(
        *both(
            name,
            X,
            n_components=3,
            covariance_type=covariance_type,
            init_params=init_params,
            n_init=n_init,
            random_state=7,
            max_iter=40,
        )
    )


@pytest.mark.parametrize("name", CLASSES)
def test_random_state_objects_are_consumed_alike(X, name):
    states = [np.random.RandomState(3), np.random.RandomState(3)]
    for module, state in zip((gibbsite, sklearn.mixture), states, strict=True):
        getattr(module, name)(n_components=3, n_init=2, random_state=state, max_iter=5).fit(X)
    assert states[0].uniform() == states[1].uniform()


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("name", CLASSES)
def test_inference_agrees(X, name, covariance_type):
    ours, theirs = both(name, X, n_components=3, covariance_type=covariance_type, random_state=0)
    new = X[::3] + 0.3
    assert_allclose(ours.score_samples(new), theirs.score_samples(new), rtol=1e-9)
    assert_allclose(ours.predict_proba(new), theirs.predict_proba(new), rtol=1e-8, atol=1e-12)
    assert (ours.predict(new) == theirs.predict(new)).all()
    assert (ours.fit_predict(X) == theirs.fit_predict(X)).all()
    assert ours.score(new) == pytest.approx(theirs.score(new))
    if name == "GaussianMixture":
        assert ours.aic(new) == pytest.approx(theirs.aic(new))
        assert ours.bic(new) == pytest.approx(theirs.bic(new))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("name", CLASSES)
def test_warm_start_goes_on_alike(X, name, covariance_type):
    parameters = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "init_params": "random",
        "warm_start": True,
        "max_iter": 2,
        "random_state": 1,
        "n_init": 2,
    }
    ours, theirs = getattr(gibbsite, name)(**parameters), getattr(sklearn.mixture, name)(**parameters)
    for _ in range(4):
        assert_same(ours.fit(X), theirs.fit(X))
    ours.set_params(max_iter=500), theirs.set_params(max_iter=500)
    assert_same(ours.fit(X), theirs.fit(X))
    assert_same(ours.fit(X), theirs.fit(X))


@pytest.mark.parametrize("given", ["weights", "means", "precisions", "all"])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_given_starts_are_used_alike(X, covariance_type, given):
    rng = np.random.default_rng(0)
    spread = rng.uniform(0.5, 2.0, (3, 3))
    matrices = np.array([np.diag(d) + 0.1 for d in spread])
    precisions = {"full": matrices, "tied": matrices[0], "diag": spread, "spherical": spread[:, 0]}[covariance_type]
    starts = {"weights_init": [0.2, 0.3, 0.5], "means_init": X[:3].tolist(), "precisions_init": precisions}
    chosen = starts if given == "all" else {f"{given}_init": starts[f"{given}_init"]}
    assert_same(*both("GaussianMixture", X, n_components=3, covariance_type=covariance_type, random_state=0, **chosen))


@pytest.mark.parametrize("name", CLASSES)
def test_no_iterations_give_the_initialisation(X, name):
    for init_params in INITS:
        ours, theirs = both(name, X, n_components=3, max_iter=0, init_params=init_params, random_state=2)
        for attribute in PARAMETERS:
            assert_allclose(getattr(ours, attribute), getattr(theirs, attribute), rtol=1e-6, atol=1e-9)
        assert (ours.n_iter_, ours.lower_bound_, ours.lower_bounds_) == (0, -np.inf, [])


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("name", CLASSES)
def test_float32_stays_and_agrees_with_float64(X, name, covariance_type):
    parameters = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0, "max_iter": 10, "tol": 0}
    single = getattr(gibbsite, name)(**parameters).fit(X.astype(np.float32))
    double = getattr(gibbsite, name)(**parameters).fit(X)
    for attribute in PARAMETERS:
        assert getattr(single, attribute).dtype == np.float32
        assert_allclose(getattr(single, attribute), getattr(double, attribute), rtol=2e-4, atol=2e-4)
    assert single.score_samples(X.astype(np.float32)).dtype == np.float32
    assert single.score_samples(X).dtype == np.float64
    assert single.predict_proba(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("prior", ["dirichlet_process", "dirichlet_distribution"])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_bayesian_priors_and_posterior_agree(X, covariance_type, prior):
    covariance = {
        "full": np.eye(3) * 0.7,
        "tied": np.eye(3) * 0.7,
        "diag": np.full(3, 0.7),
        "spherical": 0.7,
    }[covariance_type]
    given = {
        "weight_concentration_prior": 0.05,
        "mean_precision_prior": 0.4,
        "mean_prior": [0.1, -0.2, 0.3],
        "degrees_of_freedom_prior": 4.5,
        "covariance_prior": covariance,
    }
    for chosen in ({}, given):
        ours, theirs = both(
            "BayesianGaussianMixture",
            X,
            n_components=6,
            covariance_type=covariance_type,
            weight_concentration_prior_type=prior,
            random_state=0,
            max_iter=40,
            **chosen,
        )
        assert_same(ours, theirs)
        for attribute in (
            "weight_concentration_",
            "weight_concentration_prior_",
            "mean_precision_",
            "mean_precision_prior_",
            "mean_prior_",
            "degrees_of_freedom_",
            "degrees_of_freedom_prior_",
            "covariance_prior_",
        ):
            mine, other = getattr(ours, attribute), getattr(theirs, attribute)
            assert isinstance(mine, tuple) == isinstance(other, tuple)
            assert np.shape(mine) == np.shape(other), attribute
            assert_allclose(np.array(mine), np.array(other), rtol=1e-6, atol=1e-9, err_msg=attribute)


BAD_PARAMETERS = [
    ({"n_components": 0}, "n_components"),
    ({"covariance_type": "round"}, "covariance_type"),
    ({"tol": -1}, "tol"),
    ({"reg_covar": -1}, "reg_covar"),
    ({"max_iter": -1}, "max_iter"),
    ({"n_init": 0}, "n_init"),
    ({"init_params": "best"}, "init_params"),
    ({"weights_init": [0.5, 0.6, 0.1]}, "normalized"),
    ({"weights_init": [0.5, 0.5]}, r"'weights' should have the shape of \(3,\)"),
    ({"weights_init": [1.5, -0.6, 0.1]}, r"'weights' should be in the range \[0, 1\]"),
    ({"means_init": [[0.0, 1.0]]}, r"'means' should have the shape of \(3, 3\)"),
    ({"precisions_init": np.zeros((2, 3, 3))}, "'full precision' should have the shape of"),
    ({"precisions_init": np.tile(-np.eye(3), (3, 1, 1))}, "'full precision' should be symmetric, positive-definite"),
    ({"precisions_init": -np.ones((3, 3)), "covariance_type": "diag"}, "'diag precision' should be positive"),
]


@pytest.mark.parametrize(("parameters", "message"), BAD_PARAMETERS)
def test_same_errors(X, parameters, message):
    for module in (gibbsite, sklearn.mixture):
        with pytest.raises(ValueError, match=message) as caught:
            module.GaussianMixture(**{"n_components": 3, **parameters}).fit(X)
        if module is gibbsite:
            ours = type(caught.value)
    assert ours is type(caught.value)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"degrees_of_freedom_prior": 1.5}, "'degrees_of_freedom_prior' should be greater than 2, but got 1.500"),
        ({"mean_prior": [0.0]}, r"'means' should have the shape of \(3,\)"),
        ({"covariance_prior": -np.eye(3)}, "should be symmetric, positive-definite"),
        ({"covariance_prior": np.eye(2)}, "'full covariance_prior' should have the shape of"),
        ({"weight_concentration_prior": 0.0}, "weight_concentration_prior"),
        ({"weight_concentration_prior_type": "flat"}, "weight_concentration_prior_type"),
    ],
)
def test_same_errors_for_priors(X, parameters, message):
    for module in (gibbsite, sklearn.mixture):
        with pytest.raises(ValueError, match=message):
            module.BayesianGaussianMixture(n_components=3, **parameters).fit(X)


@pytest.mark.parametrize("name", CLASSES)
def test_unfitted_models_say_so(X, name):
    model = getattr(gibbsite, name)()
    for method in ("predict", "predict_proba", "score_samples", "score", "aic", "bic", "icl"):
        with pytest.raises(NotFittedError):
            getattr(model, method)(X)
    for call in (model.sample, lambda: model.marginal([0]), lambda: model.conditional({0: 1.0}), model.plot):
        with pytest.raises(NotFittedError):
            call()
    assert not hasattr(model, "precisions_")


def test_convergence_warning_is_scikit_learns(X):
    messages = []
    for module in (gibbsite, sklearn.mixture):
        with pytest.warns(ConvergenceWarning) as caught:
            module.GaussianMixture(4, tol=0, max_iter=2, random_state=0).fit(X)
        messages.append(" ".join(str(caught[0].message).split()))
        if module is gibbsite:
            assert caught[0].filename == __file__
    assert messages[0] == messages[1]


def test_tools_of_scikit_learn_work(X):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), gibbsite.GaussianMixture(random_state=0)),
        {"gaussianmixture__n_components": [1, 4], "gaussianmixture__covariance_type": ["diag", "full"]},
        cv=3,
    ).fit(X)
    assert search.best_params_["gaussianmixture__n_components"] == 4
    copy = clone(gibbsite.GaussianMixture(3, accelerate="squarem", threads=1))
    assert copy.get_params()["accelerate"] == "squarem"


def test_sample_weight_is_routed(X):
    import sklearn

    weight = np.r_[np.ones(300), np.zeros(300)]
    with sklearn.config_context(enable_metadata_routing=True):
        model = gibbsite.GaussianMixture(2, random_state=0).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipeline.fit(X, sample_weight=weight)
    expected = gibbsite.GaussianMixture(2, random_state=0).fit(StandardScaler().fit_transform(X), sample_weight=weight)
    assert_allclose(pipeline[-1].means_, expected.means_)
