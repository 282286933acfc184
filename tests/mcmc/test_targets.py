"""Targets: native densities against SciPy, densities of one's own, and what is said where they are wrong."""

import ctypes
from types import SimpleNamespace

import numba
import numpy as np
import pytest
from scipy import stats

from gibbsite import targets
from gibbsite.targets import DensityTypeError

WEIGHTS = np.array([1.0, 2.0, 3.0])


def covariance(rng, dim):
    A = rng.normal(size=(dim, dim))
    return A @ A.T + 0.5 * np.eye(dim)


def normal(rng):
    mean, cov = rng.normal(size=3), covariance(rng, 3)
    return targets.MultivariateNormal(mean, cov), stats.multivariate_normal(mean, cov).logpdf


def diagonal_normal(rng):
    mean, scales = rng.normal(size=3), rng.uniform(0.5, 2, 3)
    target = targets.MultivariateNormal(mean, scales=scales)
    return target, lambda q: stats.norm(mean, scales).logpdf(q).sum(axis=1)


def student(rng):
    mean, scale = rng.normal(size=3), covariance(rng, 3)
    return targets.StudentT(4.5, mean, scale), stats.multivariate_t(mean, scale, 4.5).logpdf


def diagonal_student(rng):
    mean, scale = rng.normal(size=2), rng.uniform(0.5, 2, 2)
    return targets.StudentT(3, mean, scale), stats.multivariate_t(mean, np.diag(scale**2), 3).logpdf


def mixture(rng):
    weights, means = np.array([0.2, 0.5, 0.3]), rng.normal(size=(3, 2))
    covariances = np.array([covariance(rng, 2) for _ in range(3)])

    def oracle(q):
        parts = zip(weights, means, covariances, strict=True)
        return np.log(sum(w * stats.multivariate_normal(m, c).pdf(q) for w, m, c in parts))

    return targets.GaussianMixture(weights, means, covariances), oracle


def logistic(rng):
    X, y = rng.normal(size=(70, 3)), rng.integers(2, size=70)

    def oracle(q):
        eta = q @ X.T
        return stats.norm(0, 0.7).logpdf(q).sum(axis=1) + np.where(
            y, -np.log1p(np.exp(-eta)), -np.log1p(np.exp(eta))
        ).sum(axis=1)

    return targets.LogisticRegression(X, y, prior_scale=0.7), oracle


def linear(rng, n=30):
    X, y = rng.normal(size=(n, 3)), rng.normal(size=n)

    def oracle(q):
        b, sigma = q[:, :3], np.exp(q[:, 3])
        likelihood = stats.norm(b @ X.T, sigma[:, None]).logpdf(y).sum(axis=1)
        return likelihood + stats.norm(0, 2).logpdf(b).sum(axis=1) + stats.halfnorm(0, 3).logpdf(sigma) + q[:, 3]

    return targets.LinearRegression(X, y, prior_scale=2, noise_scale=3), oracle


def underdetermined(rng):
    return linear(rng, 2)


def funnel(rng):
    def oracle(q):
        return stats.norm(0, 2.5).logpdf(q[:, 0]) + stats.norm(0, np.exp(q[:, :1] / 2)).logpdf(q[:, 1:]).sum(axis=1)

    return targets.Funnel(4, scale=2.5), oracle


def rosenbrock(rng):
    def oracle(q):
        return -(3 * (q[:, 1:] - q[:, :-1] ** 2) ** 2 + (0.5 - q[:, :-1]) ** 2).sum(axis=1) / 2

    return targets.Rosenbrock(3, a=0.5, b=3, temperature=2), oracle


NATIVE = [
    normal,
    diagonal_normal,
    student,
    diagonal_student,
    mixture,
    logistic,
    linear,
    underdetermined,
    funnel,
    rosenbrock,
]


