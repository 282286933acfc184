"""The epochs of a fit: steps, measurements, reasons to stop, and what is kept when something goes wrong."""

from __future__ import annotations

import math
import warnings
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from gibbsite.rbm._ascent import Ascent
from gibbsite.rbm._checkpoint import Checkpoint, restore
from gibbsite.rbm._initialization import fix_gauge
from gibbsite.rbm._monitor import Monitor, is_finite
from gibbsite.rbm._progress import Progress
from gibbsite.rbm._schedule import learning_rate_at
from gibbsite.rbm._snapshot import Snapshot, Snapshots
from gibbsite.rbm._sources import BatchSource
from gibbsite.rbm._stopping import EarlyStopping

Array = Any


class DivergenceWarning(ConvergenceWarning):  # type: ignore[misc]
    """Weights or free energies of a machine stopped being numbers; the last finite state was kept."""


class Epoch(NamedTuple):
    """What a callback receives after every epoch.

    Attributes
    ----------
    epoch : int
        Epochs done.
    history : dict of str to float
        The entries of this epoch in `history_`.
    components, intercept_visible, intercept_hidden : array
        The live parameters: copy what you want to keep.
    """

    epoch: int
    history: dict[str, float]
    components: Array
    intercept_visible: Array
    intercept_hidden: Array


class Training:
    """A fit that has not ended.

    Parameters
    ----------
    estimator : estimator
        Its parameters are read, nothing is set.
    source : BatchSource
    ascent : Ascent
    monitor : Monitor
    seed : int
    checkpoint : Checkpoint or None
    """

    def __init__(
        self,
        estimator: Any,
        source: BatchSource,
        ascent: Ascent,
        monitor: Monitor,
        seed: int,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.estimator, self.source, self.ascent, self.monitor = estimator, source, ascent, monitor
        self.seed, self.checkpoint = seed, checkpoint
        self.epochs = 0
        self.history: dict[str, list[float]] = {}
        self.snapshots = Snapshots(ascent.arrays(), self._counters())
        self.best: Snapshot | None = None
        self.stopping: EarlyStopping | None = None
        if monitor.validation is not None:
            self.stopping = EarlyStopping(estimator.n_iter_no_change, estimator.tol)
            self.best = Snapshot(ascent.arrays(), self._counters())
        if checkpoint is not None and checkpoint.found is not None:
            self._resume(checkpoint.found)

    def run(self) -> None:
        """Go through the epochs that are left. Whatever ends them, the ascent is then at the end of an epoch."""
        progress = Progress(type(self.estimator).__name__, self.estimator.verbose, self.epochs, self.estimator.n_iter)
        try:
            # what overflows is noticed at the end of the epoch
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                while self.epochs < self.estimator.n_iter and not self._is_over():
                    numbers = self._epoch()
                    if numbers is None:
                        break
                    progress.epoch(self.epochs, numbers)
                    if self._call_back(numbers):
                        break
        except BaseException:
            self._return_to(self.snapshots.last)
            # an epoch may have been written down already and not be kept yet
            self.history = {name: curve[: self.epochs] for name, curve in self.history.items()}
            if self.checkpoint is not None:
                self._write()
            raise
        finally:
            progress.close()
        if self.best is not None and self.best.counters["epochs"]:
            self._return_to(self.best)
        if self.checkpoint is not None:
            self.checkpoint.remove()

    def _epoch(self) -> dict[str, float] | None:
        """One epoch; None where the machine is no longer finite, which is then as it was before."""
        began = perf_counter()
        rate = self._steps()
        numbers = self.monitor.measure()
        if not is_finite(numbers):
            self._warn_of_divergence()
            self._return_to(self.snapshots.last)
            return None
        numbers.update(self.ascent.scheme.end_epoch(), learning_rate=rate, seconds=perf_counter() - began)
        self.epochs += 1
        if self.stopping is not None:
            numbers["early_stopping_score"] = self.stopping.score(numbers)
        for name, value in numbers.items():
            self.history.setdefault(name, []).append(value)
        self._keep(numbers)
        return numbers

    def _steps(self) -> float:
        """All steps of an epoch; the last learning rate."""
        estimator, source = self.estimator, self.source
        rate = math.nan
        for step, batch in enumerate(source.epoch(self.epochs)):
            done = self.epochs + step / source.n_batches
            rate = learning_rate_at(estimator.learning_rate, estimator.schedule, done, estimator.n_iter)
            if step == source.n_batches - 1:
                self.monitor.before_last_step()
            self.ascent.step(batch, rate)
        fix_gauge(self.ascent.machine)
        return rate

    def _keep(self, numbers: dict[str, float]) -> None:
        arrays, counters = self.ascent.arrays(), self._counters()
        if self.stopping is not None and self.best is not None:
            score, gap = numbers["early_stopping_score"], numbers["free_energy_gap"]
            if self.stopping.is_best(self.epochs, score, gap):
                self.best.retake(arrays, counters)
        self.snapshots.take(arrays, counters)
        if self.checkpoint is not None and self.checkpoint.is_due:
            self._write()

    def _is_over(self) -> bool:
        return self.stopping is not None and self.stopping.is_over(self.epochs)

    def _call_back(self, numbers: dict[str, float]) -> bool:
        callback, machine = self.estimator.callback, self.ascent.machine
        if callback is None:
            return False
        answer = callback(Epoch(self.epochs, dict(numbers), machine.W, machine.b, machine.c))
        try:
            return bool(answer)
        except ValueError as error:  # arrays are neither true nor false
            raise ValueError(f"callback should return a true value to end the fit, or None, got {answer!r}") from error

    def _counters(self) -> dict[str, int]:
        return {"epochs": self.epochs, "sweep": self.ascent.scheme.sweep}

    def _return_to(self, snapshot: Snapshot) -> None:
        snapshot.put_back(self.ascent.arrays())
        self.epochs, self.ascent.scheme.sweep = snapshot.counters["epochs"], snapshot.counters["sweep"]
        self.ascent.machine.refresh()

    def _write(self) -> None:
        if self.checkpoint is not None:
            self.checkpoint.write(self.seed, self.snapshots.last, self.best, self.history)

    def _resume(self, tree: dict[str, Any]) -> None:
        xp = self.ascent.machine.xp
        restore(tree["last"], self.snapshots.last, xp)
        self._return_to(self.snapshots.last)
        self.history = tree["history"]
        if self.stopping is not None and self.best is not None:
            restore(tree["best"], self.best, xp)
            self.stopping.replay(self.history)

    def _warn_of_divergence(self) -> None:
        kept = f"the state after epoch {self.epochs} was kept" if self.epochs else "the first state was kept"
        warnings.warn(
            f"Weights or free energies were no longer finite in epoch {self.epochs + 1}: {kept} and the fit ended. "
            "Decrease learning_rate, or scale the data.",
            DivergenceWarning,
            stacklevel=6,
        )
