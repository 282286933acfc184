"""SQUAREM: extrapolation of EM by squared steps (Varadhan & Roland 2008, Scandinavian J. Statistics 35, 335-353).

Two EM steps from theta0 give r = theta1 - theta0 and v = (theta2 - theta1) - r. The point
theta0 - 2 alpha r + alpha^2 v with alpha = -|r| / |v| (their scheme S3) lies where the linearised steps would lead;
alpha = -1 is theta2 itself. One more EM step from there steadies the cycle. The step is refused where the
objective would be lower than at theta1, so the recorded curve never falls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gibbsite.em._trace import Trace

# factor by which the longest allowed step grows when it was reached and shrinks when a point is refused: the
# value of the authors' own R package
_GROWTH = 4.0

# cosine between two EM steps from which on they are taken to follow one line; while they still turn, at the beginning,
# a long step may end in the basin of another optimum
_ALIGNED = 0.9

EMPass = Callable[..., tuple[Any, float]]


class Squarem:
    """One accelerated climb.

    Parameters
    ----------
    em_pass : callable
        ``em_pass(parameters, floor=None) -> (new parameters, objective at the old)``; may skip its M step and
        return None for the parameters where the objective is below `floor`.
    pack, unpack : callable
        Parameters to an unconstrained vector and back.
    longest : float
        Longest step allowed at first.
    """

    def __init__(
        self,
        em_pass: EMPass,
        pack: Callable[[Any], Any],
        unpack: Callable[[Any], Any],
        longest: float = 1.0,
    ) -> None:
        self.em_pass = em_pass
        self.pack = pack
        self.unpack = unpack
        self.longest = longest

    def climb(self, parameters: Any, trace: Trace, max_iter: int, note: Callable[[Any, float], None]) -> Any:
        """Cycle until the trace says stop or `max_iter` passes are spent; returns the last M step's parameters."""
        while trace.n_iter < max_iter:
            note(parameters, self.longest)
            points = [self.pack(parameters)]
            for _ in range(2):
                parameters, bound = self.em_pass(parameters)
                if trace.record(bound, parameters) or trace.n_iter == max_iter:
                    return parameters
                points.append(self.pack(parameters))
            # a refused point must be followed by a plain pass, whose M step makes the result
            if trace.n_iter + 1 < max_iter:
                parameters, over = self._extrapolate(points, parameters, trace)
                if over:
                    break
        return parameters

    def _extrapolate(self, points: list[Any], parameters: Any, trace: Trace) -> tuple[Any, bool]:
        start, first, second = points
        r, r2 = first - start, second - first
        if float((r * r2).sum()) < _ALIGNED * float(np.sqrt(float((r * r).sum()) * float((r2 * r2).sum()))):
            return parameters, False
        v = r2 - r
        alpha = self._step_length(r, v)
        if alpha == 1.0:
            return parameters, False
        trial = self._try(start + 2.0 * alpha * r + alpha**2 * v, floor=trace.lower_bound)
        if trial is None:
            self.longest = max(1.0, self.longest / _GROWTH)
            trace.reject()
            return self.unpack(second), False
        if alpha == self.longest:
            self.longest *= _GROWTH
        parameters, bound = trial
        return parameters, trace.record(bound, parameters, plain=False)

    def _step_length(self, r: Any, v: Any) -> float:
        """-alpha of scheme S3, between 1 (plain EM) and the longest step allowed."""
        curvature = float((v * v).sum())
        if not curvature > 0.0:
            return 1.0
        alpha = float(np.sqrt(float((r * r).sum()) / curvature))
        if alpha >= self.longest == 1.0:
            self.longest = _GROWTH  # the first cycle only looks
            return 1.0
        return min(max(alpha, 1.0), self.longest)

    def _try(self, point: Any, floor: float) -> tuple[Any, float] | None:
        """A pass at an extrapolated point; None where it lies outside the model or below `floor`."""
        with np.errstate(all="ignore"):
            try:
                parameters = self.unpack(point)
            except (ValueError, ArithmeticError):
                return None
            # a pass may fail by its arithmetic here; any other error would be one anywhere, and is not hidden
            try:
                parameters, bound = self.em_pass(parameters, floor=floor)
            except (ArithmeticError, np.linalg.LinAlgError):
                return None
        return (parameters, bound) if bound >= floor else None
