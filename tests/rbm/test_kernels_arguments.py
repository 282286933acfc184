"""Arguments of the kernels: what is refused, in what words, and what is converted."""

import re

import numpy as np
import pytest
import scipy.sparse

from gibbsite.kernels import rbm as k
from tests.rbm import problems

W, B, C = np.zeros((2, 3)), np.zeros(3), np.zeros(2)
ONES = np.ones(3)


def gibbs(v=((0, 1, 1),), **changes):
    return k.gibbs(v, **{"W": W, "b": B, "c": C, "seed": 0, **changes})


def ais_step(v=((0, 1, 1),), **changes):
    return k.ais_step(v, **{"W": W, "b": B, "c": C, "base": B, "betas": [0, 1], "seed": 0, **changes})


@pytest.mark.parametrize(
    "convert", [np.asarray, np.asfortranarray, np.ndarray.tolist, lambda a: np.repeat(a, 2, 1)[:, ::2]]
)
@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_what_can_be_converted_is(host, rng, convert, kind):
    m = problems.machine(rng, 4, 6, "bernoulli")
    v, h = problems.visible_bytes(rng, 5, m), problems.hidden_bytes(rng, 5, m)
    given, parameters = convert(v.astype(kind)), (m.weights, m.visible_bias, m.hidden_bias)
    hidden = k.hidden_probabilities(v, m.weights, m.hidden_bias)
    np.testing.assert_allclose(k.hidden_probabilities(given, m.weights, m.hidden_bias), hidden, rtol=1e-12)
    np.testing.assert_allclose(
        k.visible_probabilities(convert(h.astype(kind)), m.weights, m.visible_bias),
        k.visible_probabilities(h, m.weights, m.visible_bias),
        rtol=1e-12,
    )
    np.testing.assert_allclose(k.free_energy(given, *parameters), k.free_energy(v, *parameters), rtol=1e-12)
    for a, b in zip(k.gibbs(given, *parameters, seed=1), k.gibbs(v, *parameters, seed=1), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


def test_the_dtype_of_the_weights_decides(host, rng):
    for dtype in (np.float32, np.float64):
        m = problems.machine(rng, 4, 6, "gaussian", dtype)
        v = problems.visible_numbers(rng, 5, m, np.float64)
        parameters = m.weights, m.visible_bias.astype(np.float64), m.hidden_bias.tolist()
        state = k.gibbs(v, *parameters, variance=m.variance, seed=0)
        assert (state.v.dtype, state.h.dtype, state.hidden_probabilities.dtype) == (dtype, np.uint8, dtype)
        assert k.free_energy(v, *parameters, variance=m.variance).dtype == dtype
    assert k.hidden_probabilities([[0] * 6], np.zeros((2, 6), int), [0, 0]).dtype == np.float64


def test_one_temperature_for_all_or_one_for_each(host, rng):
    m = problems.machine(rng, 4, 6, "bernoulli")
    v = problems.visible_bytes(rng, 5, m)
    for temperature in (2, 2.0, np.float32(2), np.full(5, 2.0), [2] * 5):
        found = k.hidden_probabilities(v, m.weights, m.hidden_bias, temperature=temperature)
        np.testing.assert_allclose(found, k.hidden_probabilities(v, m.weights / 2, m.hidden_bias / 2), rtol=1e-12)


@pytest.mark.parametrize("value", [-0.25, 1.5, 2, 255, -1])
def test_values_outside_of_binary_units_are_named(host, value):
    v = np.zeros((4, 3), np.array(value).dtype)
    v[2, 1] = v[3, 0] = value
    message = re.escape(f"v should be in [0, 1], but is {value} at row 2, column 1.")
    for call in (
        lambda: k.hidden_probabilities(v, W, C),
        lambda: k.free_energy(v, W, B, C),
        lambda: gibbs(v),
        lambda: ais_step(v),
        lambda: k.gradient(v, np.zeros((4, 2)), v, np.zeros((4, 2))),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    h = v[:, :2]
    with pytest.raises(ValueError, match=re.escape(f"h should be in [0, 1], but is {value} at row 2, column 1.")):
        k.visible_probabilities(h, W, B)
    k.hidden_probabilities(v, W, C, variance=ONES)  # gaussian units take any


@pytest.mark.parametrize("variance", [None, ONES])
def test_values_that_are_not_finite_are_named(host, variance):
    v = np.zeros((4, 3))
    v[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"Input v contains NaN.\nv has 1 NaN value, at row 2, column 1"):
        k.hidden_probabilities(v, W, C, variance=variance)
    v[2, 1] = np.inf
    with pytest.raises(ValueError, match=r"v has 1 infinite value, at row 2, column 1"):
        gibbs(v, variance=variance)


def test_grey_values_start_no_chain(host):
    for call in (gibbs, ais_step):
        with pytest.raises(ValueError, match=r"v should be 0 or 1, .* but is 0.5 at row 0, column 2"):
            call([[0, 1, 0.5]])
    gibbs([[0, 1, 0.5]], mean_field=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"v": [[0, 1]]}, "v should have 3 columns, one for each unit, but has 2"),
        ({"v": [0, 1, 1]}, "Expected 2D array"),
        ({"W": np.zeros((0, 3))}, "W should have at least one row"),
        ({"b": C}, r"b should have the shape \(3,\), but got \(2,\)"),
        ({"c": B}, r"c should have the shape \(2,\), but got \(3,\)"),
        ({"variance": B}, "variance should be positive"),
        ({"variance": ONES, "groups": [0, 3]}, "cannot both be given"),
        ({"groups": [0, 2]}, "groups should grow from 0 to the number of visible units, 3"),
        ({"groups": [1, 3]}, "groups should grow from 0"),
        ({"groups": [0, 2, 2, 3]}, "groups should grow from 0"),
        ({"groups": [0.0, 3.0]}, "integers, the offsets of the groups"),
        ({"temperature": 0.0}, "temperature should be positive"),
        ({"temperature": [1.0, 1.0]}, r"temperature should have the shape \(1,\)"),
        ({"seed": 2**64}, r"seed must be in \[0, 2\*\*64\)"),
        ({"seed": -1}, "seed must be in"),
        ({"sweep": 2**32}, "sweep must be in"),
        ({"chain": -1}, "chain must be in"),
        ({"n_sweeps": 0}, "n_sweeps must be at least 1, got 0"),
        ({"temperature": "hot"}, "temperature should be a positive number, or one for each row, got 'hot'"),
        ({"W": [[0, 0, 0], [0, np.nan, 0]]}, r"Input W contains NaN.\nW has 1 NaN value, at row 1, column 1"),
        ({"b": [0, np.inf, 0]}, r"b has 1 infinite value, at row 1"),
        ({"c": [np.nan, 0]}, r"c has 1 NaN value, at row 0"),
        ({"groups": [0, 1, 3]}, "v should have one unit on in every group .* but has 0 at row 0, group 0"),
        ({"groups": [0, 3]}, "v should have one unit on in every group .* but has 2 at row 0, group 0"),
        (
            {"groups": [0, 3], "from_hidden": True, "h": [[0, 1]], "clamp": [[True] * 3]},
            "v should have one unit on in every group .* but has 2 at row 0, group 0",
        ),
        ({"threads": 0}, "threads must be a positive number"),
        ({"h": [[0, 1]]}, "h should be given with from_hidden=True, and only then"),
        ({"from_hidden": True}, "h should be given with from_hidden=True, and only then"),
        ({"from_hidden": True, "h": [[0, 1], [0, 1]]}, "h should have a row for each of the 1 chains, but has 2"),
        ({"from_hidden": True, "h": [[0, 0.5]]}, "h should be 0 or 1, .* but is 0.5 at row 0, column 1"),
        ({"v": None}, "v should be given, unless from_hidden"),
        ({"v": None, "from_hidden": True, "h": [[0, 1]], "clamp": [[True] * 3]}, "v should be given, unless"),
        ({"clamp": [[0, 1, 1]]}, "clamp should be an array of bool"),
        ({"clamp": [[True]]}, r"clamp should have the shape \(1, 3\)"),
        (
            {"clamp": [[True, True, False]], "groups": [0, 1, 3]},
            "all units of a group or none, but holds a part at row 0, group 1",
        ),
    ],
)
def test_what_gibbs_refuses(host, changes, message):
    with pytest.raises(ValueError, match=message):
        gibbs(**changes)


