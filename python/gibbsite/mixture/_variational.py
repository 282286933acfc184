"""Variational Bayes for Gaussian mixtures: E step, M step and lower bound over the kernels' statistics.

The posterior of the weights is Dirichlet or a truncated Dirichlet process, that of each mean and precision
Gaussian-Wishart (Bishop 2006, section 10.2; Blei & Jordan 2006), with scikit-learn's normalisations. Everything
here has the size of the parameters and is computed in float64 on the host; rows are touched by the kernels only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import betaln, digamma, gammaln

from gibbsite._persistence import to_host
from gibbsite.kernels import mixture as kernels
from gibbsite.kernels.mixture import Statistics
from gibbsite.mixture._algebra import log_det_cholesky
from gibbsite.mixture._sources import RowSource
from gibbsite.mixture._steps import TINY_WEIGHT, MixtureSteps
from gibbsite.mixture._wishart import expected_mahalanobis, wishart_statistics

Array = Any


@dataclass
class Priors:
    """Parameters of the prior, all known: `covariance` has the shape of one component's covariance."""

    weight_type: str
    weight_concentration: float
    mean_precision: float
    mean: np.ndarray
    degrees_of_freedom: float
    covariance: np.ndarray | float


class Posterior(NamedTuple):
    """Parameters of the posterior, scikit-learn's fitted attributes without their underscores."""

    weight_concentration: Any
    mean_precision: np.ndarray
    means: Array
    degrees_of_freedom: np.ndarray | float
    covariances: Array
    precisions_cholesky: Array


def expected_log_weights(weight_concentration: Any) -> Array:
    """E[log weights]: of a stick-breaking process where the concentration is a pair, of a Dirichlet otherwise."""
    if not isinstance(weight_concentration, tuple):
        return digamma(weight_concentration) - digamma(weight_concentration.sum())
    a, b = weight_concentration
    both = digamma(a + b)
    return digamma(a) - both + np.concatenate(([0.0], np.cumsum(digamma(b) - both)[:-1]))


def expected_weights(weight_concentration: Any) -> Array:
    """Mean of the weights under their posterior, normalised."""
    if not isinstance(weight_concentration, tuple):
        return weight_concentration / weight_concentration.sum()
    a, b = weight_concentration
    rest = np.concatenate(([1.0], np.cumprod(b[:-1] / (a[:-1] + b[:-1]))))
    weights = a / (a + b) * rest
    return weights / weights.sum()


def log_offsets(posterior: Posterior) -> Array:
    """What the E step adds to each component's Gaussian log density: its expectation under the posterior."""
    n_features = posterior.means.shape[1]
    freedom = np.atleast_1d(posterior.degrees_of_freedom)
    halves = 0.5 * (freedom - np.arange(n_features)[:, None])
    log_precision = n_features * math.log(2.0) + digamma(halves).sum(axis=0)
    return (
        expected_log_weights(posterior.weight_concentration)
        - 0.5 * n_features * np.log(freedom)
        + 0.5 * (log_precision - n_features / posterior.mean_precision)
    )


