"""The priors of a variational mixture: checked where the user gave them, from the data where not."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.mixture._given import check_positive_definite, check_shape, checked_array
from gibbsite.mixture._sources import RowSource
from gibbsite.mixture._variational import Priors


def checked_priors(estimator: Any, source: RowSource) -> Priors:
    """The priors that `estimator.fit` uses on this data.

    Raises
    ------
    ValueError
        A prior of the wrong shape, a covariance that is not positive definite, too few degrees of freedom.
    """
    n_features = source.n_features
    concentration = estimator.weight_concentration_prior
    precision = estimator.mean_precision_prior
    moments = _Moments(source, estimator.covariance_type)
    mean = _mean_prior(estimator.mean_prior, n_features)
    freedom = _degrees_of_freedom_prior(estimator.degrees_of_freedom_prior, n_features)
    covariance = _covariance_prior(estimator.covariance_prior, estimator.covariance_type, n_features)
    return Priors(
        estimator.weight_concentration_prior_type,
        1.0 / estimator.n_components if concentration is None else concentration,
        1.0 if precision is None else precision,
        moments.mean() if mean is None else mean,
        freedom,
        moments.covariance() if covariance is None else covariance,
    )


def _mean_prior(given: Any, n_features: int) -> Any:
    if given is None:
        return None
    return checked_array(given, (n_features,), "means", "mean_prior")


def _degrees_of_freedom_prior(given: float | None, n_features: int) -> float:
    if given is None:
        return n_features
    if given <= n_features - 1.0:
        raise ValueError(
            f"The parameter 'degrees_of_freedom_prior' should be greater than {n_features - 1}, but got {given:.3f}."
        )
    return given


def _covariance_prior(given: Any, covariance_type: str, n_features: int) -> Any:
    if given is None:
        return given
    if covariance_type == "spherical":
        return _variance_prior(given)
    shape = (n_features,) if covariance_type == "diag" else (n_features, n_features)
    covariance = checked_array(given, shape, f"{covariance_type} covariance_prior", "covariance_prior")
    check_positive_definite(covariance, covariance_type)
    return covariance


def _variance_prior(given: Any) -> float:
    check_shape(to_host(given), (), "spherical covariance_prior")
    variance = float(given)
    if not 0.0 < variance < np.inf:
        raise ValueError(f"'spherical covariance_prior' should be a positive number, but got {variance}")
    return variance


class _Moments:
    """Mean and covariance of the data, measured in one pass when first asked for."""

    def __init__(self, source: RowSource, covariance_type: str) -> None:
        self.source = source
        self.covariance_type = covariance_type
        self._statistics: Any = None

    def mean(self) -> np.ndarray:
        return to_host(self._measured().mean[0]).copy()

    def covariance(self) -> Any:
        """Unbiased, weights counting rows; of one component's shape."""
        statistics = self._measured()
        weight = float(statistics.total_weight)
        scatter = to_host(statistics.scatter[0]) / (weight - 1.0 if weight > 1.0 else weight)
        return float(scatter.mean()) if self.covariance_type == "spherical" else scatter

    def _measured(self) -> Any:
        if self._statistics is None:
            diagonal = self.covariance_type in ("diag", "spherical")
            self._statistics = self.source.moments("diag" if diagonal else "full")
        return self._statistics
