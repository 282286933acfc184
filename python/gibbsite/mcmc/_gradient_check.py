"""Is the gradient that of the log density? Finite differences at the first points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gibbsite.mcmc._chains import Chains
from gibbsite.mcmc._errors import GradientError, shown

Floats = NDArray[np.float64]

_POINTS = 2
# of more coordinates only some are checked
_COORDINATES = 100
_STEP = 1e-4
_RELATIVE, _ABSOLUTE = 1e-4, 1e-6


def check_gradient(chains: Chains) -> None:
    """Compare the gradient at the start of the first chains with central differences of the log density.

    Raises
    ------
    GradientError
        Where it differs by more than the differences can be off.
    """
    coordinates = np.arange(chains.dim)
    if chains.dim > _COORDINATES:
        coordinates = np.unique(np.linspace(0, chains.dim - 1, _COORDINATES).astype(np.int64))
    for chain in range(min(_POINTS, len(chains))):
        q, gradient = np.asarray(chains.q[chain]), np.asarray(chains.grad[chain])[coordinates]
        estimate, doubt = _differences(chains, q, float(chains.logp[chain]), coordinates)
        allowed = doubt + _RELATIVE * np.maximum(np.abs(gradient), np.abs(estimate)) + _ABSOLUTE
        # NaN where the density is not finite nearby: nothing to compare with
        wrong = np.abs(gradient - estimate) > allowed
        if wrong.any():
            worst = int(np.where(wrong, np.abs(gradient - estimate) / allowed, 0).argmax())
            k = int(coordinates[worst])
            raise GradientError(
                f"The gradient is not that of the log density: at the start of chain {chain} its component {k} "
                f"({chains.target.names[k]}) is {gradient[worst]:.6g}, but finite differences give "
                f"{estimate[worst]:.6g}; {int(wrong.sum())} of {len(wrong)} components differ. q = {shown(q)}.\n"
                "Correct the gradient, or pass check_gradient=False if the density has a kink there."
            )


def _differences(chains: Chains, q: Floats, value: float, coordinates: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Derivatives by central differences of fourth order, and how far they may be off."""
    steps = _STEP * np.maximum(1.0, np.abs(q[coordinates]))
    offsets = np.array([1.0, -1.0, 2.0, -2.0])
    points = np.tile(q, (len(coordinates), 4, 1))
    points[np.arange(len(coordinates)), :, coordinates] += steps[:, np.newaxis] * offsets
    logp = np.empty(4 * len(coordinates))
    chains.log_density(points.reshape(-1, len(q)), logp, None)
    f = logp.reshape(-1, 4)
    with np.errstate(invalid="ignore"):
        f = np.where(np.isfinite(f), f, np.nan)
        narrow, wide = (f[:, 0] - f[:, 1]) / (2 * steps), (f[:, 2] - f[:, 3]) / (4 * steps)
    rounding = 100 * np.finfo(np.float64).eps * max(1.0, abs(value)) / steps
    return (4 * narrow - wide) / 3, np.abs(narrow - wide) + rounding
