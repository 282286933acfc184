"""The generic driver on models whose answers are known."""

import numpy as np
import pytest

from gibbsite.em import ExpectationMaximization, LikelihoodDecreaseError

# Allele frequencies from blood groups: the classic of Dempster, Laird & Rubin's setting, solved by direct search below.
COUNTS = {"A": 186.0, "B": 38.0, "AB": 13.0, "O": 284.0}


def blood_e_step(p):
    a, b, o = p
    aa, ao, bb, bo = a * a, 2 * a * o, b * b, 2 * b * o
    log_likelihood = (
        COUNTS["A"] * np.log(aa + ao)
        + COUNTS["B"] * np.log(bb + bo)
        + COUNTS["AB"] * np.log(2 * a * b)
        + COUNTS["O"] * np.log(o * o)
    )
    n_aa = COUNTS["A"] * aa / (aa + ao)
    n_bb = COUNTS["B"] * bb / (bb + bo)
    return (n_aa, n_bb), float(log_likelihood)


def blood_m_step(statistics):
    n_aa, n_bb = statistics
    total = 2 * sum(COUNTS.values())
    a = (COUNTS["A"] + n_aa + COUNTS["AB"]) / total
    b = (COUNTS["B"] + n_bb + COUNTS["AB"]) / total
    return np.array([a, b, 1 - a - b])


def test_reaches_the_maximum_likelihood_estimate():
    result = ExpectationMaximization(blood_e_step, blood_m_step, tol=1e-12).run(np.ones(3) / 3)
    assert result.converged
    np.testing.assert_allclose(result.parameters, [0.213591, 0.050145, 0.736264], atol=1e-6)
    best = result.lower_bound
    for direction in np.eye(3) - 1 / 3:
        for step in (-1e-3, 1e-3):
            assert blood_e_step(result.parameters + step * direction)[1] < best


def test_history_counts_every_pass():
    result = ExpectationMaximization(blood_e_step, blood_m_step, tol=1e-12).run(np.ones(3) / 3)
    assert result.n_iter == result.n_passes == len(result.lower_bounds)
    assert set(result.history) == {"lower_bound", "change", "seconds"}
    assert all(len(curve) == result.n_iter for curve in result.history.values())
    np.testing.assert_array_equal(np.diff(result.lower_bounds), result.history["change"][1:])
    assert result.history["change"][0] == np.inf
    assert abs(result.history["change"][-1]) < 1e-12 <= abs(result.history["change"][-2])


def test_max_iter_ends_a_climb_unconverged():
    result = ExpectationMaximization(blood_e_step, blood_m_step, tol=0.0, max_iter=4).run(np.ones(3) / 3)
    assert (result.n_iter, result.converged, result.stopped) == (4, False, False)


def test_no_passes_return_the_start():
    result = ExpectationMaximization(blood_e_step, blood_m_step, max_iter=0).run("start")
    assert (result.parameters, result.lower_bound, result.n_iter) == ("start", -np.inf, 0)


def test_callback_sees_every_pass_and_can_stop():
    seen = []

    def callback(news):
        seen.append(news)
        return news.iteration == 3

    result = ExpectationMaximization(blood_e_step, blood_m_step, tol=0.0, callback=callback).run(np.ones(3) / 3)
    assert [news.iteration for news in seen] == [1, 2, 3]
    assert [news.lower_bound for news in seen] == result.lower_bounds
    assert result.stopped
    assert not result.converged
    np.testing.assert_array_equal(seen[-1].parameters, result.parameters)


def two_hills(start):
    """Coordinate ascent on a function with a low and a high hill: EM in form, with the point as its own statistics."""

    def height(x):
        return float(np.exp(-((x + 1) ** 2)) + 2 * np.exp(-((x - 1) ** 2)))

    def climb(x):
        return x + 0.1 * (-2 * (x + 1) * np.exp(-((x + 1) ** 2)) - 4 * (x - 1) * np.exp(-((x - 1) ** 2)))

    return ExpectationMaximization(lambda x: (x, height(x)), climb, tol=1e-13, max_iter=1000, n_init=3).run(start)


def test_restarts_keep_the_best():
    starts = [-1.5, 2.0, -0.9]
    result = two_hills(lambda restart: starts[restart])
    assert result.restart == 1
    assert result.parameters == pytest.approx(0.98, abs=0.02)
    assert result.n_passes > result.n_iter


