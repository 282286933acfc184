"""What the settings of a fit do, against exact likelihoods and gradients of small machines."""

import numpy as np
import pytest
from scipy.special import logsumexp

from gibbsite import BernoulliRBM
from gibbsite.rbm._schemes import TemperedChains, even_ladder
from tests.rbm.machines import (
    bars,
    digits,
    log_likelihood,
    log_unnormalised,
    machine,
    one_thread,  # noqa: F401 (a fixture)
    states,
)

METHODS = ["cd", "pcd", "pt"]


@pytest.fixture(scope="module", name="X")
def bars_and_stripes():
    return bars(np.random.default_rng(0), 600)


def fit(X, **settings):
    options = {"n_components": 8, "batch_size": 20, "n_iter": 60, "learning_rate": 0.1, "random_state": 0}
    return BernoulliRBM(**{**options, **settings}).fit(X)


def base_rate_log_likelihood(X):
    p = X.mean(axis=0)
    return float((p * np.log(p) + (1 - p) * np.log(1 - p)).sum())


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_training_improves_the_exact_likelihood(X, method, centered):
    model = fit(X, method=method, centered=centered)
    independent = base_rate_log_likelihood(X)
    assert log_likelihood(model, X) > independent + 0.5
    few = fit(X, method=method, centered=centered, n_iter=3)
    assert log_likelihood(model, X) > log_likelihood(few, X) + 0.1


@pytest.mark.parametrize("settings", [{"k": 5}, {"momentum": 0.8, "learning_rate": 0.02}, {"n_chains": 100}])
@pytest.mark.parametrize("method", METHODS)
def test_training_with_other_settings(X, method, settings):
    if method == "cd":
        settings = {name: value for name, value in settings.items() if name != "n_chains"}
    model = fit(X, method=method, **settings)
    assert log_likelihood(model, X) > base_rate_log_likelihood(X) + 0.5
    chains = settings.get("n_chains", 20)
    assert model.h_samples_.shape == (chains, 8)


def probabilities(model, v):
    return 1 / (1 + np.exp(-(v @ model.components_.T + model.intercept_hidden_)))


def exact_gradient(model, X, weight):
    """Of the weighted mean log-likelihood, for W, b and c, by sums over all states."""
    every = states(X.shape[1])
    log_f = log_unnormalised(model, every)
    phases = (X, weight / weight.sum(), 1.0), (every, np.exp(log_f - logsumexp(log_f)), -1.0)
    dW = sum(sign * (probabilities(model, v) * w[:, None]).T @ v for v, w, sign in phases)
    db = sum(sign * w @ v for v, w, sign in phases)
    dc = sum(sign * w @ probabilities(model, v) for v, w, sign in phases)
    return dW, db, dc


def enhanced(gradient, mu, lam):
    """The centred gradient with offsets mu and lam (Melchior et al. 2016, equations 16 to 18)."""
    dW, db, dc = gradient
    dW = dW - np.outer(lam, db) - np.outer(dc, mu)
    return dW, db - dW.T @ lam, dc - dW @ mu


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("method", ["pcd", "pt"])
def test_a_step_follows_the_exact_gradient(rng, method, centered):
    """Many well-mixed chains, one step: the change of the parameters is the gradient, within Monte Carlo error."""
    X = bars(rng, 40)
    weight = rng.uniform(0.5, 2.0, len(X))
    start = machine(rng, 4, 9, 0.4)
    model = BernoulliRBM(
        4, method=method, centered=centered, n_chains=20_000, n_temperatures=3, k=30, learning_rate=1e-3, random_state=0
    )
    for name in ("components_", "intercept_visible_", "intercept_hidden_", "n_features_in_"):
        setattr(model, name, getattr(start, name))
    model.partial_fit(X, sample_weight=weight)
    expected = exact_gradient(start, X, weight)
    if centered:
        hidden = weight @ probabilities(start, X) / weight.sum()
        expected = enhanced(expected, weight @ X / weight.sum(), 0.5 + 0.01 * (hidden - 0.5))
    # Numbers in [0, 1], or sums of up to 9 products of such with offsets below 1, averaged over 20000 chains: an
    # error of at most 0.0035 (0.015 centred) each; 49 numbers within 7 errors.
    bound = 7 * (0.015 if centered else 0.0035)
    for name, value in zip(("components_", "intercept_visible_", "intercept_hidden_"), expected, strict=True):
        np.testing.assert_allclose((getattr(model, name) - getattr(start, name)) / 1e-3, value, atol=bound)
    # which is sharp enough to see whether it was centred, and whether it had weights
    other = exact_gradient(start, X, np.ones(len(X)))
    assert max(abs(a - b).max() for a, b in zip(other, expected, strict=True)) > bound / 7


