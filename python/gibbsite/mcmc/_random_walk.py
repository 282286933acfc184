"""Runs of random-walk Metropolis: proposals that learn in warm-up and then stay."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.mcmc._adaptation import Moments, cholesky, windows
from gibbsite.mcmc._chains import Chains
from gibbsite.mcmc._samplers import RandomWalk

# steps between two looks at the acceptance
_BLOCK = 20
# how fast the scale follows it at first: the inverse of how much the acceptance falls over one unit of log scale
_GAIN = 2.5

Outputs = tuple[Any, Any, Any]


class RandomWalkRun:
    """Chains under a random walk; attributes as of `HamiltonianRun`."""

    granularity = _BLOCK
    needs_gradient = False
    info_names: tuple[str, ...] = ()
    divergence = None

    def __init__(self, sampler: RandomWalk, chains: Chains, n_warmup: int) -> None:
        self.sampler, self.chains, self.n_warmup = sampler, chains, n_warmup
        self._target = 0.44 if chains.dim == 1 else 0.234
        self._usual = 2.38 / np.sqrt(chains.dim)
        self._log_scale = np.full(len(chains), np.log(sampler.scale or self._usual))
        self._factor: Any = None
        self._turn, self._later_scales = 0, [np.zeros(len(chains))]
        learns_shape = sampler.proposal != "isotropic"
        self._first, self._ends = windows(n_warmup, 75, n_warmup // 4) if learns_shape else (n_warmup, [])
        self._moments = Moments(chains.dim, sampler.proposal == "full")
        self._accepted = np.zeros(len(chains))
        self._counted = 0

    @property
    def step_size(self) -> Any:
        """Scale of each chain's proposal."""
        return np.exp(self._log_scale)

    @property
    def acceptance(self) -> Any:
        """Mean acceptance of each chain after the warm-up."""
        return self._accepted / max(self._counted, 1)

    def state(self) -> dict[str, Any]:
        """What a chain needs to go on, beside its point."""
        return {"scale": self.step_size, "factor": None if self._factor is None else to_host(self._factor)}

    def warm_up(self, n: int, outputs: Outputs) -> None:
        """Make n steps of the warm-up, looking at the acceptance after each block."""
        chains, (draws, lp, _) = self.chains, outputs
        for begin in range(0, n, _BLOCK):
            count = min(_BLOCK, n - begin)
            rows = chains.xp.empty((len(chains), count, chains.dim), chains.dtype)
            logs = chains.xp.empty((len(chains), count), np.float64)
            rate = self._move(count, 1, rows, logs)
            if draws is not None:
                draws[:, begin : begin + count], lp[:, begin : begin + count] = rows, logs
            if self.sampler.scale is None:
                self._follow(rate)
            self._learn_shape(to_host(rows))

    def advance(self, n: int, thin: int, outputs: Outputs) -> None:
        """Make n steps, of which every `thin`-th is kept."""
        self._accepted += n * self._move(n, thin, outputs[0], outputs[1])
        self._counted += n

    def _move(self, n: int, thin: int, draws: Any, lp: Any) -> Any:
        chains = self.chains
        rate = chains.xp.empty(len(chains), np.float64)
        scale = chains.xp.asarray(self.step_size.astype(chains.dtype))
        chains.metropolis(scale, self._factor, n, thin, draws, lp, rate)
        return to_host(rate)

    def _follow(self, rate: Any) -> None:
        """Robbins & Monro's steps towards the acceptance, averaged (Polyak) over the second half of a stretch."""
        self._turn += 1
        if self.sampler.proposal != "isotropic":  # one shape for all chains: one scale too, from more steps
            rate = np.full(len(rate), rate.mean())
        self._log_scale = self._log_scale + _GAIN / self._turn**0.6 * (rate - self._target)
        self._later_scales.append(self._log_scale)
        if self.chains.draw == self.n_warmup:
            later = self._later_scales[len(self._later_scales) // 2 :]
            self._log_scale = np.mean(later, axis=0)

    def _learn_shape(self, rows: Any) -> None:
        """Take the draws of a window for the proposal's shape when it has ended (Haario, Saksman & Tamminen 2001)."""
        done = self.chains.draw
        if not self._ends:
            return
        inside = rows[:, max(0, rows.shape[1] - (done - self._first)) :]
        self._moments.add(inside.reshape(-1, rows.shape[2]))
        if done < self._ends[0]:
            return
        estimate, xp, dtype = self._moments.shrunk(), self.chains.xp, self.chains.dtype
        factor = cholesky(estimate) if estimate.ndim == 2 else np.sqrt(estimate)
        if factor is not None:
            self._factor = xp.asarray(factor.astype(dtype))
        while self._ends and self._ends[0] <= done:
            self._first = self._ends.pop(0)
        self._moments = Moments(self.chains.dim, estimate.ndim == 2)
        if self.sampler.scale is None:
            self._log_scale[...] = np.log(self._usual)
            self._turn, self._later_scales = 0, [self._log_scale]
