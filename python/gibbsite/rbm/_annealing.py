"""Annealed importance sampling of a machine's partition function, forwards and backwards.

Neal 2001, Statistics and Computing 11, 125-139; Salakhutdinov & Murray 2008, ICML, 872-879; Burda, Grosse &
Salakhutdinov 2015, AISTATS, 102-110 (backwards).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import logsumexp
from tqdm import tqdm

from gibbsite.rbm._machine import Machine
from gibbsite.rbm._rows import block_rows

Array = Any

# The pilot run: chains, and steps on an even grid.
_PILOT_CHAINS = 128
_PILOT_STEPS = 200
# A stretch of the ladder has at least this share of the mean density of temperatures.
_LEAST_DENSITY = 0.1
# Temperatures between two looks at the clock.
_SEGMENT = 50
# Chains that run backwards side by side.
_BACKWARD_CHAINS = 1 << 12
# Seconds before a bar is drawn.
_BAR_DELAY = 2.0


class Annealing:
    """Paths between a base-rate machine without weights and a given one.

    Parameters
    ----------
    machine : Machine
    base : float64 array of shape (n_visible,)
        Visible biases (Gaussian: means) at the hot end.
    seed : int
    verbose : bool
        Show a bar on what takes over two seconds.
    """

    def __init__(self, machine: Machine, base: Array, seed: int, verbose: bool = False) -> None:
        self.machine = machine
        self.base = machine.xp.ascontiguousarray(base, dtype=machine.dtype)
        self.seed, self.verbose = seed, verbose
        self.sweep = 0

    def log_partition_of_base(self) -> float:
        """log Z at the hot end, in closed form: every hidden unit is free, the visible ones follow `base`."""
        machine, xp = self.machine, self.machine.xp
        hidden = machine.n_hidden * math.log(2.0)
        base = np.asarray(self.base.tolist(), dtype=np.float64)
        if machine.is_gaussian:
            variance = machine.variance.astype(np.float64)
            return hidden + 0.5 * float(xp.log(2 * math.pi * variance).sum())
        if machine.groups is None:
            return hidden + float(np.logaddexp(0.0, base).sum())
        first = machine.groups.tolist()
        return hidden + sum(float(logsumexp(base[i:j])) for i, j in pairwise(first))

    def ladder(self, n_temperatures: int) -> np.ndarray:
        """Inverse temperatures from 0 to 1 at equal thermodynamic length, found by a pilot run.

        The density of temperatures follows the standard deviation, over the chains, of a step's log-weight increment
        by the step's length (Gelman & Meng 1998, Statistical Science 13, 163-185, section 4.3).

        Returns
        -------
        betas : float64 array of shape (n_temperatures + 1,)
        """
        even = np.linspace(0.0, 1.0, _PILOT_STEPS + 1)
        log_weight = self.machine.xp.zeros(_PILOT_CHAINS, dtype=np.float64)
        v = self._base_states(_PILOT_CHAINS)
        spreads = []
        for step in range(_PILOT_STEPS):
            log_weight[...] = 0
            self._run(v, log_weight, even[step : step + 2])
            spreads.append(log_weight.std())
        density = np.asarray(self.machine.xp.stack(spreads).tolist())
        if not density.sum() > 0:  # no weights at all: every path is as good
            return np.linspace(0.0, 1.0, n_temperatures + 1)
        density = np.maximum(density, _LEAST_DENSITY * density.mean())
        length = np.concatenate([[0.0], np.cumsum(density)])
        betas: np.ndarray = np.interp(np.linspace(0.0, length[-1], n_temperatures + 1), length, even)
        betas[0], betas[-1] = 0.0, 1.0
        return betas

    def log_partition(self, n_chains: int, betas: np.ndarray) -> tuple[float, float]:
        """log Z and its standard error from chains that cool down: a stochastic lower bound."""
        log_weight = self.machine.xp.zeros(n_chains, dtype=np.float64)
        self._run(self._base_states(n_chains), log_weight, betas, "AIS")
        value, error = log_mean(np.asarray(log_weight.tolist())[None])
        return self.log_partition_of_base() + float(value[0]), float(error[0])

    def rows_together(self, n_chains: int) -> int:
        """Rows of a block for `log_density`."""
        return max(1, min(_BACKWARD_CHAINS // n_chains, block_rows(self.machine.n_visible)))

    def log_density(self, blocks: Iterable[Array], n_chains: int, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log density of rows from chains that heat up from them: a stochastic lower bound for each.

        Parameters
        ----------
        blocks : iterable of arrays of shape (n_rows, n_visible)
            Bytes of 0 and 1, or numbers for Gaussian units; a block's chains run side by side.
        n_chains : int
            For each row.
        betas : float64 array
            Rising, as `ladder` gives them.

        Returns
        -------
        log_density, standard_error : float64 arrays, one value for each row of all blocks
        """
        xp, falling = self.machine.xp, np.ascontiguousarray(betas[::-1])
        values, errors = [], []
        for rows in blocks:
            states = xp.ascontiguousarray(xp.repeat(rows, n_chains, axis=0))
            log_weight = xp.repeat(-self.machine.free_energy(rows).astype(np.float64), n_chains)
            self._run(states, log_weight, falling, "reverse AIS", reverse=True)
            value, error = log_mean(np.asarray(log_weight.tolist()).reshape(len(rows), n_chains))
            values.append(value)
            errors.append(error)
        return np.concatenate(values) - self.log_partition_of_base(), np.concatenate(errors)

    def _base_states(self, n_chains: int) -> Array:
        """Exact draws at the hot end: a move at inverse temperature 0 forgets where it came from."""
        xp, machine = self.machine.xp, self.machine
        v = xp.zeros((n_chains, machine.n_visible), dtype=machine.state_dtype)
        self._run(v, xp.zeros(n_chains, dtype=np.float64), np.zeros(2), reverse=True)
        return v

    def _run(self, v: Array, log_weight: Array, betas: np.ndarray, label: str = "", *, reverse: bool = False) -> None:
        xp, steps = self.machine.xp, len(betas) - 1
        shown = self.verbose and bool(label)
        with tqdm(total=steps, desc=label, delay=_BAR_DELAY, leave=False, disable=not shown) as bar:
            for start in range(0, steps, _SEGMENT):
                part = xp.asarray(betas[start : start + _SEGMENT + 1])
                self.machine.anneal(v, log_weight, self.base, part, (self.seed, self.sweep, 0), reverse=reverse)
                self.sweep += len(part) - 1
                bar.update(len(part) - 1)


def log_mean(log_weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of the mean weight of each row, and its standard error by the delta method.

    Parameters
    ----------
    log_weight : array of shape (n_rows, n)
    """
    n = log_weight.shape[1]
    value = logsumexp(log_weight, axis=1) - math.log(n)
    relative = np.exp(log_weight - value[:, None])
    spread = relative.std(axis=1, ddof=1) if n > 1 else np.full(len(value), math.nan)
    return value, spread / math.sqrt(n)
