"""What is said about components that died or collapsed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from gibbsite._persistence import to_host
from gibbsite.mixture._algebra import variances

NOT_CONVERGED = (
    "Best performing initialization did not converge. Try different init parameters, or increase max_iter, tol, or "
    "check for degenerate data."
)


class ComponentWarning(ConvergenceWarning):
    """Some components of a fitted mixture describe no data, or only copies of one row."""


def warn(message: str, category: type[Warning], frames: int = 0) -> None:
    """Warn at the line that called `fit`, `frames` calls above this one's caller."""
    # this function, fit and scikit-learn's wrapper around it
    warnings.warn(message, category, stacklevel=4 + frames)


def warn_of_components(parameters: Any, covariance_type: str, reg_covar: float) -> None:
    """Warn of starved and of collapsed components, naming them.

    A starved component (total responsibility at rounding level) keeps its mean and gets the pooled covariance of the
    others, so that a later pass may revive it. A collapsed one keeps the floor `reg_covar` as its variance.
    """
    starved = to_host(parameters.status) == 1
    if starved.any():
        warn(
            f"{_named(starved)} took no data (responsibility at rounding level): mean kept, covariance set to the "
            "pooled covariance of the others. Decrease n_components or try another init_params.",
            ComponentWarning,
            frames=2,
        )
    if covariance_type == "tied" or len(starved) == 1:
        return
    n_components, n_features = parameters.means.shape
    spread = variances(to_host(parameters.covariances), covariance_type, n_components, n_features, np)
    # a column that is constant everywhere is no collapse: some component must be wider there
    at_floor = spread <= 2.0 * reg_covar
    collapsed = at_floor.all(axis=1) & ~at_floor.all() & ~starved
    if collapsed.any():
        warn(
            f"{_named(collapsed)} collapsed onto equal rows: the variance is the floor reg_covar. "
            "Decrease n_components, increase reg_covar, or check for duplicate rows.",
            ComponentWarning,
            frames=2,
        )


def _named(mask: np.ndarray) -> str:
    numbers = np.flatnonzero(mask)
    return ("Component " if len(numbers) == 1 else "Components ") + ", ".join(map(str, numbers))
