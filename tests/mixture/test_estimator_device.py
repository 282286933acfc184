"""Device arrays: from the initialisation to the result nothing of the data's size leaves the device."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gibbsite import BayesianGaussianMixture, GaussianMixture
from tests.device.conftest import cupy  # noqa: F401 (a fixture)

FITTED = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]
INITS = ["kmeans", "k-means++", "random", "random_from_data"]
ESTIMATORS = [GaussianMixture, BayesianGaussianMixture]

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("cupy"),
]


def rows(dtype=np.float64):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(m, 1, (60, 3)) for m in (-2, 0, 2)]).astype(dtype)
    weight = rng.uniform(size=len(X)).astype(dtype)
    weight[::7] = 0.0
    return X, weight


@pytest.fixture
def biggest_transfer(cupy, monkeypatch):  # noqa: F811
    """Elements of the largest array that a method brought to the host."""
    seen = [0]
    for name in ("get", "tolist"):
        original = getattr(cupy.ndarray, name)

        def counted(self, *args, _original=original, **options):
            seen[0] = max(seen[0], self.size)
            return _original(self, *args, **options)

        monkeypatch.setattr(cupy.ndarray, name, counted)
    return seen


def assert_on_device(cupy, model, expected, rtol=1e-7):  # noqa: F811
    for name in FITTED:
        value = getattr(model, name)
        assert isinstance(value, cupy.ndarray), name
        assert value.dtype == expected.means_.dtype, name
        assert_allclose(value.get(), getattr(expected, name), rtol=rtol, atol=1e-9, err_msg=name)
    assert model.n_iter_ == expected.n_iter_


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("init_params", INITS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_fit_stays_on_the_device(cupy, biggest_transfer, estimator, covariance_type, init_params, weighted):  # noqa: F811
    X, weight = rows()
    parameters = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "init_params": init_params,
        "random_state": 0,
        "max_iter": 4,
        "tol": 0,
    }
    expected = estimator(**parameters).fit(X, sample_weight=weight if weighted else None)
    device_weight = cupy.asarray(weight) if weighted else None
    model = estimator(**parameters).fit(cupy.asarray(X), sample_weight=device_weight)
    assert biggest_transfer[0] < len(X)
    assert_on_device(cupy, model, expected)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_inference_stays_on_the_device(cupy, estimator, covariance_type):  # noqa: F811
    X, weight = rows()
    parameters = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0, "max_iter": 4, "tol": 0}
    expected = estimator(**parameters).fit(X)
    on_device = cupy.asarray(X)
    model = estimator(**parameters).fit(on_device)
    for method in ("predict", "predict_proba", "score_samples"):
        got = getattr(model, method)(on_device)
        assert isinstance(got, cupy.ndarray)
        assert_allclose(got.get(), getattr(expected, method)(X), rtol=1e-7, atol=1e-12)
    assert model.score(on_device, sample_weight=cupy.asarray(weight)) == pytest.approx(
        expected.score(X, sample_weight=weight)
    )
    for criterion in ("aic", "bic", "icl"):
        assert getattr(model, criterion)(on_device) == pytest.approx(getattr(expected, criterion)(X))
    draws, label = model.sample(20)
    assert isinstance(draws, cupy.ndarray)
    assert isinstance(label, cupy.ndarray)
    assert_allclose(draws.get(), expected.sample(20)[0], rtol=1e-6, atol=1e-9)
    conditional = model.conditional({1: 0.5})
    assert isinstance(conditional.means_, cupy.ndarray)
    assert_allclose(conditional.means_.get(), expected.conditional({1: 0.5}).means_, rtol=1e-7)
    assert_allclose(model.marginal([2, 0]).covariances_.get(), expected.marginal([2, 0]).covariances_, rtol=1e-7)
    assert model.kl_divergence(model, 100, random_state=0).value == 0.0


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_acceleration_and_chunks(cupy, estimator):  # noqa: F811
    X, _ = rows()
    on_device = cupy.asarray(X)
    parameters = {"n_components": 3, "random_state": 0, "max_iter": 7, "tol": 0}
    expected = estimator(**parameters, accelerate="squarem").fit(X)
    assert_on_device(cupy, estimator(**parameters, accelerate="squarem").fit(on_device), expected, rtol=1e-5)
    expected = estimator(**parameters).fit(X)
    assert_on_device(cupy, estimator(**parameters).fit([on_device[:50], on_device[50:]]), expected)
    online, reference = estimator(n_components=3, random_state=0), estimator(n_components=3, random_state=0)
    for start in (0, 90):
        online.partial_fit(on_device[start : start + 90])
        reference.partial_fit(X[start : start + 90])
    online.end_epoch(), reference.end_epoch()
    assert_allclose(online.means_.get(), reference.means_, rtol=1e-7)


def test_float32_integers_and_given_starts(cupy):  # noqa: F811
    X, _ = rows(np.float32)
    start = {"n_components": 3, "means_init": X[:3], "max_iter": 3, "tol": 0, "random_state": 0}
    model = GaussianMixture(**start).fit(cupy.asarray(X))
    assert_on_device(cupy, model, GaussianMixture(**start).fit(X), rtol=1e-3)
    whole = np.round(X).astype(np.int64)
    assert GaussianMixture(2, random_state=0).fit(cupy.asarray(whole)).means_.dtype == np.float64


def test_a_model_from_the_host_reads_a_device_and_back(cupy, tmp_path):  # noqa: F811
    X, _ = rows()
    model = GaussianMixture(3, random_state=0, max_iter=3).fit(X)
    assert isinstance(model.predict(cupy.asarray(X)), cupy.ndarray)
    device = GaussianMixture(3, random_state=0, max_iter=3, warm_start=True).fit(cupy.asarray(X))
    device.fit(cupy.asarray(X))
    device.save(tmp_path / "model")
    loaded = GaussianMixture.load(tmp_path / "model")
    assert isinstance(loaded.means_, np.ndarray)
    assert_allclose(loaded.score_samples(X), device.score_samples(cupy.asarray(X)).get(), rtol=1e-7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: np.where(X[17, 2] == X, np.inf, X), "1 infinite value, at row 17, column 2"),
        (lambda X: X[:, 0], "Expected 2D array, got 1D array"),
        (lambda X: X[:1], "minimum of 2 is required"),
        (lambda X: X[:2], "n_components = 3, n_samples = 2"),
        (lambda X: X.astype(complex), "Complex data not supported"),
        (lambda X: X[:, :0], r"0 feature\(s\)"),
    ],
)
def test_bad_device_arrays_are_named(cupy, change, message):  # noqa: F811
    X, _ = rows()
    with pytest.raises(ValueError, match=message):
        GaussianMixture(3).fit(cupy.asarray(change(X)))
    model = GaussianMixture(2, random_state=0).fit(cupy.asarray(X))
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3"):
        model.predict(cupy.asarray(X[:, :2]))
