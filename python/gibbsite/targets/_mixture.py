"""Mixtures of normal distributions."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.targets._base import Names, Target, packed_numbers
from gibbsite.targets._checks import as_numbers, check_shape, log_determinant, precision_factor


class GaussianMixture(Target):
    """Mixture of normal distributions with known parameters.

    Parameters
    ----------
    weights : array-like of shape (n_components,)
        Positive; they are divided by their sum where that is 1 to rounding.
    means : array-like of shape (n_components, dim)
    covariances : array-like of shape (n_components, dim, dim)
    names : mapping or sequence, optional
        See `Target`.

    See Also
    --------
    gibbsite.GaussianMixture : the estimator; `from_estimator` makes a target of a fitted one.
    """

    def __init__(self, weights: Any, means: Any, covariances: Any, *, names: Names | None = None) -> None:
        self.means = as_numbers(means, "means", (2,))
        n_components, dim = self.means.shape
        super().__init__(dim, names)
        self.weights = as_numbers(weights, "weights", (1,))
        check_shape(self.weights, (n_components,), "weights")
        if not (self.weights > 0).all():
            raise ValueError(f"weights should be positive, but the least is {self.weights.min():.6g}.")
        if abs(self.weights.sum() - 1) > 1e-6:
            raise ValueError(f"weights should add up to 1, but their sum is {self.weights.sum():.6g}.")
        self.weights /= self.weights.sum()
        self.covariances = as_numbers(covariances, "covariances", (3,))
        check_shape(self.covariances, (n_components, dim, dim), "covariances")
        self._factors = np.array(
            [precision_factor(matrix, f"covariances[{k}]") for k, matrix in enumerate(self.covariances)]
        )
        logs = np.array([log_determinant(factor) for factor in self._factors])
        self._constants = np.log(self.weights) + logs - 0.5 * dim * math.log(2 * math.pi)

    @classmethod
    def from_estimator(cls, estimator: Any, *, names: Names | None = None) -> Self:
        """Take the parameters of a fitted mixture, of this library or of scikit-learn.

        Parameters
        ----------
        estimator : GaussianMixture or BayesianGaussianMixture
            Fitted, with any covariance type.
        names : mapping or sequence, optional
            See `Target`.
        """
        if not hasattr(estimator, "covariances_"):
            raise ValueError(f"This {type(estimator).__name__} instance is not fitted yet: call 'fit' first.")
        from gibbsite._persistence import to_host

        parts = [to_host(part) for part in (estimator.weights_, estimator.means_, estimator.covariances_)]
        weights, means, covariances = (np.asarray(part, dtype=np.float64) for part in parts)
        full = _full_covariances(covariances, estimator.covariance_type, *means.shape)
        # float32 parameters add up to 1 within their own rounding only
        return cls(weights / weights.sum(), means, full, names=names)

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        parts = [self._constants, self.means, self._factors]
        return packed_numbers(4, [len(self.weights)], parts, dtype)


def _full_covariances(
    covariances: NDArray[np.float64], covariance_type: str, n_components: int, dim: int
) -> NDArray[np.float64]:
    """Covariance matrices of every component, whatever the estimator's type."""
    eye = np.eye(dim)
    if covariance_type == "tied":
        return np.broadcast_to(covariances, (n_components, dim, dim))
    if covariance_type == "diag":
        return covariances[:, :, np.newaxis] * eye
    if covariance_type == "spherical":
        return covariances[:, np.newaxis, np.newaxis] * eye
    return 0.5 * (covariances + np.swapaxes(covariances, 1, 2))
