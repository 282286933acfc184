"""What the two mixtures share: parameters, the fit, and the attributes that it leaves behind."""

from __future__ import annotations

import os
from functools import cached_property
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from gibbsite._serialization import Persistent
from gibbsite.em import EMResult, ExpectationMaximization, Iteration
from gibbsite.em._checkpoint import check_place
from gibbsite.mixture._algebra import COVARIANCE_TYPES, precisions_from
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._atomic import unchanged_on_failure
from gibbsite.mixture._checkpoint import fit_checkpoint
from gibbsite.mixture._derived import DerivedMixtures
from gibbsite.mixture._inference import Inference
from gibbsite.mixture._initialization import initial_statistics, without_idle_rows
from gibbsite.mixture._online import OnlineFit
from gibbsite.mixture._open import open_source
from gibbsite.mixture._sources import RowSource
from gibbsite.mixture._steps import copied
from gibbsite.mixture._validation import check_continues, check_fitted
from gibbsite.mixture._warnings import NOT_CONVERGED, warn

Array = Any


class BaseMixture(Inference, OnlineFit, DerivedMixtures, Persistent):
    """A Gaussian mixture that is fitted by some form of EM."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions(set(COVARIANCE_TYPES))],
        "tol": [Interval(Real, 0.0, None, closed="left")],
        "reg_covar": [Interval(Real, 0.0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "init_params": [StrOptions({"kmeans", "random", "random_from_data", "k-means++"})],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "verbose_interval": [Interval(Integral, 1, None, closed="left")],
        "accelerate": [StrOptions({"squarem"}), None],
        "callback": [callable, None],
        "checkpoint": [str, os.PathLike, None],
        "decay": [Interval(Real, 0.5, 1.0, closed="right"), None],
        "threads": [Interval(Integral, 1, None, closed="left"), None],
    }

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: None = None, sample_weight: Any = None) -> BaseMixture:
        """Estimate the parameters from data.

        Parameters
        ----------
        X : array-like, device array, memory map, Dask array or chunks; (n_samples, n_features)
            Float32 stays float32; anything else is computed in float64. A device array (CuPy) stays on its device
            and so do the fitted attributes. Chunks are a list of 2-D arrays, any object that can be iterated again,
            or a callable that returns a fresh iterator; all are computed in the precision of the first. They, Dask
            arrays and memory maps above 64 MiB are never in memory as a whole, and the initialisation works on an even
            subsample of at most max(4096, 256 n_components) rows: with more rows, the start is another than that of
            the same rows in memory, and so may be the optimum. From one start the fits agree.
        y : ignored
        sample_weight : array-like of shape (n_samples,) or a number, optional
            Non-negative; a row of weight 2 counts as two rows. A number is the weight of every row. For chunks: an
            iterable of arrays (or a callable that returns one) in step with them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Bad parameters or data; a covariance that is not positive definite.
        TypeError
            Sparse data, an iterator that can be read only once, or a callable that returns no chunks.
        OSError
            When no `checkpoint` can be written at its path.

        Warns
        -----
        ConvergenceWarning
            When no climb met `tol` within `max_iter` passes.
        ComponentWarning
            When components starved or collapsed; it names them.
        RuntimeWarning
            When the checkpoint could not be written; the fit goes on.

        Notes
        -----
        A fit that fails or is interrupted leaves the estimator as it was.
        """
        if self.checkpoint is not None:
            check_place(self.checkpoint)
        with unchanged_on_failure(self):
            source = open_source(self, X, sample_weight, reset=True, min_samples=2)
            steps = self._make_steps(source, reset=True)
            result = self._climb(source, steps)
            self._epoch = None
            self._publish(result.parameters)
            self._publish_course(result)
            if not (result.converged or result.stopped) and self.max_iter > 0:
                warn(NOT_CONVERGED, ConvergenceWarning)
            self._warn_of_components(result.parameters)
        return self

    def fit_predict(self, X: Any, y: None = None, sample_weight: Any = None) -> Array:
        """Fit, and label each row with its most probable component.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`, with `X` an array (also on a device, or of Dask).

        Returns
        -------
        labels : int64 array of shape (n_samples,)
        """
        return self.fit(X, sample_weight=sample_weight).predict(X)

    @cached_property
    def precisions_(self) -> Array:
        """Inverse covariances, computed when first asked for."""
        try:
            factor = self.precisions_cholesky_
        except AttributeError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'precisions_'") from None
        check_fitted(self)
        return precisions_from(factor, self.covariance_type, array_module(factor))

    def _warn_of_components(self, parameters: Any) -> None:
        """Report starved and collapsed components."""

    def _climb(self, source: RowSource, steps: Any) -> EMResult:
        random_state = check_random_state(self.random_state)
        warm = self.warm_start and hasattr(self, "converged_")
        if warm:
            check_continues(self, source.n_features)

        def start(restart: int) -> Any:
            if warm:
                return steps.begin(self._fitted_parameters(source.dtype, source.xp))
            return steps.begin(self._start(source, steps, random_state))

        checkpoint = None
        if self.checkpoint is not None:
            checkpoint = fit_checkpoint(self, source, steps, random_state)
        driver = ExpectationMaximization(
            steps.e_step,
            steps.m_step,
            lower_bound=steps.lower_bound,
            tol=self.tol,
            max_iter=self.max_iter,
            n_init=1 if warm else self.n_init,
            accelerate=self.accelerate,
            pack=steps.pack,
            unpack=steps.unpack,
            callback=None if self.callback is None else self._tell,
            # reg_covar, and the rule for starved components, are no part of the objective: it may fall a little
            on_decrease="ignore",
            checkpoint=checkpoint,
            verbose=self.verbose,
            verbose_interval=self.verbose_interval,
        )
        return driver.run(start, lower_bound=self.lower_bound_ if warm else -np.inf)

    def _tell(self, news: Iteration) -> object:
        """Call the callback with parameters that are its own: the steps write into the same arrays at every pass."""
        assert self.callback is not None
        return self.callback(news._replace(parameters=copied(news.parameters)))

    def _start(self, source: RowSource, steps: Any, random_state: np.random.RandomState) -> Any:
        """First parameters of one climb."""
        if not steps.needs_statistics:
            return steps.start(None, 0.0)
        X, weight = without_idle_rows(*source.initial_rows(self.n_components))
        statistics = initial_statistics(
            X, weight, self.n_components, self.covariance_type, self.init_params, random_state, source.threads
        )
        return steps.start(statistics, float(len(X) if weight is None else weight.sum(dtype=np.float64)))

    def _publish_course(self, result: EMResult) -> None:
        self.converged_ = result.converged
        self.n_iter_ = result.n_iter
        self.lower_bound_ = result.lower_bound
        self.lower_bounds_ = result.lower_bounds
        history = dict(result.history)
        self.history_ = {self._objective: history.pop("lower_bound"), **history}
