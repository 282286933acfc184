"""Where chains begin: at given points, or at random ones where the density is finite."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gibbsite._backends.selection import select
from gibbsite._persistence import to_host
from gibbsite.mcmc._chains import Chains
from gibbsite.mcmc._errors import StartError, shown
from gibbsite.targets import Target

# of the random numbers; apart from the kernels' own purposes
_STREAM = 0x4D43494E
# uniform within this of zero, as in Stan
_RADIUS = 2.0
_TRIES = 100


def first_points(init: Any, target: Target, n_chains: int, dtype: Any) -> Any:
    """Points of all chains as an array of its own, of shape (C, D); zeros where they are to be drawn."""
    if init is None:
        return np.zeros((n_chains, target.dim), dtype)
    if isinstance(init, Mapping):
        init = _from_variables(init, target, n_chains)
    xp = select(init).xp
    points = xp.asarray(init, dtype=dtype)
    if points.shape not in ((target.dim,), (n_chains, target.dim)):
        raise ValueError(
            f"init should have the shape {(target.dim,)} or {(n_chains, target.dim)}, but got {points.shape}."
        )
    return xp.array(xp.broadcast_to(points, (n_chains, target.dim)), order="C")


def begin(chains: Chains, init: Any, gradient: bool) -> None:
    """Evaluate the density at the first points; draw them where none were given.

    Raises
    ------
    StartError
        Where log density or gradient is not finite.
    """
    if init is not None:
        chains.evaluate(gradient)
        bad = ~_is_finite(chains, gradient)
        if bad.any():
            raise StartError(_complaint(chains, int(bad.argmax()), gradient, "Start it elsewhere."))
        return
    xp = chains.xp
    bad = np.ones(len(chains), bool)
    for attempt in range(_TRIES):
        points = xp.empty(chains.q.shape, chains.dtype)
        chains.backend.random.uniform(points.reshape(-1), chains.seed, _STREAM, attempt, 0, chains.context)
        chains.q[...] = xp.where(xp.asarray(bad)[:, np.newaxis], _RADIUS * (2 * points - 1), chains.q)
        chains.evaluate(gradient)
        bad = ~_is_finite(chains, gradient)
        if not bad.any():
            return
    advice = f"{_TRIES} points with coordinates between {-_RADIUS:g} and {_RADIUS:g} were tried: pass init=."
    raise StartError(_complaint(chains, int(bad.argmax()), gradient, advice))


def _is_finite(chains: Chains, gradient: bool) -> Any:
    finite = np.isfinite(to_host(chains.logp))
    return finite & np.isfinite(to_host(chains.grad)).all(axis=1) if gradient else finite


def _complaint(chains: Chains, chain: int, gradient: bool, advice: str) -> str:
    point = to_host(chains.q)[chain]
    # the kernels count NaN and infinity as minus infinity
    value = chains.target.value_at(point)
    value = float(to_host(chains.logp)[chain]) if value is None else value
    where = f"at the start of chain {chain}, q = {shown(point)}"
    if not math.isfinite(value):
        return f"The log density is {value:g} {where}. {advice}"
    slope = to_host(chains.grad)[chain]
    k = int((~np.isfinite(slope)).argmax())
    return f"The gradient's component {k} ({chains.target.names[k]}) is {slope[k]:g} {where}. {advice}"


def _from_variables(init: Mapping[str, Any], target: Target, n_chains: int) -> Any:
    """Points from a value for each variable, which may have a leading axis of chains."""
    missing, unknown = target.variables.keys() - init.keys(), init.keys() - target.variables.keys()
    if missing or unknown:
        raise ValueError(
            f"init should have a value for each of {', '.join(target.variables)}; "
            + "; ".join(
                f"{what}: {', '.join(sorted(names))}"
                for what, names in (("missing", missing), ("unknown", unknown))
                if names
            )
            + "."
        )
    parts = []
    for name, shape in target.variables.items():
        value = np.asarray(init[name], dtype=np.float64)
        if value.shape != shape and value.shape != (n_chains, *shape):
            raise ValueError(
                f"init[{name!r}] should have the shape {shape} or {(n_chains, *shape)}, but got {value.shape}."
            )
        parts.append(np.broadcast_to(value, (n_chains, *shape)).reshape(n_chains, -1))
    return np.concatenate(parts, axis=1)
