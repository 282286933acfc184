"""What the report says of sampling: a regression with its uncertainty, a funnel that is found out, times."""

from __future__ import annotations

import warnings
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

import gibbsite as gb
from gibbsite.mcmc import SamplingWarning, Trace
from gibbsite.plotting import plot_ranks

from .page import Section, caption, row, table
from .theme import SERIES, figure, to_svg
from .timing import MEASURED, pretty_seconds

Array = NDArray[Any]

# coordinates of the regression that are shown
N_SHOWN = 12
# steps of random walks that are timed
N_STEPS = 1000


def sections() -> list[Section]:
    """Sample a regression and two funnels; then measure times."""
    return [regression(), funnel(), timings()]


def cancer() -> tuple[Array, Array, list[str]]:
    """Standardised columns with a first one of ones, labels, names."""
    data = load_breast_cancer()
    X = np.column_stack([np.ones(len(data.data)), StandardScaler().fit_transform(data.data)])
    return X, data.target, ["intercept", *map(str, data.feature_names)]


def regression() -> Section:
    """Coefficients of a logistic regression, and how the draws came about."""
    X, y, names = cancer()
    trace = gb.sample(gb.targets.LogisticRegression(X, y), gb.NUTS(), seed=1)
    summary = trace.summary()
    lead = (
        f"A logistic regression of scikit-learn's breast-cancer data, {len(X)} rows and {X.shape[1]} correlated "
        f"columns, under a standard normal prior. Four chains of the No-U-Turn sampler took {trace.seconds:.2f} s for "
        f"{trace.draws.shape[1]} draws each after a warm-up of {trace.warmup.seconds:.2f} s: "
        f"{summary['ess_bulk'].min():.0f} effective draws of the slowest coefficient, R-hat up to "
        f"{summary['r_hat'].max():.3f}."
    )
    body = row(
        caption(
            _intervals(trace, names),
            f"Medians and 90 % intervals of the {N_SHOWN} coefficients that are furthest from zero.",
        ),
        caption(
            _ranks(trace),
            "Ranks of each chain's draws of the slowest coefficient among those of all: flat, because the chains "
            "agree. The band holds 95 % of the bars of independent draws.",
        ),
    )
    return Section("Sampling: a regression with its uncertainty", lead, body)


def _intervals(trace: Trace, names: list[str]) -> str:
    low, middle, high = np.quantile(trace.draws, [0.05, 0.5, 0.95], axis=(0, 1))
    distance = np.abs(middle) / trace.draws.std(axis=(0, 1))
    order = np.argsort(-distance)[:N_SHOWN][::-1]
    with figure(height=4.8) as (fig, ax):
        place = np.arange(len(order))
        ax.hlines(place, low[order], high[order], color=SERIES[0], linewidth=2)
        ax.plot(middle[order], place, "o", color=SERIES[0], markersize=5)
        ax.axvline(0, color=SERIES[1], linewidth=1)
        ax.set_yticks(place, [names[k] for k in order])
        ax.set(xlabel="coefficient")
        return to_svg(fig, "Medians and intervals of coefficients")


def _ranks(trace: Trace) -> str:
    slowest = int(trace.summary()["ess_bulk"].argmin())
    with figure(height=4.8) as (fig, ax):
        plot_ranks(trace, slowest, ax=ax)
        return to_svg(fig, "Histograms of ranks of four chains")


def funnel() -> Section:
    """Neal's funnel as it is, and with its scale taken out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        centred = gb.sample(gb.targets.Funnel(2), gb.NUTS(), seed=1)
    free = gb.sample(gb.targets.MultivariateNormal([0.0, 0.0], scales=[3.0, 1.0]), gb.NUTS(), seed=1)
    v = free.draws[..., 0]
    pictures = []
    for title, x, y, diverging in (
        ("as it is", centred.draws[..., 1], centred.draws[..., 0], centred.stats["diverging"]),
        ("scale taken out", free.draws[..., 1] * np.exp(v / 2), v, free.stats["diverging"]),
    ):
        with figure() as (fig, ax):
            ax.plot(x.ravel(), y.ravel(), ".", color=SERIES[0], markersize=2, alpha=0.4)
            ax.plot(x[diverging], y[diverging], "o", color=SERIES[1], markersize=4)
            ax.set(xlabel="x", ylabel="v", xlim=(-20, 20), ylim=(-10, 10))
            words = (
                f"Neal's funnel, {title}. Divergences: {int(diverging.sum())}. Standard deviation of v: {y.std():.2f}."
            )
            pictures.append(caption(to_svg(fig, f"Draws from the funnel, {title}"), words))
    said = "".join(f"<li>{message}</li>" for message in centred.warnings)
    lead = (
        "v is normal with standard deviation 3, and the logarithm of x's variance. No step size suits both the mouth "
        "and the neck, and the sampler says so in words. Written with the scale taken out, the same distribution is "
        "easy."
    )
    return Section("Sampling: a funnel that is found out", lead, row(*pictures) + f"<ul>{said}</ul>")


def timings() -> Section:
    """Steps and gradients a second."""
    rows = [_random_walks(), *_gradients()]
    body = caption(table(["", "time", "a second"], rows), "One call each, after one to warm up.")
    return Section("Sampling: time", MEASURED, body)


def _random_walks() -> list[str]:
    target = gb.targets.MultivariateNormal(np.zeros(10), np.eye(10))

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SamplingWarning)
            gb.sample(target, gb.RandomWalk(scale=0.7), chains=1000, warmup=0, draws=1, thin=N_STEPS, seed=0)

    seconds = _seconds(run)
    rate = 1000 * N_STEPS / seconds
    return [
        f"Random walk, 1000 chains in 10 dimensions, {N_STEPS} steps",
        pretty_seconds(seconds),
        f"{rate / 1e6:.3g} million steps",
    ]


def _gradients() -> list[list[str]]:
    X, y, _ = cancer()
    rng = np.random.default_rng(0)
    targets: dict[str, gb.targets.Target] = {
        "NUTS, 100-dimensional normal": gb.targets.MultivariateNormal(np.zeros(100), scales=rng.uniform(0.1, 10, 100)),
        "NUTS, logistic regression": gb.targets.LogisticRegression(X, y),
    }
    rows = []
    for name, target in targets.items():
        trace = gb.sample(target, gb.NUTS(), seed=0)
        steps = int(trace.stats["n_steps"].sum())
        rows.append(
            [
                f"{name}, 4 x 1000 draws",
                pretty_seconds(trace.seconds),
                f"{steps / trace.seconds / 1e6:.3g} million gradients",
            ]
        )
    return rows


def _seconds(run: Any) -> float:
    run()
    began = perf_counter()
    run()
    return perf_counter() - began
