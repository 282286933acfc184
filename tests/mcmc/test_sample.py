"""`sample`: moments, reproducibility, adaptation, warnings, errors, interruption."""

import io
import itertools
import signal
import threading
import time
import warnings

import numpy as np
import pytest

import gibbsite as gb
from gibbsite import targets
from gibbsite.mcmc import DensityError, GradientError, SamplingWarning, StartError, mcse_mean
from gibbsite.mcmc._adaptation import Moments, windows

SAMPLERS = [
    gb.NUTS(),
    gb.NUTS(metric="dense"),
    gb.NUTS(metric="unit"),
    gb.HMC(),
    gb.HMC(metric="dense", jitter=0.3),
    gb.HMC(metric="unit", n_leapfrog=5),
    gb.HMC(step_size=0.4),
    gb.RandomWalk(),
    gb.RandomWalk(proposal="diagonal"),
    gb.RandomWalk(proposal="full"),
    gb.RandomWalk(scale=1.0),
]
MEAN = np.array([1.0, -2.0, 0.5])
COV = np.array([[1.0, 0.6, 0.0], [0.6, 2.0, 0.3], [0.0, 0.3, 0.5]])


def normal():
    return targets.MultivariateNormal(MEAN, COV)


def batched(gradient=True):
    precision = np.linalg.inv(COV)

    def value(q):
        return -0.5 * np.einsum("ci,ij,cj->c", q - MEAN, precision, q - MEAN)

    return targets.from_numpy(value, 3, (lambda q: -(q - MEAN) @ precision) if gradient else None)


