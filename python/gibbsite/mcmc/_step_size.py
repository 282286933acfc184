"""The first step size: Hoffman & Gelman's (2014) heuristic, for all chains at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.mcmc._chains import Chains
from gibbsite.mcmc._errors import StartError, shown

# of the random numbers; apart from the kernels' own purposes
_STREAM = 0x4D435353
_MOST_DOUBLINGS = 100


def first_step_sizes(chains: Chains, mass: tuple[Any, ...], start: Any, number: int) -> Any:
    """Double or halve each chain's step size until the acceptance of one leapfrog step crosses 0.8.

    Parameters
    ----------
    chains : Chains
        Their log densities and gradients are those at their points.
    mass : tuple
        Kind of the metric, inverse mass, its Cholesky factor.
    start : array of shape (C,)
        Where to begin.
    number : int
        Tells the random numbers of several searches in one run apart.

    Returns
    -------
    array of shape (C,), float64
    """
    xp = chains.xp
    step = xp.array(start, dtype=np.float64)
    active = xp.ones(len(chains), dtype=bool)
    upwards = None
    for turn in range(_MOST_DOUBLINGS):
        gain = _energy_gain(chains, mass, step, active, number * _MOST_DOUBLINGS + turn)
        good = gain > np.log(0.8)
        if upwards is None:
            upwards = good
        active &= good == upwards
        if not bool(active.any()):
            return step
        step = xp.where(active, xp.where(upwards, 2.0 * step, 0.5 * step), step)
        # flat densities accept any step
        active &= step < 1e7
    stuck = int(to_host(active).argmax())
    raise StartError(
        f"No step size is small enough at the start of chain {stuck}, q = {shown(to_host(chains.q)[stuck])}: "
        "is the gradient that of the log density, and finite nearby?"
    )


def _energy_gain(chains: Chains, mass: tuple[Any, ...], step: Any, active: Any, turn: int) -> Any:
    """Log acceptance probability of one leapfrog step with new momenta."""
    xp, (kind, inverse_mass, factor) = chains.xp, mass
    z = xp.empty(chains.q.shape, chains.dtype)
    chains.backend.random.normal(z.reshape(-1), chains.seed, _STREAM, turn, 0, chains.context)
    p = xp.linalg.solve(factor.T, z.T).T if kind == 2 else z / xp.sqrt(inverse_mass)
    p = xp.ascontiguousarray(p, dtype=chains.dtype)
    before = chains.logp - kinetic_energy(p, kind, inverse_mass)
    q, grad, logp = chains.q.copy(), chains.grad.copy(), chains.logp.copy()
    chains.leapfrog(q, p, grad, logp, mass, step, active.astype(np.int64))
    with np.errstate(invalid="ignore", over="ignore"):
        gain = logp - kinetic_energy(p, kind, inverse_mass) - before
    return xp.where(xp.isnan(gain), -np.inf, gain)


def kinetic_energy(p: Any, kind: int, inverse_mass: Any) -> Any:
    """Half the squared momentum, in the metric."""
    with np.errstate(invalid="ignore", over="ignore"):
        p = p.astype(np.float64)
        return 0.5 * (p * (p @ inverse_mass if kind == 2 else p * inverse_mass)).sum(axis=1)
