"""kernels.core.logsumexp as a caller sees it; its numbers are compared in tests/parity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import logsumexp as scipy_logsumexp

from gibbsite.kernels.core import logsumexp


@pytest.mark.parametrize("axis", [None, 0, 1, -1, -2])
def test_axes(host, rng, dtype, axis):
    x = rng.normal(size=(7, 9)).astype(dtype)
    result = logsumexp(x, axis)
    tolerance = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(result, scipy_logsumexp(x, axis=axis), rtol=tolerance, atol=tolerance)
    assert result.dtype == dtype
    assert np.ndim(result) == (0 if axis is None else 1)


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_one_dimension(host, rng, axis):
    x = rng.normal(size=11)
    np.testing.assert_allclose(logsumexp(x, axis), scipy_logsumexp(x), rtol=1e-14)
    assert np.ndim(logsumexp(x, axis)) == 0


def test_a_scalar(host):
    assert logsumexp(3.0) == 3.0


@pytest.mark.parametrize("weights_shape", [(4, 5), (5,), (4, 1), ()])
def test_weights_broadcast(host, rng, weights_shape):
    x, weights = rng.normal(size=(4, 5)), rng.random(weights_shape)
    expected = scipy_logsumexp(x, axis=1, b=np.broadcast_to(weights, x.shape))
    np.testing.assert_allclose(logsumexp(x, 1, weights=weights), expected, rtol=1e-14, atol=1e-14)


def test_strided_and_fortran_ordered_inputs(host, rng):
    x = rng.normal(size=(20, 30))
    for view in (x[::2, ::3], x.T, np.asfortranarray(x), x[::-1]):
        np.testing.assert_allclose(logsumexp(view, 1), scipy_logsumexp(view, axis=1), rtol=1e-14, atol=1e-14)


def test_integers_become_float64(host):
    result = logsumexp(np.array([[1, 2], [3, 4]]), 1)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, scipy_logsumexp([[1, 2], [3, 4]], axis=1), rtol=1e-15)


def test_out(host, rng):
    x = rng.normal(size=(3, 4))
    out = np.empty(3)
    assert logsumexp(x, 1, out=out) is out
    scalar = np.empty(())
    assert logsumexp(x, out=scalar) is scalar
    np.testing.assert_allclose(scalar, scipy_logsumexp(x), rtol=1e-14)


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.empty(4), ValueError),
        (np.empty(3, np.float32), ValueError),
        (np.empty(6)[::2], ValueError),
        ([0.0, 0.0, 0.0], TypeError),
    ],
)
def test_an_output_that_does_not_fit(host, out, error):
    with pytest.raises(error, match=r"out should (be|have)"):
        logsumexp(np.zeros((3, 4)), 1, out=out)


def test_an_axis_that_is_not_there(host):
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        logsumexp(np.zeros((3, 4)), 2)
    with pytest.raises(ValueError, match="dim 3"):
        logsumexp(np.zeros((3, 4, 5)), 1)


def test_weights_that_do_not_broadcast(host):
    with pytest.raises(ValueError, match=r"weights should broadcast to the shape of x, \(3, 4\), but have .* \(7,\)"):
        logsumexp(np.zeros((3, 4)), 1, weights=np.ones(7))


def test_empty_sums_are_minus_infinity(host):
    np.testing.assert_array_equal(logsumexp(np.zeros((0, 3)), 0), np.full(3, -np.inf))
    assert logsumexp(np.zeros((0, 3))) == -np.inf


@settings(max_examples=200, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=40),
        elements=st.floats(-1e3, 1e3) | st.sampled_from([np.inf, -np.inf, np.nan]),
    ),
    st.sampled_from([0, 1]),
)
def test_as_scipy(x, axis):
    expected = scipy_logsumexp(x, axis=axis)
    actual = logsumexp(x, axis)
    largest = np.abs(np.where(np.isfinite(x), x, 0)).max(axis=axis)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(actual[~finite], expected[~finite])
    # of one row of many terms the result may be larger than any of them
    size = np.maximum(np.maximum(largest, 1)[finite], np.abs(expected[finite]))
    unit = np.spacing(size)
    assert (np.abs(actual[finite] - expected[finite]) <= 4 * unit).all()
