"""Pictures of fitted models. Every function takes an `Axes`, draws on it and returns it.

matplotlib is optional and imported late.
"""

from gibbsite.plotting._figure import require_matplotlib
from gibbsite.plotting._mcmc import plot_pairs, plot_ranks, plot_trace
from gibbsite.plotting._mixture import plot_bic, plot_history, plot_mixture
from gibbsite.plotting._rbm import plot_filters, plot_samples

__all__ = [
    "plot_bic",
    "plot_filters",
    "plot_history",
    "plot_mixture",
    "plot_pairs",
    "plot_ranks",
    "plot_samples",
    "plot_trace",
    "require_matplotlib",
]
