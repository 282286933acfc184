"""The likelihood of rows under a fitted machine: exact, or bracketed from both sides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from gibbsite._persistence import to_host
from gibbsite.kernels import rbm as kernels
from gibbsite.rbm._annealing import Annealing
from gibbsite.rbm._inference import Inference, check_positive
from gibbsite.rbm._initialization import base_rate_biases
from gibbsite.rbm._machine import Machine
from gibbsite.rbm._state import draw_seed

Array = Any

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
        Of `lower`; includes the choice of the rows where chains were not run for all.
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
        X : array-like, CSR matrix or device array of shape (n_samples, n_features)
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
        energy = self.free_energy(X)
        X, machine = self._open(X)
        self._check_likely(X, machine)
        minus_energy = -float(energy.mean(dtype=np.float64))
        if method == "exact" or (method == "auto" and _enumerable_units(machine) <= EXACT_UNITS):
            log_z = kernels.exact_log_partition(
                *(machine.W, machine.b, machine.c),
                variance=machine.variance,
                groups=machine.groups,
                threads=self.threads,
            )
            value = minus_energy - log_z
            return LogLikelihood(value, value, value, 0.0, 0.0, log_z, "exact")
        seed = draw_seed(check_random_state(self.random_state if random_state is None else random_state))
        annealing = Annealing(machine, self._base(X, machine), seed, bool(self.verbose))
        betas = annealing.ladder(n_temperatures)
        forward = annealing.log_partition(n_chains, betas)
        rows = np.unique(np.linspace(0, len(energy) - 1, min(n_reverse_rows or len(energy), len(energy)), dtype=int))
        distance, distance_error = self._distance_to_lower(X, rows, energy, annealing, n_reverse_chains, betas)
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

    def _base(self, X: Array, machine: Machine) -> Array:
        """Biases of the machine at the hot end: base rates of the training rows, of X where there were none."""
        xp, fitted = machine.xp, hasattr(self, "data_mean_")
        mean = to_host(self.data_mean_) if fitted else to_host(X.mean(axis=0)).ravel()
        mean = xp.asarray(mean.astype(np.float64))
        total = self.n_samples_seen_ if fitted else X.shape[0]
        return mean if machine.is_gaussian else base_rate_biases(mean, total, machine.groups, xp)

    def _distance_to_lower(
        self, X: Array, rows: np.ndarray, energy: Array, annealing: Annealing, n_chains: int, betas: np.ndarray
    ) -> tuple[float, float]:
        """Mean over rows of lower estimate plus free energy: it varies little from row to row."""
        machine = annealing.machine
        chosen_rows = X[machine.xp.asarray(rows)] if len(rows) < X.shape[0] else X
        states = self._dense(chosen_rows, machine).astype(machine.state_dtype)
        lower, errors = annealing.log_density(states, n_chains, betas)
        distance = lower + np.asarray(energy.tolist())[rows]
        n, share = len(rows), len(rows) / X.shape[0]
        spread = distance.var(ddof=1) / n if n > 1 else 0.0
        chains = float(np.square(errors).sum()) / n**2
        # One chain a row says nothing of its own error, which the spread over the rows contains. Else the error comes
        # from rows that were not looked at, and from the chains of those that were.
        variance = spread if n_chains == 1 else (1.0 - share) * spread + share * chains
        return float(distance.mean()), math.sqrt(variance)

    def _check_likely(self, X: Array, machine: Machine) -> None:
        """Raise for rows that are no states of the visible units."""
        for rows, block in self._blocks(X, machine):
            grey = (block != 0) & (block != 1)
            if not machine.is_gaussian and bool(grey.any()):
                row, column = divmod(int(grey.argmax()), block.shape[1])
                raise ValueError(
                    f"Only rows of 0 and 1 have a likelihood under binary units, but X has {block[row, column]:.6g} at "
                    f"row {rows.start + row}, column {column}: draw or round grey values first"
                )


def _enumerable_units(machine: Machine) -> int:
    """Units whose states an exact log Z goes through."""
    if machine.is_gaussian or machine.groups is not None:
        return machine.n_hidden
    return min(machine.n_hidden, machine.n_visible)
