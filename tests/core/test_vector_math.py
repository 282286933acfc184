"""Errors of the polynomials in units in the last place, for C++ on every instruction set and for Numba."""

import numba
import numpy as np
import pytest

from gibbsite._backends._numba import vecmath
from tests import backends

# function: (reference in extended precision, domain of float64, domain of float32, most ulp)
FUNCTIONS = {
    "exp": (np.exp, (-708, 709.7), (-87, 88.7), 1.1),
    "exp_nonpositive": (np.exp, (-708, 0), (-87, 0), 1.1),
    "log": (np.log, (1e-300, 1e300), (1e-37, 1e38), 1.0),
    "log1p": (np.log1p, (-0.999, 1e6), (-0.999, 1e6), 2.0),
    "tanh": (np.tanh, (-20, 20), (-9, 9), 3.0),
    "sin_turn": (None, (0, 1), (0, 1), 2.0),
    "cos_turn": (None, (0, 1), (0, 1), 2.0),
}


def reference(name, x):
    x = x.astype(np.longdouble)
    if name.endswith("_turn"):
        # Reduce to the nearest quarter turn exactly, so that the reference has digits near its zeros.
        quarter = np.rint(4 * x)
        angle = (x - quarter / 4) * 2 * np.longdouble("3.14159265358979323846264338327950288")
        shift = quarter if name == "sin_turn" else quarter + 1
        turned = np.where(shift % 2 == 0, np.sin(angle), np.cos(angle))
        return turned * np.where(shift % 4 >= 2, -1, 1)
    return FUNCTIONS[name][0](x)


def ulp_error(actual, expected, dtype):
    unit = np.spacing(np.maximum(np.abs(expected), np.finfo(dtype).tiny).astype(dtype))
    return np.abs(actual.astype(np.longdouble) - expected) / np.abs(unit)


def points(rng, name, dtype):
    low, high = FUNCTIONS[name][1 if dtype == np.float64 else 2]
    if name == "log":
        x = np.exp(rng.uniform(np.log(low), np.log(high), 200_000))
        x[:100_000] = rng.uniform(0.5, 2, 100_000)
    else:
        x = rng.uniform(low, high, 200_000)
        x[:50_000] = rng.uniform(max(low, -1e-3), min(high, 1e-3), 50_000)
    return x.astype(dtype) % (1 if name.endswith("_turn") else np.inf) if low >= 0 else x.astype(dtype)


@pytest.mark.parametrize("isa", ["v2", "v3", "v4", "baseline"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled(rng, name, dtype, isa):
    with backends.required_or_skip(f"cpp-{isa}") as found:
        x = points(rng, name, dtype)
        out = np.full_like(x, np.nan)
        found.core.vector_math(name, x, out)
        assert ulp_error(out, reference(name, x), dtype).max() <= FUNCTIONS[name][3]


@pytest.mark.parametrize("isa", ["v2", "v3", "v4", "baseline"])
@pytest.mark.parametrize("name", ["exp", "log", "log1p", "tanh"])
def test_compiled_special_values(name, dtype, isa):
    with backends.required_or_skip(f"cpp-{isa}") as found:
        tiny = np.finfo(dtype).smallest_subnormal
        x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, tiny, -tiny, 1e-40, 1.0, -1.0, -2.0, 1000.0, -1000.0], dtype)
        out = np.zeros_like(x)
        found.core.vector_math(name, x, out)
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(x)
        np.testing.assert_allclose(out, expected, rtol=4 * np.finfo(dtype).eps, atol=2 * tiny)


@pytest.fixture(scope="module")
def compiled_by_numba():
    """Loops over the polynomials of the Numba back end."""

    @numba.njit
    def exp_nonpositive(x, out):
        for i in range(len(x)):
            out[i] = vecmath.exp_nonpositive(x[i])

    @numba.njit
    def log(x, out):
        for i in range(len(x)):
            out[i] = vecmath.log_positive(x[i])

    @numba.njit
    def sin_turn(x, out):
        for i in range(len(x)):
            out[i] = vecmath.sincos_turn(x[i])[0]

    @numba.njit
    def cos_turn(x, out):
        for i in range(len(x)):
            out[i] = vecmath.sincos_turn(x[i])[1]

    return {"exp_nonpositive": exp_nonpositive, "log": log, "sin_turn": sin_turn, "cos_turn": cos_turn}


@pytest.mark.parametrize("name", ["exp_nonpositive", "log", "sin_turn", "cos_turn"])
def test_numba(compiled_by_numba, rng, name, dtype):
    x = points(rng, name, dtype)
    out = np.full_like(x, np.nan)
    compiled_by_numba[name](x, out)
    assert ulp_error(out, reference(name, x), dtype).max() <= FUNCTIONS[name][3]


def test_numba_exp_of_special_values(compiled_by_numba, dtype):
    x = np.array([0.0, -0.0, -np.inf, np.nan, -1e5, -745.2], dtype)
    out = np.ones_like(x)
    compiled_by_numba["exp_nonpositive"](x, out)
    np.testing.assert_array_equal(out, np.array([1, 1, 0, np.nan, 0, 0], dtype))
