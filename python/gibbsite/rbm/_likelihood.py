"""The likelihood of rows under a fitted machine: exact, or bracketed from both sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from gibbsite._persistence import to_host
from gibbsite.kernels import rbm as kernels
from gibbsite.kernels.rbm.likelihood import MOST_UNITS
from gibbsite.mixture._dask import is_dask_array
from gibbsite.rbm._annealing import Annealing
from gibbsite.rbm._inference import Inference, check_positive
from gibbsite.rbm._initialization import base_rate_biases
from gibbsite.rbm._machine import Machine
from gibbsite.rbm._open import dask_factory
from gibbsite.rbm._rows import Reblocking
from gibbsite.rbm._state import draw_seed
from gibbsite.rbm._validation import check_chunk, check_n_features, check_rows

Array = Any

# Fresh iterators over (number of the first row, checked rows).
Parts = Callable[[], Iterator[tuple[int, Array]]]

# Most units of the smaller side whose states are enumerated.
EXACT_UNITS = 25


@dataclass(frozen=True)
class LogLikelihood:
    """Mean log-likelihood of rows, in nats a row, between two estimates that err on opposite sides.

    Attributes
    ----------
    value : float
        The estimate: exact, or with log Z by annealed importance sampling (the same as `upper`).
    lower : float
        By reverse annealed importance sampling: in expectation no more than the density of the annealed chains' ends,
        which comes close to the machine's as temperatures are added. A mode that no chain finds is missing from both.
    upper : float
        By annealed importance sampling, which underestimates log Z in expectation and thus overestimates this.
    standard_error : float
        Of `value` and `upper`: Monte Carlo error of log Z. How much other rows would differ is not in it.
    lower_standard_error : float
        Of `lower`; includes the choice of the rows where chains were not run for all. NaN where one chain, or one row
        out of several, says nothing of it.
    log_partition : float
        log Z.
    method : {"exact", "ais"}
    """

    value: float
    lower: float
    upper: float
    standard_error: float
    lower_standard_error: float
    log_partition: float
    method: str


class Likelihood(Inference):
    """`log_likelihood` of a fitted machine."""

    def log_likelihood(
        self,
        X: Any,
        method: str = "auto",
        *,
        n_chains: int = 1000,
        n_temperatures: int = 1000,
        n_reverse_chains: int = 10,
        n_reverse_rows: int | None = 100,
        random_state: Any = None,
    ) -> LogLikelihood:
        """Mean log-likelihood of rows, exact where it can be had, else between a lower and an upper estimate.

        Parameters
        ----------
        X : array-like, CSR matrix, device array or Dask array of shape (n_samples, n_features)
            A Dask array is computed chunk by chunk, twice for "ais"; a CSR matrix is made dense one
            block of rows at a time.
        method : {"auto", "exact", "ais"}
            "exact" enumerates the states of the smaller side (of the hidden units, where the visible ones are not
            binary), "ais" anneals, "auto" is "exact" up to 25 units.
        n_chains, n_temperatures : int
            Chains of annealed importance sampling and steps between the base-rate machine and this one. The
            temperatures are placed by a pilot run, at equal thermodynamic length.
        n_reverse_chains : int
            Chains of reverse annealed importance sampling for each row.
        n_reverse_rows : int or None
            On how many rows, evenly chosen, chains are run backwards; None: all. The lower estimate of the others
            follows from the mean distance of the two estimates on these.
        random_state : int, RandomState or None
            Default: the estimator's.

        Returns
        -------
        LogLikelihood

        Raises
        ------
        ValueError
            Too many units to enumerate; rows that are not binary, which have no likelihood under binary units.

        Notes
        -----
        Time of "ais": (n_chains + n_reverse_rows n_reverse_chains) n_temperatures sweeps.
        """
        if method not in ("auto", "exact", "ais"):
            raise ValueError(f"method should be 'auto', 'exact' or 'ais', got {method!r}")
        check_positive("n_chains", n_chains)
        check_positive("n_temperatures", n_temperatures)
        check_positive("n_reverse_chains", n_reverse_chains)
        check_positive("n_reverse_rows", 1 if n_reverse_rows is None else n_reverse_rows)
        check_is_fitted(self)
        parts = self._parts(X)
        machine, energy = self._energies(parts)
        minus_energy = -float(energy.mean(dtype=np.float64))
        n_units = _enumerable_units(machine)
        if method == "exact" or (method == "auto" and n_units <= EXACT_UNITS):
            if n_units > MOST_UNITS:
                raise ValueError(
                    f"{n_units} units are too many to enumerate, at most {MOST_UNITS} are: method='ais' estimates the "
                    "likelihood of such a machine."
                )
            log_z = kernels.exact_log_partition(
                *(machine.W, machine.b, machine.c),
                variance=machine.variance,
                groups=machine.groups,
                threads=self.threads,
            )
            value = minus_energy - log_z
            return LogLikelihood(value, value, value, 0.0, 0.0, log_z, "exact")
        seed = draw_seed(check_random_state(self.random_state if random_state is None else random_state))
        annealing = Annealing(machine, self._base(parts, machine), seed, bool(self.verbose))
        betas = annealing.ladder(n_temperatures)
        forward = annealing.log_partition(n_chains, betas)
        rows = np.unique(np.linspace(0, len(energy) - 1, min(n_reverse_rows or len(energy), len(energy)), dtype=int))
        distance, distance_error = self._distance_to_lower(parts, rows, energy, annealing, n_reverse_chains, betas)
        upper = minus_energy - forward[0]
        return LogLikelihood(
            value=upper,
            lower=minus_energy + distance,
            upper=upper,
            standard_error=forward[1],
            lower_standard_error=distance_error,
            log_partition=forward[0],
            method="ais",
        )

    def _parts(self, X: Any) -> Parts:
        """An array as one part, a Dask array chunk by chunk."""
        if not is_dask_array(X):
            X = check_rows(self, X, reset=False)
            return lambda: iter([(0, X)])
        factory = dask_factory(X, None)
        check_n_features(self, X.shape[1], reset=False)

        def parts() -> Iterator[tuple[int, Array]]:
            first_row = 0
            for chunk, _ in factory():
                checked = check_chunk(chunk)
                yield first_row, checked
                first_row += checked.shape[0]

        return parts

    def _energies(self, parts: Parts) -> tuple[Machine, Array]:
        """The machine where the rows are, and their free energies; raises for rows that are no states of its units."""
        machine, energies = None, []
        for first_row, X in parts():
            machine = machine or self._machine_for(X)
            energies.append(machine.xp.empty(X.shape[0], dtype=machine.dtype))
            for rows, block in self._blocks(X, machine, first_row):
                _check_likely(block, machine, first_row + rows.start)
                machine.free_energy(block, energies[-1][rows])
        if machine is None or not sum(map(len, energies)):
            raise ValueError("Found no rows: the Dask array is empty")
        return machine, machine.xp.concatenate(energies)

    def _base(self, parts: Parts, machine: Machine) -> Array:
        """Biases of the machine at the hot end: base rates of the training rows, of these where there were none."""
        xp = machine.xp
        if hasattr(self, "data_mean_"):
            mean, total = xp.asarray(to_host(self.data_mean_).astype(np.float64)), self.n_samples_seen_
        else:
            mean, total = _mean(parts)
        return mean if machine.is_gaussian else base_rate_biases(mean, total, machine.groups, xp)

    def _distance_to_lower(
        self, parts: Parts, rows: np.ndarray, energy: Array, annealing: Annealing, n_chains: int, betas: np.ndarray
    ) -> tuple[float, float]:
        """Mean over rows of lower estimate plus free energy: it varies little from row to row."""
        states = self._states(parts, rows, annealing.machine, annealing.rows_together(n_chains))
        lower, errors = annealing.log_density(states, n_chains, betas)
        distance = lower + np.asarray(energy.tolist())[rows]
        n, share = len(rows), len(rows) / len(energy)
        spread = distance.var(ddof=1) / n if n > 1 else math.nan
        chains = float(np.square(errors).sum()) / n**2
        # One chain a row says nothing of its own error, which the spread over the rows contains. Else the error comes
        # from rows that were not looked at, and from the chains of those that were.
        unseen = (1.0 - share) * spread if share < 1.0 else 0.0
        variance = spread if n_chains == 1 else unseen + share * chains
        return float(distance.mean()), math.sqrt(variance)

    def _states(self, parts: Parts, rows: np.ndarray, machine: Machine, together: int) -> Iterator[Array]:
        """States of the rows with these numbers, so many at a time: no more than that of a CSR matrix is dense."""
        n = min(together, len(rows))
        clip = self._clips(machine)
        blocks = Reblocking(n, machine.n_visible, machine.dtype, machine.dtype, clip, machine.xp)
        for first_row, X in parts():
            inside = rows[(rows >= first_row) & (rows < first_row + X.shape[0])] - first_row
            chosen = X if len(inside) == X.shape[0] else X[machine.xp.asarray(inside)]
            for block, _ in blocks.add(chosen, None):
                yield block.astype(machine.state_dtype)
        for block, _ in blocks.rest():
            yield block.astype(machine.state_dtype)


def _check_likely(block: Array, machine: Machine, first_row: int) -> None:
    """Raise for rows that are no states of the visible units."""
    if machine.is_gaussian or block.dtype == np.uint8:
        return
    grey = (block != 0) & (block != 1)
    if bool(grey.any()):
        row, column = divmod(int(grey.argmax()), block.shape[1])
        raise ValueError(
            f"Only rows of 0 and 1 have a likelihood under binary units, but X has {block[row, column]:.6g} at "
            f"row {first_row + row}, column {column}: draw or round grey values first"
        )


def _mean(parts: Parts) -> tuple[Array, int]:
    """Mean of all rows in float64, and their number."""
    total: Any = 0
    n_rows = 0
    for _, X in parts():
        sums = X.sum(axis=0, dtype=np.float64)
        total = total + (np.asarray(sums).ravel() if sparse.issparse(X) else sums)
        n_rows += X.shape[0]
    return total / n_rows, n_rows


def _enumerable_units(machine: Machine) -> int:
    """Units whose states an exact log Z goes through."""
    if machine.is_gaussian or machine.groups is not None:
        return machine.n_hidden
    return min(machine.n_hidden, machine.n_visible)
