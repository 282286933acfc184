"""Drop-in: scikit-learn's parameters, attributes and methods, its checks of an estimator, and its example."""

import inspect

import numpy as np
import pytest
import sklearn.neural_network
from scipy.ndimage import convolve
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import minmax_scale
from sklearn.utils.estimator_checks import check_estimator

from gibbsite import BernoulliRBM, GaussianRBM
from tests.rbm.machines import digits, log_likelihood, machine, one_thread, states  # noqa: F401 (a fixture)

ESTIMATORS = [BernoulliRBM, GaussianRBM]


# The checks pass values outside [0, 1], and ask that a row of weight 2 leads to the same fit as the same row twice:
# with stochastic gradients that holds where all rows are one batch, and every chain has its own start.
CHECKED = [
    BernoulliRBM(8, n_iter=3, batch_size=200, out_of_range="clip"),
    BernoulliRBM(8, n_iter=3, batch_size=200, out_of_range="clip", method="pt", centered=True, n_chains=20),
    GaussianRBM(8, n_iter=3, batch_size=200, method="pcd"),
]


@pytest.mark.parametrize("model", CHECKED, ids=["bernoulli", "tempered", "gaussian"])
def test_check_estimator(model):
    for result in check_estimator(model, on_skip=None):
        assert result["status"] in ("passed", "skipped"), result
        assert not result["expected_to_fail"]


def test_parameters_and_defaults_are_scikit_learns():
    theirs = sklearn.neural_network.BernoulliRBM
    assert theirs().get_params().items() <= BernoulliRBM().get_params().items()
    signature, reference = inspect.signature(BernoulliRBM), inspect.signature(theirs)
    for parameter in reference.parameters.values():
        assert signature.parameters[parameter.name].kind == parameter.kind
    public = {member for member in dir(theirs) if not member.startswith("_")}
    assert public <= set(dir(BernoulliRBM))


def test_attributes_have_scikit_learns_names_shapes_and_types():
    X = digits()[:105]
    ours = BernoulliRBM(5, random_state=0, n_iter=2).fit(X)
    theirs = sklearn.neural_network.BernoulliRBM(5, random_state=0, n_iter=2).fit(X)
    public = {name for name in vars(theirs) if name.endswith("_")}
    assert public == {"components_", "intercept_hidden_", "intercept_visible_", "h_samples_", "n_features_in_"}
    for name in public:
        assert np.shape(getattr(ours, name)) == np.shape(getattr(theirs, name)), name
    assert set(np.unique(ours.h_samples_)) <= {0.0, 1.0}
    np.testing.assert_array_equal(ours.get_feature_names_out(), [f"bernoullirbm{i}" for i in range(5)])
    v = ours.gibbs(X)
    assert (v.dtype, v.shape) == (theirs.gibbs(X).dtype, X.shape)


def test_first_weights_are_scikit_learns():
    X = digits()[:50]
    for seed in (0, np.random.RandomState(3)):
        ours = BernoulliRBM(5, random_state=clone_state(seed), n_iter=0).fit(X)
        theirs = sklearn.neural_network.BernoulliRBM(5, random_state=clone_state(seed), n_iter=0).fit(X)
        np.testing.assert_array_equal(ours.components_, theirs.components_)
    ours = BernoulliRBM(5, random_state=0).partial_fit(X)
    theirs = sklearn.neural_network.BernoulliRBM(5, random_state=0)
    theirs.partial_fit(X)
    # one step of length 0.1 along a gradient of numbers below one
    assert 0 < abs(ours.components_ - theirs.components_).max() < 0.2


def clone_state(seed):
    if isinstance(seed, int):
        return seed
    state = np.random.RandomState()
    state.set_state(seed.get_state())
    return state


@pytest.mark.parametrize("seed", range(2))
def test_default_settings_train_at_least_as_well(seed):
    """Exact likelihood of new rows, same number of updates: the better first biases may only help."""
    X = digits()
    settings = {"n_components": 8, "n_iter": 20, "random_state": seed}
    ours = BernoulliRBM(**settings).fit(X[:1500])
    theirs = sklearn.neural_network.BernoulliRBM(**settings).fit(X[:1500])
    as_ours = BernoulliRBM(8)
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "n_features_in_"):
        setattr(as_ours, name, getattr(theirs, name))
    ours, theirs = (model.log_likelihood(X[1500:]) for model in (ours, as_ours))
    assert ours.method == theirs.method == "exact"
    # seeds differ by about 0.4 nats
    assert ours.value > theirs.value - 1.0