def test_weights_are_repeated_rows_in_the_gradient(X):
    """One batch of weighted rows, and one of the same rows as often as their weight says."""
    times = np.random.default_rng(1).integers(0, 4, len(X))
    options = {"n_iter": 5, "batch_size": 5000, "n_chains": 50, "momentum": 0.5, "centered": True}
    for method in ("pcd", "pt"):
        weighted = BernoulliRBM(6, random_state=0, method=method, **options).fit(X, sample_weight=times)
        repeated = BernoulliRBM(6, random_state=0, method=method, **options).fit(np.repeat(X, times, axis=0))
        for name in ("components_", "intercept_visible_", "intercept_hidden_", "data_mean_"):
            np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(weighted.h_samples_, repeated.h_samples_)
        assert weighted.n_samples_seen_ == repeated.n_samples_seen_ == times.sum()


def test_weights_reach_the_chains_of_contrastive_divergence():
    """A machine that copies its input: the reconstructions have the weighted means, and nothing is left to learn."""
    X = np.repeat([np.ones(4), np.zeros(4)], 500, axis=0)
    model = BernoulliRBM(1, method="cd", random_state=0, learning_rate=0.01, n_iter=0).fit(X)
    model.components_[:], model.intercept_visible_[:], model.intercept_hidden_[:] = 20.0, -10.0, -40.0
    for weight in (None, np.repeat([3.0, 1.0], 500), np.random.default_rng(0).exponential(size=1000)):
        before = model.intercept_visible_
        model.partial_fit(X, sample_weight=weight)
        # a difference of means of 1000 rows drawn evenly
        assert abs(model.intercept_visible_ - before).max() < 0.01 * 0.005
    uneven = np.repeat([3.0, 1.0], 500)
    assert abs(uneven @ X / uneven.sum() - X.mean(axis=0)).min() == 0.25  # what would be learnt otherwise


