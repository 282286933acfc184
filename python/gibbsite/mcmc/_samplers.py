"""The samplers that `sample` takes: their settings, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

METRICS = ("diag", "dense", "unit")
PROPOSALS = ("isotropic", "diagonal", "full")


@dataclass(frozen=True, kw_only=True)
class NUTS:
    """The No-U-Turn sampler (Hoffman & Gelman 2014; Betancourt 2017): the one to begin with.

    Draws are chosen by their weight along the trajectory (multinomial), with a bias away from the start at the top; a
    trajectory ends where the generalised criterion sees a turn between its ends or across its halves.

    Parameters
    ----------
    target_accept : float in (0, 1), default=0.8
        Mean acceptance to which the step size is adapted; nearer to 1 for smaller steps where there are divergences.
    metric : {"diag", "dense", "unit"}, default="diag"
        How scales are learned in warm-up: of each coordinate of each chain, from its draws and gradients; a covariance,
        from the draws of all chains; not at all.
    max_depth : int, default=10
        Trajectories double at most so many times.
    """

    target_accept: float = 0.8
    metric: str = "diag"
    max_depth: int = 10

    def __post_init__(self) -> None:
        check_share(self.target_accept, "target_accept")
        check_choice(self.metric, METRICS, "metric")
        check_count(self.max_depth, "max_depth")
        if self.max_depth > 30:
            raise ValueError(f"max_depth must be at most 30, got {self.max_depth}.")


@dataclass(frozen=True, kw_only=True)
class HMC:
    """Hamiltonian Monte Carlo with trajectories of a given number of steps (Duane and others 1987; Neal 2011).

    Parameters
    ----------
    step_size : float, optional
        Default: adapted in warm-up. A given one is kept.
    n_leapfrog : int, default=10
        Steps of a trajectory.
    jitter : float in [0, 1), default=0.0
        The number of steps varies by up to this share, which breaks resonances.
    target_accept : float in (0, 1), default=0.8
        Mean acceptance to which the step size is adapted.
    metric : {"diag", "dense", "unit"}, optional
        As of `NUTS`; default: "diag", or "unit" where the step size is given.
    """

    step_size: float | None = None
    n_leapfrog: int = 10
    jitter: float = 0.0
    target_accept: float = 0.8
    metric: str | None = None

    def __post_init__(self) -> None:
        if self.step_size is not None:
            check_positive(self.step_size, "step_size")
        check_count(self.n_leapfrog, "n_leapfrog")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter must be in [0, 1), got {self.jitter}.")
        check_share(self.target_accept, "target_accept")
        if self.metric is not None:
            check_choice(self.metric, METRICS, "metric")
            if self.step_size is not None and self.metric != "unit":
                raise ValueError(
                    f"A given step_size goes with metric='unit', got metric={self.metric!r}: a metric that is learned "
                    "changes what the step size means."
                )


@dataclass(frozen=True, kw_only=True)
class RandomWalk:
    """Random-walk Metropolis: needs no gradient.

    Parameters
    ----------
    scale : float, optional
        Standard deviation of the proposal, as a multiple of what was learned of the target's scales. Default: adapted
        in warm-up towards an acceptance of 0.234, or 0.44 in one dimension (Roberts & Rosenthal 2001); without warm-up,
        2.38 / sqrt(dim). A given one is kept.
    proposal : {"isotropic", "diagonal", "full"}, default="isotropic"
        What is learned in warm-up: nothing but the scale; a scale of each coordinate; a covariance (Haario, Saksman &
        Tamminen 2001). The draws of all chains count.
    """

    scale: float | None = None
    proposal: str = "isotropic"

    def __post_init__(self) -> None:
        if self.scale is not None:
            check_positive(self.scale, "scale")
        check_choice(self.proposal, PROPOSALS, "proposal")


Sampler = NUTS | HMC | RandomWalk


def check_count(value: Any, name: str, least: int = 1) -> int:
    """Return an integer.

    Raises
    ------
    TypeError, ValueError
        If it is none, or below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}.")
    return int(value)


def check_positive(value: Any, name: str) -> None:
    """Raise a ValueError unless it is a positive finite number."""
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}.")


def check_share(value: Any, name: str) -> None:
    """Raise a ValueError unless it lies between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must be between 0 and 1, got {value}.")


def check_choice(value: Any, choices: tuple[str, ...], name: str) -> None:
    """Raise a ValueError unless it is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}.")
