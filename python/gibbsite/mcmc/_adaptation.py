"""What is learned in warm-up between calls of the kernels: step sizes, and scales from windows of draws.

Metrics of single coordinates are adapted inside the kernels; this is for covariances and for random walks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# dual averaging (Hoffman & Gelman 2014, section 3.2)
_GAMMA, _T0, _KAPPA = 0.05, 10.0, 0.75


class DualAveraging:
    """Step sizes of all chains, each moved towards a mean acceptance.

    Parameters
    ----------
    step_size : array of shape (C,)
    target : float
    """

    def __init__(self, step_size: Floats, target: float) -> None:
        self._target = target
        self.restart(step_size)

    def restart(self, step_size: Floats) -> None:
        """Begin again from these."""
        self._mu = np.log(10 * step_size)
        self._count = 0
        self._error = np.zeros_like(step_size)
        self._log_mean = np.zeros_like(step_size)

    def update(self, acceptance: Floats) -> Floats:
        """Return the next step sizes."""
        self._count += 1
        share = 1 / (self._count + _T0)
        self._error = (1 - share) * self._error + share * (self._target - acceptance)
        log_step = self._mu - np.sqrt(self._count) / _GAMMA * self._error
        weight = self._count**-_KAPPA
        self._log_mean = weight * log_step + (1 - weight) * self._log_mean
        steps: Floats = np.exp(log_step)
        return steps

    def averaged(self) -> Floats:
        """Return the step sizes to keep."""
        steps: Floats = np.exp(self._log_mean)
        return steps


def windows(n_warmup: int, initial: int = 75, final: int = 50) -> tuple[int, list[int]]:
    """Where Stan's windows of a warm-up lie, between so many first and last draws.

    Returns
    -------
    first : int
        Draws before it count for no window.
    ends : list of int
        Each window reaches from the end of the last one to before its end.
    """
    size = 25
    if n_warmup < 20:
        return n_warmup, []
    if initial + size + final > n_warmup:
        initial, final = int(0.15 * n_warmup), int(0.1 * n_warmup)
        size = n_warmup - initial - final
    ends: list[int] = []
    start, last = initial, n_warmup - final
    while start < last:
        end = start + size
        # a window that leaves no room for the next one takes it all
        start = last if end + 2 * size > last else end
        ends.append(start)
        size *= 2
    return initial, ends


class Moments:
    """Covariance, or variances, of draws that come in blocks; merged by Chan's formula."""

    def __init__(self, dim: int, full: bool) -> None:
        self.count = 0
        self._mean: Any = np.zeros(dim)
        self._scatter = np.zeros((dim, dim) if full else dim)

    def add(self, rows: NDArray[Any]) -> None:
        """Take some draws, of shape (n, D), into account."""
        n, total = len(rows), self.count + len(rows)
        if not n:
            return
        mean = rows.mean(axis=0, dtype=np.float64)
        centred = rows - mean
        shift = mean - self._mean
        factor = self.count * n / total
        if self._scatter.ndim == 2:
            self._scatter += centred.T @ centred + factor * np.outer(shift, shift)
        else:
            self._scatter += np.square(centred).sum(axis=0) + factor * shift**2
        self._mean = self._mean + shift * (n / total)
        self.count = total

    def shrunk(self) -> Floats:
        """Return n / (n + 5) S + 1e-3 5 / (n + 5) diag(S): Stan's estimate, with scales of the draws' own for its 1."""
        n = self.count
        estimate: Any = self._scatter / max(n - 1, 1)
        variances = np.diagonal(estimate) if estimate.ndim == 2 else estimate
        ridge = np.where(variances > 0, variances, 1.0) * (1e-3 * 5 / (n + 5))
        shrunk: Any = estimate * (n / (n + 5)) + (np.diag(ridge) if estimate.ndim == 2 else ridge)
        return np.asarray(shrunk, dtype=np.float64)


def cholesky(covariance: Floats) -> Floats | None:
    """Lower Cholesky factor, or None where rounding has left none."""
    try:
        return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