def test_groups_that_are_overwritten_may_hold_anything(host):
    options = {"groups": [0, 1, 3], "from_hidden": True, "h": [[0, 1]]}
    gibbs([[0, 1, 1]], **options)
    gibbs([[1, 1, 1]], **options, clamp=[[True, False, False]])


@pytest.mark.parametrize("value", [1.5, 2.0, None, "1", True])
@pytest.mark.parametrize("name", ["seed", "sweep", "chain", "n_sweeps"])
def test_numbers_that_are_no_integers(host, name, value):
    with pytest.raises(TypeError, match=f"{name} must be an instance of int, not {type(value).__name__}"):
        gibbs(**{name: value})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"betas": [[0, 1]]}, "betas should be one-dimensional"),
        ({"betas": []}, "betas should be one-dimensional, with at least one value"),
        ({"betas": [0, np.nan]}, "betas has 1 NaN value"),
        ({"betas": [0, 2.0]}, r"betas should be in \[0, 1\], but is 2 at place 1"),
        ({"betas": [-0.5, 1.0]}, r"betas should be in \[0, 1\], but is -0.5 at place 0"),
        ({"W": [[0, 0, np.nan], [0, 0, 0]]}, "W has 1 NaN value, at row 0, column 2"),
        ({"base": [0, np.nan, 0]}, "base has 1 NaN value, at row 1"),
        ({"groups": [0, 1, 3]}, "v should have one unit on in every group"),
        ({"base": C}, r"base should have the shape \(3,\)"),
        ({"log_weight": [0, 0]}, r"log_weight should have the shape \(1,\)"),
        ({"sweep": -1}, "sweep must be in"),
    ],
)
def test_what_annealing_refuses(host, changes, message):
    with pytest.raises(ValueError, match=message):
        ais_step(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"h": np.zeros((3, 2))}, "h should have the 4 rows of v, but has 3"),
        ({"h_model": np.zeros((3, 2))}, "h_model should have the 5 rows of v_model, but has 3"),
        ({"h_model": np.zeros((5, 3))}, "h_model should have 2 columns"),
        ({"v_model": np.zeros((5, 2))}, "v_model should have 3 columns"),
        ({"v": np.zeros((0, 3)), "h": np.zeros((0, 2))}, "v should have at least one row"),
        ({"v_model": np.zeros((0, 3)), "h_model": np.zeros((0, 2))}, "v_model should have at least one row"),
        ({"sample_weight": np.ones(3)}, r"sample_weight should have the shape \(4,\)"),
        ({"sample_weight": np.zeros(4)}, "sample_weight should have a positive sum"),
        ({"sample_weight": [1, 1, np.inf, 1]}, "sample_weight has 1 infinite value, at row 2"),
        ({"visible_center": B}, "visible_center and hidden_center should both be given"),
        ({"visible_center": C, "hidden_center": C}, r"visible_center should have the shape \(3,\)"),
        ({"variance": ONES}, "W and b should be given with variance"),
        ({"variance": ONES, "W": np.zeros((3, 3)), "b": B}, r"W should have the shape \(2, 3\)"),
        ({"out": k.Gradient(W.copy(), B.copy(), C.copy(), None)._replace(b=C.copy())}, "out.b should have shape"),
    ],
)
def test_what_the_gradient_refuses(host, changes, message):
    rows = {"v": np.zeros((4, 3)), "h": np.zeros((4, 2)), "v_model": np.zeros((5, 3)), "h_model": np.zeros((5, 2))}
    with pytest.raises(ValueError, match=message):
        k.gradient(**{**rows, **changes})


