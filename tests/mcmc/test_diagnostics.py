"""R-hat, effective sample sizes and Monte Carlo errors: against plain loops, and against ArviZ where installed."""

import importlib
import warnings

import numpy as np
import pytest
from scipy import stats

from gibbsite.mcmc import ebfmi, ess_bulk, ess_mean, ess_tail, mcse_mean, mcse_sd, nested_rhat, rhat, summary

SHAPES = [(2, 4), (4, 5), (3, 6), (4, 7), (2, 11), (4, 100), (5, 401)]


def chains(rng, n_chains, n_draws, autocorrelation=0.5, apart=0.0):
    x = rng.normal(size=(n_chains, n_draws))
    for t in range(1, n_draws):
        x[:, t] += autocorrelation * x[:, t - 1]
    return x + apart * np.arange(n_chains)[:, None]


def cases(rng):
    for shape in SHAPES:
        for autocorrelation in (0.0, 0.9, -0.6, 1.0):
            yield chains(rng, *shape, autocorrelation)
        yield chains(rng, *shape, 0.5, apart=2.0)
        yield np.round(chains(rng, *shape))


# oracles, for clarity and nothing else


def split(x):
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, -half:]])


def scores(x):
    return stats.norm.ppf((stats.rankdata(x) - 3 / 8) / (x.size + 1 / 4)).reshape(x.shape)


def plain_rhat(x):
    n = x.shape[1]
    return np.sqrt((n - 1) / n + x.mean(axis=1).var(ddof=1) / x.var(axis=1, ddof=1).mean())


def plain_ess(x):
    """Geyer's initial monotone sequence, one lag after another."""
    n_chains, n = x.shape
    centred = x - x.mean(axis=1, keepdims=True)
    covariance = np.array([(centred[:, : n - t] * centred[:, t:]).sum() for t in range(n)]) / n / n_chains
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + x.mean(axis=1).var(ddof=1)
    rho = 1 - (within - covariance) / total
    rho[0] = 1
    pairs, k = [], 0
    while 2 * k + 1 < n - 2 and rho[2 * k] + rho[2 * k + 1] > 0:
        pairs.append(min([rho[2 * k] + rho[2 * k + 1], *pairs[-1:]]))
        k += 1
    tau = -1 + 2 * sum(pairs) + max(rho[2 * k], 0)
    return x.size / max(tau, 1 / np.log10(x.size))


def test_rhat_is_the_larger_one_of_bulk_and_folded(rng):
    for x in cases(rng):
        parts = split(x)
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = max(plain_rhat(scores(parts)), plain_rhat(scores(abs(parts - np.median(parts)))))
        np.testing.assert_allclose(rhat(x), expected, rtol=1e-10)


def test_effective_sample_sizes(rng):
    for _ in range(10):
        # long enough that the sum ends before the longest lags
        x = chains(rng, 4, 2000, rng.choice([0.0, 0.5, 0.8]))
        assert ess_mean(x) == pytest.approx(plain_ess(split(x)), rel=1e-9)
        assert ess_bulk(x) == pytest.approx(plain_ess(scores(split(x))), rel=1e-9)
        tails = [plain_ess(split((x <= np.quantile(x, p)).astype(float))) for p in (0.05, 0.95)]
        assert ess_tail(x) == pytest.approx(min(tails), rel=1e-9)
        assert mcse_mean(x) == pytest.approx(x.std(ddof=1) / np.sqrt(plain_ess(split(x))), rel=1e-9)


def test_effective_sample_size_of_a_known_process(rng):
    # autoregressive: (1 - a) / (1 + a) of the draws
    x = chains(rng, 200, 2000, 0.6)
    assert ess_mean(x) == pytest.approx(x.size * 0.4 / 1.6, rel=0.03)
    assert rhat(x) < 1.01
    assert rhat(chains(rng, 4, 500, 0.0, apart=0.5)) > 1.1


def test_trailing_axes_and_odd_draws(rng):
    x = rng.normal(size=(4, 50, 2, 3))
    for function in (rhat, ess_bulk, ess_tail, ess_mean, mcse_mean, mcse_sd):
        values = function(x)
        assert values.shape == (2, 3)
        assert values[1, 2] == function(x[..., 1, 2])
    x[0, 0, 0, 0] = np.nan
    assert np.isnan(rhat(x)[0, 0])
    assert np.isfinite(rhat(x)[0, 1])
    assert np.isnan(rhat(rng.normal(size=(4, 3))))
    assert np.isnan(rhat(np.ones((4, 10))))
    assert ess_bulk(np.ones((4, 10))) == 40
    with pytest.raises(ValueError, match=r"should have the shape \(chain, draw, \.\.\.\), but got \(4,\)"):
        rhat(np.ones(4))


