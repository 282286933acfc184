"""What the machines share: parameters, the fit, and the attributes that it leaves behind."""

from __future__ import annotations

import os
from numbers import Integral, Real
from typing import Any, ClassVar

from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from gibbsite._serialization import Persistent
from gibbsite.mixture._atomic import unchanged_on_failure
from gibbsite.rbm._building import build_training, publish
from gibbsite.rbm._likelihood import Likelihood
from gibbsite.rbm._partial import PartialFit

Array = Any


class BaseRBM(Likelihood, PartialFit, Persistent):
    """A machine that is fitted by stochastic gradient ascent on its likelihood."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), callable],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "method": [StrOptions({"cd", "pcd", "pt"})],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_chains": [Interval(Integral, 1, None, closed="left"), None],
        "n_temperatures": [Interval(Integral, 2, None, closed="left")],
        "centered": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "l1_decay": [Interval(Real, 0, None, closed="left")],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither"), None],
        "sparsity_cost": [Interval(Real, 0, None, closed="left")],
        "schedule": [StrOptions({"constant", "linear"})],
        "bias_init": [StrOptions({"data", "zero"})],
        "shuffle": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "callback": [callable, None],
        "checkpoint": [str, os.PathLike, None],
        "dtype": [StrOptions({"float32", "float64"}), None],
        "threads": [Interval(Integral, 1, None, closed="left"), None],
    }

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: None = None, sample_weight: Any = None) -> BaseRBM:
        """Estimate the parameters from data.

        Parameters
        ----------
        X : array-like, CSR matrix, device array, memory map, Dask array or chunks; (n_samples, n_features)
            Float32 is fitted in float32, anything else in float64 (see `dtype`). Where all values are 0 or 1, as in
            bool and uint8 data, batches are read as bytes, which is fastest. A device array (CuPy) stays on its device
            and so do the fitted attributes. Chunks are a list of 2-D arrays or CSR matrices, any object that can be
            iterated again, or a callable that returns a fresh iterator; they, Dask arrays and memory maps above 64 MiB
            are never in memory as a whole, and CSR data is made dense one batch at a time. The same rows in the same
            order are the same fit, however they come.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Non-negative; a row of weight 2 counts as two rows in a batch's gradient. For chunks: an iterable of arrays
            (or a callable that returns one) in step with them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Bad parameters or data.
        TypeError
            An iterator that can be read only once.

        Warns
        -----
        DivergenceWarning
            When weights or free energies stop being finite: the state of the epoch before is kept.

        Notes
        -----
        A fit that fails leaves the estimator as it was. Ctrl-C raises KeyboardInterrupt and leaves the weights of the
        last whole epoch, where there was one.
        """
        interrupted = None
        with unchanged_on_failure(self):
            training = build_training(self, X, sample_weight)
            try:
                training.run()
            except KeyboardInterrupt as interrupt:
                if not training.epochs:
                    raise
                interrupted = interrupt
            self._forget_calls()
            survey = training.source.survey
            publish(self, training.ascent, survey.mean, survey.total_weight)
            self.history_ = training.history
            self.n_iter_ = len(training.history.get("seconds", []))
        if interrupted is not None:
            raise interrupted
        return self