@pytest.mark.parametrize("make", NATIVE)
def test_native_densities_are_scipys(make, rng):
    target, oracle = make(rng)
    q = rng.normal(size=(20, target.dim))
    np.testing.assert_allclose(target.log_density(q), oracle(q), rtol=1e-9, atol=1e-9)
    single = target.log_density(q.astype(np.float32))
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, oracle(q.astype(np.float32).astype(float)), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("make", NATIVE)
def test_native_gradients_are_those_of_the_values(make, rng):
    target, oracle = make(rng)
    q = rng.normal(size=(5, target.dim))
    h = 1e-6
    expected = np.stack([(oracle(q + h * e) - oracle(q - h * e)) / (2 * h) for e in np.eye(target.dim)], axis=1)
    np.testing.assert_allclose(target.gradient(q), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_fitted_mixture_is_a_target(covariance_type, dtype, rng):
    full = np.array([covariance(rng, 2), covariance(rng, 2)])
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": full.diagonal(axis1=1, axis2=2),
        "spherical": full[:, 0, 0],
    }[covariance_type].astype(dtype)
    weights, means = np.array([0.3, 0.7], dtype), rng.normal(size=(2, 2)).astype(dtype)
    fitted = SimpleNamespace(weights_=weights, means_=means, covariances_=covariances, covariance_type=covariance_type)
    target = targets.GaussianMixture.from_estimator(fitted)
    matrices = {
        "full": lambda k: covariances[k],
        "tied": lambda k: covariances,
        "diag": lambda k: np.diag(covariances[k]),
        "spherical": lambda k: covariances[k] * np.eye(2),
    }[covariance_type]
    q = rng.normal(size=(9, 2))
    density = sum(weights[k] * stats.multivariate_normal(means[k], matrices(k)).pdf(q) for k in range(2))
    np.testing.assert_allclose(target.log_density(q), np.log(density), atol=1e-6)
    with pytest.raises(ValueError, match="is not fitted yet"):
        targets.GaussianMixture.from_estimator(SimpleNamespace())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: targets.MultivariateNormal([0, 0]), "either cov, a matrix, or scales"),
        (
            lambda: targets.MultivariateNormal([0, 0], np.eye(3)),
            r"cov should have the shape \(2, 2\), but got \(3, 3\)",
        ),
        (lambda: targets.MultivariateNormal([0, 0], [[1, 0.5], [0.2, 1]]), r"cov should be symmetric, .* \(0, 1\) and"),
        (
            lambda: targets.MultivariateNormal([0, 0], [[1, 2], [2, 1]]),
            "positive definite, but its least eigenvalue is -1",
        ),
        (lambda: targets.MultivariateNormal([0, np.nan], np.eye(2)), "mean has 1 NaN value, at row 1"),
        (lambda: targets.MultivariateNormal([0, 0], scales=[1, -1]), "scales should be positive, but the least is -1"),
        (lambda: targets.StudentT(0, [0], [1]), "df must be positive and finite, got 0"),
        (lambda: targets.GaussianMixture([0.5, 0.6], np.zeros((2, 1)), np.ones((2, 1, 1))), "their sum is 1.1"),
        (
            lambda: targets.GaussianMixture([1], np.zeros((1, 2)), -np.eye(2)[None]),
            r"covariances\[0\] should be positive",
        ),
        (lambda: targets.LogisticRegression(np.ones((3, 1)), ["a", "b", "c"]), "two classes, but has 3: a, b, c"),
        (
            lambda: targets.LogisticRegression(np.ones((3, 1)), [0, 1]),
            r"y should have the shape \(3,\), but got \(2,\)",
        ),
        (lambda: targets.LogisticRegression(np.ones((3, 1)), [0, 1, 1], 0.0), "prior_scale must be positive"),
        (lambda: targets.LinearRegression(np.ones((3, 0)), [0, 1, 1]), "X should have rows and columns"),
        (lambda: targets.Funnel(1), "dim must be at least 2, got 1"),
        (lambda: targets.Funnel(2, names=["a", "a"]), "names must differ, but 'a' is there twice"),
        (lambda: targets.Funnel(3, names={"a": 2}), "names describe 2 coordinates, but the density has 3"),
    ],
)
def test_wrong_numbers_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_names_and_shapes():
    target = targets.Funnel(8, names={"v": (), "x": 3, "y": (2, 2)})
    assert target.variables == {"v": (), "x": (3,), "y": (2, 2)}
    assert target.names == ["v", "x[0]", "x[1]", "x[2]", "y[0, 0]", "y[0, 1]", "y[1, 0]", "y[1, 1]"]
    assert targets.Funnel(2, names=["a", "b"]).names == ["a", "b"]
    assert targets.LinearRegression(np.ones((3, 2)), np.ones(3)).names == [
        "coefficients[0]",
        "coefficients[1]",
        "log_sigma",
    ]
    with pytest.raises(TypeError, match="names must be a list of strings"):
        targets.Funnel(2, names="ab")
    with pytest.raises(TypeError, match=r"dim must be an integer, got 2\.0"):
        targets.Funnel(2.0)
    with pytest.raises(ValueError, match="dtype must be float32 or float64"):
        target.packed(np.float16)


