"""The learning rate as a function of how much of the fit is done."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

Rate = float | Callable[[float], float]


def learning_rate_at(learning_rate: Rate, schedule: str, epoch: float, n_iter: int) -> float:
    """The learning rate of one step.

    Parameters
    ----------
    learning_rate : float or callable
        The rate, or a function from epochs done (1.5: in the middle of the second) to the rate.
    schedule : {"constant", "linear"}
        "linear": falls to nothing over `n_iter` epochs.
    epoch : float
    n_iter : int

    Raises
    ------
    ValueError
        When the function returns no positive number.
    """
    rate: Any = learning_rate(epoch) if callable(learning_rate) else learning_rate
    if callable(learning_rate) and not (isinstance(rate, Real) and float(rate) >= 0):
        raise ValueError(f"learning_rate({epoch:g}) should be a number that is not negative, got {rate!r}")
    return float(rate) * (max(1.0 - epoch / n_iter, 0.0) if schedule == "linear" else 1.0)
