"""Runs of NUTS and HMC: the metric, step sizes, and what the kernels tell of each draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.mcmc._adaptation import DualAveraging, Moments, cholesky, windows
from gibbsite.mcmc._chains import Chains
from gibbsite.mcmc._samplers import HMC, NUTS
from gibbsite.mcmc._step_size import first_step_sizes
from gibbsite.targets import BatchedTarget

MAX_ENERGY_ERROR = 1000.0
# of the warm-up: the part with short windows, and the part before the last, when only step sizes move (nuts-rs)
_EARLY, _BEFORE_LATE = 0.3, 0.85

Outputs = tuple[Any, Any, Any]


class HamiltonianRun:
    """Chains under NUTS or HMC, from their warm-up on.

    Attributes
    ----------
    info_names : tuple of str
        What `outputs[2]` holds of each draw.
    granularity : int
        Warm-up goes by multiples of so many draws.
    """

    granularity = 1
    needs_gradient = True

    def __init__(self, sampler: NUTS | HMC, chains: Chains, n_warmup: int) -> None:
        self.sampler, self.chains, self.n_warmup = sampler, chains, n_warmup
        xp, n_chains, dim = chains.xp, len(chains), chains.dim
        if isinstance(sampler, NUTS):
            self.info_names: tuple[str, ...] = ("acceptance_rate", "energy", "diverging", "tree_depth", "n_steps")
            self._move = chains.nuts
            self._lengths: tuple[Any, ...] = (sampler.max_depth, MAX_ENERGY_ERROR)
            self.divergence = xp.full((n_chains, 3, dim), np.nan, chains.dtype)
            metric, given = sampler.metric, None
        else:
            self.info_names = ("acceptance_rate", "energy", "diverging")
            self._move = chains.hmc
            self._lengths = (xp.full(n_chains, sampler.n_leapfrog, np.int64), float(sampler.jitter), MAX_ENERGY_ERROR)
            self.divergence = None
            metric, given = sampler.metric or ("diag" if sampler.step_size is None else "unit"), sampler.step_size
        self._no_adaptation = (None, np.zeros(3, np.int64), float(sampler.target_accept))
        self._adapts = given is None and n_warmup > 0
        self._is_native = (
            self._adapts
            and metric != "dense"
            and not (isinstance(chains.target, BatchedTarget) and isinstance(sampler, HMC))
        )
        self._metric = metric
        self._begin_metric(metric)
        if given is not None:
            self.step_size = xp.full(n_chains, given, np.float64)
        else:
            self.step_size = first_step_sizes(chains, self.mass, xp.ones(n_chains), 0)
        if self._adapts:
            self._begin_adaptation(metric)

    @property
    def inverse_mass(self) -> Any:
        """Of the metric: (D,), (C, D) or (D, D)."""
        return self.mass[1]

    def state(self) -> dict[str, Any]:
        """What a chain needs to go on, beside its point."""
        return {"step_size": to_host(self.step_size), "inverse_mass": to_host(self.inverse_mass)}

    def _begin_metric(self, metric: str) -> None:
        chains = self.chains
        xp, shape = chains.xp, chains.q.shape
        if self._is_native:
            inverse_mass = xp.ones(shape, chains.dtype)
            if metric == "diag":
                with np.errstate(divide="ignore"):
                    inverse_mass = xp.clip(1 / xp.abs(chains.grad), 1e-20, 1e20).astype(chains.dtype)
                # a gradient of zero says nothing of a scale
                inverse_mass[chains.grad == 0] = 1.0
            self.mass: tuple[int, Any, Any] = (1, inverse_mass, None)
        elif self._adapts and metric == "dense":
            self.mass = (2, xp.eye(shape[1], dtype=chains.dtype), xp.eye(shape[1], dtype=chains.dtype))
        else:
            self.mass = (0, xp.ones(shape[1], chains.dtype), None)

    def _begin_adaptation(self, metric: str) -> None:
        n, chains = self.n_warmup, self.chains
        if self._is_native:
            late = int(_BEFORE_LATE * n) if metric == "diag" else 0
            self._schedule = np.array([n, int(_EARLY * n) if metric == "diag" else 0, late], np.int64)
            size = chains.backend.mcmc.adaptation_size(chains.dim)
            self._memory = chains.xp.zeros((len(chains), size), np.float64)
            return
        self._averaging = DualAveraging(to_host(self.step_size), self.sampler.target_accept)
        self._first, self._ends = windows(n) if metric != "unit" else (n, [])
        self._moments = Moments(chains.dim, metric == "dense")

    def warm_up(self, n: int, outputs: Outputs) -> None:
        """Make n draws of the warm-up."""
        if self._is_native:
            adaptation = (self._memory, self._schedule, float(self.sampler.target_accept))
            self._call(n, 1, outputs, None, adaptation)
        elif self._adapts:
            self._warm_up_between_calls(n, outputs)
        else:
            self._call(n, 1, outputs, None, self._no_adaptation)

    def advance(self, n: int, thin: int, outputs: Outputs) -> None:
        """Make n draws, of which every `thin`-th is kept."""
        self._call(n, thin, outputs, self.divergence, self._no_adaptation)

    def _call(self, n: int, thin: int, outputs: Outputs, divergence: Any, adaptation: tuple[Any, Any, float]) -> None:
        more = (*outputs, divergence) if isinstance(self.sampler, NUTS) else outputs
        self._move(self.mass, self.step_size, self._lengths, n, thin, more, adaptation)

    def _warm_up_between_calls(self, n: int, outputs: Outputs) -> None:
        """One draw a call: step sizes by dual averaging, the metric from Stan's windows over all chains together."""
        chains, (draws, lp, info) = self.chains, outputs
        one = chains.xp.empty((len(chains), 1, len(self.info_names)), np.float64)
        for i in range(n):
            self._call(1, 1, (None, None, one), None, self._no_adaptation)
            done = chains.draw
            if draws is not None:
                draws[:, i], lp[:, i], info[:, i] = chains.q, chains.logp, one[:, 0]
            step = self._averaging.update(to_host(one[:, 0, 0]))
            if self._ends and done > self._first:
                self._moments.add(to_host(chains.q))
            if self._ends and done == self._ends[0]:
                step = self._end_window()
            if done == self.n_warmup:
                step = self._averaging.averaged()
            self.step_size = chains.xp.asarray(step)

    def _end_window(self) -> Any:
        """Take the window's scales for the metric; search a step size and begin its averaging anew."""
        chains = self.chains
        estimate, dtype = self._moments.shrunk(), chains.dtype
        if self._metric == "dense":
            factor = cholesky(estimate)
            if factor is not None:
                self.mass = (2, *(chains.xp.asarray(a.astype(dtype)) for a in (estimate, factor)))
        else:
            self.mass = (0, chains.xp.asarray(estimate.astype(dtype)), None)
        self._first = self._ends.pop(0)
        self._moments = Moments(chains.dim, self._metric == "dense")
        step = to_host(first_step_sizes(chains, self.mass, chains.xp.asarray(self.step_size), chains.draw))
        self._averaging.restart(step)
        return step