def test_heavy_batches_make_longer_steps():
    """Two batches, one of rows of weight 3, one of weight 1, without chains' noise in the direction asked for."""
    X = np.r_[np.tile([1.0, 0.0], (10, 1)), np.tile([0.0, 1.0], (10, 1))]
    weight = np.r_[np.full(10, 3.0), np.full(10, 1.0)]
    options = {"n_components": 1, "n_chains": 100_000, "bias_init": "zero", "random_state": 0, "learning_rate": 0.01}
    seen = {}
    for name, w in {"weighted": weight, "plain": None}.items():
        model = BernoulliRBM(n_iter=1, **options).fit(X, sample_weight=w)
        seen[name] = model.intercept_visible_ / 0.01
    # v is on half of the time under the model: 1.5 * 0.5 - 0.5 * 0.5 up, and the opposite
    np.testing.assert_allclose(seen["weighted"], [0.5, -0.5], atol=0.03)
    np.testing.assert_allclose(seen["plain"], [0.0, 0.0], atol=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_the_last_short_batch_counts_its_own_rows(method):
    """21 rows in batches of 20: the last step is as long as the rate says, in either direction of the biases."""
    X = np.zeros((21, 5))
    X[-1] = 1.0
    options = {"bias_init": "zero", "random_state": 0, "learning_rate": 0.01, "batch_size": 20}
    options["n_chains"] = None if method == "cd" else 50_000
    model = BernoulliRBM(2, n_iter=1, method=method, **options).fit(X)
    if method == "cd":  # one chain a row: only its size is certain
        assert abs(model.intercept_visible_).max() <= 0.02 + 1e-12
        return
    # both steps: 0 - 0.5 and 1 - 0.5
    np.testing.assert_allclose(model.intercept_visible_ / 0.01, 0.0, atol=0.03)


@pytest.mark.parametrize("n_rows", [1, 3, 19])
def test_a_batch_larger_than_the_data(X, n_rows):
    small = BernoulliRBM(3, batch_size=100, n_chains=7, random_state=0).fit(X[:n_rows])
    exact = BernoulliRBM(3, batch_size=n_rows, n_chains=7, random_state=0).fit(X[:n_rows])
    np.testing.assert_array_equal(small.components_, exact.components_)


def test_flipping_zeros_and_ones_changes_little_where_centred():
    """The likelihood of a machine of flipped data differs by less than the spread over seeds."""
    X = digits()[:600]
    options = {"n_components": 8, "batch_size": 20, "n_iter": 40, "learning_rate": 0.05}

    def likelihoods(X, **settings):
        models = [BernoulliRBM(random_state=seed, **options, **settings).fit(X) for seed in range(4)]
        return np.array([model.log_likelihood(X).value for model in models])

    plain, flipped = likelihoods(X, centered=True), likelihoods(1 - X, centered=True)
    assert abs(plain.mean() - flipped.mean()) < max(np.ptp(plain), np.ptp(flipped))
    # which is not so by itself
    plain, flipped = (likelihoods(data, bias_init="zero") for data in (X, 1 - X))
    assert abs(plain.mean() - flipped.mean()) > max(np.ptp(plain), np.ptp(flipped))


def test_decay_and_sparsity(X):
    plain = fit(X)
    assert np.linalg.norm(fit(X, weight_decay=0.02).components_) < 0.9 * np.linalg.norm(plain.components_)
    small = [float((abs(fit(X, l1_decay=l1).components_) < 0.02).mean()) for l1 in (0.0, 0.02)]
    assert small[1] > small[0] + 0.1
    for target in (0.05, 0.8):
        model = fit(X, sparsity_target=target, sparsity_cost=5.0)
        assert model.transform(X).mean() == pytest.approx(target, abs=0.1)
    assert abs(plain.transform(X).mean() - 0.05) > 0.15


def test_rates_follow_their_schedule(X):
    linear = fit(X, n_iter=4, schedule="linear", learning_rate=0.2)
    steps = 600 // 20
    last = [0.2 * (1 - (epoch + (steps - 1) / steps) / 4) for epoch in range(4)]
    np.testing.assert_allclose(linear.history_["learning_rate"], last, rtol=1e-12)
    seen = []

    def rate(epoch):
        seen.append(epoch)
        return 0.1 / (1 + epoch)

    called = fit(X, n_iter=2, learning_rate=rate)
    np.testing.assert_allclose(seen, np.arange(60) / 30)
    np.testing.assert_allclose(called.history_["learning_rate"], [0.1 / (1 + 29 / 30), 0.1 / (1 + 59 / 30)])
    same = fit(X, n_iter=2, learning_rate=lambda epoch: 0.1)
    np.testing.assert_array_equal(same.components_, fit(X, n_iter=2).components_)
    with pytest.raises(ValueError, match=r"learning_rate\(0\) should be a number that is not negative, got -1"):
        fit(X, learning_rate=lambda epoch: -1)


def test_first_biases(X):
    model = BernoulliRBM(2, n_iter=0).fit(X)
    np.testing.assert_allclose(1 / (1 + np.exp(-model.intercept_visible_)), X.mean(axis=0), atol=0.002)
    assert not BernoulliRBM(2, n_iter=0, bias_init="zero").fit(X).intercept_visible_.any()


CURVES = {
    "pseudo_likelihood",
    "reconstruction_error",
    "free_energy",
    "weight_norm",
    "weight_update_norm",
    "update_ratio",
    "bias_norm",
    "bias_update_norm",
    "learning_rate",
    "seconds",
}
MIXING = {"flip_rate", "autocorrelation"}
SWAPS = {"swap_rate", "lowest_swap_rate"}
GAP = {"free_energy_validation", "free_energy_gap", "early_stopping_score"}


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"method": "cd"}, CURVES),
        ({}, CURVES | MIXING),
        ({"method": "pt"}, CURVES | MIXING | SWAPS),
        ({"method": "cd", "validation_fraction": 0.2}, CURVES | GAP),
    ],
)
def test_history_has_every_curve(X, settings, names):
    model = fit(X, n_iter=5, **settings)
    assert model.history_.keys() == names
    assert all(len(curve) == 5 for curve in model.history_.values())
    assert all(np.isfinite(curve).all() for curve in model.history_.values())
    assert model.n_iter_ == 5