def quietly(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        return gb.sample(*arguments, **options)


def check_moments(trace):
    """Means and covariances within 6 standard errors: 9 comparisons, 2e-8."""
    centred = trace.draws.astype(float) - MEAN
    products = np.stack([centred[..., i] * centred[..., j] for i in range(3) for j in range(i + 1)], axis=-1)
    found = np.concatenate([centred, products], axis=-1)
    expected = np.concatenate([np.zeros(3), COV[np.tril_indices(3)]])
    assert (abs(found.mean(axis=(0, 1)) - expected) < 6 * mcse_mean(found)).all()


@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
def test_every_sampler_draws_from_the_target(sampler):
    check_moments(quietly(normal(), sampler, seed=3, draws=2000, chains=6))


@pytest.mark.parametrize(
    "sampler",
    [
        gb.HMC(),
        gb.HMC(metric="dense"),
        gb.HMC(step_size=0.3, jitter=0.2),
        gb.RandomWalk(),
        gb.RandomWalk(proposal="full"),
        gb.RandomWalk(proposal="diagonal"),
    ],
    ids=str,
)
def test_batched_densities_move_all_chains_together(sampler):
    check_moments(quietly(batched(not isinstance(sampler, gb.RandomWalk)), sampler, seed=3, chains=50, draws=300))


def test_nuts_takes_batched_densities_too():
    trace = quietly(batched(), seed=3, warmup=200, draws=200)
    check_moments(trace)
    compiled = quietly(normal(), seed=3, warmup=200, draws=200)
    np.testing.assert_allclose(trace.draws[:, :5], compiled.draws[:, :5], rtol=1e-3, atol=1e-3)


def test_single_precision():
    trace = quietly(normal(), seed=3, draws=2000, dtype=np.float32)
    assert trace.draws.dtype == np.float32
    assert trace.stats["lp"].dtype == np.float64
    check_moments(trace)


@pytest.mark.parametrize("sampler", [gb.NUTS(), gb.HMC(jitter=0.2), gb.RandomWalk()], ids=str)
def test_draws_depend_on_seed_and_chain_alone(sampler, monkeypatch):
    options = {"seed": 5, "warmup": 120, "draws": 60}
    trace = quietly(normal(), sampler, **options)
    other = quietly(normal(), sampler, chains=9, threads=1, **options)
    np.testing.assert_array_equal(other.draws[:4], trace.draws)
    assert (quietly(normal(), sampler, **(options | {"seed": 6})).draws != trace.draws).any()
    thinned = quietly(normal(), sampler, **(options | {"draws": 20, "thin": 3}))
    np.testing.assert_array_equal(thinned.draws, trace.draws[:, 2::3])
    stored = quietly(normal(), sampler, store_warmup=True, **options)
    np.testing.assert_array_equal(stored.draws, trace.draws)
    assert stored.warmup.draws.shape == (4, 120, 3)
    # however the calls of the kernels are cut
    monkeypatch.setattr("gibbsite.mcmc._sample._CALL_BYTES", 1)
    np.testing.assert_array_equal(quietly(normal(), sampler, **options).draws, trace.draws)


def test_batches_draw_alike_beside_others():
    for sampler in (gb.RandomWalk(), gb.HMC(step_size=0.3, jitter=0.3)):
        options = {"seed": 5, "warmup": 40, "draws": 30}
        few, many = (quietly(batched(), sampler, chains=n, **options) for n in (3, 7))
        np.testing.assert_allclose(many.draws[:3], few.draws, rtol=1e-12)


def test_seeds():
    free = {quietly(normal(), gb.RandomWalk(), draws=2, warmup=0).state["seed"] for _ in range(2)}
    assert len(free) == 2
    ours = [quietly(normal(), draws=5, warmup=5, seed=np.random.default_rng(3)).draws for _ in range(2)]
    np.testing.assert_array_equal(*ours)
    with pytest.raises(ValueError, match=r"seed must be in \[0, 2\*\*64\)"):
        gb.sample(normal(), seed=2**64)


# adaptation


def test_acceptance_nears_its_target():
    assert quietly(normal(), gb.NUTS(target_accept=0.9), seed=0).acceptance == pytest.approx(0.9, abs=0.05)
    assert quietly(normal(), gb.HMC(target_accept=0.7), seed=0).acceptance == pytest.approx(0.7, abs=0.08)
    walk = quietly(normal(), gb.RandomWalk(), seed=0, draws=4000)
    assert walk.acceptance == pytest.approx(0.234, abs=0.05)
    line = quietly(targets.MultivariateNormal([0.0], scales=7.0), gb.RandomWalk(), seed=0, draws=4000)
    assert line.acceptance == pytest.approx(0.44, abs=0.06)


@pytest.mark.parametrize("sampler", [gb.NUTS(), gb.NUTS(metric="dense"), gb.HMC(jitter=0.5)], ids=str)
def test_scales_are_learned(sampler):
    scales = np.array([1e-3, 1.0, 1e3])
    target = targets.MultivariateNormal(np.zeros(3), scales=scales)
    trace = quietly(target, sampler, seed=0)
    mass = trace.state["inverse_mass"]
    found = np.diagonal(mass) if sampler.metric == "dense" else mass.mean(axis=0)
    np.testing.assert_allclose(found, scales**2, rtol=0.5)
    assert trace.summary()["ess_bulk"].min() > 200


def test_a_given_step_size_and_scale_stay():
    assert (quietly(normal(), gb.HMC(step_size=0.05), draws=5).state["step_size"] == 0.05).all()
    assert quietly(normal(), gb.RandomWalk(scale=0.7), draws=5).state["scale"] == pytest.approx(0.7)
    without = quietly(normal(), gb.HMC(step_size=0.05), warmup=0, draws=5)
    assert without.warmup.n_draws == 0
    assert without.state["draw"] == 5
    assert quietly(normal(), gb.NUTS(), warmup=0, draws=5, seed=0).state["step_size"].min() > 0.05


def test_windows_are_stans():
    assert windows(1000) == (75, [100, 150, 250, 450, 950])
    assert windows(100) == (15, [90])
    assert windows(10) == (10, [])
    assert windows(200)[1][-1] == 150


def test_moments_of_blocks(rng):
    rows = rng.normal(size=(50, 3)) + 1e6
    for full in (True, False):
        moments = Moments(3, full)
        for start, end in itertools.pairwise([0, 1, 7, 50]):
            moments.add(rows[start:end])
        covariance = np.cov(rows.T)
        expected = covariance * 50 / 55 + np.diag(np.diag(covariance)) * 1e-3 * 5 / 55
        np.testing.assert_allclose(moments.shrunk(), expected if full else np.diag(expected), rtol=1e-7, atol=1e-7)


# starts


def test_given_starts():
    start = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    still = gb.RandomWalk(scale=1e-12)
    for init, expected in ((start, start), (start[0], np.tile(start[0], (2, 1)))):
        trace = quietly(normal(), still, chains=2, warmup=0, draws=1, init=init)
        np.testing.assert_allclose(trace.draws[:, 0], expected)
    target = targets.Funnel(3, names={"v": (), "x": 2})
    trace = quietly(target, still, chains=2, warmup=0, draws=1, init={"v": [1.0, 2.0], "x": [3.0, 4.0]})
    np.testing.assert_allclose(trace.draws[:, 0], [[1, 3, 4], [2, 3, 4]])
    with pytest.raises(ValueError, match="a value for each of v, x; missing: x; unknown: y"):
        gb.sample(target, init={"v": 0.0, "y": 1.0})
    with pytest.raises(ValueError, match=r"init\['x'\] should have the shape \(2,\) or \(4, 2\), but got \(3,\)"):
        gb.sample(target, init={"v": 0.0, "x": np.zeros(3)})
    with pytest.raises(ValueError, match=r"init should have the shape \(3,\) or \(4, 3\), but got \(2,\)"):
        gb.sample(normal(), init=[0, 1])


@targets.density(dim=2, names={"a": (), "b": ()})
def positive_only(q, grad):
    grad[0], grad[1] = 1 / q[0] - 1, -q[1]
    return np.log(q[0]) - q[0] - 0.5 * q[1] ** 2


def test_starts_are_drawn_where_the_density_is_finite():
    trace = quietly(positive_only, seed=0, chains=30, warmup=200, draws=20)
    assert (trace["a"] > 0).all()


def test_starts_without_a_finite_density():
    with pytest.raises(
        StartError, match=r"The log density is nan at the start of chain 1, q = \[-1\., +0\.\]\. Start it"
    ):
        gb.sample(positive_only, init=[[1.0, 0.0], [-1.0, 0.0]], chains=2)
    nowhere = targets.from_numpy(lambda q: np.full(len(q), -np.inf), 2)
    with pytest.raises(
        StartError, match=r"The log density is -inf at the start of chain 0, .* 100 points .* pass init="
    ):
        gb.sample(nowhere, gb.RandomWalk())
    infinite = targets.from_numpy(lambda q: (np.zeros(len(q)), np.full(q.shape, np.inf)), 2, True, names=["a", "b"])
    with pytest.raises(StartError, match=r"The gradient's component 0 \(a\) is inf at the start of chain 0"):
        gb.sample(infinite, init=[0.0, 0.0])


# densities that fail


@targets.density(dim=2)
def raises_far_out(q, grad):
    if abs(q[0]) > 3:
        raise ValueError("too far")
    grad[:] = -0.01 * q
    return -0.005 * (q @ q)


@pytest.mark.parametrize("sampler", [gb.NUTS(), gb.HMC(), gb.RandomWalk()], ids=str)
def test_an_exception_stops_the_run_and_says_where(sampler):
    with pytest.raises(DensityError, match="The density raised ValueError: too far\nin chain ") as caught:
        quietly(raises_far_out, sampler, seed=0)
    error = caught.value
    assert abs(error.point[0]) > 3
    assert 0 <= error.chain < 4
    assert f"in chain {error.chain}, draw {error.draw}, at q = [" in str(error)
    assert isinstance(error.__cause__, ValueError)


def test_an_exception_in_numpy_stops_the_run():
    def value(q):
        if (abs(q) > 3).any():
            raise ZeroDivisionError("too far")
        return -0.005 * (q * q).sum(axis=1), -0.01 * q

    target = targets.from_numpy(value, 2, gradient=True)
    for sampler in (gb.NUTS(), gb.HMC(), gb.RandomWalk()):
        with pytest.raises(DensityError, match="The density raised ZeroDivisionError: too far\nin chain") as caught:
            quietly(target, sampler, seed=0)
        assert (abs(caught.value.point) > 3).any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("sampler", [gb.NUTS(), gb.HMC(), gb.RandomWalk()], ids=str)
def test_values_that_are_no_densities_are_rejections(value, sampler):
    @targets.density(dim=1)
    def half(q, grad):
        grad[0] = -q[0]
        return -0.5 * q[0] ** 2 if q[0] > 0 else value

    trace = quietly(half, sampler, seed=0, init=[1.0])
    assert (trace.draws > 0).all()
    assert trace.draws.mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.15)


