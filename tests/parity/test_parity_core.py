"""logsumexp on every back end against SciPy."""

import numpy as np
import pytest

from tests import oracles

SHAPES = [
    *[(0, 3), (3, 0), (1, 1), (2, 5), (31, 33), (64, 16), (65, 127), (129, 7), (257, 2), (2, 257), (1, 5000)],
    *[(5000, 1), (513, 31), (3, 1025), (1025, 3), (40, 511)],
]
pytestmark = [
    pytest.mark.parametrize("shape", SHAPES, ids=[f"{m}x{n}" for m, n in SHAPES]),
    pytest.mark.parametrize("axis", [0, 1]),
]


def reduce(kernels, x, weights, axis):
    """Call the kernel; NaN may be an answer here, so outputs are checked for what was left unwritten separately."""
    n = x.shape[1 - axis]
    out = np.full(n, 12345.0, x.dtype)
    device_out = kernels.put(out)
    inputs = [None if a is None else kernels.put(a.copy()) for a in (x, weights)]
    kernels.core.logsumexp(*inputs, axis, device_out, 0)
    result = kernels.get(device_out)
    assert not (result == 12345.0).any()
    return result


def assert_ulp(actual, expected, magnitude, limit=4):
    """Within `limit` units in the last place of the largest intermediate result; inf and NaN alike."""
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    infinite = np.isinf(expected)
    np.testing.assert_array_equal(actual[infinite], expected[infinite])
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(np.isfinite(actual), finite)
    unit = np.spacing(np.maximum(np.abs(expected), magnitude)[finite].astype(actual.dtype))
    error = np.abs(actual[finite].astype(np.longdouble) - expected[finite]) / unit
    assert not error.size or error.max() <= limit, f"{error.max()} ulp"


def magnitude_of(x, axis):
    """The largest term that is added up to make the result: the maximum, or the logarithm of a count."""
    finite = np.where(np.isfinite(x), np.abs(x), 0)
    return np.maximum(finite.max(axis=axis, initial=0), 1)


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 1000.0])
def test_unweighted(kernels, rng, dtype, shape, axis, scale):
    x = (scale * rng.normal(size=shape)).astype(dtype)
    expected = oracles.logsumexp(x.astype(np.longdouble), None, axis)
    assert_ulp(reduce(kernels, x, None, axis), expected, magnitude_of(x, axis))


def test_positive_and_zero_weights(kernels, rng, dtype, shape, axis):
    x = (10 * rng.normal(size=shape)).astype(dtype)
    weights = (rng.random(shape) * (rng.random(shape) > 0.2)).astype(dtype)
    weights[weights == 0] = 0
    x[weights == 0] = rng.choice([np.nan, np.inf, 3.0], size=int((weights == 0).sum()))  # ignored, whatever it is
    expected = oracles.logsumexp(x.astype(np.longdouble), weights, axis)
    assert_ulp(reduce(kernels, x, weights, axis), expected, magnitude_of(np.where(weights == 0, 0, x), axis))


def test_weights_of_both_signs(kernels, rng, dtype, shape, axis):
    """Where the sum is far from zero, else it has no digits to compare; its sign decides between a number and NaN."""
    x = rng.normal(size=shape).astype(dtype)
    weights = rng.normal(size=shape).astype(dtype)
    terms = weights * np.exp(x.astype(np.longdouble))
    total, mass = terms.sum(axis=axis), np.abs(terms).sum(axis=axis)
    clear = np.abs(total) > 0.1 * mass
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.log(total)
    actual = reduce(kernels, x, weights, axis)
    limit = 64 * np.sqrt(max(1, x.shape[axis]))
    assert_ulp(actual[clear], expected[clear], 1.0, limit)


@pytest.mark.parametrize("weighted", [False, True])
def test_infinities_and_nan(kernels, rng, dtype, shape, axis, weighted):
    x = rng.normal(size=shape).astype(dtype)
    specials = rng.choice([np.inf, -np.inf, np.nan, 0.0], p=[0.02, 0.3, 0.02, 0.66], size=shape)
    x = np.where(specials == 0, x, specials).astype(dtype)
    if x.size:
        x[0, :] = -np.inf
    weights = rng.choice([0.0, 0.5, 1.0], size=shape).astype(dtype) if weighted else None
    expected = oracles.logsumexp(x, weights, axis)
    assert_ulp(reduce(kernels, x, weights, axis), expected, 2.0, limit=8)


def test_all_minus_infinity(kernels, dtype, shape, axis):
    x = np.full(shape, -np.inf, dtype)
    np.testing.assert_array_equal(reduce(kernels, x, None, axis), np.full(shape[1 - axis], -np.inf))
