"""Extrapolation: same optimum, fewer passes, never downhill."""

import numpy as np
import pytest

from gibbsite.em import ExpectationMaximization


def slow_quadratic(rates, target):
    """A linear iteration towards `target` that closes each gap by its rate, and the objective that it climbs."""
    rates, target = np.asarray(rates), np.asarray(target)

    def e_step(x):
        return x, float(-np.sum((x - target) ** 2))

    return e_step, lambda x: x + (1 - rates) * (target - x)


def run(rates, accelerate, **options):
    e_step, m_step = slow_quadratic(rates, np.arange(1.0, 1 + len(rates)))
    em = ExpectationMaximization(
        e_step, m_step, tol=1e-13, max_iter=100_000, accelerate=accelerate, pack=np.copy, unpack=np.copy, **options
    )
    return em.run(np.zeros(len(rates)))


def test_one_slow_direction_is_solved_at_once():
    assert run([0.999], None).n_iter > 5000
    assert run([0.999], "squarem").n_iter <= 30


@pytest.mark.parametrize("rates", [[0.99, 0.9], [0.999, 0.95, 0.5], [0.98, 0.97, 0.96, 0.1]])
def test_same_optimum_in_fewer_passes_and_never_downhill(rates):
    plain, fast = run(rates, None), run(rates, "squarem")
    assert fast.converged
    np.testing.assert_allclose(fast.parameters, np.arange(1.0, 1 + len(rates)), atol=1e-4)
    assert fast.n_iter * 4 <= plain.n_iter
    assert min(np.diff(fast.lower_bounds)) >= 0.0


def test_refused_points_leave_the_plain_step():
    """Where every extrapolation is outside the model the climb is plain EM with lost passes, and still arrives."""
    plain = run([0.9], None)
    e_step, m_step = slow_quadratic([0.9], [1.0])
    calls = {"unpack": 0}

    def unpack(vector):
        calls["unpack"] += 1
        if not any(np.array_equal(vector, point) for point in seen):
            raise ValueError("outside")
        return vector.copy()

    seen = []

    def pack(x):
        seen.append(x.copy())
        return x.copy()

    em = ExpectationMaximization(
        e_step, m_step, tol=1e-13, max_iter=1000, accelerate="squarem", pack=pack, unpack=unpack
    )
    result = em.run(np.zeros(1))
    assert calls["unpack"] > 0
    assert result.converged
    np.testing.assert_allclose(result.parameters, plain.parameters, atol=1e-5)
    assert min(np.diff(result.lower_bounds)) >= 0.0


@pytest.mark.parametrize("max_iter", range(1, 9))
def test_max_iter_counts_passes_and_ends_on_an_m_step(max_iter):
    e_step, m_step = slow_quadratic([0.99, 0.5], [1.0, 2.0])
    results = []

    def noted(x):
        results.append(m_step(x))
        return results[-1]

    em = ExpectationMaximization(
        e_step, noted, tol=0.0, max_iter=max_iter, accelerate="squarem", pack=np.copy, unpack=np.copy
    )
    result = em.run(np.zeros(2))
    assert result.n_iter == max_iter
    assert result.parameters is results[-1]


def fails_at_first_extrapolation(error):
    """A slow climb whose E step raises at its fifth call: after two cycles of plain steps, at an extrapolated point."""
    e_step, m_step = slow_quadratic([0.99], [1.0])
    calls = []

    def picky(x):
        calls.append(x)
        if len(calls) == 5:
            raise error
        return e_step(x)

    em = ExpectationMaximization(
        picky, m_step, tol=1e-9, max_iter=5000, accelerate="squarem", pack=np.copy, unpack=np.copy
    )
    return em.run(np.zeros(1))


def test_an_error_in_a_step_is_no_refused_point():
    with pytest.raises(ValueError, match="the data are gone"):
        fails_at_first_extrapolation(ValueError("the data are gone"))


@pytest.mark.parametrize("error", [FloatingPointError("overflow"), np.linalg.LinAlgError("singular")])
def test_failed_arithmetic_is_a_refused_point(error):
    assert fails_at_first_extrapolation(error).converged