def test_curves_are_what_they_say(X):
    before = fit(X, n_iter=2, batch_size=600)
    after = fit(X, n_iter=3, batch_size=600)
    history = {name: curve[-1] for name, curve in after.history_.items()}
    rows = X[::2]  # an even subsample of at most 500
    assert history["free_energy"] == pytest.approx(after.free_energy(rows).mean(), rel=1e-12)
    assert history["reconstruction_error"] == pytest.approx(np.square(after.reconstruct(rows) - rows).mean(), rel=1e-12)
    step = np.linalg.norm(after.components_ - before.components_)
    assert history["weight_update_norm"] == pytest.approx(step, rel=1e-9)
    assert history["weight_norm"] == pytest.approx(np.linalg.norm(after.components_), rel=1e-12)
    assert history["update_ratio"] == pytest.approx(step / np.linalg.norm(after.components_), rel=1e-9)
    # the mean over 300 rows of estimates from one variable each
    flipped = [np.where(np.arange(9) == j, 1 - rows, rows) for j in range(9)]
    terms = np.array([-np.logaddexp(0, after.free_energy(rows) - after.free_energy(v)) for v in flipped])
    error = 9 * terms.std(axis=0).max() / len(rows) ** 0.5
    assert abs(history["pseudo_likelihood"] - terms.sum(axis=0).mean()) < 5 * error
    assert error < 0.5


def test_mixing_is_noticed(rng):
    """Chains of a machine with one strong hidden unit hardly move; independent units are new in every sweep."""
    seen = {}
    for name, scale in {"stuck": 8.0, "free": 0.0}.items():
        model = BernoulliRBM(1, n_chains=2000, learning_rate=1e-9, random_state=0, batch_size=50, n_iter=1)
        X = (rng.random((2, 1)) < 0.5).repeat(200, axis=0).repeat(10, axis=1).astype(float)
        model.n_iter = 0
        model.fit(X)
        # symmetric modes: all visible units on with the hidden one, off without it
        model.components_[:] = scale
        model.intercept_visible_[:] = -scale / 2
        model.intercept_hidden_[:] = -scale * 5
        model.h_samples_[::2] = 1.0
        seen[name] = model
    stuck = chain_movement(seen["stuck"])
    free = chain_movement(seen["free"])
    assert stuck["autocorrelation"] > 0.9
    assert stuck["flip_rate"] < 0.05
    assert abs(free["autocorrelation"]) < 0.05
    assert free["flip_rate"] == pytest.approx(0.5, abs=0.03)


