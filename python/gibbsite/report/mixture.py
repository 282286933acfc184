"""What the report says of Gaussian mixtures: a textbook example, digits in 2 and 16 dimensions, and times."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import sklearn.mixture
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from gibbsite import GaussianMixture, datasets
from gibbsite.plotting import plot_bic, plot_history, plot_mixture

from .page import Section, caption, row, table, tiles
from .theme import SERIES, figure, to_svg
from .timing import BARS_KEY, MEASURED, Comparison, bars, cells, interleaved

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


def sections() -> list[Section]:
    """Fit and draw; most of the time is scikit-learn's in the comparison."""
    return [textbook(), plane(), images(), timings()]


def textbook() -> Section:
    """One dimension, two components: parameters found, and the way to them with and without acceleration."""
    X, _ = datasets.textbook_mixture(4000, random_state=0)
    settings: dict[str, Any] = {"tol": 1e-9, "max_iter": 2000, "random_state": 0}
    plain = GaussianMixture(2, **settings).fit(X)
    accelerated = GaussianMixture(2, accelerate="squarem", **settings).fit(X)

    with figure() as (fig, ax):
        plot_mixture(plain, X, ax=ax, colors=SERIES)
        ax.set(xlabel="x", xlim=(-3.2, 4.2))
        density = to_svg(fig, "Histogram of the data and the fitted density of both components and of their sum")
    best = max(plain.lower_bounds_[-1], accelerated.lower_bounds_[-1])
    with figure() as (fig, ax):
        for model, color, label in ((plain, SERIES[0], "EM"), (accelerated, SERIES[1], "SQUAREM")):
            plot_history(best - np.asarray(model.lower_bounds_), ax=ax, color=color, label=label)
        ax.set(yscale="log", ylabel="distance to the maximum, per sample", ylim=(1e-9, None))
        ax.legend()
        history = to_svg(fig, "Distance of the log-likelihood to its maximum after each iteration, on a log scale")

    order = np.argsort(plain.means_[:, 0])
    true = zip(datasets.TEXTBOOK_WEIGHTS, datasets.TEXTBOOK_MEANS, datasets.TEXTBOOK_DEVIATIONS, strict=True)
    fitted = zip(plain.weights_[order], plain.means_[order, 0], np.sqrt(plain.covariances_[order, 0, 0]), strict=True)
    rows = [
        [
            f"component {k}",
            *(cell for pair in zip(a, b, strict=True) for cell in (_number(f"{pair[0]:g}"), _number(f"{pair[1]:.3f}"))),
        ]
        for k, (a, b) in enumerate(zip(true, fitted, strict=True), 1)
    ]
    header = ["", *["drawn with", "found"] * 3]
    groups = [("", 1), ("weight", 2), ("mean", 2), ("standard deviation", 2)]
    body = row(
        caption(density, "The data, the two components found, and their sum."),
        caption(
            history,
            f"EM needs <b>{plain.n_iter_}</b> iterations to the same tolerance that SQUAREM reaches in "
            f"<b>{accelerated.n_iter_}</b>. Both end at {_number(f'{best:.6f}')} per sample.",
        ),
    ) + caption(table(header, rows, groups), "What the data were drawn with, and what was found.")
    lead = (
        "4000 draws from 0.4 N(−1, 0.5²) + 0.6 N(1, 0.8²). The components overlap, so no threshold separates "
        "them; EM weighs each point by how likely it came from either."
    )
    return Section("A mixture in one dimension", lead, body)


def plane() -> Section:
    """Digits on two principal components: how many clusters, and where."""
    data = datasets.digits(2)
    counts = list(range(1, 17))
    curves = {kind: _bic_curve(data.X, counts, kind) for kind in COVARIANCE_TYPES}
    kind = min(curves, key=lambda name: min(curves[name]))
    chosen = counts[int(np.argmin(curves[kind]))]
    model = GaussianMixture(chosen, covariance_type=kind, n_init=4, random_state=0).fit(data.X)

    with figure(7.0, 5.6) as (fig, ax):
        plot_mixture(model, data.X, ax=ax, colors=SERIES)
        ax.set(xlabel="first principal component", ylabel="second principal component", aspect="equal")
        ax.grid(visible=False)
        ellipses = to_svg(fig, "Digits on two principal components with the ellipses of the fitted mixture")
    with figure(7.0, 5.6) as (fig, ax):
        plot_bic(counts, curves, ax=ax, colors=SERIES)
        ax.legend()
        criterion = to_svg(fig, "BIC over the number of components for four covariance types")
    body = row(
        caption(
            ellipses,
            f"<b>{chosen}</b> components, {kind} covariance. Ellipses at one and two standard deviations; "
            "each point has the colour of the component it most likely belongs to.",
        ),
        caption(criterion, "The Bayesian information criterion, lower is better; the ring marks the choice."),
    )
    lead = (
        "scikit-learn's 1797 handwritten digits, 64 pixels each, on their first two principal components. "
        f"{len(counts)} sizes of four kinds of mixture were fitted to see how many clusters the plane shows."
    )
    return Section("Digits in two dimensions", lead, body)