# densities of one's own


def gaussian(q, grad):
    total = 0.0
    for i in range(len(q)):
        grad[i] = -WEIGHTS[i] * q[i]
        total += WEIGHTS[i] * q[i] ** 2
    return -0.5 * total


def test_a_python_function_becomes_a_density(rng):
    logp = targets.density(dim=3)(gaussian)
    q = rng.normal(size=(7, 3))
    np.testing.assert_allclose(logp.log_density(q), -0.5 * (WEIGHTS * q * q).sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(logp.gradient(q), -WEIGHTS * q, rtol=1e-13)
    grad = np.empty(3)
    assert logp(q[0], grad) == pytest.approx(logp.log_density(q[:1])[0])
    assert repr(logp) == "<density 'gaussian', dim=3>"
    assert logp.__name__ == "gaussian"
    with pytest.raises(ValueError, match="float64"):
        logp.packed(np.float32)


def test_captured_arrays_are_copied():
    for size in (4, 200_000):  # Numba copies the small one itself
        weights = np.ones(size)

        @targets.density(dim=1)
        def logp(q, grad):
            grad[0] = 0.0
            return weights[len(weights) - 1]  # noqa: B023

        weights[:] = 7.0
        assert logp.log_density([[0.0]])[0] == 1.0


def test_an_attribute_that_is_not_there():
    with pytest.raises(DensityTypeError, match="Unknown attribute 'total'") as caught:

        @targets.density(dim=2)
        def logp(q, grad):
            grad[:] = -q
            return q.total()

    assert "Numba cannot compile 'logp'. test_targets.py, line " in str(caught.value)
    assert "\n    return q.total()\n" in str(caught.value)
    assert caught.value.__cause__ is not None


@numba.njit
def helper(q):
    return q.nothing


def wrong_name(q, grad):
    grad[:] = undefined_name * q  # noqa: F821
    return 0.0


def wrong_call(q, grad):
    grad[:] = helper(q)
    return 0.0


def wrong_write(q, grad):
    q[0] = 1.0
    return 0.0


def no_value(q, grad):
    grad[:] = -q


def a_tuple(q, grad):
    return 1.0, q[0]


def one_argument(q):
    return 0.0


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (wrong_name, r"name 'undefined_name' is not defined"),
        (wrong_call, r"line \d+:\n\n    grad\[:\] = helper\(q\)\n\nUnknown attribute 'nothing'"),
        (wrong_write, r"line \d+:\n\n    q\[0\] = 1.0\n\nCannot modify readonly array"),
        (no_value, "no_value should return the log density, a float, but returns nothing"),
        (a_tuple, r"a_tuple should return the log density, a float, but returns a (Uni)?Tuple"),
        (one_argument, r"one_argument should take two arguments, .* but takes 1: q"),
        (3, "density decorates a function, got int"),
    ],
)
def test_functions_that_do_not_compile(function, words):
    with pytest.raises(TypeError, match=words):
        targets.density(dim=2)(function)


