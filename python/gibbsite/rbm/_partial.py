"""`partial_fit`: one step of gradient ascent a call."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import _fit_context

from gibbsite.mixture._atomic import unchanged_on_failure
from gibbsite.rbm._ascent import Ascent
from gibbsite.rbm._building import build_ascent, build_machine, publish, rule_maker, seed_of_fit
from gibbsite.rbm._initialization import fix_gauge
from gibbsite.rbm._machine import Machine
from gibbsite.rbm._online import Online
from gibbsite.rbm._open import open_batches
from gibbsite.rbm._schedule import learning_rate_at
from gibbsite.rbm._sources import BatchSource
from gibbsite.rbm._state import MachineState, draw_seed
from gibbsite.rbm._training import DivergenceWarning
from gibbsite.rbm._validation import check_combination

Array = Any


class PartialFit(MachineState):
    """`partial_fit` for a machine."""

    _online: Online | None = None

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: None = None, sample_weight: Any = None) -> Any:
        """One step of gradient ascent with all rows of X as its batch.

        The first call on an unfitted machine initialises it from its rows; a fitted one goes on from where it is, with
        its chains.

        Parameters
        ----------
        X : whatever `fit` takes
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self

        Warns
        -----
        DivergenceWarning
            When the step led to weights that are not finite: it was not taken.

        Notes
        -----
        A function as `learning_rate` is called with the number of steps taken before. `schedule`, `shuffle` and
        `validation_fraction` play no part.
        """
        check_combination(self)
        with unchanged_on_failure(self):
            fitted, generator = hasattr(self, "components_"), self._generator()
            online = self._online or Online(draw_seed(generator) if fitted else seed_of_fit(generator))
            dtype = self.components_.dtype.name if fitted else self.dtype
            rule = rule_maker(self, online.seed, None)
            source = open_batches(self, X, sample_weight, rule, dtype=dtype, reset=not fitted)
            mean, n_samples = self._running_mean(source)
            machine = self._own_machine(source.xp) if fitted else build_machine(self, source, generator)
            ascent = build_ascent(self, machine, online.seed, source.batch_size, mean)
            online.put_back(ascent, getattr(self, "h_samples_", None))
            if _step(ascent, source, learning_rate_at(self.learning_rate, "constant", online.n_steps, 1)):
                publish(self, ascent, mean, n_samples)
                self._online = online.after(ascent)
            else:
                warnings.warn(
                    "The step led to weights that are not finite and was not taken. Decrease learning_rate, or scale "
                    "the data.",
                    DivergenceWarning,
                    stacklevel=3,
                )
        return self

    def _forget_calls(self) -> None:
        """A new fit: what earlier calls have left behind is gone."""
        self._online = None
        if hasattr(self, "random_state_"):
            del self.random_state_

    def _own_machine(self, xp: Any) -> Machine:
        """A copy of the fitted machine, to be changed; arrays that were handed out stay as they are."""
        machine = self._machine(xp, self.components_.dtype)
        return Machine(
            machine.W.copy(),
            machine.b.copy(),
            machine.c.copy(),
            log_variance=None if machine.log_variance is None else machine.log_variance.copy(),
            groups=machine.groups,
            threads=machine.threads,
            packed=True,
        )

    def _running_mean(self, source: BatchSource) -> tuple[Array, float]:
        """Mean and total weight of all rows so far, those of `source` included."""
        survey, seen = source.survey, getattr(self, "n_samples_seen_", 0)
        if not seen:
            return survey.mean, survey.total_weight
        total = seen + survey.total_weight
        before = source.xp.asarray(self.data_mean_).astype(np.float64)
        return before + (survey.mean - before) * (survey.total_weight / total), total


def _step(ascent: Ascent, source: BatchSource, rate: float) -> bool:
    """Take the step; whether the weights are finite still."""
    # what overflows is noticed afterwards
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for batch in source.epoch(0):
            ascent.step(batch, rate)
    fix_gauge(ascent.machine)
    return bool(np.isfinite(ascent.norms.sum().item()))