def chain_movement(model):
    """The monitor's numbers after two sweeps of a machine as it is."""
    from gibbsite.rbm._building import build_ascent
    from gibbsite.rbm._monitor import Monitor
    from gibbsite.rbm._online import Online

    ascent = build_ascent(model, model._machine(np, model.components_.dtype), 0, 1, model.data_mean_)
    Online(0).put_back(ascent, model.h_samples_)
    monitor = Monitor(ascent, np.zeros((1, 10), np.uint8), None, 0)
    for _ in range(3):
        monitor.before_last_step()
        ascent.scheme.advance(ascent.hidden)
    return monitor.measure()


def test_the_callback_sees_every_epoch_and_ends_the_fit(X):
    news = []

    def callback(epoch):
        news.append(epoch)
        return epoch.epoch == 3

    model = fit(X, callback=callback)
    assert [item.epoch for item in news] == [1, 2, 3]
    assert model.n_iter_ == 3
    np.testing.assert_array_equal(news[-1].components, model.components_)
    assert [item.history["free_energy"] for item in news] == model.history_["free_energy"]
    np.testing.assert_array_equal(model.components_, fit(X, n_iter=3).components_)


def test_early_stopping_keeps_the_best_epoch():
    """Few rows: the machine learns them by heart, and the likelihood of new rows falls."""
    X, new = digits()[:300], digits()[1000:]
    options = {"n_components": 16, "n_iter": 300, "learning_rate": 0.1, "centered": True, "random_state": 0}
    options.update(validation_fraction=0.2, n_chains=100)
    stopped = BernoulliRBM(n_iter_no_change=15, **options).fit(X)
    assert stopped.n_iter_ < 200
    assert np.ptp(stopped.history_["free_energy_gap"]) > 0.5
    best = int(np.argmax(stopped.history_["early_stopping_score"])) + 1
    assert stopped.n_iter_ == best + 15
    seen = []

    def keep(epoch):
        if epoch.epoch in (best, 300):
            seen.append([epoch.components.copy(), epoch.intercept_visible.copy(), epoch.intercept_hidden.copy()])

    patient = BernoulliRBM(n_iter_no_change=300, callback=keep, **options).fit(X)
    gap = patient.history_["free_energy_gap"]
    np.testing.assert_array_equal(stopped.history_["free_energy_gap"], gap[: stopped.n_iter_])
    assert np.mean(gap[-20:]) > np.mean(gap[:20]) + 2.0
    np.testing.assert_array_equal(stopped.components_, seen[0][0])
    last = machine(np.random.default_rng(0), 16, 64)
    last.components_, last.intercept_visible_, last.intercept_hidden_ = seen[1]
    assert stopped.log_likelihood(new).value > last.log_likelihood(new).value + 0.5


def test_a_plateau_is_no_reason_to_stop():
    """Hardly any learning: no score is better than the first for long, but nothing is learnt by heart either."""
    X = digits()[:300]
    model = BernoulliRBM(
        4, learning_rate=1e-5, n_iter=40, validation_fraction=0.2, n_iter_no_change=2, random_state=0, n_chains=50
    ).fit(X)
    scores = model.history_["early_stopping_score"]
    assert any(max(scores[: i + 1]) >= max(scores[i + 1 : i + 3]) for i in range(37))
    assert model.n_iter_ == 40


def test_a_validation_fraction_without_rows(X):
    with pytest.raises(ValueError, match=r"validation_fraction=0.001 holds out none of 10 rows"):
        fit(X[:10], validation_fraction=0.001)


