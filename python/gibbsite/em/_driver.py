"""The loop of expectation maximisation (Dempster, Laird & Rubin 1977), for any model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, validate_parameter_constraints

from gibbsite.em._checkpoint import Checkpoint, ClimbState
from gibbsite.em._progress import Progress
from gibbsite.em._squarem import Squarem
from gibbsite.em._trace import Iteration, Trace

_CONSTRAINTS: dict[str, list[Any]] = {
    "e_step": [callable],
    "m_step": [callable],
    "lower_bound": [callable, None],
    "tol": [Interval(Real, 0.0, None, closed="left")],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "n_init": [Interval(Integral, 1, None, closed="left")],
    "pack": [callable, None],
    "unpack": [callable, None],
    "callback": [callable, None],
    "rounding": [Interval(Real, 0.0, None, closed="left")],
    "verbose": ["verbose"],
    "verbose_interval": [Interval(Integral, 1, None, closed="left")],
}


@dataclass
class EMResult:
    """The best climb.

    Attributes
    ----------
    parameters : object
        What the last M step of the best climb returned.
    lower_bound : float
        Objective that the last E step measured, that is before the last M step; ``-inf`` without any pass.
    lower_bounds : list of float
        Objective at every pass.
    n_iter : int
        Passes (one E and one M step each) of the best climb.
    n_passes : int
        Passes of all climbs together.
    converged, stopped : bool
        Whether a plain step changed the objective by less than ``tol``; whether the callback ended the climb.
    restart : int
        Number of the best climb.
    history : dict of lists
        ``lower_bound``, ``change`` and ``seconds`` of every pass.
    """

    parameters: Any
    lower_bound: float = -math.inf
    lower_bounds: list[float] = field(default_factory=list)
    n_iter: int = 0
    n_passes: int = 0
    converged: bool = False
    stopped: bool = False
    restart: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)


class ExpectationMaximization:
    """Climb the likelihood of a latent-variable model by alternating an E step and an M step.

    Parameters
    ----------
    e_step : callable
        ``e_step(parameters) -> (statistics, log_likelihood)``: expected sufficient statistics and the objective at
        `parameters` (log-likelihood, or log posterior where the M step uses a prior).
    m_step : callable
        ``m_step(statistics) -> parameters``.
    lower_bound : callable, optional
        ``lower_bound(value, parameters) -> float``, the objective from the E step's second result and the new
        parameters, for variational EM. Default: the E step's second result.
    tol : float, default=1e-3
        A climb has converged when one EM step changes the objective by less.
    max_iter : int, default=100
        Most passes of one climb.
    n_init : int, default=1
        Climbs from different starts; the highest wins.
    accelerate : {None, "squarem"}, default=None
        Extrapolation between steps; needs `pack` and `unpack`. An extrapolated point is refused, and the climb goes on
        from the plain step, where the objective is lower, `unpack` raises ValueError or ArithmeticError, or a step
        raises ArithmeticError or `numpy.linalg.LinAlgError`.
    pack, unpack : callable, optional
        Parameters to an unconstrained float64 vector and back. They need not invert each other to the last bit.
    callback : callable, optional
        Called after every pass with an `Iteration`; a true answer ends the climb. Its parameters are the very object
        that the M step returned: copy what you keep where your M step writes into the same arrays again.
    on_decrease : {"raise", "ignore"}, default="raise"
        What to do when the objective falls by more than rounding: an error that names the iteration and the amount,
        or nothing (for steps with a regularisation that is not part of the objective).
    rounding : float, default=1e-9
        Relative decrease, against ``max(1, |objective|)``, that passes for rounding.
    checkpoint : Checkpoint, optional
        Where to keep the state of a long climb.
    verbose, verbose_interval : int
        As in scikit-learn's mixtures.

    Raises
    ------
    ValueError
        For a parameter that is out of range.

    Examples
    --------
    The weight of a mixture of two known Gaussians:

    >>> import numpy as np
    >>> from gibbsite.em import ExpectationMaximization
    >>> x = np.r_[np.zeros(30), np.full(70, 5.0)]
    >>> density = np.exp(-0.5 * (x - np.array([[0.0], [5.0]])) ** 2) / np.sqrt(2 * np.pi)
    >>> def e_step(w):
    ...     joint = np.array([[w], [1 - w]]) * density
    ...     return (joint[0] / joint.sum(0)).mean(), np.log(joint.sum(0)).mean()
    >>> em = ExpectationMaximization(e_step, lambda mean_responsibility: mean_responsibility, tol=1e-12)
    >>> float(em.run(0.5).parameters.round(4))
    0.3
    """

    def __init__(
        self,
        e_step: Callable[[Any], tuple[Any, float]],
        m_step: Callable[[Any], Any],
        *,
        lower_bound: Callable[[float, Any], float] | None = None,
        tol: float = 1e-3,
        max_iter: int = 100,
        n_init: int = 1,
        accelerate: str | None = None,
        pack: Callable[[Any], Any] | None = None,
        unpack: Callable[[Any], Any] | None = None,
        callback: Callable[[Iteration], object] | None = None,
        on_decrease: str = "raise",
        rounding: float = 1e-9,
        checkpoint: Checkpoint | None = None,
        verbose: int = 0,
        verbose_interval: int = 10,
    ) -> None:
        if accelerate not in (None, "squarem"):
            raise ValueError(f"accelerate must be None or 'squarem', got {accelerate!r}")
        if accelerate is not None and (pack is None or unpack is None):
            raise ValueError("accelerate='squarem' needs pack and unpack: the parameters as an unconstrained vector")
        if on_decrease not in ("raise", "ignore"):
            raise ValueError(f"on_decrease must be 'raise' or 'ignore', got {on_decrease!r}")
        given = {name: value for name, value in locals().items() if name in _CONSTRAINTS}
        validate_parameter_constraints(_CONSTRAINTS, given, caller_name=type(self).__name__)
        self.e_step = e_step
        self.m_step = m_step
        self.lower_bound = lower_bound
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.accelerate = accelerate
        self.pack = pack
        self.unpack = unpack
        self.callback = callback
        self.rounding = rounding if on_decrease == "raise" else None
        self.checkpoint = checkpoint
        self.progress = Progress(verbose, verbose_interval, max_iter)

    def run(self, start: Any, *, lower_bound: float = -math.inf) -> EMResult:
        """Climb `n_init` times and return the best.

        Parameters
        ----------
        start : object or callable
            First parameters, or ``start(restart) -> parameters`` called once for each climb. Where the M step
            writes into arrays that it owns, each start must bring its own.
        lower_bound : float, default=-inf
            Objective to compare the first pass with (a warm start knows one).

        Raises
        ------
        LikelihoodDecreaseError
            See `on_decrease`.
        TypeError
            If a step returns something else than it should.
        """
        begin = start if callable(start) else lambda restart: start
        resumed = self.checkpoint.load() if self.checkpoint else None
        best: EMResult | None = resumed.best if resumed else None
        for restart in range(resumed.restart if resumed else 0, self.n_init):
            trace = Trace(restart, lower_bound, self.tol, self.rounding, self.callback, self.progress)
            self.progress.start(restart)
            if resumed:
                trace.restore(resumed.history)
                parameters, longest, resumed = resumed.parameters, resumed.longest, None
            else:
                parameters, longest = begin(restart), 1.0
            result = self._finish(self._guarded_climb(parameters, trace, longest, best), trace)
            best = _better(best, result)
        assert best is not None  # n_init >= 1
        if self.checkpoint:
            self.checkpoint.remove()
        return best

    def _guarded_climb(self, parameters: Any, trace: Trace, longest: float, best: EMResult | None) -> Any:
        def note(parameters: Any, longest: float) -> None:
            if self.checkpoint:
                self.checkpoint.note(ClimbState(trace.restart, parameters, trace.history(), longest, best))

        try:
            return self._climb(parameters, trace, longest, note)
        except BaseException:
            if self.checkpoint:
                self.checkpoint.rescue()
            raise
        finally:
            self.progress.close()

    def _climb(self, parameters: Any, trace: Trace, longest: float, note: Callable[[Any, float], None]) -> Any:
        if self.pack is not None and self.unpack is not None and self.accelerate == "squarem":
            squarem = Squarem(self._pass, self.pack, self.unpack, longest)
            return squarem.climb(parameters, trace, self.max_iter, note)
        while trace.n_iter < self.max_iter:
            note(parameters, longest)
            parameters, bound = self._pass(parameters)
            if trace.record(bound, parameters):
                break
        return parameters

    def _pass(self, parameters: Any, floor: float | None = None) -> tuple[Any, float]:
        """One E step and one M step; the M step is skipped where the E step alone shows less than `floor`."""
        statistics, value = _pair(self.e_step(parameters))
        if self.lower_bound is None:
            value = _number(value, "e_step must return (statistics, objective), the objective a number")
            if floor is not None and not value >= floor:
                return None, value
            return self.m_step(statistics), value
        parameters = self.m_step(statistics)
        return parameters, _number(self.lower_bound(value, parameters), "lower_bound must return a number")

    def _finish(self, parameters: Any, trace: Trace) -> EMResult:
        if self.max_iter:
            self.progress.end(trace.lower_bound, trace.converged)
        history = trace.history()
        bounds = history["lower_bound"]
        return EMResult(
            parameters=parameters,
            lower_bound=bounds[-1] if bounds else -math.inf,
            lower_bounds=bounds,
            n_iter=trace.n_iter,
            n_passes=trace.n_iter,
            converged=trace.converged,
            stopped=trace.stopped,
            restart=trace.restart,
            history=history,
        )


def _pair(result: Any) -> tuple[Any, Any]:
    if not (isinstance(result, (tuple, list)) and len(result) == 2):
        length = f" of {len(result)}" if isinstance(result, (tuple, list)) else ""
        raise TypeError(f"e_step must return (statistics, objective), but returned {_kind(result)}{length}.")
    return result[0], result[1]


def _number(value: Any, rule: str) -> float:
    """The objective as a float; an array of no dimensions, on a device too, is a number."""
    if isinstance(value, Real) or getattr(value, "shape", None) == ():
        return float(value)
    shape = f" of shape {tuple(value.shape)}" if hasattr(value, "shape") else ""
    raise TypeError(f"{rule}, but it is {_kind(value)}{shape}.")


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__qualname__}"


def _better(best: EMResult | None, result: EMResult) -> EMResult:
    """The higher of two climbs, with the passes of both."""
    if best is None:
        return result
    passes = best.n_passes + result.n_passes
    # without any pass every climb stands at -inf and the last start is kept, as scikit-learn does
    winner = result if result.lower_bound > best.lower_bound or best.lower_bound == -math.inf else best
    winner.n_passes = passes
    return winner
