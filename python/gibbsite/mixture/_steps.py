"""E and M step of maximum likelihood for a Gaussian mixture, over a source of rows and through the kernels."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from gibbsite.kernels import mixture as kernels
from gibbsite.kernels.mixture import Parameters, Statistics
from gibbsite.mixture._algebra import covariances_from, precisions_cholesky_from_precisions
from gibbsite.mixture._packing import Packing
from gibbsite.mixture._sources import RowSource

Array = Any

# what the M step adds to a component's weight, in kernels and in scikit-learn: no division by zero
TINY_WEIGHT = 10 * np.finfo(np.float64).eps


def copied(parameters: Any) -> Any:
    """Parameters that share no memory with these; plain numbers pass through."""
    if isinstance(parameters, tuple):
        parts = [copied(part) for part in parameters]
        return parameters._make(parts) if hasattr(parameters, "_make") else tuple(parts)
    return parameters.copy() if hasattr(parameters, "copy") else parameters


class MixtureSteps:
    """What maximum likelihood and variational Bayes have in common."""

    def __init__(self, source: RowSource, n_components: int, covariance_type: str, reg_covar: float) -> None:
        self.source = source
        self.xp = source.xp
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.reg_covar = reg_covar
        self._buffers: Parameters | None = None

    def begin(self, parameters: Any) -> Any:
        """A climb starts from these: the buffers of the climb before are no longer written to."""
        self._buffers = None
        return parameters

    @cached_property
    def packing(self) -> Packing:
        """Made when acceleration first asks for it."""
        return Packing(self.source, self.n_components, self.covariance_type)


class GaussianSteps(MixtureSteps):
    """What the driver needs to know of a Gaussian mixture.

    Parameters
    ----------
    source : RowSource
    n_components : int
    covariance_type : str
    reg_covar : float
    given : dict
        Checked `weights`, `means` and `precisions` of the user, None where there are none.
    """

    parameters_class = Parameters

    # the lower bound is the mean log-likelihood that the E step measures
    lower_bound = None

    def __init__(
        self,
        source: RowSource,
        n_components: int,
        covariance_type: str,
        reg_covar: float,
        given: dict[str, np.ndarray | None],
    ) -> None:
        super().__init__(source, n_components, covariance_type, reg_covar)
        self.given = given
        self.needs_statistics = any(value is None for value in given.values())

    def start(self, statistics: Statistics | None, total_weight: float) -> Parameters:
        """First parameters: from the statistics of an initialisation on rows of some total weight, or as given."""
        weights, means, precisions = (self._given(name) for name in ("weights", "means", "precisions"))
        fresh: Any = None if statistics is None else self._from_statistics(statistics, total_weight)
        weights = fresh.weights if weights is None else weights
        means = fresh.means if means is None else means
        if precisions is None:
            return Parameters(weights, means, fresh.covariances, fresh.precisions_cholesky, fresh.status)
        factor = precisions_cholesky_from_precisions(precisions, self.covariance_type, self.xp)
        return self.complete(weights, means, factor)

    def complete(self, weights: Array, means: Array, precisions_cholesky: Array) -> Parameters:
        """Parameters of which only the precisions are known."""
        covariances = covariances_from(precisions_cholesky, self.covariance_type, self.xp)
        status = self.xp.zeros(self.n_components, dtype=np.int32)
        return Parameters(weights, means, covariances, precisions_cholesky, status)

    def e_step(self, parameters: Parameters) -> tuple[Statistics, float]:
        """Statistics and mean log-likelihood under the parameters."""
        with np.errstate(divide="ignore"):  # weights_init may hold zeros
            log_weights = self.xp.log(parameters.weights)
        statistics = self.source.em_step(
            log_weights, parameters.means, parameters.precisions_cholesky, self.covariance_type
        )
        return statistics, self.value(statistics, parameters)

    def value(self, statistics: Statistics, parameters: Parameters) -> float:
        """Mean log-likelihood of the rows that the statistics were taken of."""
        return float(statistics.log_likelihood) / float(statistics.total_weight)

    def m_step(self, statistics: Statistics) -> Parameters:
        """Parameters from statistics, into the same arrays at every pass of a climb."""
        self._buffers = kernels.m_step(statistics, reg_covar=self.reg_covar, dtype=self.source.dtype, out=self._buffers)
        return self._buffers

    def pack(self, parameters: Parameters) -> Array:
        """Unconstrained vector."""
        return self.packing.pack(parameters.weights, parameters.means, parameters.precisions_cholesky)

    def unpack(self, vector: Array) -> Parameters:
        """Parameters of a vector; covariances are left to the next M step."""
        weights, means, factor = self.packing.unpack(vector)
        return Parameters(weights, means, None, factor, None)

    def _from_statistics(self, statistics: Statistics, total_weight: float) -> Parameters:
        parameters = kernels.m_step(statistics, reg_covar=self.reg_covar, dtype=self.source.dtype)
        # scikit-learn's first weights are shares of all rows, also where only a few rows were given to components
        weights = (statistics.weight + TINY_WEIGHT) / total_weight
        return parameters._replace(weights=self.xp.asarray(weights, dtype=self.source.dtype))

    def _given(self, name: str) -> Array | None:
        value = self.given[name]
        return None if value is None else self.xp.ascontiguousarray(self.xp.asarray(value), dtype=self.source.dtype)
