"""Sums over rows that variational Bayes needs, made from the kernels' statistics; one formula a covariance type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.kernels.mixture import Statistics

if TYPE_CHECKING:
    from gibbsite.mixture._variational import Priors


def wishart_statistics(
    statistics: Statistics, counts: np.ndarray, priors: Priors, reg_covar: float
) -> tuple[np.ndarray | float, Statistics]:
    """Degrees of freedom, and the Wishart posterior in the form of statistics (Bishop 2006, eq. 10.60 to 10.63).

    The result's weight are the degrees of freedom, its mean the posterior means and its scatter the inverse scale
    matrices, so that the M step's scatter / weight is scikit-learn's normalised covariance. (Degrees of freedom are
    prior + count; Bishop's 10.63 has a 1 too many.)
    """
    mean = to_host(statistics.mean)
    mean_precision = priors.mean_precision + counts
    n_components, n_features = mean.shape
    offset = mean - priors.mean
    shrunk = counts * priors.mean_precision / mean_precision  # weight of the prior's pull on each mean
    own = to_host(statistics.scatter)
    covariance_type = statistics.covariance_type
    result = Statistics.zeros(n_components, n_features, covariance_type)
    freedom: np.ndarray | float = priors.degrees_of_freedom + counts
    weight = freedom
    if covariance_type == "full":
        floor = (counts * reg_covar)[:, None, None] * np.eye(n_features)
        pull = shrunk[:, None, None] * offset[:, :, None] * offset[:, None, :]
        result.scatter[...] = priors.covariance + own + floor + pull
    elif covariance_type == "tied":
        freedom = float(priors.degrees_of_freedom + counts.sum() / n_components)
        weight = np.full(n_components, freedom / n_components)
        floor = counts.sum() * reg_covar * np.eye(n_features)
        pull = (shrunk * offset.T) @ offset
        result.scatter[...] = priors.covariance + (own + floor + pull) / n_components
    elif covariance_type == "diag":
        result.scatter[...] = priors.covariance + own + (counts * reg_covar)[:, None] + shrunk[:, None] * offset**2
    else:
        # statistics hold sums over the features, scikit-learn's formula their mean
        pull = shrunk * (offset**2).sum(axis=1)
        result.scatter[...] = n_features * (priors.covariance + counts * reg_covar) + own + pull
    result.weight[...] = weight
    result.mean[...] = (priors.mean_precision * priors.mean + counts[:, None] * mean) / mean_precision[:, None]
    result.data[1] = np.sum(weight)
    return freedom, result


def expected_mahalanobis(statistics: Statistics, means: np.ndarray, factor: np.ndarray) -> float:
    """Sum over rows and components of r |(x - mean) P|^2; `means` and `factor` need not be those of the statistics."""
    weight = to_host(statistics.weight)
    scatter = to_host(statistics.scatter)
    moved = to_host(statistics.mean) - means
    if statistics.covariance_type == "full":
        within = float(np.sum(np.matmul(scatter, factor) * factor))
        moved = np.matmul(moved[:, None, :], factor)[:, 0]
    elif statistics.covariance_type == "tied":
        within = float(np.sum((scatter @ factor) * factor))
        moved = moved @ factor
    elif statistics.covariance_type == "diag":
        within = float(np.sum(scatter * factor**2))
        moved = moved * factor
    else:
        within = float(scatter @ factor**2)
        moved = moved * factor[:, None]
    return within + float(weight @ (moved**2).sum(axis=1))