def test_tempered_chains_swap_evenly_and_mix_where_others_stick():
    """Two modes far apart: chains that all start in one find the other with tempering only."""
    X = np.repeat([np.ones(16), np.zeros(16)], 50, axis=0)
    model = BernoulliRBM(4, random_state=0, n_iter=0).fit(X)
    model.components_[:] = 3.0
    model.intercept_visible_[:] = -6.0
    model.intercept_hidden_[:] = -24.0
    shares = {}
    for method in ("pcd", "pt"):
        from gibbsite.rbm._building import build_ascent

        model.set_params(method=method, n_chains=200, n_temperatures=12)
        scheme = build_ascent(model, model._machine(np, np.dtype(float)), 0, 1, model.data_mean_).scheme
        scheme.h[:] = 1
        for _ in range(30):
            rates = run(scheme, 20)
        shares[method] = float((scheme.visible().mean(axis=1) > 0.5).mean())
        if isinstance(scheme, TemperedChains):
            assert rates["lowest_swap_rate"] > 0.6 * rates["swap_rate"]
            assert scheme.ladder[0] == 1.0
            assert scheme.ladder[-1] == 0.0
            assert (np.diff(scheme.ladder) < 0).all()
    assert shares["pcd"] > 0.9
    # 200 chains, correlated at worst in pairs: half, within five deviations
    assert abs(shares["pt"] - 0.5) < 0.25


def run(scheme, steps):
    for _ in range(steps):
        scheme.advance(np.empty((0, 4)))
    return scheme.end_epoch()


def test_swaps_leave_the_joint_distribution(rng):
    """Exact check of the swap rule: at equilibrium, the energies at each temperature keep their mean."""
    small = machine(rng, 3, 4, 1.0, method="pt", n_chains=5000, n_temperatures=4)
    small.data_mean_ = np.full(4, 0.5)
    from gibbsite.rbm._building import build_ascent

    scheme = build_ascent(small, small._machine(np, np.dtype(float)), 0, 1, small.data_mean_).scheme
    for _ in range(60):
        scheme.advance(np.empty((0, 3)))
    v, h = states(4), states(3)
    energy = -(h @ small.components_ @ v.T) - (v @ small.intercept_visible_) - (h @ small.intercept_hidden_)[:, None]
    got = scheme.energies().reshape(4, -1)
    for beta, sample in zip(scheme.ladder, got, strict=True):
        weight = np.exp(-beta * energy - logsumexp(-beta * energy))
        mean = float((weight * energy).sum())
        deviation = float((weight * (energy - mean) ** 2).sum()) ** 0.5
        # four means, 5.5 standard errors: 1.5e-7
        assert abs(sample.mean() - mean) < 5.5 * deviation / len(sample) ** 0.5
    direct = -(
        ((scheme.v @ small.components_.T + small.intercept_hidden_) * scheme.h).sum(axis=1)
        + scheme.v @ small.intercept_visible_
    )
    np.testing.assert_allclose(got.ravel(), direct, rtol=1e-12, atol=1e-12)


def test_the_ladder_evens_out():
    """Rejection grows with the distance in a known way: the fixed point has equal rates."""
    ladder = np.linspace(1.0, 0.0, 8)
    for _ in range(60):
        # most is rejected near 1, as where a machine freezes
        acceptance = np.exp(-3.0 * np.abs(np.diff(ladder**3)))
        ladder = even_ladder(ladder, acceptance)
    assert np.ptp(np.exp(-3.0 * np.abs(np.diff(ladder**3)))) < 0.02
    assert (ladder[0], ladder[-1]) == (1.0, 0.0)
    assert np.ptp(np.exp(-3.0 * np.abs(np.diff(np.linspace(1, 0, 8) ** 3)))) > 0.3


def test_same_seed_same_bits_at_any_thread_count(X):
    for method in METHODS:
        one, two = (fit(X, method=method, n_iter=3, threads=threads) for threads in (1, 2))
        np.testing.assert_array_equal(one.components_, two.components_)
    other = fit(X, n_iter=3, random_state=1)
    assert abs(other.components_ - one.components_).max() > 1e-3


def test_verbose_prints_as_scikit_learn_does(X, capsys):
    fit(X, n_iter=2, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("[BernoulliRBM] Iteration 1, pseudo-likelihood = -")
    fit(X, n_iter=2)
    assert not capsys.readouterr().out
