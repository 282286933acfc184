"""Gaussian mixtures by maximum likelihood."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from gibbsite.em import Iteration
from gibbsite.kernels.mixture import Parameters
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._base import BaseMixture
from gibbsite.mixture._given import check_means, check_mixture_weights, check_precisions
from gibbsite.mixture._sources import RowSource
from gibbsite.mixture._steps import GaussianSteps
from gibbsite.mixture._warnings import warn_of_components

Array = Any


class GaussianMixture(BaseMixture):
    """Gaussian mixture fitted by EM: scikit-learn's `sklearn.mixture.GaussianMixture` on fast kernels, and more.

    Every parameter, attribute and method of scikit-learn's class is here with its meaning and default; the same
    `random_state` leads to the same result. Sums are taken about the current means, so that float32 data far from
    the origin keeps its variance. Time and memory: O(N K D^2) a pass for full and tied covariances, O(N K D) for the
    others; no N x K array is ever made.

    Parameters
    ----------
    n_components : int, default=1
        Number of components, K.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        Own matrix, one matrix for all, own diagonal, own single variance.
    tol : float, default=1e-3
        A climb has converged when a pass changes the mean log-likelihood by less.
    reg_covar : float, default=1e-6
        Added to the diagonal of every covariance.
    max_iter : int, default=100
        Most passes of a climb.
    n_init : int, default=1
        Climbs from different starts; the best is kept.
    init_params : {"kmeans", "k-means++", "random", "random_from_data"}, default="kmeans"
        k-means labels; seeds of k-means++; random responsibilities; random rows as means.
    weights_init : array-like of shape (n_components,), optional
    means_init : array-like of shape (n_components, n_features), optional
    precisions_init : array-like, optional
        Inverse covariances, of the shape of `covariances_`.
    random_state : int, RandomState or None, default=None
        Draws of the initialisation and of `sample`.
    warm_start : bool, default=False
        Start from the last fit.
    verbose : int, default=0
        1 prints initialisations and iterations, 2 also changes and times; a bar shows on fits over two seconds.
    verbose_interval : int, default=10
        Iterations between prints.
    accelerate : {None, "squarem"}, default=None
        Extrapolate between EM steps (Varadhan & Roland 2008). The likelihood never falls for it; on overlapping
        clusters it needs a fraction of the passes. `n_iter_` and `max_iter` count passes.
    callback : callable, optional
        Called after every pass with a `gibbsite.em.Iteration`, whose parameters are copies; a true answer ends the
        climb without a warning.
    checkpoint : path-like, optional
        File that keeps the state of a long fit, at least every 30 seconds and on interruption. A later `fit` with the
        same data and settings goes on from it with the same bits; the file is removed at the end. Its folder must be
        there when the fit begins; a write that fails later is a warning.
    decay : float in (0.5, 1], optional
        Makes `partial_fit` stepwise EM; see there.
    threads : int, optional
        Threads of the kernels; default as `gibbsite.set_threads`.

    Attributes
    ----------
    weights_ : array of shape (n_components,)
    means_ : array of shape (n_components, n_features)
    covariances_, precisions_, precisions_cholesky_ : array
        Shapes: full (K, D, D), tied (D, D), diag (K, D), spherical (K,).
    converged_ : bool
    n_iter_ : int
        Passes of the best climb.
    lower_bound_ : float
        Mean log-likelihood, in nats a row, before the last M step.
    lower_bounds_ : list of float
        The same at every pass of the best climb.
    history_ : dict of lists
        `log_likelihood`, `change` and `seconds` of every pass of the best climb.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where the data had names.

    Notes
    -----
    A component whose responsibilities sum to no more than rounding keeps its mean and gets the pooled covariance of
    the others; a `ComponentWarning` names it. Parameters have the precision of the data, and live where it lives: a
    fit of CuPy arrays leaves CuPy arrays.

    See Also
    --------
    BayesianGaussianMixture : the number of components follows from the data.

    Examples
    --------
    >>> import numpy as np
    >>> from gibbsite import GaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> gm = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> gm.means_.round(6)
    array([[10.,  2.],
           [ 1.,  2.]])
    >>> gm.predict([[0, 0], [12, 3]])
    array([1, 0])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMixture._parameter_constraints,
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "precisions_init": ["array-like", None],
    }
    _objective = "log_likelihood"

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
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
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.accelerate = accelerate
        self.callback = callback
        self.checkpoint = checkpoint
        self.decay = decay
        self.threads = threads

    def _make_steps(self, source: RowSource, reset: bool) -> GaussianSteps:
        n_components, n_features = self.n_components, source.n_features
        weights, means, precisions = self.weights_init, self.means_init, self.precisions_init
        if weights is not None:
            weights = check_mixture_weights(weights, n_components)
        if means is not None:
            means = check_means(means, n_components, n_features)
        if precisions is not None:
            precisions = check_precisions(precisions, self.covariance_type, n_components, n_features)
        given = {"weights": weights, "means": means, "precisions": precisions}
        return GaussianSteps(source, n_components, self.covariance_type, self.reg_covar, given)

    def _publish(self, parameters: Parameters) -> None:
        self.weights_ = parameters.weights
        self.means_ = parameters.means
        self.covariances_ = parameters.covariances
        self.precisions_cholesky_ = parameters.precisions_cholesky
        self.__dict__.pop("precisions_", None)

    def _fitted_parameters(self, dtype: Any, xp: Any) -> Parameters:
        parts = (self.weights_, self.means_, self.covariances_, self.precisions_cholesky_)
        arrays = [xp.ascontiguousarray(xp.asarray(part), dtype=dtype) for part in parts]
        return Parameters._make([*arrays, xp.zeros(self.n_components, dtype=np.int32)])

    def _offsets(self) -> Array:
        with np.errstate(divide="ignore"):  # a weight given as zero
            return array_module(self.weights_).log(self.weights_)

    def _warn_of_components(self, parameters: Parameters) -> None:
        warn_of_components(parameters, self.covariance_type, self.reg_covar)
