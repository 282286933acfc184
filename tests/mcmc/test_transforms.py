"""Transforms against numeric Jacobians, in NumPy and in compiled code."""

import numba
import numpy as np
import pytest

from gibbsite import transforms
from gibbsite.transforms import cholesky, interval, ordered, positive, simplex


def free_entries(name, y):
    """As many entries of y as there are of x."""
    if name == "simplex":
        return y[:-1]
    if name == "cholesky":
        return y[np.tril_indices(len(y), -1)]
    return np.atleast_1d(y)


def differences(function, x, h=1e-5):
    """Jacobian by central differences of fourth order."""
    columns = []
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = h
        columns.append(
            (8 * (function(x + step) - function(x - step)) - (function(x + 2 * step) - function(x - 2 * step)))
            / (12 * h)
        )
    return np.array(columns).T


CASES = {"positive": 1, "interval": 1, "ordered": 5, "simplex": 4, "cholesky": 6}


@pytest.fixture(params=CASES, name="case")
def transform(request, rng):
    module = getattr(transforms, request.param)
    x = rng.normal(size=CASES[request.param])
    return request.param, module, x


def call(module, name, x, *more):
    """Numbers go in as numbers."""
    scalar = module in (positive, interval)
    result = getattr(module, name)(x[0] if scalar else x, *more)
    return np.atleast_1d(result) if scalar else result


def test_the_log_jacobian_is_that_of_the_value(case):
    name, module, x = case
    jacobian = differences(lambda x: free_entries(name, call(module, "value", x)), x)
    log_jacobian = float(np.sum(call(module, "log_jacobian", x)))
    assert log_jacobian == pytest.approx(np.linalg.slogdet(jacobian)[1], abs=1e-8)


def test_the_gradient_is_that_of_density_and_log_jacobian(case, rng):
    _, module, x = case
    weights = rng.normal(size=np.shape(call(module, "value", x)))

    def density(x):
        y = call(module, "value", x)
        return np.sum(weights * np.sin(y)) + np.sum(call(module, "log_jacobian", x))

    y = call(module, "value", x)
    g = weights * np.cos(y)
    scalar = module in (positive, interval)
    gradient = call(module, "gradient", x, g[0] if scalar else g)
    np.testing.assert_allclose(gradient, differences(density, x), rtol=1e-7, atol=1e-7)


def test_inverse(case):
    _, module, x = case
    y = call(module, "value", x)
    np.testing.assert_allclose(call(module, "inverse", y), x, rtol=1e-9, atol=1e-9)


def test_constraints_hold(rng):
    x = rng.normal(scale=2, size=(50, 6))
    assert (positive.value(x) > 0).all()
    y = interval.value(x, -1.0, 3.0)
    assert ((y > -1) & (y < 3)).all()
    assert (np.diff(ordered.value(x)) > 0).all()
    y = simplex.value(x)
    assert y.shape == (50, 7)
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-14)
    L = cholesky.value(x)
    assert L.shape == (50, 4, 4)
    np.testing.assert_allclose((L @ L.transpose(0, 2, 1)).diagonal(axis1=1, axis2=2), 1, rtol=1e-14)
    assert (np.triu(L, 1) == 0).all()
    assert (L.diagonal(axis1=1, axis2=2) > 0).all()


def test_far_out_nothing_is_lost(case):
    """No overflow, no warning, no infinite log-Jacobian at the ends of the real line."""
    _, module, x = case
    for far in (-700.0, 300.0) if module is ordered or module is positive else (-800.0, 800.0):
        there = np.full(len(x), far)
        y = call(module, "value", there)
        assert np.isfinite(y).all()
        assert np.isfinite(call(module, "log_jacobian", there)).all()
        assert np.isfinite(call(module, "gradient", there, np.ones_like(y))).all()


def test_interval_keeps_its_ends():
    np.testing.assert_allclose(interval.value(np.array([-40.0, 0.0]), 0.0, 1.0), [np.exp(-40), 0.5], rtol=1e-14)
    np.testing.assert_allclose(interval.value(0.0, 2.0, 6.0), 4.0)


def test_the_centre_of_the_simplex_is_at_zero():
    np.testing.assert_allclose(simplex.value(np.zeros(4)), 0.2)


@pytest.mark.parametrize("module", [ordered, simplex, cholesky], ids=lambda m: m.__name__.rpartition(".")[2])
def test_batches_are_rows(module, rng):
    x = rng.normal(size=(2, 3, 6))
    y = module.value(x)
    g = rng.normal(size=y.shape)
    np.testing.assert_array_equal(y[1, 2], module.value(x[1, 2]))
    np.testing.assert_array_equal(module.log_jacobian(x)[1, 2], module.log_jacobian(x[1, 2]))
    np.testing.assert_array_equal(module.gradient(x, g)[0, 1], module.gradient(x[0, 1], g[0, 1]))
    np.testing.assert_allclose(module.inverse(y), x, atol=1e-8)
    out = np.empty_like(y)
    assert module.value(x, out) is out
    np.testing.assert_array_equal(out, y)


def test_compiled_functions_call_them(rng):
    x = rng.normal(size=6)

    @numba.njit
    def scalars(x):
        return (
            positive.value(x) + positive.log_jacobian(x) + positive.gradient(x, 2.0),
            interval.value(x, 1.0, 3.0) + interval.log_jacobian(x, 1.0, 3.0) + interval.gradient(x, 2.0, 1.0, 3.0),
        )

    @numba.njit
    def vectors(x, g, L_g):
        total = np.zeros(6)
        total += ordered.gradient(x, ordered.value(x)) + ordered.log_jacobian(x)
        total += simplex.gradient(x, g * simplex.value(x)) + simplex.log_jacobian(x)
        out = np.empty(6)
        cholesky.gradient(x, L_g * cholesky.value(x), out)
        return total + out + cholesky.log_jacobian(x) + ordered.inverse(ordered.value(x))

    np.testing.assert_allclose(scalars(0.3), scalars.py_func(0.3), rtol=1e-12)
    g, L_g = rng.normal(size=7), rng.normal(size=(4, 4))
    np.testing.assert_allclose(vectors(x, g, L_g), vectors.py_func(x, g, L_g), rtol=1e-12)


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"needs n \(n - 1\) / 2 numbers, got 4"):
        cholesky.value(np.zeros(4))
    with pytest.raises(ValueError, match=r"g should have the shape \(3, 3\), but got \(2, 2\)"):
        cholesky.gradient(np.zeros(3), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="leading axes differ"):
        ordered.gradient(np.zeros((2, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"out should be a C-contiguous float64 array of shape \(3,\)"):
        ordered.value(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="one or more dimensions"):
        ordered.log_jacobian(1.0)