def test_a_wrong_gradient_is_found():
    @targets.density(dim=3, names={"mu": (), "tau": 2})
    def wrong(q, grad):
        grad[:] = -q
        grad[2] = q[2]
        return -0.5 * (q @ q)

    with pytest.raises(GradientError, match=r"at the start of chain 0 its component 2 \(tau\[1\]\) is .* 1 of 3"):
        gb.sample(wrong, seed=0)
    quietly(wrong, gb.RandomWalk(), seed=0, draws=5, warmup=5)
    quietly(wrong, seed=0, draws=5, warmup=5, check_gradient=False)


def test_a_steep_but_right_gradient_is_not_refused():
    @targets.density(dim=150)
    def steep(q, grad):
        total = 0.0
        for i in range(len(q)):
            s = 10.0 ** (i % 7 - 3)
            grad[i] = -np.sinh(q[i] / s) / np.cosh(q[i] / s) / s
            total -= np.log(np.cosh(min(abs(q[i] / s), 300.0))) + max(abs(q[i] / s) - 300.0, 0.0)
            if abs(q[i] / s) > 300.0:
                grad[i] = -np.sign(q[i]) / s
        return total

    quietly(steep, seed=0, warmup=5, draws=5)


# warnings and messages


def test_warnings_say_what_to_do():
    with pytest.warns(SamplingWarning) as caught:
        trace = gb.sample(targets.Funnel(2), seed=1)
    said = [str(w.message) for w in caught]
    assert said == trace.warnings
    assert any(f"{int(trace.stats['diverging'].sum())} of 4000 trajectories diverged" in text for text in said)
    assert any("Raise target_accept towards 1" in text and 'trace.plot("pairs")' in text for text in said)
    assert caught[0].filename == __file__

    wide = quietly(targets.Funnel(10), seed=1)
    assert any("with an E-BFMI below 0.3" in text for text in wide.warnings)
    assert any("R-hat of " in text for text in wide.warnings)
    shallow = quietly(normal(), gb.NUTS(max_depth=1), seed=1)
    assert "trajectories reached the greatest depth, 1, before they turned" in shallow.warnings[0]
    stuck = quietly(normal(), gb.RandomWalk(scale=1e9), seed=1, draws=20)
    assert "4 chains of 4 did not move" in stuck.warnings[0]
    assert "Take a smaller scale" in stuck.warnings[0]