@pytest.mark.parametrize("when", [2, 5])
def test_decrease_names_iteration_and_amount(when):
    values = [float(i) for i in range(10)]
    values[when - 1] = values[when - 2] - 0.25
    em = ExpectationMaximization(lambda i: (i, values[i]), lambda i: i + 1)
    with pytest.raises(LikelihoodDecreaseError, match=rf"fell by 0\.25 at iteration {when} "):
        em.run(0)


def test_decrease_within_rounding_passes_and_can_be_ignored():
    values = [1e6, 1e6 - 1e-6, 1e6 - 100, 0.0]
    kept = ExpectationMaximization(lambda i: (i, values[i]), lambda i: i + 1, tol=0.0, max_iter=2).run(0)
    assert kept.n_iter == 2
    ignored = ExpectationMaximization(
        lambda i: (i, values[i]), lambda i: i + 1, tol=0.0, max_iter=4, on_decrease="ignore"
    ).run(0)
    assert ignored.lower_bounds == values


def test_nan_objective_is_an_error():
    em = ExpectationMaximization(lambda i: (i, float("nan")), lambda i: i)
    with pytest.raises(LikelihoodDecreaseError, match="NaN at iteration 1"):
        em.run(0)


def test_lower_bound_sees_the_new_parameters():
    em = ExpectationMaximization(
        lambda p: (p, 10.0), lambda p: p + 1, lower_bound=lambda value, p: value + p, tol=0.0, max_iter=3
    )
    assert em.run(0).lower_bounds == [11.0, 12.0, 13.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accelerate": "aitken"}, "accelerate must be None or 'squarem'"),
        ({"accelerate": "squarem"}, "needs pack and unpack"),
        ({"on_decrease": "warn"}, "on_decrease must be"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ExpectationMaximization(blood_e_step, blood_m_step, **arguments)


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_verbose_prints_in_scikit_learns_words(verbose, capsys):
    ExpectationMaximization(blood_e_step, blood_m_step, tol=1e-12, verbose=verbose, verbose_interval=2).run(
        np.ones(3) / 3
    )
    lines = capsys.readouterr().out.splitlines()
    if verbose == 0:
        assert lines == []
        return
    assert lines[0] == "Initialization 0"
    assert lines[1].startswith("  Iteration 2")
    assert lines[-1].startswith("Initialization converged.")
    assert ("time lapse" in lines[1]) == (verbose == 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_init": 0}, "The 'n_init' parameter of ExpectationMaximization must be an int in the range"),
        ({"max_iter": -1}, "'max_iter' parameter"),
        ({"max_iter": 2.5}, "'max_iter' parameter"),
        ({"tol": -1.0}, "'tol' parameter"),
        ({"tol": float("nan")}, "'tol' parameter"),
        ({"rounding": -1e-9}, "'rounding' parameter"),
        ({"callback": 3}, "'callback' parameter"),
        ({"verbose_interval": 0}, "'verbose_interval' parameter"),
    ],
)
def test_parameters_are_checked_in_scikit_learns_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        ExpectationMaximization(blood_e_step, blood_m_step, **arguments)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (1.0, r"e_step must return \(statistics, objective\), but returned a float"),
        (None, r"e_step must return \(statistics, objective\), but returned None"),
        ((1.0, 2.0, 3.0), r"but returned a tuple of 3"),
        (("statistics", None), "the objective a number, but it is None"),
        (("statistics", np.zeros(3)), r"the objective a number, but it is a ndarray of shape \(3,\)"),
    ],
)
def test_what_an_e_step_returns_is_checked(result, message):
    with pytest.raises(TypeError, match=message):
        ExpectationMaximization(lambda p: result, lambda s: s).run(0)


def test_what_a_lower_bound_returns_is_checked():
    em = ExpectationMaximization(lambda p: (p, "anything"), lambda s: s, lower_bound=lambda value, p: None)
    with pytest.raises(TypeError, match="lower_bound must return a number, but it is None"):
        em.run(0)


def test_an_objective_may_be_any_kind_of_number():
    values = iter([1, np.float32(2.5), np.array(3.25)])
    result = ExpectationMaximization(lambda p: (p, next(values)), lambda s: s, tol=0.0, max_iter=3).run(0)
    assert result.lower_bounds == [1.0, 2.5, 3.25]
    assert {type(value) for value in result.lower_bounds} == {float}
