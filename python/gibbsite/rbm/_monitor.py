"""What is measured after every epoch, on a few hundred rows; a device is asked for the numbers once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gibbsite.rbm._ascent import Ascent
from gibbsite.rbm._pseudo import PseudoLikelihood, n_variables

Array = Any


class Monitor:
    """Curves of a fit.

    Parameters
    ----------
    ascent : Ascent
    rows : array of shape (n_rows, n_visible)
        Training rows to look at.
    validation : array or None
        Rows that were held out.
    seed : int
        Of the variables that the pseudo-likelihood looks at, the same after every epoch; Gaussian units have none.
    """

    def __init__(self, ascent: Ascent, rows: Array, validation: Array | None, seed: int) -> None:
        machine, xp = ascent.machine, ascent.machine.xp
        self.ascent, self.rows, self.validation = ascent, rows, validation
        self.pseudo = None if machine.is_gaussian else self._pseudo_likelihood(seed)
        self._hidden = xp.empty((len(rows), machine.n_hidden), dtype=machine.dtype)
        self._visible = xp.empty((len(rows), machine.n_visible), dtype=machine.dtype)
        self._before: Array | None = None

    def before_last_step(self) -> None:
        """Keep where the chains are, so that the last step of the epoch shows how far they move."""
        scheme = self.ascent.scheme
        if scheme.is_persistent and scheme.sweep:
            self._before = scheme.visible().copy()

    def measure(self) -> dict[str, float]:
        """The numbers of one epoch, by their names in `history_`."""
        values = {**self._fit(), **self._mixing(), **self._norms()}
        together = self.ascent.machine.xp.stack([value.astype(np.float64) for value in values.values()])
        numbers = dict(zip(values, together.tolist(), strict=True))
        return self._derived(numbers)

    def _pseudo_likelihood(self, seed: int) -> PseudoLikelihood:
        machine = self.ascent.machine
        variable = np.random.default_rng(seed).integers(n_variables(self.rows, machine.groups), size=len(self.rows))
        return PseudoLikelihood(self.rows, machine.groups, machine.xp.asarray(variable))

    def _fit(self) -> dict[str, Array]:
        machine = self.ascent.machine
        machine.hidden_probabilities(self.rows, self._hidden)
        machine.visible_probabilities(self._hidden, self._visible)
        self._visible -= self.rows
        free_energy = machine.free_energy(self.rows)
        values = {
            "reconstruction_error": (self._visible * self._visible).mean(dtype=np.float64),
            "free_energy": free_energy.mean(dtype=np.float64),
        }
        if machine.is_gaussian:
            squares = self._visible * self._visible / machine.variance + machine.log_variance + math.log(2 * math.pi)
            values["reconstruction_log_density"] = -0.5 * squares.sum(axis=1, dtype=np.float64).mean()
        if self.pseudo is not None:
            values["pseudo_likelihood"] = self.pseudo.values(machine, free_energy).mean(dtype=np.float64)
        if self.validation is not None:
            values["free_energy_validation"] = machine.free_energy(self.validation).mean(dtype=np.float64)
        return values

    def _mixing(self) -> dict[str, Array]:
        """How far the chains of the model moved in their last k sweeps, over all visible units."""
        scheme, xp = self.ascent.scheme, self.ascent.machine.xp
        if self._before is None:  # no chains, or none before the first of all steps
            missing = xp.full((), np.nan)
            return {"flip_rate": missing, "autocorrelation": missing} if scheme.is_persistent else {}
        now, then = scheme.visible().astype(np.float64), self._before.astype(np.float64)
        flips = (now != then).mean(dtype=np.float64)
        now, then = now - now.mean(axis=0), then - then.mean(axis=0)
        # the floor is for chains that do not vary at all
        spread = xp.maximum((now * now).sum() * (then * then).sum(), 1e-300) ** 0.5
        return {"flip_rate": flips, "autocorrelation": (now * then).sum() / spread}

    def _norms(self) -> dict[str, Array]:
        names = ("weight_norm", "weight_update_norm", "bias_norm", "bias_update_norm")
        return {name: self.ascent.norms[i] ** 0.5 for i, name in enumerate(names)}

    def _derived(self, numbers: dict[str, float]) -> dict[str, float]:
        norm = numbers["weight_norm"]
        numbers["update_ratio"] = numbers["weight_update_norm"] / norm if norm else math.inf
        if self.validation is not None:
            numbers["free_energy_gap"] = numbers["free_energy_validation"] - numbers["free_energy"]
        return numbers


def is_finite(numbers: dict[str, float]) -> bool:
    """Whether weights, biases and free energies are numbers still."""
    watched = ("weight_norm", "bias_norm", "weight_update_norm", "free_energy", "free_energy_validation")
    return all(math.isfinite(numbers.get(name, 0.0)) for name in watched)
