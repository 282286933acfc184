"""The functional floor and the estimators on device arrays: what comes out is of the same kind and says the same."""

import numpy as np
import pytest

import gibbsite
from gibbsite import BayesianGaussianMixture, GaussianMixture
from gibbsite.kernels import core, mixture, random
from tests.parity.problems import gaussians, rows

pytestmark = pytest.mark.usefixtures("cupy")
CLOSE = {np.float64: 1e-9, np.float32: 1e-4}


@pytest.fixture
def problem(rng, covariance_type, dtype):
    model = gaussians(rng, 4, 3, covariance_type, dtype)
    return model, rows(rng, 300, model, dtype), rng.random(300).astype(dtype)


def same(cupy, function, *arrays, tolerance, **options):
    """Call with host arrays and with device arrays; compare, and return the device's answer."""

    def put(value):
        return cupy.asarray(value) if isinstance(value, np.ndarray) else value

    expected = function(*arrays, **options)
    actual = function(*map(put, arrays), **{key: put(value) for key, value in options.items()})
    pairs = zip(actual, expected, strict=True) if isinstance(expected, tuple) else [(actual, expected)]
    for got, wanted in pairs:
        if isinstance(wanted, mixture.Statistics):
            got, wanted = got.data, wanted.data
        if isinstance(wanted, np.ndarray):
            assert type(got) is cupy.ndarray
            assert got.dtype == wanted.dtype
            np.testing.assert_allclose(got.get(), wanted, rtol=tolerance, atol=tolerance * 100)
    return actual


def test_random(cupy, dtype):
    for function in (random.uniform, random.normal):
        out = function(1000, seed=3, stream=1, offset=7, dtype=dtype, like=cupy.empty(0))
        expected = function(1000, seed=3, stream=1, offset=7, dtype=dtype)
        np.testing.assert_allclose(out.get(), expected, rtol=8 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).eps)
        assert out.dtype == dtype
        into = cupy.empty(1000, dtype)
        assert function(seed=3, stream=1, offset=7, dtype=dtype, out=into) is into
        np.testing.assert_array_equal(into.get(), out.get())
    p = np.linspace(0, 1, 200).astype(dtype)
    same(cupy, random.bernoulli, p, seed=5, tolerance=0)
    same(cupy, random.categorical, p[:9], 500, seed=5, tolerance=0)


def test_logsumexp(cupy, rng, dtype):
    x, weights = rng.normal(size=(40, 50)).astype(dtype), rng.random((40, 50)).astype(dtype)
    for axis in (0, 1, None):
        same(cupy, core.logsumexp, x, axis, tolerance=CLOSE[dtype])
        same(cupy, core.logsumexp, x, axis, weights=weights, tolerance=CLOSE[dtype])


def test_densities_and_steps(cupy, problem, covariance_type, dtype):
    model, X, weight = problem
    close = CLOSE[dtype]
    parts = model.offsets, model.means, model.precisions_cholesky, covariance_type
    same(cupy, mixture.log_prob, X, *parts[1:], log_weights=parts[0], tolerance=close)
    responsibilities, _ = same(cupy, mixture.responsibilities, X, *parts, tolerance=close)
    same(cupy, mixture.log_density, X, *parts, tolerance=close)
    assert_labels_as_good(cupy, X, parts, tolerance=100 * close)
    statistics = same(cupy, mixture.em_step, X, *parts, sample_weight=weight, tolerance=close)
    given = {"responsibilities": responsibilities.get(), "center": model.means, "covariance_type": covariance_type}
    same(cupy, mixture.statistics, X, **given, tolerance=close)
    host = mixture.em_step(X, *parts, sample_weight=weight)
    for got, wanted in zip(mixture.m_step(statistics, dtype=dtype), mixture.m_step(host, dtype=dtype), strict=True):
        assert type(got) is cupy.ndarray
        np.testing.assert_allclose(got.get(), wanted, rtol=10 * close, atol=100 * close)
    merged = mixture.merge(statistics, statistics)
    assert type(merged.data) is cupy.ndarray
    np.testing.assert_allclose(float(merged.total_weight), 2 * host.total_weight, rtol=close)


