"""Where a step's model statistics come from: contrastive divergence, persistent chains, or parallel tempering."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite.rbm._machine import Machine

Array = Any

# Words of the counter of the noun `random` that keep these draws apart from all others.
_START_DRAW = 0x52424D53
_SWAP_DRAW = 0x52424D54
_ROWS_DRAW = 0x52424D52

# Gaussian units at inverse temperature zero would spread without bound.
_LOWEST_GAUSSIAN_BETA = 0.1


class Scheme:
    """Chains of a machine. `advance` moves them and returns what the gradient needs.

    Parameters
    ----------
    machine : Machine
    n_chains : int
    k : int
        Sweeps of a step.
    seed : int

    Attributes
    ----------
    sweep : int
        Number of the next sweep; it only ever grows, so that no draw is used twice.
    """

    is_persistent = True

    def __init__(self, machine: Machine, n_chains: int, k: int, seed: int) -> None:
        xp, self.machine = machine.xp, machine
        self.k, self.seed, self.sweep = k, seed, 0
        self.v = xp.zeros((n_chains, machine.n_visible), dtype=machine.state_dtype)
        self.h = xp.zeros((n_chains, machine.n_hidden), dtype=np.uint8)
        self.hidden = xp.empty((n_chains, machine.n_hidden), dtype=machine.dtype)

    def advance(self, data_hidden: Array, weight: Array | None = None) -> tuple[Array, Array]:
        """Move the chains `k` sweeps on.

        Parameters
        ----------
        data_hidden : array of shape (n_rows, n_hidden)
            p(h = 1 | v) of the batch.
        weight : array of shape (n_rows,) or None
            Of the batch's rows.

        Returns
        -------
        v, hidden : array of shape (n_samples, n_visible) and (n_samples, n_hidden)
            Visible states under the model, and the hidden probabilities that belong to them.
        """
        raise NotImplementedError

    def arrays(self) -> dict[str, Array]:
        """State that the next step and its measurement depend on, by name."""
        return {"h": self.h, "v": self.v}

    def visible(self) -> Array:
        """Visible states of the chains of the model itself."""
        return self.v

    def samples(self) -> Array:
        """Hidden states of the chains of the model itself."""
        return self.h

    def end_epoch(self) -> dict[str, float]:
        """What there is to report of the epoch."""
        return {}

    def _sweep(self, rows: slice = slice(None), betas: Array | None = None) -> None:
        self.machine.gibbs(
            self.v[rows],
            self.h[rows],
            self.k,
            (self.seed, self.sweep, 0),
            from_hidden=True,
            hidden=self.hidden[rows],
            betas=betas,
        )
        self.sweep += self.k


class ContrastiveDivergence(Scheme):
    """k sweeps that start at the batch (Hinton 2002, Neural Computation 14, 1771-1800).

    As many chains as rows; where rows have weights, they start from rows drawn in proportion to these.
    """

    is_persistent = False

    def advance(self, data_hidden: Array, weight: Array | None = None) -> tuple[Array, Array]:
        rows = slice(0, len(data_hidden))
        backend = self.machine.backend
        if weight is not None:
            data_hidden = data_hidden[self._drawn_rows(weight)]
        p, h = data_hidden.reshape(-1), self.h[rows].reshape(-1)
        backend.random.bernoulli(p, h, self.seed, self.sweep % 2**32, _START_DRAW, 0, self.machine.context)
        self._sweep(rows)
        return self.v[rows], self.hidden[rows]

    def _drawn_rows(self, weight: Array) -> Array:
        """Numbers of rows, each as often as its weight says, rounded up or down at random (systematic sampling)."""
        xp, n = self.machine.xp, len(weight)
        shift = xp.empty(1, dtype=np.float64)
        backend = self.machine.backend
        backend.random.uniform(shift, self.seed, self.sweep % 2**32, _ROWS_DRAW, 0, self.machine.context)
        ends = xp.cumsum(weight, dtype=np.float64)
        places = (xp.arange(n) + shift) * (ends[-1] / n)
        # rounding must not lead past the last row
        return xp.minimum(xp.searchsorted(ends, places, side="right"), n - 1)


class PersistentChains(Scheme):
    """Chains that go on from step to step (Tieleman 2008, ICML, 1064-1071); they start with all hidden units off."""

    def advance(self, data_hidden: Array, weight: Array | None = None) -> tuple[Array, Array]:
        self._sweep()
        return self.v, self.hidden


class TemperedChains(Scheme):
    """Persistent chains at inverse temperatures from 1 down to 0 that swap states (Desjardins et al. 2010, AISTATS).

    Neighbours at beta_t and beta_(t+1) swap with probability min(1, exp((beta_t - beta_(t+1)) (E_t - E_(t+1)))), E
    the joint energies; even and odd pairs take turns. After each epoch the ladder is moved towards equal rejection
    rates: the cumulative rejection rate, interpolated, is cut into equal parts (Syed et al. 2022, J. R. Statist.
    Soc. B 84, 321-350, section 5). Rows are ordered by temperature, the model's own come first.

    Parameters
    ----------
    n_temperatures : int
    """

    def __init__(self, machine: Machine, n_chains: int, k: int, seed: int, n_temperatures: int) -> None:
        super().__init__(machine, n_chains * n_temperatures, k, seed)
        xp, rows = machine.xp, n_chains * n_temperatures
        self.n_chains, self.n_temperatures = n_chains, n_temperatures
        self.ladder = xp.linspace(1.0, _LOWEST_GAUSSIAN_BETA if machine.is_gaussian else 0.0, n_temperatures)
        self._parity = xp.zeros(1, dtype=np.int64)
        self._pair = xp.arange(n_temperatures - 1)[:, None]
        self._index = xp.arange(rows).reshape(n_temperatures, n_chains)
        self._spare = xp.empty_like(self.h)
        self._states = xp.empty((rows, machine.n_visible), dtype=machine.dtype)
        self._inputs = xp.empty((rows, machine.n_hidden), dtype=machine.dtype)
        self._uniform = xp.empty((n_temperatures - 1) * n_chains, dtype=np.float64)
        self._accepted = xp.zeros(n_temperatures - 1)
        self._n_swaps = 0

    def advance(self, data_hidden: Array, weight: Array | None = None) -> tuple[Array, Array]:
        if self.sweep:
            self._swap()
        self._sweep(betas=self.machine.xp.repeat(self.ladder.astype(self.machine.dtype), self.n_chains))
        return self.v[: self.n_chains], self.hidden[: self.n_chains]

    def arrays(self) -> dict[str, Array]:
        return {**super().arrays(), "ladder": self.ladder, "parity": self._parity}

    def visible(self) -> Array:
        return self.v[: self.n_chains]

    def samples(self) -> Array:
        return self.h[: self.n_chains]

    def end_epoch(self) -> dict[str, float]:
        if not self._n_swaps:
            return {}
        rate = np.asarray((self._accepted / self._n_swaps).tolist())
        self._accepted[...] = 0
        self._n_swaps = 0
        ladder = even_ladder(np.asarray(self.ladder.tolist()), rate)
        self.ladder[...] = self.machine.xp.asarray(ladder)
        return {"swap_rate": float(rate.mean()), "lowest_swap_rate": float(rate.min())}

    def energies(self) -> Array:
        """E(v, h) of every chain."""
        machine, xp = self.machine, self.machine.xp
        self._states[...] = self.v
        if machine.is_gaussian:
            self._states /= machine.variance
        xp.matmul(self._states, machine.W.T, out=self._inputs)
        self._inputs += machine.c
        self._inputs *= self.h
        pairs = self._inputs.sum(axis=1, dtype=np.float64)
        if machine.is_gaussian:
            away = (self.v - machine.b) ** 2 / (2 * machine.variance)
            return away.sum(axis=1, dtype=np.float64) - pairs
        return -(self._states @ machine.b) - pairs

    def _swap(self) -> None:
        machine, xp = self.machine, self.machine.xp
        energy = self.energies().reshape(self.n_temperatures, self.n_chains)
        steps = self.ladder[:-1] - self.ladder[1:]
        log_ratio = xp.minimum(steps[:, None] * (energy[:-1] - energy[1:]), 0.0)
        self._accepted += xp.exp(log_ratio).mean(axis=1)
        self._n_swaps += 1
        backend = machine.backend
        backend.random.uniform(self._uniform, self.seed, self.sweep % 2**32, _SWAP_DRAW, 0, machine.context)
        uniform = self._uniform.reshape(log_ratio.shape)
        swaps = (uniform < xp.exp(log_ratio)) & ((self._pair + self._parity) % 2 == 0)
        self._parity += 1
        moves = swaps * self.n_chains
        source = self._index.copy()
        source[:-1] += moves
        source[1:] -= moves
        xp.take(self.h, source.reshape(-1), axis=0, out=self._spare)
        self.h[...] = self._spare


def even_ladder(ladder: np.ndarray, acceptance: np.ndarray) -> np.ndarray:
    """Inverse temperatures between the same ends at which neighbours swap equally often, half way from the old ones.

    Parameters
    ----------
    ladder : array of shape (T,)
        Falling.
    acceptance : array of shape (T - 1,)
        Mean acceptance probability of each pair of neighbours.
    """
    # a pair that always swaps still has a width
    rejection = np.maximum(1.0 - acceptance, 1e-3)
    barrier = np.concatenate([[0.0], np.cumsum(rejection)])
    even = np.interp(np.linspace(0.0, barrier[-1], len(ladder)), barrier, ladder)
    result: np.ndarray = 0.5 * (ladder + even)
    result[0], result[-1] = ladder[0], ladder[-1]
    return result


def make_scheme(machine: Machine, method: str, n_chains: int, k: int, n_temperatures: int, seed: int) -> Scheme:
    """The scheme called "cd", "pcd" or "pt"; "cd" needs `n_chains` as many as the rows of a batch."""
    if method == "pt":
        return TemperedChains(machine, n_chains, k, seed, n_temperatures)
    kind = ContrastiveDivergence if method == "cd" else PersistentChains
    return kind(machine, n_chains, k, seed)