def test_a_good_run_is_quiet(recwarn, capfd):
    gb.sample(normal(), seed=1)
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def test_progress_lines(capfd, monkeypatch):
    quietly(normal(), seed=1, progress=True)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("gibbsite: draw 20 of 2000, 0 s, warm-up, step size ")
    monkeypatch.setattr("gibbsite.mcmc._progress._LINE_SECONDS", 0.0)
    quietly(normal(), seed=1)
    assert "depth" in capfd.readouterr().err.splitlines()[-1]
    quietly(normal(), seed=1, progress=False)
    assert capfd.readouterr().err == ""


def test_progress_bar_in_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    quietly(normal(), seed=1, progress=True)
    assert "/2000" in terminal.getvalue()


def interrupting(after):
    """A density that sends Ctrl-C to its own process once so many calls have been made."""
    calls = itertools.count()

    def value(q):
        if next(calls) == after:
            signal.raise_signal(signal.SIGINT)
        return -0.5 * (q * q).sum(axis=1)

    return targets.from_numpy(value, 2)


def test_ctrl_c_returns_what_was_drawn(monkeypatch):
    monkeypatch.setattr("gibbsite.mcmc._sample._CALL_SECONDS", 0.0)
    trace = quietly(interrupting(500), gb.RandomWalk(), warmup=100, draws=5000, seed=0)
    assert trace.interrupted
    assert trace.warnings[0] == f"The run was interrupted: each chain has {trace.draws.shape[1]} draws."
    assert 100 < trace.draws.shape[1] < 500
    assert trace.stats["lp"].shape == trace.draws.shape[:2]
    whole = quietly(interrupting(-1), gb.RandomWalk(), warmup=100, draws=500, seed=0)
    np.testing.assert_array_equal(trace.draws, whole.draws[:, : trace.draws.shape[1]])
    with pytest.raises(KeyboardInterrupt):
        gb.sample(interrupting(50), gb.RandomWalk(), warmup=100, draws=5000, seed=0)


def test_ctrl_c_reaches_the_kernels():
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    try:
        trace = quietly(normal(), gb.NUTS(), draws=20_000_000, chains=1, seed=0)
    finally:
        timer.cancel()
    assert trace.interrupted
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gb.NUTS(target_accept=1.0), "target_accept must be between 0 and 1"),
        (lambda: gb.NUTS(metric="full"), "metric must be one of 'diag', 'dense', 'unit', got 'full'"),
        (lambda: gb.NUTS(max_depth=31), "max_depth must be at most 30"),
        (lambda: gb.HMC(step_size=0), "step_size must be positive and finite, got 0"),
        (lambda: gb.HMC(step_size=0.1, metric="diag"), "A given step_size goes with metric='unit'"),
        (lambda: gb.HMC(jitter=1.0), r"jitter must be in \[0, 1\)"),
        (lambda: gb.HMC(n_leapfrog=0), "n_leapfrog must be at least 1"),
        (lambda: gb.RandomWalk(scale=-1), "scale must be positive"),
        (lambda: gb.RandomWalk(proposal="dense"), "proposal must be one of"),
        (lambda: gb.sample(normal(), chains=0), "chains must be at least 1"),
        (lambda: gb.sample(normal(), draws=0), "draws must be at least 1"),
        (lambda: gb.sample(normal(), thin=0), "thin must be at least 1"),
        (lambda: gb.sample(batched(gradient=False)), "needs the gradient of the density"),
    ],
)
def test_settings_that_make_no_sense(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_types_that_make_no_sense():
    with pytest.raises(TypeError, match=r"becomes one by @gibbsite\.targets\.density\(dim=\.\.\.\)"):
        gb.sample(lambda q: 0.0)
    with pytest.raises(TypeError, match="sampler must be a NUTS, HMC or RandomWalk"):
        gb.sample(normal(), gb.NUTS)
    with pytest.raises(TypeError, match=r"draws must be an integer, got 10\.0"):
        gb.sample(normal(), draws=10.0)