def nudged_digits():
    """scikit-learn's example: the digits, and four copies moved by a pixel."""
    X, y = load_digits(return_X_y=True)
    kernels = [[[0, 1, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0], [1, 0, 0], [0, 0, 0]]]
    kernels += [[[0, 0, 0], [0, 0, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 0], [0, 1, 0]]]
    moved = [
        np.array(
            [convolve(image.reshape(8, 8), weights=kernel, mode="constant").ravel() for image in X.astype("float32")]
        )
        for kernel in kernels
    ]
    X = minmax_scale(np.concatenate([X.astype("float32"), *moved]), feature_range=(0, 1))
    return train_test_split(X, np.concatenate([y] * 5), test_size=0.2, random_state=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_features_for_digits_beat_scikit_learns_example():
    """The example's machine and logistic regression, and ours with what the time saved pays for: more units.

    The regression takes so many steps of L-BFGS and not Newton's, which cost fifty times as much; all features get the
    same.
    """
    train, test, train_y, test_y = nudged_digits()
    machines = {
        "theirs": sklearn.neural_network.BernoulliRBM(100, learning_rate=0.06, n_iter=10, random_state=0),
        "same settings": BernoulliRBM(100, learning_rate=0.06, n_iter=10, random_state=0),
        "ours": BernoulliRBM(200, learning_rate=0.1, n_iter=10, random_state=0, schedule="linear"),
    }
    scores = {}
    for name, rbm in machines.items():
        pipeline = make_pipeline(rbm, LogisticRegression(C=6000, max_iter=200))
        scores[name] = accuracy_score(test_y, pipeline.fit(train, train_y).predict(test))
    assert scores["theirs"] > 0.9
    assert scores["ours"] >= scores["theirs"], scores
    # seeds differ by 0.01
    assert scores["same settings"] >= scores["theirs"] - 0.02, scores


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_precision_follows_the_data(estimator):
    X = digits()[:60]
    for given, wanted, expected in [
        (np.float32, None, np.float32),
        (np.float64, None, np.float64),
        (np.uint8, None, np.float64),
        (bool, None, np.float64),
        (np.uint8, "float32", np.float32),
        (np.float32, "float64", np.float64),
    ]:
        model = estimator(3, random_state=0, n_iter=1, dtype=wanted).fit(X.astype(given))
        for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_", "data_mean_"):
            assert getattr(model, name).dtype == expected, (given, wanted, name)
        own = given in (np.float32, np.float64)
        assert model.transform(X.astype(given)).dtype == (given if own else expected)
        assert model.sample(2, 1, probabilities=True).dtype == expected


def test_partial_fit_returns_self_and_goes_on():
    X = digits()[:200]
    model = BernoulliRBM(4, random_state=0, momentum=0.5)
    assert model.partial_fit(X[:100]) is model
    first = model.components_.copy()
    assert model.partial_fit(X[100:]) is model
    assert abs(model.components_ - first).max() > 0
    np.testing.assert_allclose(model.data_mean_, X.mean(axis=0))
    assert model.n_samples_seen_ == 200
    again = BernoulliRBM(4, random_state=0, momentum=0.5).partial_fit(X[:100]).partial_fit(X[100:])
    np.testing.assert_array_equal(model.components_, again.components_)


def test_partial_fit_takes_the_steps_of_fit():
    """One batch an epoch: the second call goes on with chains, momentum and offsets as the second epoch does."""
    X = digits()[:100]
    options = {"n_components": 4, "random_state": 0, "batch_size": 100, "centered": True, "momentum": 0.5}
    for method in ("pcd", "cd"):  # the ladder of "pt" moves at the end of an epoch
        whole = BernoulliRBM(n_iter=3, method=method, **options).fit(X)
        online = BernoulliRBM(method=method, **options)
        for _ in range(3):
            online.partial_fit(X)
        np.testing.assert_allclose(online.components_, whole.components_, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(online.h_samples_, whole.h_samples_)


def test_partial_fit_goes_on_from_a_fit():
    X = digits()[:100]
    model = BernoulliRBM(4, random_state=0, n_iter=5).fit(X)
    before, kept = model.components_.copy(), model.components_
    model.partial_fit(X)
    assert 0 < abs(model.components_ - before).max() < 0.2
    np.testing.assert_array_equal(kept, before)  # an array that was handed out does not change


def test_not_fitted():
    for estimator in ESTIMATORS:
        for call in ("transform", "free_energy", "reconstruct", "gibbs", "log_likelihood"):
            with pytest.raises(NotFittedError):
                getattr(estimator(), call)(np.zeros((2, 3)))
        with pytest.raises(NotFittedError):
            estimator().sample()
    with pytest.raises(NotFittedError):
        BernoulliRBM().score_samples(np.zeros((2, 3)))


def test_grid_search_and_clone():
    X, y = load_digits(return_X_y=True)
    X, y = X[:300] / 16, y[:300]
    pipeline = make_pipeline(BernoulliRBM(random_state=0, n_iter=2), LogisticRegression(max_iter=1000))
    search = GridSearchCV(pipeline, {"bernoullirbm__n_components": [4, 32]}, cv=2).fit(X, y)
    assert search.best_params_ == {"bernoullirbm__n_components": 32}
    model = BernoulliRBM(7, method="cd", groups=None, learning_rate=0.3)
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_components", 0),
        ("learning_rate", 0),
        ("learning_rate", "fast"),
        ("batch_size", 0),
        ("n_iter", -1),
        ("method", "nce"),
        ("k", 0),
        ("momentum", 1.0),
        ("weight_decay", -1e-3),
        ("sparsity_target", 1.0),
        ("n_temperatures", 1),
        ("schedule", "cosine"),
        ("validation_fraction", 1.0),
        ("dtype", "float16"),
        ("threads", 0),
    ],
)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_bad_parameters(estimator, parameter, value):
    with pytest.raises(ValueError, match=f"The '{parameter}' parameter of {estimator.__name__} must be"):
        estimator(**{parameter: value}).fit(digits()[:20])