def assert_labels_as_good(cupy, X, parts, tolerance):
    """Rows between two components may go to either: what is compared is the density that the choice has."""
    *arrays, covariance_type = parts
    labels = mixture.predict(*map(cupy.asarray, (X, *arrays)), covariance_type)
    assert type(labels) is cupy.ndarray
    joint = mixture.log_prob(X, *arrays[1:], covariance_type, log_weights=arrays[0])
    chosen = np.take_along_axis(joint, labels.get()[:, np.newaxis], axis=1)[:, 0]
    np.testing.assert_allclose(chosen, joint.max(axis=1), rtol=tolerance, atol=tolerance)


def test_kmeans_draws_and_finds_the_same(cupy, rng, dtype):
    if dtype == np.float32:  # of fresh rows one may lie between two centres, to seven digits, and the climbs part
        rng = np.random.default_rng(0)
    model = gaussians(rng, 4, 3, "full", dtype)
    X, weight = rows(rng, 300, model, dtype), rng.random(300).astype(dtype)
    expected = mixture.kmeans(X, 4, random_state=np.random.RandomState(0), sample_weight=weight)
    weight, X = cupy.asarray(weight), cupy.asarray(X)
    actual = mixture.kmeans(X, 4, random_state=np.random.RandomState(0), sample_weight=weight)
    np.testing.assert_allclose(float(actual[2]), float(expected[2]), rtol=CLOSE[dtype])
    np.testing.assert_array_equal(actual[1].get(), expected[1])


def test_scratch_memory_comes_from_the_pool_and_goes_back(cupy, problem, covariance_type):
    model, X, _ = problem
    pool = cupy.get_default_memory_pool()
    parts = map(cupy.asarray, (X, model.offsets, model.means, model.precisions_cholesky))
    mixture.em_step(*parts, covariance_type)
    assert pool.allocations > 0
    assert pool.used_bytes() == 0


def test_a_failed_launch_is_a_device_error(cupy):
    """A row of 10^5 features needs more shared memory than there is."""
    n = 100_000
    means, variances = cupy.zeros((1, n)), cupy.ones((1, n))
    with pytest.raises(gibbsite.DeviceError, match=r"cudaError\w+: .*sample_cuda.cu:\d+"):
        mixture.sample(3, cupy.ones(1), means, variances, "diag", seed=0)
    assert random.uniform(3, seed=0, like=means).shape == (3,)  # the error does not stay


def test_other_libraries_arrays_are_named(cupy):
    class Foreign:
        __cuda_array_interface__ = cupy.zeros((3, 2)).__cuda_array_interface__

    with pytest.raises(TypeError, match=r"must be cupy.ndarray, got .*Foreign. cupy.asarray"):
        mixture.kmeans_step(Foreign(), cupy.zeros((1, 2)))


@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_estimators_stay_on_the_device(cupy, covariance_type, estimator):
    rng = np.random.default_rng(0)  # rows on which every fit converges: it is an error here where one does not
    X = rows(rng, 300, gaussians(rng, 4, 3, covariance_type, np.float64), np.float64)
    weight = rng.random(300)
    settings = {"n_components": 4, "covariance_type": covariance_type, "random_state": 0, "max_iter": 200}
    host = estimator(**settings).fit(X, sample_weight=weight)
    device_X, device_weight = cupy.asarray(X), cupy.asarray(weight)
    device = estimator(**settings).fit(device_X, sample_weight=device_weight)
    assert type(device.means_) is cupy.ndarray
    np.testing.assert_allclose(device.means_.get(), host.means_, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(device.covariances_.get(), host.covariances_, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(device.score(device_X), host.score(X), rtol=1e-8)
    np.testing.assert_array_equal(device.predict(device_X).get(), host.predict(X))
    sampled, labels = device.sample(20)
    assert type(sampled) is type(labels) is cupy.ndarray
