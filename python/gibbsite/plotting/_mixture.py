"""Pictures of mixtures and of their fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gibbsite.plotting._figure import axes, palette_of, to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_mixture(
    model: Any,
    X: ArrayLike | None = None,
    *,
    features: int | Sequence[int] | None = None,
    ax: Axes | None = None,
    colors: Sequence[Any] | None = None,
    n_std: Sequence[float] = (1.0, 2.0),
    max_points: int = 5000,
    min_weight: float = 1e-3,
) -> Axes:
    """Draw a fitted Gaussian mixture: its density in one dimension, an ellipse for each component in two.

    Parameters
    ----------
    model : GaussianMixture or BayesianGaussianMixture
        A fitted model, scikit-learn's included.
    X : array-like of shape (n_samples, n_features), optional
        Data to draw beneath the model: a histogram in one dimension; in two, points coloured by predicted
        component.
    features : int or pair of int, optional
        The column, or the two columns, to look at; the other ones are integrated out. Default: the first two.
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.
    colors : sequence of matplotlib colours, optional
        Component k takes ``colors[k % len(colors)]``; matplotlib's colour cycle otherwise.
    n_std : sequence of float
        Radii of the ellipses in standard deviations.
    max_points : int
        At most this many rows of `X` are drawn as points, evenly spaced; a histogram takes all of them.
    min_weight : float
        Components of lower weight are left out, as the ones that a Bayesian mixture has emptied.

    Returns
    -------
    matplotlib Axes
    """
    ax = axes(ax)
    means, covariances = to_numpy(model.means_), _full_covariances(model)
    columns = _columns(features, means.shape[1])
    palette = palette_of(colors, len(means))
    shown = [k for k in range(len(means)) if to_numpy(model.weights_)[k] >= min_weight]
    if len(columns) == 1:
        _draw_density(ax, model, X, columns[0], shown, palette)
        return ax
    if X is not None:
        _draw_points(ax, model, np.asarray(X), columns, palette, max_points)
    for k in shown:
        block = covariances[k][np.ix_(columns, columns)]
        _draw_ellipses(ax, means[k, columns], block, palette[k], n_std)
    ax.autoscale_view()
    return ax


def plot_history(history: Any, *, ax: Axes | None = None, label: str | None = None, color: Any = None) -> Axes:
    """Draw the log-likelihood (or lower bound) per sample after each EM iteration.

    Parameters
    ----------
    history : fitted model or sequence of float
        A model with the attribute ``lower_bounds_``, or the values themselves.
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.
    label, color
        As in `matplotlib.axes.Axes.plot`.

    Returns
    -------
    matplotlib Axes
    """
    ax = axes(ax)
    values = np.asarray(getattr(history, "lower_bounds_", history), dtype=np.float64)
    ax.plot(np.arange(1, len(values) + 1), values, marker="o", markersize=3, label=label, color=color)
    ax.set_xlabel("EM iteration")
    ax.set_ylabel("log-likelihood per sample")
    ax.locator_params(axis="x", integer=True)
    return ax


def plot_bic(
    n_components: Sequence[int],
    bic: Mapping[str, ArrayLike] | ArrayLike,
    *,
    ax: Axes | None = None,
    colors: Sequence[Any] | None = None,
) -> Axes:
    """Draw the Bayesian information criterion over the number of components and mark the lowest value.

    Parameters
    ----------
    n_components : sequence of int, length M
        The numbers of components that were tried.
    bic : array-like of shape (M,), or mapping of str to array-like of shape (M,)
        The criterion for each; a mapping, of covariance types for instance, draws a labelled curve for each
        entry.
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.
    colors : sequence of matplotlib colours, optional
        One for each curve; matplotlib's colour cycle otherwise.

    Returns
    -------
    matplotlib Axes
    """
    ax = axes(ax)
    curves = dict(bic) if isinstance(bic, Mapping) else {"": bic}
    values = {name: np.asarray(curve, dtype=np.float64) for name, curve in curves.items()}
    palette = palette_of(colors, len(values))
    for (name, curve), color in zip(values.items(), palette, strict=True):
        ax.plot(n_components, curve, marker="o", markersize=3, color=color, label=name or None)
    lowest = min(values, key=lambda name: float(np.nanmin(values[name])))
    best = int(np.nanargmin(values[lowest]))
    ring = palette[list(values).index(lowest)]
    ax.plot(n_components[best], values[lowest][best], "o", markersize=10, fillstyle="none", color=ring, zorder=3)
    ax.set_xlabel("number of components")
    ax.set_ylabel("BIC")
    ax.locator_params(axis="x", integer=True)
    return ax


def _full_covariances(model: Any) -> NDArray[np.float64]:
    """Expand the four covariance types to one matrix a component, shape (K, D, D)."""
    covariances = to_numpy(model.covariances_)
    n_components, n_features = to_numpy(model.means_).shape
    if model.covariance_type == "full":
        return covariances
    if model.covariance_type == "tied":
        return np.broadcast_to(covariances, (n_components, n_features, n_features))
    variances = covariances if model.covariance_type == "diag" else covariances[:, np.newaxis]
    return variances[:, :, np.newaxis] * np.eye(n_features)


def _columns(features: int | Sequence[int] | None, n_features: int) -> list[int]:
    if features is None:
        return list(range(min(n_features, 2)))
    columns = [int(features)] if isinstance(features, (int, np.integer)) else [int(f) for f in features]
    if len(columns) not in (1, 2) or not all(0 <= column < n_features for column in columns):
        raise ValueError(f"features must name one or two of the {n_features} columns, got {features!r}")
    return columns


def _draw_points(ax: Axes, model: Any, X: NDArray[Any], columns: list[int], palette: list[Any], limit: int) -> None:
    X = X[:: max(1, -(-len(X) // limit))]
    labels = np.asarray(model.predict(X))
    for k in np.unique(labels):
        mine = X[labels == k]
        ax.scatter(mine[:, columns[0]], mine[:, columns[1]], s=6, color=palette[k], alpha=0.45, linewidths=0)


def _draw_ellipses(ax: Axes, mean: NDArray[Any], block: NDArray[Any], color: Any, n_std: Sequence[float]) -> None:
    """Draw {x : (x - mean)' C^-1 (x - mean) = r^2} for each radius r, by the eigenvectors of C."""
    from matplotlib.patches import Ellipse

    values, vectors = np.linalg.eigh(block)
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
    long_axis, short_axis = 2.0 * np.sqrt(np.maximum(values[::-1], 0.0))
    for radius in n_std:
        size = {"width": radius * long_axis, "height": radius * short_axis, "angle": angle}
        ax.add_patch(Ellipse(tuple(mean), **size, facecolor=color, edgecolor="none", alpha=0.10))
        ax.add_patch(Ellipse(tuple(mean), **size, facecolor="none", edgecolor=color, linewidth=1.2))
    ax.plot(*mean, marker="+", markersize=6, markeredgewidth=1.4, color=color)


def _draw_density(ax: Axes, model: Any, X: ArrayLike | None, column: int, shown: list[int], palette: list[Any]) -> None:
    weights, means = to_numpy(model.weights_), to_numpy(model.means_)[:, column]
    deviations = np.sqrt(_full_covariances(model)[:, column, column])
    low, high = np.min(means - 4 * deviations), np.max(means + 4 * deviations)
    if X is not None:
        values = np.asarray(X, dtype=np.float64)[:, column]
        ax.hist(values, bins="auto", density=True, color="0.5", alpha=0.3, linewidth=0)
        low, high = np.min(values), np.max(values)
    x = np.linspace(low, high, 400)
    z = (x[:, np.newaxis] - means) / deviations
    parts = weights * np.exp(-0.5 * z**2) / (np.sqrt(2.0 * np.pi) * deviations)
    for k in shown:
        ax.fill_between(x, parts[:, k], color=palette[k], alpha=0.18, linewidth=0)
        ax.plot(x, parts[:, k], color=palette[k], linewidth=1.2)
    ax.plot(x, parts.sum(axis=1), color=ax.xaxis.label.get_color(), linewidth=1.8)
    ax.set_ylabel("density")
