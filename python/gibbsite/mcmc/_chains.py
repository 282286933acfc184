"""A batch of chains: where they are, and the kernels that move them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends.selection import select
from gibbsite._persistence import to_host
from gibbsite.mcmc._batched import BatchedKernels
from gibbsite.mcmc._errors import DensityError
from gibbsite.targets import BatchedTarget, Target

Array = Any


class Chains:
    """State of C chains, and calls of the kernels with it.

    Attributes
    ----------
    q : array of shape (C, D)
    logp : float64 array of shape (C,)
    grad : array of shape (C, D)
    draw : int
        Number of the next draw; with the seed and the chain it places every random number.
    """

    def __init__(self, target: Target, q: Array, seed: int, threads: int | None) -> None:
        self.target, self.seed = target, seed
        self.backend = select(q)
        self.xp = self.backend.xp
        self.q = q
        self.logp = self.xp.zeros(len(q), np.float64)
        self.grad = self.xp.zeros_like(q)
        self.draw = 0
        packed = target.packed(q.dtype)
        self.packed = packed._replace(data=self.xp.asarray(packed.data))
        self.kernels: Any = self.backend.mcmc
        if isinstance(target, BatchedTarget):
            self.kernels = BatchedKernels(target, self.backend)
        self.context = self.backend.context(threads)
        self._status = self.xp.zeros(4, np.int64)

    def __len__(self) -> int:
        return len(self.q)

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return int(self.q.shape[1])

    @property
    def dtype(self) -> Any:
        """Precision of the states."""
        return self.q.dtype

    def evaluate(self, gradient: bool) -> None:
        """Compute log density, and gradient where asked for, at q."""
        self.log_density(self.q, self.logp, self.grad if gradient else None)

    def log_density(self, q: Array, logp: Array, grad: Array | None) -> None:
        """Log densities of any points."""
        self.kernels.log_density(q, *self.packed, logp, grad, self._status, self.context)
        self._check(q)

    def metropolis(
        self, scale: Array, factor: Array | None, n: int, thin: int, draws: Array, lp: Array, rate: Array
    ) -> None:
        """Make n steps of a random walk; their mean acceptance goes into `rate`."""
        self.kernels.metropolis(
            self.q,
            self.logp,
            *self.packed,
            scale,
            factor,
            n,
            thin,
            self.seed,
            0,
            self.draw,
            draws,
            lp,
            rate,
            self._status,
            self.context,
        )
        self._check(self.q)
        self.draw += n

    def leapfrog(
        self, q: Array, p: Array, grad: Array, logp: Array, mass: tuple[Any, ...], step_size: Array, n_steps: Array
    ) -> None:
        """Move any states along their trajectories."""
        arguments = (q, p, grad, logp, *self.packed, *mass, step_size, n_steps, self._status, self.context)
        self.kernels.leapfrog(*arguments)
        self._check(q)

    def hmc(self, mass: tuple[Any, ...], step_size: Array, lengths: tuple[Any, ...], *rest: Any) -> None:
        """Draw by trajectories of given lengths: see `_trajectory`."""
        self._trajectory(self.kernels.hmc, mass, step_size, lengths, *rest)

    def nuts(self, mass: tuple[Any, ...], step_size: Array, lengths: tuple[Any, ...], *rest: Any) -> None:
        """Draw by trajectories that end where they turn: see `_trajectory`."""
        self._trajectory(self.kernels.nuts, mass, step_size, lengths, *rest)

    def _trajectory(
        self,
        kernel: Any,
        mass: tuple[Any, ...],
        step_size: Array,
        lengths: tuple[Any, ...],
        n: int,
        thin: int,
        outputs: tuple[Any, ...],
        adaptation: tuple[Any, ...],
    ) -> None:
        """Make n draws; `outputs` are draws, log densities and what the kernel tells besides."""
        kernel(
            self.q,
            self.logp,
            self.grad,
            *self.packed,
            *mass,
            step_size,
            *lengths,
            n,
            thin,
            self.seed,
            0,
            self.draw,
            *outputs,
            *adaptation,
            self._status,
            self.context,
        )
        self._check(self.q)
        self.draw += n

    def _check(self, q: Array) -> None:
        """Raise where the density stopped the kernel."""
        code, chain, draw, _ = (int(value) for value in to_host(self._status))
        if code:
            self._status[...] = 0
            point = to_host(q)[chain].copy()
            cause = self.target.explain(point)
            raise DensityError(chain, draw, point, code, cause) from cause