def test_score_samples_estimates_the_pseudo_likelihood(rng):
    """The mean over all states, each many times under other hashes, is the pseudo-likelihood."""
    model = machine(rng, 3, 5)
    v = states(5)
    exact = np.zeros(len(v))
    for j in range(5):
        flipped = v.copy()
        flipped[:, j] = 1 - flipped[:, j]
        exact -= np.logaddexp(0, model.free_energy(v) - model.free_energy(flipped))
    seen = []
    for seed in range(400):
        model.random_state = seed
        seen.append(model.score_samples(v))
    seen = np.array(seen)
    error = (seen.mean(axis=0) - exact) / (seen.std(axis=0) / np.sqrt(len(seen)) + 1e-12)
    # 32 values, each beyond 5.5 standard errors with probability 4e-8
    assert abs(error).max() < 5.5
    assert seen.std(axis=0).min() > 1e-3  # different hashes do choose different variables


def test_score_samples_belongs_to_the_row(rng):
    X = digits(np.float32)[:300]
    model = BernoulliRBM(6, random_state=1, n_iter=1).fit(X)
    whole = model.score_samples(X)
    np.testing.assert_array_equal(model.score_samples(X[::-1])[::-1], whole)
    np.testing.assert_array_equal(model.score_samples(X[7:8]), whole[7:8])
    np.testing.assert_array_equal(model.score_samples(X.astype(bool)), whole)
    np.testing.assert_allclose(model.score_samples(X.astype(float)), whole, rtol=1e-5)
    grey = rng.random((5, 64)).astype(np.float32)
    np.testing.assert_array_equal(model.score_samples(grey)[3:], model.score_samples(grey[3:]))


def test_transform_and_free_energy_are_the_formulas(rng):
    model = machine(rng, 4, 6)
    v = states(6)
    activation = v @ model.components_.T + model.intercept_hidden_
    np.testing.assert_allclose(model.transform(v), 1 / (1 + np.exp(-activation)), rtol=1e-12)
    energy = -v @ model.intercept_visible_ - np.logaddexp(0, activation).sum(axis=1)
    np.testing.assert_allclose(model.free_energy(v), energy, rtol=1e-12, atol=1e-12)
    hidden = model.transform(v)
    mean_field = 1 / (1 + np.exp(-(hidden @ model.components_ + model.intercept_visible_)))
    np.testing.assert_allclose(model.reconstruct(v), mean_field, rtol=1e-12)
    assert model.log_likelihood(v).value == pytest.approx(log_likelihood(model, v), rel=1e-12)
