"""Gaussian mixtures by variational Bayes."""

from __future__ import annotations

import os
from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from gibbsite.em import Iteration
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._base import BaseMixture
from gibbsite.mixture._priors import checked_priors
from gibbsite.mixture._sources import RowSource
from gibbsite.mixture._variational import (
    Posterior,
    Priors,
    VariationalSteps,
    expected_weights,
    log_offsets,
)

Array = Any
_POSITIVE = Interval(Real, 0.0, None, closed="neither")


class BayesianGaussianMixture(BaseMixture):
    """Variational Gaussian mixture: `sklearn.mixture.BayesianGaussianMixture` on fast kernels, and more.

    Components that the data do not need lose their weight, so that `n_components` is an upper bound. Parameters,
    attributes and results are scikit-learn's; what is added is what `GaussianMixture` adds.

    Parameters
    ----------
    n_components : int, default=1
        Upper bound on the number of components.
    covariance_type, tol, reg_covar, max_iter, n_init, init_params
        As in `GaussianMixture`; `tol` is against the lower bound on the log evidence of all rows together.
    weight_concentration_prior_type : {"dirichlet_process", "dirichlet_distribution"}, default="dirichlet_process"
    weight_concentration_prior : float, optional
        Low values leave few components with weight. Default ``1 / n_components``.
    mean_precision_prior : float, optional
        How strongly means are drawn to `mean_prior`. Default 1.
    mean_prior : array-like of shape (n_features,), optional
        Default the mean of the data.
    degrees_of_freedom_prior : float, optional
        Of the Wishart priors; above n_features - 1. Default n_features.
    covariance_prior : float or array-like, optional
        One component's covariance: (D, D) for full and tied, (D,) for diag, a float for spherical. Default that of
        the data.
    random_state, warm_start, verbose, verbose_interval, accelerate, callback, checkpoint, decay, threads
        As in `GaussianMixture`.

    Attributes
    ----------
    weights_ : array of shape (n_components,)
        Expected weights.
    means_, covariances_, precisions_, precisions_cholesky_ : array
        Shapes as in `GaussianMixture`.
    converged_, n_iter_, lower_bounds_, n_features_in_, feature_names_in_
        As in `GaussianMixture`.
    lower_bound_ : float
        Bound on the log evidence without its constants, of all rows together.
    history_ : dict of lists
        `lower_bound`, `change` and `seconds` of every pass of the best climb.
    weight_concentration_ : array of shape (n_components,), or a pair of such
        Dirichlet parameters, or Beta parameters of the sticks.
    mean_precision_ : array of shape (n_components,)
    degrees_of_freedom_ : array of shape (n_components,), or a float for tied
    weight_concentration_prior_, mean_precision_prior_, mean_prior_, degrees_of_freedom_prior_, covariance_prior_
        The priors in use.

    Notes
    -----
    Sample weights count rows: a row of weight 2 is two rows, also in the default priors. Attributes of the posterior
    other than weights, means and covariances are NumPy float64 arrays, wherever the data lives.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 10.2. Blei & Jordan (2006), Bayesian Analysis 1,
    121-143.

    Examples
    --------
    >>> import numpy as np
    >>> from gibbsite import BayesianGaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [4, 2], [12, 4], [10, 7]])
    >>> bgm = BayesianGaussianMixture(n_components=2, random_state=42).fit(X)
    >>> bgm.means_.round(1)
    array([[2.5, 2.3],
           [8.5, 4.5]])
    >>> bgm.predict([[0, 0], [9, 3]])
    array([0, 1])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMixture._parameter_constraints,
        "weight_concentration_prior_type": [StrOptions({"dirichlet_process", "dirichlet_distribution"})],
        "weight_concentration_prior": [None, _POSITIVE],
        "mean_precision_prior": [None, _POSITIVE],
        "mean_prior": [None, "array-like"],
        "degrees_of_freedom_prior": [None, _POSITIVE],
        "covariance_prior": [None, "array-like", _POSITIVE],
    }
    _objective = "lower_bound"

    def __init__(
        self,
        *,
        n_components: int = 1,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weight_concentration_prior_type: str = "dirichlet_process",
        weight_concentration_prior: float | None = None,
        mean_precision_prior: float | None = None,
        mean_prior: Any = None,
        degrees_of_freedom_prior: float | None = None,
        covariance_prior: Any = None,
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        accelerate: str | None = None,
        callback: Callable[[Iteration], object] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        decay: float | None = None,
        threads: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weight_concentration_prior_type = weight_concentration_prior_type
        self.weight_concentration_prior = weight_concentration_prior
        self.mean_precision_prior = mean_precision_prior
        self.mean_prior = mean_prior
        self.degrees_of_freedom_prior = degrees_of_freedom_prior
        self.covariance_prior = covariance_prior
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.accelerate = accelerate
        self.callback = callback
        self.checkpoint = checkpoint
        self.decay = decay
        self.threads = threads

    def _make_steps(self, source: RowSource, reset: bool) -> VariationalSteps:
        if reset:
            priors = checked_priors(self, source)
            self.weight_concentration_prior_ = priors.weight_concentration
            self.mean_precision_prior_ = priors.mean_precision
            self.mean_prior_ = priors.mean
            self.degrees_of_freedom_prior_ = priors.degrees_of_freedom
            self.covariance_prior_ = priors.covariance
        priors = Priors(
            self.weight_concentration_prior_type,
            self.weight_concentration_prior_,
            self.mean_precision_prior_,
            self.mean_prior_,
            self.degrees_of_freedom_prior_,
            self.covariance_prior_,
        )
        return VariationalSteps(source, self.n_components, self.covariance_type, self.reg_covar, priors)

    def _publish(self, parameters: Posterior) -> None:
        self.weight_concentration_ = parameters.weight_concentration
        self.mean_precision_ = parameters.mean_precision
        self.means_ = parameters.means
        self.degrees_of_freedom_ = parameters.degrees_of_freedom
        self.covariances_ = parameters.covariances
        self.precisions_cholesky_ = parameters.precisions_cholesky
        weights = expected_weights(parameters.weight_concentration)
        self.weights_ = array_module(self.means_).asarray(weights, dtype=self.means_.dtype)
        self.__dict__.pop("precisions_", None)

    def _fitted_parameters(self, dtype: Any, xp: Any) -> Posterior:
        def cast(array: Array) -> Array:
            return xp.ascontiguousarray(xp.asarray(array), dtype=dtype)

        return Posterior(
            self.weight_concentration_,
            self.mean_precision_,
            cast(self.means_),
            self.degrees_of_freedom_,
            cast(self.covariances_),
            cast(self.precisions_cholesky_),
        )

    def _offsets(self) -> Array:
        xp = array_module(self.means_)
        return xp.asarray(log_offsets(self._fitted_parameters(self.means_.dtype, xp)))
