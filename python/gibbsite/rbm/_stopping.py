"""Early stopping when a machine begins to learn its training rows by heart."""

from __future__ import annotations

import math


class EarlyStopping:
    """Watches the free-energy gap, and remembers the best epoch.

    The gap between the mean free energies of held-out and of training rows is, as log Z cancels, how much more likely
    a training row is than a new one (Hinton 2012, section 6). The pseudo-likelihood of the training rows minus that
    gap, the score, stands for the likelihood of new rows. The first epochs of a machine are often a plateau; there
    the score wavers, but the gap does not grow.

    Parameters
    ----------
    patience : int
        Epochs without a better score that end the fit,
    tol : float
        once the gap has grown by so many nats a row since the first epoch.
    """

    def __init__(self, patience: int, tol: float) -> None:
        self.patience, self.tol = patience, tol
        self.best_score = -math.inf
        self.best_epoch = 0
        self.first_gap = self.growth = math.nan

    @staticmethod
    def score(numbers: dict[str, float]) -> float:
        """Score of an epoch from its numbers."""
        fit = numbers.get("pseudo_likelihood", numbers.get("reconstruction_log_density", math.nan))
        return fit - numbers["free_energy_gap"]

    def is_best(self, epoch: int, score: float, gap: float) -> bool:
        """Take note of an epoch; whether it is the best so far."""
        if epoch == 1:
            self.first_gap = gap
        self.growth = gap - self.first_gap
        if score > self.best_score:
            self.best_score, self.best_epoch = score, epoch
            return True
        return False

    def is_over(self, epoch: int) -> bool:
        """Whether to stop after this epoch."""
        return epoch - self.best_epoch >= self.patience and self.growth > self.tol

    def replay(self, history: dict[str, list[float]]) -> None:
        """Take note of the epochs that an earlier run has seen."""
        seen = zip(history.get("early_stopping_score", []), history.get("free_energy_gap", []), strict=True)
        for epoch, (score, gap) in enumerate(seen, start=1):
            self.is_best(epoch, score, gap)
