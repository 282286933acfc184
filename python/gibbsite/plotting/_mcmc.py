"""Pictures of draws: traces, ranks, and pairs of coordinates with divergent draws marked."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gibbsite.plotting._figure import axes, palette_of, require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gibbsite.mcmc import Trace

# a grid has room for so many coordinates, a line for so many draws
_ROWS, _PAIRED, _MOST_DRAWS = 12, 4, 2000
# chains that are told apart by colour
_CHAINS = 8


def plot_trace(trace: Trace, coordinate: str | int = 0, *, ax: Axes | None = None, alpha: float = 0.7) -> Axes:
    """Draw one coordinate of the first chains over the draws, with ticks at divergent ones.

    Parameters
    ----------
    trace : Trace
    coordinate : str or int
        Name, such as ``"theta[0]"``, or number.
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.
    alpha : float
        Opacity.

    Returns
    -------
    matplotlib Axes
    """
    ax = axes(ax)
    name, values = _values(trace, coordinate)
    step = max(1, values.shape[1] // _MOST_DRAWS)
    shown = values[:_CHAINS, ::step]
    for chain, color in zip(shown, palette_of(None, len(shown)), strict=True):
        ax.plot(np.arange(len(chain)) * step, chain, color=color, linewidth=0.6, alpha=alpha)
    if "diverging" in trace.stats:
        places = np.flatnonzero(trace.stats["diverging"].any(axis=0))
        if len(places):
            ax.plot(places, np.full(len(places), values.min()), "k|", markersize=8)
    ax.set(xlabel="draw", ylabel=name)
    return ax


def plot_ranks(trace: Trace, coordinate: str | int = 0, *, bins: int = 20, ax: Axes | None = None) -> Axes:
    """Draw histograms of the ranks of each chain's draws among those of all chains: flat where chains agree.

    Vehtari and others (2021). The band holds 95 % of the bars of independent draws.

    Parameters
    ----------
    trace : Trace
    coordinate : str or int
        Name or number.
    bins : int
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.

    Returns
    -------
    matplotlib Axes
    """
    ax = axes(ax)
    name, values = _values(trace, coordinate)
    ranks = np.argsort(np.argsort(values, axis=None, kind="stable")).reshape(values.shape)
    edges = np.linspace(0, values.size, bins + 1)
    expected = values.shape[1] / bins
    half = 1.96 * np.sqrt(expected * (1 - 1 / bins))
    ax.axhspan(expected - half, expected + half, color="0.5", alpha=0.2, linewidth=0)
    shown = ranks[:_CHAINS]
    for chain, color in zip(shown, palette_of(None, len(shown)), strict=True):
        ax.stairs(np.histogram(chain, edges)[0], edges, color=color)
    ax.set(xlabel=f"rank of {name}", ylabel="draws", ylim=(0, None))
    return ax


def plot_pairs(
    trace: Trace,
    x: str | int = 0,
    y: str | int = 1,
    *,
    ax: Axes | None = None,
    color: Any = None,
    diverging_color: Any = "C3",
) -> Axes:
    """Draw two coordinates against each other, divergent draws in another colour over the rest.

    Parameters
    ----------
    trace : Trace
    x, y : str or int
        Names or numbers of coordinates.
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.
    color, diverging_color : matplotlib colour, optional

    Returns
    -------
    matplotlib Axes
    """
    ax = axes(ax)
    (x_name, x_values), (y_name, y_values) = _values(trace, x), _values(trace, y)
    color = palette_of(None, 1)[0] if color is None else color
    ax.plot(x_values.ravel(), y_values.ravel(), ".", color=color, markersize=2, alpha=0.3, rasterized=True)
    diverging = trace.stats.get("diverging")
    if diverging is not None and diverging.any():
        ax.plot(x_values[diverging], y_values[diverging], "o", color=diverging_color, markersize=3, label="divergent")
        ax.legend()
    ax.set(xlabel=x_name, ylabel=y_name)
    return ax


def grid_of(trace: Trace, kind: str, names: list[str] | None) -> Figure:
    """One picture of several coordinates: a row each, or all pairs of a few."""
    plt = require_matplotlib()
    if kind not in ("trace", "ranks", "pairs"):
        raise ValueError(f"kind must be 'trace', 'ranks' or 'pairs', got {kind!r}")
    chosen = _coordinates(trace, names)
    figure: Figure
    if kind == "pairs":
        pairs = list(combinations(chosen[:_PAIRED], 2))
        if not pairs:
            raise ValueError("pairs need two coordinates or more")
        columns = min(3, len(pairs))
        rows = -(-len(pairs) // columns)
        figure = plt.figure(figsize=(3.4 * columns, 3.0 * rows), layout="constrained")
        for place, (x, y) in enumerate(pairs):
            plot_pairs(trace, x, y, ax=figure.add_subplot(rows, columns, place + 1))
        return figure
    chosen = chosen[:_ROWS]
    figure = plt.figure(figsize=(8.0, 1.2 + 1.5 * len(chosen)), layout="constrained")
    for place, name in enumerate(chosen):
        ax = figure.add_subplot(len(chosen), 1, place + 1)
        (plot_trace if kind == "trace" else plot_ranks)(trace, name, ax=ax)
        if kind == "trace" and place < len(chosen) - 1:
            ax.set_xlabel("")
    return figure


def _coordinates(trace: Trace, names: list[str] | None) -> list[str]:
    if names is None:
        return trace.names
    unknown = [name for name in names if name not in trace.variables]
    if unknown:
        raise KeyError(f"{unknown[0]!r}; the variables are {', '.join(trace.variables)}")
    return [name for name in trace.names if name.partition("[")[0] in names]


def _values(trace: Trace, coordinate: str | int) -> tuple[str, NDArray[Any]]:
    """Name and draws, of shape (chain, draw)."""
    names = trace.names
    if isinstance(coordinate, str):
        if coordinate not in names:
            raise KeyError(f"{coordinate!r}; the coordinates are {', '.join(names[:20])}")
        coordinate = names.index(coordinate)
    return names[coordinate], trace.draws[:, :, coordinate]
