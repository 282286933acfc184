"""What one climb from one start has seen: the curve, the clock, and the reasons to stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

from gibbsite.em._progress import Progress


class Iteration(NamedTuple):
    """What a callback receives after every pass (E step and M step)."""

    restart: int
    iteration: int
    lower_bound: float
    change: float
    seconds: float
    parameters: Any


class LikelihoodDecreaseError(RuntimeError):
    """An EM iteration lowered the objective that it must never lower: the E and M steps disagree."""


class Trace:
    """Records the passes of one climb and decides when it ends.

    Parameters
    ----------
    restart : int
        Number of this climb, from 0.
    lower_bound : float
        Objective before the first pass; ``-inf`` when there is none.
    tol : float
        A plain EM step that changes the objective by less ends the climb.
    rounding : float or None
        Largest relative decrease that passes for rounding; None permits every decrease.
    callback : callable or None
        Called with an `Iteration`; a true answer ends the climb.
    progress : Progress
        Prints and draws.
    """

    def __init__(
        self,
        restart: int,
        lower_bound: float,
        tol: float,
        rounding: float | None,
        callback: Callable[[Iteration], object] | None,
        progress: Progress,
    ) -> None:
        self.restart = restart
        self.lower_bound = lower_bound
        self.tol = tol
        self.rounding = rounding
        self.callback = callback
        self.progress = progress
        self.lower_bounds: list[float] = []
        self.changes: list[float] = []
        self.seconds: list[float] = []
        self.converged = False
        self.stopped = False
        self._clock = perf_counter()

    @property
    def n_iter(self) -> int:
        """Passes so far."""
        return len(self.lower_bounds)

    def record(self, lower_bound: float, parameters: Any, plain: bool = True) -> bool:
        """Note one pass; True when the climb is over. Only a `plain` EM step can prove convergence."""
        change = lower_bound - self.lower_bound
        self._check(lower_bound, change)
        self._append(lower_bound, change)
        self.converged = plain and abs(change) < self.tol
        if self.callback is not None:
            news = Iteration(self.restart, self.n_iter, lower_bound, change, self.seconds[-1], parameters)
            self.stopped = bool(self.callback(news))
        return self.converged or self.stopped

    def history(self) -> dict[str, list[float]]:
        """Curves so far, as lists of one entry a pass."""
        return {
            "lower_bound": list(self.lower_bounds),
            "change": list(self.changes),
            "seconds": list(self.seconds),
        }

    def restore(self, history: dict[str, list[float]]) -> None:
        """Go on from the curves of an interrupted climb."""
        self.lower_bounds = list(history["lower_bound"])
        self.changes = list(history["change"])
        self.seconds = list(history["seconds"])
        if self.lower_bounds:
            self.lower_bound = self.lower_bounds[-1]

    def reject(self) -> None:
        """Note a pass whose point was refused: it costs time and leaves the objective where it was."""
        self._append(self.lower_bound, 0.0)

    def _append(self, lower_bound: float, change: float) -> None:
        now = perf_counter()
        self.lower_bounds.append(lower_bound)
        self.changes.append(change)
        self.seconds.append(now - self._clock)
        self.lower_bound = lower_bound
        self._clock = now
        self.progress.iteration(self.n_iter, change)

    def _check(self, lower_bound: float, change: float) -> None:
        if self.rounding is None:
            return
        where = f"iteration {self.n_iter + 1}" + (f" of restart {self.restart}" if self.restart else "")
        if math.isnan(lower_bound):
            raise LikelihoodDecreaseError(f"The objective became NaN at {where}.")
        allowed = self.rounding * max(1.0, abs(self.lower_bound))
        if change < -allowed:
            raise LikelihoodDecreaseError(
                f"The objective fell by {-change:.6g} at {where} (from {self.lower_bound!r} to {lower_bound!r}). "
                "EM never lowers it: check that the M step maximises what the E step computed, and that both "
                "use the same weights, priors and data."
            )
