"""Fits that see their data in pieces: exact EM over an epoch of chunks, and stepwise EM with forgetting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state

from gibbsite.kernels import mixture as kernels
from gibbsite.kernels.mixture import Statistics
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._atomic import unchanged_on_failure
from gibbsite.mixture._open import open_source
from gibbsite.mixture._sources import RowSource
from gibbsite.mixture._state import MixtureState
from gibbsite.mixture._validation import check_continues

Array = Any


@dataclass
class Epoch:
    """State between calls: the parameters of the E steps, what they have accumulated, and by which of the two ways."""

    base: Any
    statistics: Statistics | None = None
    n_steps: int = 0
    seconds: float = 0.0
    stepwise: bool = False


class OnlineFit(MixtureState):
    """`partial_fit` for a mixture."""

    _epoch: Epoch | None = None

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: None = None, sample_weight: Any = None) -> Any:
        """Take in one chunk of rows.

        Without `decay` the statistics of all chunks since the last `end_epoch` add up, each E step uses the
        parameters with which the epoch began, and the fitted attributes follow from the sum: after the last chunk
        they are those of one exact EM iteration over all chunks together, whatever their sizes. `end_epoch` makes
        them the start of the next epoch.

        With ``decay`` in (0.5, 1] every chunk is a step of stepwise EM (Cappe & Moulines 2009, J. R. Statist. Soc. B
        71, 593-613): running statistics, per row, are mixed with the chunk's in proportion n**-decay at step n, and
        the next E step uses the result. Epochs play no part.

        The first call on an unfitted model initialises it from its chunk; a fitted model goes on from where it is.
        Later chunks are brought to the precision of the first.

        Parameters
        ----------
        X : whatever `fit` takes
        y : ignored
        sample_weight : array-like of shape (n_samples,) or a number, optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Bad parameters or data; a `decay` that was set in the middle of an epoch.
        """
        began = perf_counter()
        first = not hasattr(self, "weights_")
        with unchanged_on_failure(self):
            dtype = None if first else self.means_.dtype
            source = open_source(self, X, sample_weight, reset=first, min_samples=1 + first, dtype=dtype)
            steps = self._make_steps(source, reset=first)
            epoch = self._begin_epoch(source, steps, first)
            statistics, _ = steps.e_step(epoch.base)
            epoch = _accumulated(epoch, statistics, self.decay)
            parameters = steps.m_step(epoch.statistics)
            value = steps.value(epoch.statistics, epoch.base)
            self.lower_bound_ = value if steps.lower_bound is None else steps.lower_bound(value, parameters)
            self._publish(parameters)
            epoch.seconds += perf_counter() - began
            self._epoch = epoch
            if self.decay is not None:
                self._close_step()
        return self

    def end_epoch(self) -> Any:
        """End an epoch of exact accumulation: its result is the start of the next one.

        ``n_iter_``, ``history_``, ``lower_bounds_`` and ``converged_`` (by `tol`) go on by one iteration.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            When `partial_fit` has taken in nothing since the last epoch, or `decay` is set.
        """
        if self.decay is not None:
            raise ValueError("end_epoch has no meaning with decay: every partial_fit is a step of its own")
        if self._epoch is None or self._epoch.statistics is None:
            raise ValueError("partial_fit has taken in no rows since the last epoch")
        self._close_step()
        self._epoch.statistics = None
        return self

    def _begin_epoch(self, source: RowSource, steps: Any, first: bool) -> Epoch:
        """The epoch that runs, or a new one from the fitted parameters, or from an initialisation on the chunk."""
        if first:
            self.converged_, self.n_iter_ = False, 0
            self.lower_bound_, self.lower_bounds_ = -np.inf, []
            self.history_ = {self._objective: [], "change": [], "seconds": []}
            start = self._start(source, steps, check_random_state(self.random_state))
            return Epoch(start, stepwise=self.decay is not None)
        check_continues(self, source.n_features)
        epoch, stepwise = self._epoch, self.decay is not None
        if epoch is not None and epoch.stepwise == stepwise:
            return epoch
        if epoch is not None and stepwise and epoch.statistics is not None:
            raise ValueError(
                "decay was set in the middle of an epoch, whose sums have no place in stepwise EM: call end_epoch first"
            )
        return Epoch(self._fitted_parameters(source.dtype, source.xp), stepwise=stepwise)

    def _between_calls(self) -> dict[str, Any] | None:
        """The epoch as a tree, for `save`."""
        if self._epoch is None:
            return None
        tree = {**vars(self._epoch), "base": self._epoch.base._asdict()}
        if self._epoch.statistics is not None:
            tree["statistics"] = self._epoch.statistics.data
        return tree

    def _restore_between_calls(self, tree: dict[str, Any]) -> None:
        """The epoch of a tree, where the fitted attributes are those beside which it was saved."""
        kind = type(self._fitted_parameters(self.means_.dtype, np))
        statistics = tree["statistics"]
        if statistics is not None:
            n_components, n_features = self.means_.shape
            statistics = Statistics(statistics, n_components, n_features, self.covariance_type)
        self._epoch = Epoch(**{**tree, "base": kind(**tree["base"]), "statistics": statistics})

    def _close_step(self) -> None:
        """Count one iteration and let the next E steps use its parameters."""
        epoch = self._epoch
        assert epoch is not None
        previous = self.lower_bounds_[-1] if self.lower_bounds_ else -np.inf
        change = self.lower_bound_ - previous
        self.converged_ = abs(change) < self.tol
        self.n_iter_ += 1
        self.lower_bounds_ = [*self.lower_bounds_, self.lower_bound_]
        entry = {self._objective: self.lower_bound_, "change": change, "seconds": epoch.seconds}
        self.history_ = {name: [*self.history_[name], value] for name, value in entry.items()}
        epoch.base = self._fitted_parameters(self.means_.dtype, array_module(self.means_))
        epoch.n_steps, epoch.seconds = epoch.n_steps + 1, 0.0


def _accumulated(epoch: Epoch, statistics: Statistics, decay: float | None) -> Epoch:
    """A new epoch with one more chunk in it; the old one stays whole should the call fail later.

    With a decay, eq. (9) of Cappe & Moulines: s <- (1 - gamma) s + gamma s(chunk), s per unit of weight. What is kept
    is s times the weight seen so far, for variational Bayes must know how much that is.
    """
    weight, before = float(statistics.total_weight), epoch.statistics
    if before is None:
        return replace(epoch, statistics=statistics)
    if decay is not None:
        seen = float(before.total_weight)
        gamma = (epoch.n_steps + 1.0) ** -decay
        before = before.scaled((1.0 - gamma) * (seen + weight) / seen)
        statistics = statistics.scaled(gamma * (seen + weight) / weight)
    return replace(epoch, statistics=kernels.merge(before, statistics))
