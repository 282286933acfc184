"""The pseudo-likelihood (Besag 1975, The Statistician 24, 179-195), estimated from one variable of each row.

Chosen by a hash of the row's values, it makes the estimate belong to the row, whatever rows come with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite.mixture._arrays import array_module
from gibbsite.rbm._machine import Machine

Array = Any


def hash_multipliers(random_state: np.random.RandomState, n_features: int) -> np.ndarray:
    """Odd 64-bit numbers, of which the hash of a row is made."""
    words = random_state.randint(0, 2**32, size=(2, n_features), dtype=np.uint32).astype(np.uint64)
    odd: np.ndarray = (words[0] << np.uint64(32)) | words[1] | np.uint64(1)
    return odd


def chosen_variable(v: Array, multipliers: Array, n_variables: int) -> Array:
    """A number below `n_variables` for each row, from its values alone.

    A multilinear hash of the bits of the values in float64 (sums of integers do not depend on their order), mixed by
    the finaliser of MurmurHash3.
    """
    bits = v.astype(np.float64).view(np.uint64)
    # The low half of a round number's bits is zero: bring the high half down. Zeros count too.
    bits = (bits ^ (bits >> np.uint64(32))) + np.uint64(1)
    value = (bits * multipliers).sum(axis=1, dtype=np.uint64)
    for constant in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ (value >> np.uint64(33))) * np.uint64(constant)
    value ^= value >> np.uint64(33)
    return (value % np.uint64(n_variables)).astype(np.int64)


def n_variables(v: Array, groups: Array | None) -> int:
    """How many variables a row has."""
    return int(v.shape[1]) if groups is None else len(groups) - 1


class PseudoLikelihood:
    """Rows, and what they would be with one variable changed.

    Parameters
    ----------
    v : array of shape (n_rows, n_visible)
        Bytes of 0 and 1 or numbers in [0, 1].
    groups : int64 array of shape (n_groups + 1,) or None
        Offsets of the groups of categorical units.
    variable : int64 array of shape (n_rows,)
        Number of the variable that is looked at: of a unit, or of a group.
    """

    def __init__(self, v: Array, groups: Array | None, variable: Array) -> None:
        self.v = v
        self.xp = array_module(v)
        self.n_variables = n_variables(v, groups)
        self.changed = self._flipped(variable) if groups is None else self._moved(variable, groups)

    def values(self, machine: Machine, free_energy: Array | None = None) -> Array:
        """Estimates of the log pseudo-likelihood, in nats, of shape (n_rows,); `free_energy` where it is known.

        Number of variables times the log probability of the chosen one given the others: that is a ratio of
        exp(-free energy) over all its values.
        """
        xp = self.xp
        free_energy = machine.free_energy(self.v) if free_energy is None else free_energy
        given = -free_energy.astype(np.float64)
        total = given
        for v, counts in self.changed:
            other = -machine.free_energy(v).astype(np.float64)
            total = xp.logaddexp(total, other if counts is None else xp.where(counts, other, -np.inf))
        return (self.n_variables * (given - total)).astype(machine.dtype)

    def _flipped(self, variable: Array) -> list[tuple[Array, None]]:
        rows, flipped = self.xp.arange(len(self.v)), self.v.copy()
        flipped[rows, variable] = 1 - flipped[rows, variable]
        return [(flipped, None)]

    def _moved(self, variable: Array, groups: Array) -> list[tuple[Array, Array]]:
        """The chosen variable at each of its other values; a mask tells the rows whose variable has so many."""
        xp, rows = self.xp, self.xp.arange(len(self.v))
        first = groups[variable]
        size = groups[variable + 1] - first
        columns = xp.arange(self.v.shape[1])
        inside = (columns >= first[:, None]) & (columns < (first + size)[:, None])
        value = xp.argmax(xp.where(inside, self.v, 0), axis=1) - first
        moved = []
        for step in range(1, int(size.max())):
            v = xp.where(inside, 0, self.v).astype(self.v.dtype)
            v[rows, first + (value + step) % size] = 1
            moved.append((v, step < size))
        return moved
