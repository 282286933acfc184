"""The kernels of Boltzmann machines on device arrays: what comes out is of the same kind and says the same."""

import numpy as np
import pytest

from gibbsite.kernels import rbm as k
from tests.rbm import problems

pytestmark = pytest.mark.usefixtures("cupy")


@pytest.fixture
def rng():
    """Always the same numbers: states may differ where a probability is within rounding of its uniform."""
    return np.random.default_rng(11)


@pytest.fixture(params=problems.KINDS)
def machine(request, rng, dtype):
    return problems.machine(rng, 9, 12, request.param, dtype)


def same(cupy, function, *arrays, dtype, **options):
    """Call with host arrays and with device arrays, and compare."""

    def put(value):
        return cupy.asarray(value) if isinstance(value, np.ndarray) else value

    expected = function(*arrays, **options)
    actual = function(*map(put, arrays), **{key: put(value) for key, value in options.items()})
    for got, wanted in zip(actual, expected, strict=True) if isinstance(expected, tuple) else [(actual, expected)]:
        if isinstance(wanted, np.ndarray):
            assert type(got) is cupy.ndarray
            assert got.dtype == wanted.dtype
            np.testing.assert_allclose(
                got.get(), wanted, rtol=problems.TOLERANCE[dtype], atol=problems.TOLERANCE[dtype]
            )
        else:
            assert got == wanted if wanted is None else got == pytest.approx(wanted)


def test_every_function(cupy, rng, machine, dtype):
    m, n = machine, 11
    v, h = problems.chain_start(rng, n, m, dtype), problems.hidden_bytes(rng, n, m)
    W, b, c, variance = m.weights, m.visible_bias, m.hidden_bias, {"variance": m.variance}
    kind = {**variance, "groups": m.groups}
    temperature = np.linspace(0.5, 2, n)
    same(cupy, k.hidden_probabilities, v, W, c, **variance, temperature=temperature, dtype=dtype)
    same(cupy, k.visible_probabilities, h, W, b, **kind, temperature=2.0, dtype=dtype)
    same(cupy, k.free_energy, v, W, b, c, **variance, dtype=dtype)
    same(cupy, k.exact_log_partition, W, b, c, **kind, dtype=dtype)
    same(cupy, k.ais_step, v, W, b, c, **kind, base=b, betas=np.array([0.5, 0.6]), seed=1, dtype=dtype)
    hidden = rng.random((2, n, 9)).astype(dtype)
    options = {"sample_weight": rng.random(n), "visible_center": rng.random(12), "hidden_center": rng.random(9)}
    gaussian = {"W": W, "b": b, **variance} if m.kind == "gaussian" else {}
    same(cupy, k.gradient, v, hidden[0], v[::-1], hidden[1], **options, **gaussian, dtype=dtype)


@pytest.mark.parametrize("options", [{}, {"mean_field": True}, {"from_hidden": True}])
def test_gibbs(cupy, rng, machine, dtype, options):
    m, n = machine, 11
    v, h = problems.chain_start(rng, n, m, dtype), problems.hidden_bytes(rng, n, m)
    clamp = np.zeros(v.shape, bool)
    clamp[::2] = True
    start = {"h": h} if options.get("from_hidden") else {}
    parameters = m.weights, m.visible_bias, m.hidden_bias
    kind = {"variance": m.variance, "groups": m.groups, "clamp": clamp}
    same(cupy, k.gibbs, v, *parameters, **kind, **start, seed=7, n_sweeps=2, **options, dtype=dtype)


def test_a_step_in_place(cupy, rng, machine, dtype):
    m = machine
    host = [a.copy() for a in (m.weights, m.visible_bias, m.hidden_bias)]
    card = [cupy.asarray(a) for a in host]
    rates = {"learning_rate": 0.1, "momentum": 0.5, "l1": 0.01, "l2": 0.1}
    norms = [
        k.update(*arrays, [a * 0 + 1 for a in arrays], velocity=[a * 0 for a in arrays], **rates)
        for arrays in (host, card)
    ]
    for got, wanted in zip([norms[1], *card], [norms[0], *host], strict=True):
        np.testing.assert_allclose(got.get(), wanted, rtol=problems.TOLERANCE[dtype], atol=problems.TOLERANCE[dtype])


def test_values_outside_are_named(cupy, machine):
    v = cupy.zeros((3, 12))
    v[1, 2] = 2.0
    if machine.kind != "gaussian":
        with pytest.raises(ValueError, match=r"v should be in \[0, 1\], but is 2.0 at row 1, column 2"):
            k.free_energy(v, *map(cupy.asarray, (machine.weights, machine.visible_bias, machine.hidden_bias)))