def test_what_a_step_refuses(host):
    slopes = W, B, C

    def step(W=W, b=B, c=C, gradient=slopes, **options):
        return k.update(W, b, c, gradient, learning_rate=0.1, **options)

    with pytest.raises(TypeError, match="W should be an array"):
        step(W.tolist())
    with pytest.raises(TypeError, match="c should be a numpy array"):
        step(c=C.tolist())
    with pytest.raises(ValueError, match="W should be float32 or float64"):
        step(W.astype(int))
    with pytest.raises(ValueError, match="b should have shape"):
        step(b=C)
    with pytest.raises(ValueError, match=r"gradient.c should have the shape"):
        step(gradient=(W, B, B))
    with pytest.raises(ValueError, match="velocity should be given with momentum"):
        step(momentum=0.5)
    with pytest.raises(ValueError, match="velocity of b should have shape"):
        step(velocity=(W, C, C))
    frozen = B.copy()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        step(b=frozen)
    with pytest.raises(ValueError, match="gradient should hold three arrays, for W, b and c, but holds 2"):
        step(gradient=(W, B))
    with pytest.raises(ValueError, match="velocity should hold three arrays, for W, b and c, but holds 2"):
        step(velocity=(W, B))


@pytest.mark.parametrize("name", ["learning_rate", "momentum", "l1", "l2"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rates_are_finite(host, name, value):
    W, b, c = np.ones((2, 3)), np.ones(3), np.ones(2)
    rates = {"learning_rate": 0.1, "velocity": (W.copy(), b.copy(), c.copy()), name: value}
    with pytest.raises(ValueError, match=f"{name} should be finite, got {value}"):
        k.update(W, b, c, (W, b, c), **rates)
    assert (W == 1).all()


@pytest.mark.parametrize("name", ["W", "b", "c", "variance"])
def test_no_sum_is_made_over_parameters_that_are_not_finite(host, name):
    parameters = {"W": W.copy(), "b": B.copy(), "c": C.copy(), "variance": ONES.copy()}
    parameters[name].flat[1] = np.inf
    with pytest.raises(ValueError, match=f"Input {name} contains infinity"):
        k.exact_log_partition(**parameters)


def test_sparse_states_are_refused(host):
    v = scipy.sparse.csr_array(np.eye(3))
    for call in (lambda: k.hidden_probabilities(v, W, C), lambda: k.free_energy(v, W, B, C), lambda: gibbs(v)):
        with pytest.raises(TypeError, match="Sparse data was passed for v"):
            call()


def test_outputs_are_checked(host):
    v, frozen = np.zeros((4, 3)), np.zeros((4, 2))
    out = np.full((4, 2), np.nan)
    assert k.hidden_probabilities(v, W, C, out=out) is out
    assert (out == 0.5).all()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        k.hidden_probabilities(v, W, C, out=frozen)
    with pytest.raises(ValueError, match="out should have shape"):
        k.visible_probabilities(out, W, B, out=out)


def test_no_rows(host):
    v = np.zeros((0, 3), np.uint8)
    assert k.hidden_probabilities(v, W, C).shape == (0, 2)
    assert k.free_energy(v, W, B, C).shape == (0,)
    assert [a.shape for a in gibbs(v)] == [(0, 3), (0, 2), (0, 2), (0, 3)]
    assert ais_step(v).log_weight.shape == (0,)
