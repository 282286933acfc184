"""What a run returns: views, statistics, files, ArviZ, pictures."""

import importlib
import sys
import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure

import gibbsite as gb
from gibbsite.mcmc import SamplingWarning, Trace
from gibbsite.plotting import plot_pairs, plot_ranks, plot_trace

STATS = {"lp", "acceptance_rate", "energy", "diverging", "tree_depth", "n_steps", "step_size"}


@pytest.fixture(scope="module", name="trace")
def run():
    target = gb.targets.MultivariateNormal(
        np.arange(5.0), scales=np.arange(1.0, 6.0), names={"mu": (), "theta": (2, 2)}
    )
    return gb.sample(target, gb.NUTS(), draws=200, warmup=300, seed=2, store_warmup=True)


def test_draws_and_their_views(trace):
    assert trace.draws.shape == (4, 200, 5)
    assert list(trace) == ["mu", "theta"]
    assert len(trace) == 2
    assert trace["theta"].shape == (4, 200, 2, 2)
    assert np.shares_memory(trace["mu"], trace.draws)
    np.testing.assert_array_equal(trace["theta"][1, 3].ravel(), trace.draws[1, 3, 1:])
    assert trace.names == ["mu", "theta[0, 0]", "theta[0, 1]", "theta[1, 0]", "theta[1, 1]"]
    with pytest.raises(KeyError, match="the variables are mu, theta"):
        trace["tau"]


def test_statistics(trace):
    assert trace.stats.keys() == STATS
    assert {a.shape for a in trace.stats.values()} == {(4, 200)}
    assert trace.stats["diverging"].dtype == bool
    assert (trace.stats["n_steps"] >= 2 ** trace.stats["tree_depth"] - 1).all()
    scales = np.arange(1.0, 6.0)
    expected = -0.5 * (((trace.draws - np.arange(5.0)) / scales) ** 2).sum(axis=2)
    expected -= np.log(scales).sum() + 2.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(trace.stats["lp"], expected)
    np.testing.assert_allclose(trace.acceptance, trace.stats["acceptance_rate"].mean(axis=1))
    assert trace.ebfmi.shape == (4,)
    assert trace.warmup.n_draws == 300
    assert trace.warmup.draws.shape == (4, 300, 5)
    assert trace.warmup.stats["energy"].shape == (4, 300)
    assert trace.state["q"].shape == trace.state["inverse_mass"].shape == (4, 5)
    np.testing.assert_array_equal(trace.state["q"], trace.draws[:, -1])
    assert trace.state["draw"] == 500
    assert np.isnan(trace.divergence).all()
    assert repr(trace).startswith("<Trace of NUTS: 4 chains of 200 draws in 5 dimensions, mean acceptance 0.")


def test_summary(trace):
    table = trace.summary()
    assert table.names == trace.names
    np.testing.assert_allclose(table["mean"], trace.draws.mean(axis=(0, 1)))
    assert trace.summary(["mu"]).names == ["mu"]