def test_energy(rng):
    energy = rng.normal(size=(3, 100))
    expected = np.square(np.diff(energy)).sum(axis=1) / np.square(energy - energy.mean(axis=1, keepdims=True)).sum(
        axis=1
    )
    np.testing.assert_allclose(ebfmi(energy), expected)
    slow = np.cumsum(rng.normal(size=(2, 1000)), axis=1)
    assert (ebfmi(slow) < 0.3).all()
    assert np.isnan(ebfmi(np.ones((2, 1)))).all()


def test_nested_rhat(rng):
    """Many chains too short to move: each stays where it is, their groups agree."""
    x = rng.normal(size=(400, 1)) + 0.1 * rng.normal(size=(400, 4))
    assert nested_rhat(x, 8) < 1.05 < rhat(x)
    assert nested_rhat(rng.normal(size=(400, 1)), 8) < 1.05
    assert nested_rhat(x + np.repeat(np.arange(8), 50)[:, None], 8) > 1.5
    ids = np.tile(np.arange(4), 100)
    order = np.argsort(ids, kind="stable")
    assert nested_rhat(x, ids) == pytest.approx(nested_rhat(x[order], 4), rel=1e-12)
    with pytest.raises(ValueError, match="divide the 400 chains, got 7"):
        nested_rhat(x, 7)
    with pytest.raises(ValueError, match="groups of equal size"):
        nested_rhat(x, np.arange(400) // 300)
    with pytest.raises(ValueError, match=r"superchains should have the shape \(400,\)"):
        nested_rhat(x, [0, 1])


def test_ten_thousand_chains(rng):
    x = rng.normal(size=(10_000, 20))
    assert ess_bulk(x) == pytest.approx(x.size, rel=0.3)
    assert 1 < nested_rhat(x, 10) < 1.01


def test_summary_of_a_quantity_of_ones_own(rng):
    x = rng.normal(size=(4, 200, 2))
    table = summary({"a": x, "b": x[..., 0] ** 2})
    assert table.names == ["a[0]", "a[1]", "b"]
    np.testing.assert_allclose(table["mean"], [*x.mean(axis=(0, 1)), (x[..., 0] ** 2).mean()])
    np.testing.assert_allclose(table["r_hat"][:2], rhat(x))
    np.testing.assert_allclose(table["ess_tail"][1], ess_tail(x[..., 1]))
    np.testing.assert_allclose(table["5%"][2], np.quantile(x[..., 0] ** 2, 0.05))
    lines = repr(table).splitlines()
    assert lines[0].split() == ["mean", "sd", "5%", "50%", "95%", "mcse_mean", "ess_bulk", "ess_tail", "r_hat"]
    assert [line.split()[0] for line in lines[1:]] == table.names
    assert "..." in repr(summary(rng.normal(size=(2, 8, 100))))
    with pytest.raises(ValueError, match=r"x should have the shape \(chain, draw, \.\.\.\)"):
        summary(np.ones(4))


def arviz_functions():
    """ArviZ's functions of (chain, draw), of 1.x or of 0.x."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            array_stats = importlib.import_module("arviz_stats.base").array_stats
        except ImportError:
            pytest.importorskip("arviz", reason="ArviZ is not installed")
            old = importlib.import_module("arviz.stats.diagnostics")
            importlib.import_module("arviz.utils").Numba.disable_numba()
            return {
                rhat: old._rhat_rank,
                ess_bulk: old._ess_bulk,
                ess_tail: old._ess_tail,
                ess_mean: old._ess_mean,
                mcse_mean: old._mcse_mean,
                mcse_sd: old._mcse_sd,
            }
    return {
        rhat: array_stats.rhat,
        ess_bulk: lambda x: array_stats.ess(x, method="bulk"),
        ess_tail: lambda x: array_stats.ess(x, method="tail", prob=(0.05, 0.95)),
        ess_mean: lambda x: array_stats.ess(x, method="mean"),
        mcse_mean: lambda x: array_stats.mcse(x, method="mean"),
        lambda x: nested_rhat(x, np.arange(len(x)) % 2): lambda x: array_stats.rhat_nested(
            x, superchain_ids=np.arange(len(x)) % 2
        ),
    }


@pytest.mark.interop
def test_the_numbers_are_arvizs(rng):
    functions = arviz_functions()
    for x in cases(rng):
        for ours, theirs in functions.items():
            if ours.__name__ == "<lambda>" and len(x) % 2:
                continue
            with np.errstate(all="ignore"):
                expected = float(np.asarray(theirs(x)))
            np.testing.assert_allclose(ours(x), expected, rtol=1e-8, err_msg=f"{ours.__name__}, {x.shape}")
