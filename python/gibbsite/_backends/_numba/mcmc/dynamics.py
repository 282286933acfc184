"""Hamiltonian dynamics of one chain: momenta, velocities and leapfrog steps; see csrc/mcmc/dynamics.hpp."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit, optional, read_only
from gibbsite._backends._numba.mcmc.target import log_density_at
from gibbsite._backends._numba.mcmc.vectors import add_scaled, inner
from gibbsite._backends._numba.sums import dot

SHARED, PER_CHAIN, DENSE = range(3)


class Metric(NamedTuple):
    """The inverse mass.

    Attributes
    ----------
    kind : SHARED, PER_CHAIN or DENSE
    inverse_mass : (1, D), (C, D) or (D, D)
    factor : (D, D), or (0, 0) unless it is dense
        Lower triangular L with inverse_mass = L L'.
    """

    kind: int
    inverse_mass: Any
    factor: Any


def prepare_metric(kind: int, inverse_mass: np.ndarray, factor: np.ndarray | None) -> Metric:
    """Return the metric as compiled code takes it."""
    if kind == SHARED:
        inverse_mass = inverse_mass.reshape(1, -1)
    return Metric(int(kind), read_only(inverse_mass), optional(factor, inverse_mass, 2))


@jit
def velocity(metric: Any, chain: int, p: Any, v: Any) -> None:
    """v = inverse mass times p."""
    n, inverse_mass = p.shape[0], metric.inverse_mass
    if metric.kind == DENSE:
        for i in range(n):
            v[i] = inner(row(inverse_mass, i), p, n)
    else:
        diagonal = row(inverse_mass, chain if metric.kind == PER_CHAIN else 0)
        for i in range(n):
            v[i] = diagonal[i] * p[i]


@jit
def to_momentum(metric: Any, chain: int, p: Any) -> None:
    """Standard normals to normals whose covariance is the mass, in place."""
    n, inverse_mass, factor = p.shape[0], metric.inverse_mass, metric.factor
    if metric.kind == DENSE:  # L' p = z
        for i in range(n - 1, -1, -1):
            p[i] /= factor[i, i]
            add_scaled(row(factor, i), -p[i], i, p)
    else:
        diagonal = row(inverse_mass, chain if metric.kind == PER_CHAIN else 0)
        for i in range(n):
            p[i] /= np.sqrt(diagonal[i])


@jit
def step(target: Any, metric: Any, chain: int, size: float, q: Any, p: Any, grad: Any, v: Any, fault: Any) -> float:
    """One leapfrog step of (q, p, grad) in place; v becomes the velocity at its end. Returns the log density there."""
    n, half = q.shape[0], q.dtype.type(0.5 * size)
    add_scaled(grad, half, n, p)
    velocity(metric, chain, p, v)
    add_scaled(v, q.dtype.type(size), n, q)
    logp = log_density_at(target, q, grad, fault)
    add_scaled(grad, half, n, p)
    velocity(metric, chain, p, v)
    return logp


@jit
def energy_of(logp: float, p: Any, v: Any) -> float:
    """The Hamiltonian, in float64."""
    return 0.5 * dot(p, v, p.shape[0]) - logp


@jit
def acceptance_of(error: float) -> float:
    """min(1, e^-error), and 0 where the error is not a number."""
    return np.exp(-max(0.0, error)) if error == error else 0.0