@pytest.mark.parametrize(
    "sampler", [gb.NUTS(max_depth=5), gb.HMC(n_leapfrog=4, jitter=0.2), gb.RandomWalk(proposal="full")]
)
def test_files_keep_everything(sampler, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        trace = gb.sample(gb.targets.Funnel(3), sampler, warmup=100, draws=50, thin=2, seed=0)
    path = tmp_path / "run.safetensors"
    trace.save(path)
    again = Trace.load(path)
    assert type(again) is Trace
    assert again.sampler == trace.sampler
    assert again.variables == trace.variables
    assert again.warnings == trace.warnings
    assert (again.thin, again.interrupted, again.seconds) == (trace.thin, trace.interrupted, trace.seconds)
    np.testing.assert_array_equal(again.draws, trace.draws)
    assert again.stats.keys() == trace.stats.keys()
    for name, values in trace.stats.items():
        np.testing.assert_array_equal(again.stats[name], values)
        assert again.stats[name].dtype == values.dtype
    assert again.state.keys() == trace.state.keys()
    np.testing.assert_array_equal(again.state["q"], trace.state["q"])
    assert again.warmup.n_draws == 100


def test_other_files_are_refused(tmp_path):
    from gibbsite._persistence import save_tree

    save_tree(tmp_path / "other", {"class": "GaussianMixture"})
    with pytest.raises(ValueError, match="does not hold a Trace"):
        Trace.load(tmp_path / "other")


@pytest.mark.interop
def test_arviz_gets_it_all(trace):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # releases announce the next ones
        if importlib.util.find_spec("arviz") is None:
            pytest.importorskip("arviz_base", reason="ArviZ is not installed")
        data = trace.to_arviz()
    np.testing.assert_array_equal(data["posterior"]["theta"].values, trace["theta"])
    assert data["posterior"]["mu"].dims == ("chain", "draw")
    assert set(data["sample_stats"].data_vars) == STATS
    np.testing.assert_array_equal(data["sample_stats"]["diverging"].values, trace.stats["diverging"])
    np.testing.assert_array_equal(data["warmup_posterior"]["mu"].values, trace.warmup.draws[..., 0])
    assert data["posterior"].attrs["inference_library"] == "gibbsite"
    assert data["posterior"].attrs["tuning_steps"] == 300


def test_without_arviz(trace, monkeypatch):
    for name in ("arviz", "arviz_base"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"to_arviz needs ArviZ: pip install gibbsite\[arviz\]"):
        trace.to_arviz()


# pictures: what was drawn is read back


@pytest.fixture(name="ax")
def an_axes():
    return Figure().subplots()


@pytest.fixture(scope="module", name="diverged")
def run_with_divergences():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        trace = gb.sample(gb.targets.Funnel(5), seed=1, draws=500)
    assert trace.stats["diverging"].any()
    return trace


def test_traces_are_drawn(trace, diverged, ax):
    assert plot_trace(trace, "theta[0, 1]", ax=ax) is ax
    assert len(ax.lines) == 4
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), trace.draws[2, :, 2])
    assert ax.get_ylabel() == "theta[0, 1]"
    other = Figure().subplots()
    plot_trace(diverged, 0, ax=other)
    np.testing.assert_array_equal(other.lines[-1].get_xdata(), np.flatnonzero(diverged.stats["diverging"].any(axis=0)))


def test_ranks_are_drawn(trace, ax):
    plot_ranks(trace, 1, bins=10, ax=ax)
    heights = np.array([patch.get_data().values for patch in ax.patches if hasattr(patch, "get_data")])
    assert heights.shape == (4, 10)
    np.testing.assert_array_equal(heights.sum(axis=1), 200)
    np.testing.assert_array_equal(heights.sum(axis=0), 80)


def test_pairs_are_drawn_with_divergences(diverged, ax):
    plot_pairs(diverged, "v", "x[0]", ax=ax)
    every, marked = ax.lines
    assert len(every.get_xdata()) == 2000
    where = diverged.stats["diverging"]
    np.testing.assert_array_equal(marked.get_xdata(), diverged["v"][where])
    with pytest.raises(KeyError, match=r"the coordinates are v, x\[0\]"):
        plot_pairs(diverged, "w", ax=ax)


def test_grids(trace, diverged):
    import matplotlib.pyplot as plt

    figures = [trace.plot(), trace.plot("ranks", names=["theta"]), diverged.plot("pairs")]
    try:
        assert [len(figure.axes) for figure in figures] == [5, 4, 6]
        assert [ax.get_xlabel() for ax in figures[1].axes] == [f"rank of {name}" for name in trace.names[1:]]
    finally:
        plt.close("all")
    with pytest.raises(ValueError, match="kind must be 'trace', 'ranks' or 'pairs', got 'bars'"):
        trace.plot("bars")
    with pytest.raises(KeyError, match="the variables are mu, theta"):
        trace.plot(names=["nu"])
    with pytest.raises(ValueError, match="pairs need two coordinates"):
        trace.plot("pairs", names=["mu"])