def test_the_decorator_without_arguments():
    with pytest.raises(TypeError, match=r"density needs the number of coordinates: @density\(dim=\.\.\.\)"):
        targets.density(gaussian)


@numba.cfunc(targets.signature())
def standard(dim, q, grad, logp, data):
    logp[0] = 0.0
    for i in range(dim):
        grad[i] = -q[i]
        logp[0] -= 0.5 * q[i] * q[i]
    return 0


def test_c_functions_of_numba_and_of_ctypes(rng):
    q = rng.normal(size=(4, 3))
    expected = -0.5 * (q * q).sum(axis=1)
    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, *[ctypes.c_void_p] * 4)
    for f in (standard, standard.address, prototype(standard.address)):
        np.testing.assert_allclose(targets.from_cfunc(f, 3).log_density(q), expected, rtol=1e-13)


def test_data_of_a_c_function():
    doubles = numba.types.CPointer(numba.types.float64)

    @numba.cfunc(numba.types.intc(numba.types.uintp, doubles, doubles, doubles, doubles))
    def reads(dim, q, grad, logp, data):
        logp[0] = data[0]
        grad[0] = 0.0
        return 0

    block = np.array([3.0, 4.0])
    for data in (block, int(block.ctypes.data), ctypes.c_double(3.0), ctypes.pointer(ctypes.c_double(3.0))):
        assert targets.from_cfunc(reads, 1, data).log_density([[0.0]])[0] == 3.0
    with pytest.raises(ValueError, match="data must be C-contiguous"):
        targets.from_cfunc(reads, 1, np.zeros((4, 4))[:, ::2])
    with pytest.raises(TypeError, match="data must be an array, a ctypes object, an address or None, got str"):
        targets.from_cfunc(reads, 1, "data")


def test_c_functions_of_another_signature():
    @numba.cfunc("float64(float64)")
    def other(x):
        return x

    with pytest.raises(TypeError, match=r"has the signature .* but the kernels call .* that is int f\(size_t dim"):
        targets.from_cfunc(other, 1)
    with pytest.raises(TypeError, match=r"got function\. Use gibbsite\.targets\.density for a Python function"):
        targets.from_cfunc(gaussian, 3)
    with pytest.raises(ValueError, match="address is 0"):
        targets.from_cfunc(0, 3)


def test_numpy_functions_of_a_batch(rng):
    def value(q):
        return -0.5 * (WEIGHTS * q * q).sum(axis=1)

    def gradient(q):
        return -WEIGHTS * q

    q = rng.normal(size=(6, 3))
    for target in (
        targets.from_numpy(value, 3, gradient),
        targets.from_numpy(lambda q: (value(q), gradient(q)), 3, gradient=True),
    ):
        assert target.has_gradient
        np.testing.assert_allclose(target.values(q), value(q))
        found = target.values_and_gradients(q)
        np.testing.assert_allclose(found[0], value(q))
        np.testing.assert_allclose(found[1], gradient(q))
        # and through a kernel, one point at a time
        np.testing.assert_allclose(target.log_density(q), value(q))
        np.testing.assert_allclose(target.gradient(q), gradient(q))
    plain = targets.from_numpy(value, 3)
    assert not plain.has_gradient
    with pytest.raises(ValueError, match="needs the gradient of the density: pass gradient= to from_numpy"):
        plain.values_and_gradients(q)
    with pytest.raises(ValueError, match=r"For a batch of shape \(6, 3\) the log density should have the shape \(6,\)"):
        targets.from_numpy(lambda q: q, 3).values(q)
    with pytest.raises(TypeError, match="gradient must be a function, True or None, got int"):
        targets.from_numpy(value, 3, 7)
    with pytest.raises(TypeError, match="takes a function of a batch of points, got float"):
        targets.from_numpy(1.0, 3)
