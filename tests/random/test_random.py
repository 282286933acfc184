"""kernels.random as a caller sees it."""

import numpy as np
import pytest

from gibbsite.kernels import random


@pytest.mark.parametrize("draw", [random.uniform, random.normal])
def test_a_sequence_is_continued_by_its_offset(host, dtype, draw):
    whole = draw(1000, seed=7, stream=1, dtype=dtype)
    for cut in (1, 2, 3, 4, 257, 999):
        parts = draw(cut, seed=7, stream=1, dtype=dtype), draw(1000 - cut, seed=7, stream=1, offset=cut, dtype=dtype)
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_discrete_draws_continue_too(host):
    p = np.linspace(0, 1, 100)
    whole = random.bernoulli(p, seed=3)
    np.testing.assert_array_equal(random.bernoulli(p[41:], seed=3, offset=41), whole[41:])
    q = np.array([0.2, 0.3, 0.5])
    whole = random.categorical(q, 100, seed=3)
    np.testing.assert_array_equal(random.categorical(q, 59, seed=3, offset=41), whole[41:])


def test_shapes_and_outputs(host, dtype):
    flat = random.uniform(12, seed=1, dtype=dtype)
    np.testing.assert_array_equal(random.uniform((3, 4), seed=1, dtype=dtype), flat.reshape(3, 4))
    out = np.empty((3, 4), dtype)
    assert random.uniform(seed=1, out=out) is out
    np.testing.assert_array_equal(out, flat.reshape(3, 4))
    assert random.normal(0, seed=1).shape == (0,)
    assert random.bernoulli(0.5, (2, 3), seed=1).shape == (2, 3)
    assert random.bernoulli(np.full((2, 3), 0.5), seed=1).dtype == np.uint8
    assert random.categorical(np.ones((4, 3)), seed=1).shape == (4,)


def test_everything_matters(host):
    base = {"seed": 1, "stream": 2, "draw": 3}
    x = random.uniform(100, **base)
    for name in base:
        assert (random.uniform(100, **{**base, name: 17}) != x).all()
    assert (random.uniform(100, seed=1 + 2**40, stream=2, draw=3) != x).all()


def test_certain_outcomes(host, dtype):
    assert not random.bernoulli(np.zeros(1000, dtype), seed=1).any()
    assert random.bernoulli(np.ones(1000, dtype), seed=1).all()
    labels = random.categorical(np.array([0, 1, 0, 1, 0], dtype), 1000, seed=1)
    assert set(labels.tolist()) == {1, 3}


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (random.uniform, {"size": 3, "seed": -1}, "seed must be in"),
        (random.uniform, {"size": 3, "seed": 2**64}, "seed must be in"),
        (random.uniform, {"size": 3, "seed": 0, "stream": 2**32}, "stream must be in"),
        (random.uniform, {"size": 3, "seed": 0, "offset": -1}, "offset must be in"),
        (random.uniform, {"size": -3, "seed": 0}, "size must not be negative"),
        (random.uniform, {"seed": 0}, "size must be given"),
        (random.uniform, {"size": 3, "seed": 0, "dtype": int}, "dtype must be float32 or float64"),
        (random.uniform, {"size": 3, "seed": 0, "out": np.empty(4)}, "out should have shape"),
        (random.bernoulli, {"p": 1.5, "size": 3, "seed": 0}, r"p must be in \[0, 1\]"),
        (random.bernoulli, {"p": np.array([0.5, np.nan]), "seed": 0}, r"p must be in \[0, 1\]"),
        (random.bernoulli, {"p": np.array([0.5, 0.5]), "size": 3, "seed": 0}, "p should have one element or the shape"),
        (random.categorical, {"p": np.array([0.5, -0.1]), "size": 3, "seed": 0}, "p must hold finite probabilities"),
        (random.categorical, {"p": np.zeros(3), "size": 3, "seed": 0}, "p must hold finite probabilities"),
        (random.categorical, {"p": np.array([1.0, np.inf]), "size": 3, "seed": 0}, "p must hold finite probabilities"),
        (random.categorical, {"p": np.ones((2, 2)), "size": 3, "seed": 0}, "one row for each of the 3 draws"),
        (random.categorical, {"p": np.ones(3), "seed": 0}, "size must be given"),
    ],
)
def test_what_is_refused(host, function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 3, "seed": 1.5}, "seed must be an instance of int, not float: got 1.5"),
        ({"size": 3, "seed": None}, "seed must be an instance of int, not NoneType"),
        ({"size": 3, "seed": 0, "offset": "1"}, "offset must be an instance of int, not str"),
        ({"size": 2.5, "seed": 0}, "size must be an instance of int, not float"),
        ({"size": (2, 1.0), "seed": 0}, "size must be an instance of int, not float"),
    ],
)
def test_places_and_sizes_are_integers(arguments, message):
    with pytest.raises(TypeError, match=message):
        random.normal(**arguments)
