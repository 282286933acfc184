"""Device arrays: a fit stays on its device, and asks it for nothing between the ends of two epochs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gibbsite import BernoulliRBM, GaussianRBM
from gibbsite.rbm._building import build_training
from tests.device.conftest import cupy  # noqa: F401 (a fixture)
from tests.rbm.machines import one_thread  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("cupy")

FITTED = ["components_", "intercept_visible_", "intercept_hidden_", "h_samples_", "data_mean_"]
SETTINGS = {
    "pcd": {},
    "cd": {"method": "cd", "momentum": 0.5, "weight_decay": 0.01},
    "tempered": {"method": "pt", "n_temperatures": 4, "centered": True, "sparsity_target": 0.1},
    "shuffled": {"shuffle": True, "schedule": "linear"},
    "validated": {"validation_fraction": 0.3},
}


def rows(kind):
    """60 rows of 6 columns, and weights of which some are zero."""
    rng = np.random.default_rng(0)
    if kind == "gaussian":
        X = rng.normal(size=(60, 6))
    elif kind == "categorical":
        X = np.eye(3)[rng.integers(0, 3, (60, 2))].reshape(60, 6)
    else:
        X = rng.random((60, 6)).round(2) if kind == "grey" else (rng.random((60, 6)) < 0.3).astype(float)
    weight = rng.uniform(size=60)
    weight[::7] = 0.0
    return X, weight


def estimator(kind, **settings):
    options = {"n_components": 4, "random_state": 0, "n_iter": 3, **settings}
    if kind == "gaussian":
        return GaussianRBM(**options)
    return BernoulliRBM(**options, **({"visible": "categorical", "groups": [3, 3]} if kind == "categorical" else {}))


def assert_on_device(cupy, model, expected):  # noqa: F811
    for name in FITTED + (["variances_"] if isinstance(model, GaussianRBM) else []):
        value = getattr(model, name)
        assert isinstance(value, cupy.ndarray), name
        assert value.dtype == getattr(expected, name).dtype, name
        assert_allclose(value.get(), getattr(expected, name), rtol=1e-7, atol=1e-9, err_msg=name)
    assert model.history_.keys() == expected.history_.keys()
    for name in model.history_.keys() - {"seconds"}:
        assert_allclose(model.history_[name], expected.history_[name], rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("kind", ["binary", "grey", "gaussian", "categorical"])
def test_the_same_fit_as_on_the_host(cupy, kind, settings, weighted):  # noqa: F811
    X, weight = rows(kind)
    model, expected = (estimator(kind, **SETTINGS[settings]) for _ in range(2))
    expected.fit(X, sample_weight=weight if weighted else None)
    model.fit(cupy.asarray(X), sample_weight=cupy.asarray(weight) if weighted else None)
    assert_on_device(cupy, model, expected)


@pytest.fixture
def questions(cupy, monkeypatch):  # noqa: F811
    """How often a value of a device array was brought to the host."""
    asked = [0]
    names = ["get", "tolist", "item", "__float__", "__int__", "__bool__", "__index__", "__iter__"]
    for name in names:
        original = getattr(cupy.ndarray, name)

        def counted(self, *args, _original=original):
            asked[0] += 1
            return _original(self, *args)

        monkeypatch.setattr(cupy.ndarray, name, counted)
    return asked


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("kind", ["binary", "grey", "gaussian"])
def test_no_question_between_the_ends_of_two_epochs(cupy, questions, kind, settings):  # noqa: F811
    X, weight = rows(kind)
    model = estimator(kind, **SETTINGS[settings])
    training = build_training(model, cupy.asarray(X), cupy.asarray(weight))
    batches = iter(training.source.epoch(0))
    first = next(batches)
    assert questions[0] > 0
    questions[0] = 0
    training.ascent.step(first, 0.1)
    for batch in batches:
        training.ascent.step(batch, 0.1)
    training.monitor.before_last_step()
    assert questions[0] == 0


@pytest.mark.parametrize("kind", ["binary", "grey", "gaussian", "categorical"])
def test_inference_stays_on_the_device(cupy, kind):  # noqa: F811
    X, _ = rows(kind)
    on_device = cupy.asarray(X)
    model, expected = estimator(kind).fit(on_device), estimator(kind).fit(X)
    methods = ["transform", "free_energy", "reconstruct"] + (["score_samples"] if kind != "gaussian" else [])
    for method in methods:
        got = getattr(model, method)(on_device)
        assert isinstance(got, cupy.ndarray)
        assert_allclose(got.get(), getattr(expected, method)(X), rtol=1e-7, atol=1e-9)
    for options in ({}, {"n_sweeps": 3}, {"probabilities": True}):
        got = model.gibbs(on_device, **options)
        assert isinstance(got, cupy.ndarray)
        assert_allclose(got.get().astype(float), expected.gibbs(X, **options), rtol=1e-7, atol=1e-9)
    drawn = model.sample(5, 4)
    assert isinstance(drawn, cupy.ndarray)
    assert_allclose(drawn.get().astype(float), expected.sample(5, 4), rtol=1e-6, atol=1e-9)
    if kind == "binary":
        mask = X > 0
        assert_array_equal(model.gibbs(on_device, clamp=cupy.asarray(mask)).get(), expected.gibbs(X, clamp=mask))


@pytest.mark.parametrize("kind", ["binary", "gaussian", "categorical"])
def test_likelihood(cupy, kind):  # noqa: F811
    X, _ = rows(kind)
    model, expected = estimator(kind).fit(cupy.asarray(X)), estimator(kind).fit(X)
    options = {"n_chains": 20, "n_temperatures": 30, "n_reverse_chains": 3, "n_reverse_rows": 7}
    for method in ("exact", "ais"):
        got, wanted = (
            model.log_likelihood(cupy.asarray(X), method, **options),
            expected.log_likelihood(X, method, **options),
        )
        assert (got.value, got.lower) == pytest.approx((wanted.value, wanted.lower), rel=1e-7)


def test_chunks_and_partial_fit(cupy):  # noqa: F811
    X, weight = rows("binary")
    on_device = cupy.asarray(X)
    expected = estimator("binary", momentum=0.5).fit(X)
    assert_on_device(cupy, estimator("binary", momentum=0.5).fit([on_device[:25], on_device[25:]]), expected)
    online, reference = (estimator("binary", centered=True, momentum=0.5) for _ in range(2))
    for start in (0, 30):
        part = slice(start, start + 30)
        online.partial_fit(on_device[part], sample_weight=cupy.asarray(weight[part]))
        reference.partial_fit(X[part], sample_weight=weight[part])
    for name in FITTED:
        assert_allclose(getattr(online, name).get(), getattr(reference, name), rtol=1e-7, atol=1e-9)


def test_bytes_and_precision(cupy):  # noqa: F811
    X, _ = rows("binary")
    expected = estimator("binary").fit(X)
    for given in (X.astype(bool), X.astype(np.uint8)):
        assert_on_device(cupy, estimator("binary").fit(cupy.asarray(given)), expected)
    single = estimator("binary").fit(cupy.asarray(X.astype(np.float32)))
    assert single.components_.dtype == np.float32
    assert_allclose(single.components_.get(), expected.components_, atol=1e-4)


def test_a_model_from_the_host_reads_a_device_and_back(cupy, tmp_path):  # noqa: F811
    X, _ = rows("binary")
    on_device = cupy.asarray(X)
    model = estimator("binary").fit(X)
    assert isinstance(model.transform(on_device), cupy.ndarray)
    device = estimator("binary").fit(on_device)
    assert_allclose(device.transform(X), model.transform(X), rtol=1e-7)
    device.save(tmp_path / "model")
    loaded = BernoulliRBM.load(tmp_path / "model")
    assert isinstance(loaded.components_, np.ndarray)
    assert_allclose(loaded.score_samples(X), device.score_samples(on_device).get(), rtol=1e-7)


def test_resuming_on_the_device(cupy, tmp_path):  # noqa: F811
    X, _ = rows("binary")
    options = {"method": "pt", "n_temperatures": 3, "validation_fraction": 0.3, "momentum": 0.3}

    def stop(epoch):
        if epoch.epoch == 2:
            raise RuntimeError("inside")

    path = tmp_path / "state"
    with pytest.raises(RuntimeError, match="inside"):
        estimator("binary", checkpoint=path, callback=stop, **options).fit(cupy.asarray(X))
    resumed = estimator("binary", checkpoint=path, **options).fit(cupy.asarray(X))
    whole = estimator("binary", **options).fit(cupy.asarray(X))
    for name in FITTED:
        assert_array_equal(getattr(resumed, name).get(), getattr(whole, name).get())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: np.where(X > 0, 1.5, X), r"outside \[0, 1\], the first at row 0, column"),
        (lambda X: np.where(np.arange(360).reshape(60, 6) == 104, np.nan, X), "1 NaN value, at row 17, column 2"),
        (lambda X: X[:, 0], "Expected 2D array, got 1D array"),
        (lambda X: X[:0], "minimum of 1 is required"),
        (lambda X: X.astype(complex), "Complex data not supported"),
        (lambda X: X[:, :0], r"0 feature\(s\)"),
    ],
)
def test_bad_device_arrays_are_named(cupy, change, message):  # noqa: F811
    X, _ = rows("binary")
    with pytest.raises(ValueError, match=message):
        estimator("binary").fit(cupy.asarray(change(X)))
    model = estimator("binary").fit(cupy.asarray(X))
    with pytest.raises(ValueError, match="X has 2 features, but BernoulliRBM is expecting 6"):
        model.transform(cupy.asarray(X[:, :2]))
