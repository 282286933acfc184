"""Normal and Student-t distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.targets._base import Names, Target, packed_numbers
from gibbsite.targets._checks import as_numbers, as_positive, check_shape, log_determinant, precision_factor

_LOG_2PI = math.log(2 * math.pi)


class MultivariateNormal(Target):
    """Normal distribution with any covariance, or with independent coordinates.

    Parameters
    ----------
    mean : array-like of shape (dim,)
    cov : array-like of shape (dim, dim), optional
        Covariance; either this or `scales`.
    scales : array-like of shape (dim,), or float, optional
        Standard deviations of independent coordinates.
    names : mapping or sequence, optional
        See `Target`.

    Examples
    --------
    >>> from gibbsite import targets
    >>> target = targets.MultivariateNormal([0.0, 1.0], scales=[1.0, 2.0])
    >>> target.log_density([[0.0, 1.0]]).round(4)
    array([-2.531])
    """

    def __init__(self, mean: Any, cov: Any = None, *, scales: Any = None, names: Names | None = None) -> None:
        self.mean = as_numbers(mean, "mean", (1,))
        super().__init__(len(self.mean), names)
        if (cov is None) == (scales is None):
            raise ValueError("MultivariateNormal needs either cov, a matrix, or scales, the standard deviations.")
        if cov is not None:
            self.cov = as_numbers(cov, "cov", (2,))
            check_shape(self.cov, (self.dim, self.dim), "cov")
            self._factor = precision_factor(self.cov, "cov")
            log_factor = log_determinant(self._factor)
        else:
            deviations = np.broadcast_to(as_numbers(scales, "scales", (0, 1)), (self.dim,))
            if not (deviations > 0).all():
                raise ValueError(f"scales should be positive, but the least is {deviations.min():.6g}.")
            self.cov = np.diag(deviations**2)
            self._factor = 1 / deviations
            log_factor = float(np.log(self._factor).sum())
        self._constant = log_factor - 0.5 * self.dim * _LOG_2PI

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        return packed_numbers(1, [self._factor.ndim == 1], [self._constant, self.mean, self._factor], dtype)


class StudentT(Target):
    """Multivariate Student-t distribution.

    Parameters
    ----------
    df : float
        Degrees of freedom.
    mean : array-like of shape (dim,)
        Centre.
    scale : array-like of shape (dim, dim) or (dim,)
        Scale matrix, as `scipy.stats.multivariate_t` calls its shape; or the square roots of a diagonal one.
    names : mapping or sequence, optional
        See `Target`.
    """

    def __init__(self, df: float, mean: Any, scale: Any, *, names: Names | None = None) -> None:
        self.df = as_positive(df, "df")
        self.mean = as_numbers(mean, "mean", (1,))
        super().__init__(len(self.mean), names)
        self.scale = as_numbers(scale, "scale", (1, 2))
        if self.scale.ndim == 1:
            check_shape(self.scale, (self.dim,), "scale")
            if not (self.scale > 0).all():
                raise ValueError(f"scale should be positive, but the least is {self.scale.min():.6g}.")
            self.scale = np.diag(self.scale**2)
        check_shape(self.scale, (self.dim, self.dim), "scale")
        self._factor = precision_factor(self.scale, "scale")
        self._constant = (
            math.lgamma(0.5 * (self.df + self.dim))
            - math.lgamma(0.5 * self.df)
            - 0.5 * self.dim * math.log(self.df * math.pi)
            + log_determinant(self._factor)
        )

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        return packed_numbers(5, [], [self._constant, self.df, self.mean, self._factor], dtype)
