"""What the parts of a mixture estimator know of each other: its parameters, attributes and inner methods, by type."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin

from gibbsite.em import Iteration
from gibbsite.mixture._sources import RowSource

Array = Any


class MixtureState(DensityMixin, BaseEstimator, ABC):
    """Declarations only; see `GaussianMixture` for their meaning."""

    n_components: int
    covariance_type: str
    tol: float
    reg_covar: float
    max_iter: int
    n_init: int
    init_params: str
    random_state: int | np.random.RandomState | None
    warm_start: bool
    verbose: int
    verbose_interval: int
    accelerate: str | None
    callback: Callable[[Iteration], object] | None
    checkpoint: str | os.PathLike[str] | None
    decay: float | None
    threads: int | None

    weights_: Array
    means_: Array
    covariances_: Array
    precisions_cholesky_: Array
    converged_: bool
    n_iter_: int
    lower_bound_: float
    lower_bounds_: list[float]
    history_: dict[str, list[float]]
    n_features_in_: int
    feature_names_in_: Array

    # what `history_` calls the quantity that a fit maximises
    _objective: str

    @abstractmethod
    def _make_steps(self, source: RowSource, reset: bool) -> Any:
        """E and M step over a source, after the checks of the parameters that depend on the data.

        Where not `reset`, priors that come from data stay as they are.
        """

    @abstractmethod
    def _start(self, source: RowSource, steps: Any, random_state: np.random.RandomState) -> Any:
        """First parameters of one climb."""

    @abstractmethod
    def _publish(self, parameters: Any) -> None:
        """Set the fitted attributes that are parameters."""

    @abstractmethod
    def _fitted_parameters(self, dtype: Any, xp: Any) -> Any:
        """The steps' parameters from the fitted attributes."""

    @abstractmethod
    def _offsets(self) -> Array:
        """What is added to each component's log density: log weights or their expectation."""