def images() -> Section:
    """Digits on sixteen principal components: new digits drawn from the mixture."""
    data = datasets.digits(16)
    counts = [2, 4, 6, 8, 10, 12, 14, 17, 20, 25, 30]
    curve = _bic_curve(data.X, counts, "full")
    chosen = counts[int(np.argmin(curve))]
    model = GaussianMixture(chosen, n_init=2, tol=1e-5, max_iter=500, random_state=0).fit(data.X)
    labels = model.predict(data.X)
    score = adjusted_rand_score(data.labels, labels)
    drawn, _ = model.sample(30)
    order = np.argsort(-model.weights_)
    shares = [f"{100 * model.weights_[k]:.1f} %" for k in order]

    def decode(scores: NDArray[Any]) -> NDArray[Any]:
        return data.decode(scores) / 16.0

    with figure(7.0, 4.6) as (fig, ax):
        plot_bic(counts, curve, ax=ax, colors=SERIES)
        criterion = to_svg(fig, "BIC over the number of components")
    with figure(7.0, 4.6) as (fig, ax):
        plot_history(model, ax=ax, color=SERIES[0])
        history = to_svg(fig, "Log-likelihood per sample after each EM iteration")
    sheets = caption(
        f"<h4>Digits of the data, as sixteen components keep them</h4>"
        f"{tiles(decode(data.X[:30]), alt='real digit')}"
        f"<h4>Digits drawn from the mixture</h4>{tiles(decode(drawn), alt='sampled digit')}"
        f"<h4>The components' means, with their weights</h4>"
        f"{tiles(decode(model.means_[order]), shares, alt='component mean')}",
        "The clusters know no labels; with the digits written they agree to an adjusted Rand index of "
        f"<b>{score:.2f}</b>.",
    )
    charts = row(
        caption(criterion, f"Full covariances. The criterion picks <b>{chosen}</b> components."),
        caption(history, f"The log-likelihood on its way up, <b>{model.n_iter_}</b> iterations."),
    )
    kept = 100 * float(np.sum(data.pca.explained_variance_ratio_))
    lead = (
        f"Sixteen principal components keep {kept:.0f} % of the variance. A mixture in that space is a "
        "generative model: a draw from it, taken back through the projection, is a picture that nobody wrote."
    )
    return Section("Digits in sixteen dimensions", lead, sheets + charts)


def timings() -> Section:
    """Whole fits and EM iterations beside scikit-learn's, on the same data with the same settings."""
    digits = datasets.digits(16).X
    line, _ = datasets.textbook_mixture(100_000, random_state=0)
    cloud, _ = datasets.overlapping_mixture(20_000, 16, 16, random_state=0)
    cases: list[tuple[str, NDArray[Any], dict[str, Any]]] = [
        ("1-D textbook data", line, {"n_components": 2}),
        ("Digits, 16 components of PCA", digits, {"n_components": 10}),
        ("Synthetic, diagonal", cloud, {"n_components": 16, "covariance_type": "diag"}),
        ("Synthetic, full", cloud, {"n_components": 16}),
        ("Synthetic, full, float32", cloud.astype(np.float32), {"n_components": 16}),
    ]
    rows = []
    for name, X, settings in cases:
        n_rows = f"{X.shape[0]:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        size = f"<small>{n_rows} × {X.shape[1]}, K = {settings['n_components']}</small>"
        iteration, fit = _compare(X, settings)
        rows.append([name + size, *cells(iteration), bars(iteration), *cells(fit)])
    header = ["", "scikit-learn", "gibbsite", "ratio", "", "scikit-learn", "gibbsite", "ratio"]
    groups = [("", 1), ("Ten EM iterations", 3), ("", 1), ("Whole fit", 3)]
    body = caption(
        table(header, rows, groups),
        f"{BARS_KEY}. Left: ten EM iterations from the same parameters. Right: a whole fit with default settings, "
        f"k-means start included. Same data, precision and threads; medians of {iteration.repeats} turns.",
    )
    return Section("Mixtures: time beside scikit-learn", MEASURED, body)


def _bic_curve(X: NDArray[Any], counts: list[int], kind: str) -> list[float]:
    return [
        float(GaussianMixture(k, covariance_type=kind, n_init=2, max_iter=300, random_state=0).fit(X).bic(X))
        for k in counts
    ]


def _compare(X: NDArray[Any], settings: dict[str, Any]) -> tuple[Comparison, Comparison]:
    """Time ten EM iterations from one start, then a whole fit."""
    with _unconverged():
        start = GaussianMixture(**settings, max_iter=1, random_state=0).fit(X)
        given = {
            "weights_init": start.weights_,
            "means_init": start.means_,
            "precisions_init": start.precisions_,
            "tol": 0.0,
            "max_iter": 10,
        }

        def both(**arguments: Any) -> Comparison:
            peer, ours = sklearn.mixture.GaussianMixture, GaussianMixture
            return interleaved(
                lambda: peer(**settings, **arguments).fit(X), lambda: ours(**settings, **arguments).fit(X)
            )

        return both(**given), both(random_state=0)


@contextmanager
def _unconverged() -> Iterator[None]:
    """Silence the warning that a fixed number of iterations ended before convergence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _number(digits: str) -> str:
    return digits.replace("-", "\N{MINUS SIGN}")