class VariationalSteps(MixtureSteps):
    """What the driver needs to know of a variational Gaussian mixture; the same interface as `GaussianSteps`."""

    parameters_class = Posterior
    needs_statistics = True

    def __init__(
        self, source: RowSource, n_components: int, covariance_type: str, reg_covar: float, priors: Priors
    ) -> None:
        super().__init__(source, n_components, covariance_type, reg_covar)
        self.priors = priors

    def start(self, statistics: Statistics, total_weight: float) -> Posterior:
        """First posterior, from the statistics of an initialisation."""
        self._buffers = None
        return self.m_step(statistics)

    def e_step(self, posterior: Posterior) -> tuple[Statistics, float]:
        """Statistics, and the entropy of the responsibilities."""
        offsets = self.xp.asarray(log_offsets(posterior), dtype=self.source.dtype)
        statistics = self.source.em_step(offsets, posterior.means, posterior.precisions_cholesky, self.covariance_type)
        return statistics, self._entropy(statistics, posterior, to_host(offsets).astype(np.float64))

    def value(self, statistics: Statistics, posterior: Posterior) -> float:
        """Entropy of the responsibilities behind statistics that were taken under a posterior."""
        offsets = log_offsets(posterior).astype(self.source.dtype).astype(np.float64)
        return self._entropy(statistics, posterior, offsets)

    def m_step(self, statistics: Statistics) -> Posterior:
        """Posterior from statistics. The kernel's M step divides and factors the Wishart parameters."""
        counts = to_host(statistics.weight) + TINY_WEIGHT
        mean_precision = self.priors.mean_precision + counts
        freedom, wishart = wishart_statistics(statistics, counts, self.priors, self.reg_covar)
        if self.xp is not np:
            wishart.data = self.xp.asarray(wishart.data)
        self._buffers = kernels.m_step(wishart, reg_covar=0.0, dtype=self.source.dtype, out=self._buffers)
        return Posterior(
            self._concentration(counts),
            mean_precision,
            self._buffers.means,
            freedom,
            self._buffers.covariances,
            self._buffers.precisions_cholesky,
        )

    def lower_bound(self, entropy: float, posterior: Posterior) -> float:
        """scikit-learn's bound on the evidence, without its constants."""
        n_features = posterior.means.shape[1]
        freedom = np.atleast_1d(posterior.degrees_of_freedom)
        factor = to_host(posterior.precisions_cholesky).astype(np.float64)
        log_det = log_det_cholesky(factor, self.covariance_type, n_features, np)
        log_det = log_det - 0.5 * n_features * np.log(freedom)
        halves = 0.5 * (freedom - np.arange(n_features)[:, None])
        log_wishart = -(
            freedom * log_det + 0.5 * freedom * n_features * math.log(2.0) + gammaln(halves).sum(axis=0)
        ).sum()
        if self.covariance_type == "tied":
            log_wishart *= self.n_components
        return float(
            entropy
            - log_wishart
            - _log_weight_norm(posterior.weight_concentration)
            - 0.5 * n_features * np.log(posterior.mean_precision).sum()
        )

    def pack(self, posterior: Posterior) -> Array:
        """Unconstrained vector: for given priors the expected counts stand for all that is not mean or precision."""
        counts = np.maximum(posterior.mean_precision - self.priors.mean_precision, TINY_WEIGHT)
        shares = self.xp.asarray(counts / counts.sum())
        return self.packing.pack(shares, posterior.means, posterior.precisions_cholesky)

    def unpack(self, vector: Array) -> Posterior:
        """Posterior of a vector; covariances are left to the next M step."""
        weights, means, factor = self.packing.unpack(vector)
        counts = to_host(weights).astype(np.float64) * self.packing.total_weight
        shared = self.covariance_type == "tied"
        freedom = self.priors.degrees_of_freedom + (counts.sum() / self.n_components if shared else counts)
        return Posterior(self._concentration(counts), self.priors.mean_precision + counts, means, freedom, None, factor)

    def _concentration(self, counts: np.ndarray) -> Any:
        prior = self.priors.weight_concentration
        if self.priors.weight_type != "dirichlet_process":
            return prior + counts
        after = np.concatenate((np.cumsum(counts[::-1])[-2::-1], [0.0]))
        return 1.0 + counts, prior + after

    def _entropy(self, statistics: Statistics, posterior: Posterior, offsets: np.ndarray) -> float:
        """Minus the sum of r log r, without the responsibilities.

        log r = offset + log density - log normaliser, and the statistics hold the weighted sum of each.
        """
        n_features = posterior.means.shape[1]
        weight = to_host(statistics.weight)
        factor = to_host(posterior.precisions_cholesky).astype(np.float64)
        log_det = log_det_cholesky(factor, self.covariance_type, n_features, np)
        per_component = offsets + log_det - 0.5 * n_features * math.log(2.0 * math.pi)
        distance = expected_mahalanobis(statistics, to_host(posterior.means), factor)
        return float(statistics.log_likelihood) - float(weight @ per_component) + 0.5 * distance


def _log_weight_norm(weight_concentration: Any) -> float:
    """Normalisation of the weights' posterior, in logarithms."""
    if isinstance(weight_concentration, tuple):
        return -float(betaln(*weight_concentration).sum())
    return float(gammaln(weight_concentration.sum()) - gammaln(weight_concentration).sum())
