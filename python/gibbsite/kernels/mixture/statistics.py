"""Sufficient statistics of a mixture over some rows: the object in which passes over data come together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gibbsite._backends.selection import select
from gibbsite.kernels._validation import FLOAT64, Array
from gibbsite.kernels.mixture._arguments import covariance_shape, require_instance


def statistics_size(n_components: int, n_features: int, covariance_type: str) -> int:
    """Return the number of entries of `Statistics.data`."""
    size = 1
    for n in covariance_shape(n_components, n_features, covariance_type):
        size *= n
    return 2 + n_components * (1 + n_features) + size


@dataclass(slots=True, eq=False)
class Statistics:
    """Weights, weighted means and central second moments of the components, in one flat float64 array.

    Threads, chunks of rows, workers and devices each make their own, and `merge` puts them together; the result is that
    of one pass over all rows. Pickles.

    Attributes
    ----------
    data : float64 array of shape (2 + K + K D + scatter.size,)
        [log_likelihood, total_weight, weight, mean, scatter]; the other attributes are views of it.
    n_components, n_features : int
    covariance_type : {"full", "tied", "diag", "spherical"}
    log_likelihood : float64 scalar
        Sum over rows of weight times log density; 0 if the statistics come from given responsibilities.
    total_weight : float64 scalar
        Sum of the rows' weights.
    weight : array of shape (K,)
        Sum of row weight times responsibility.
    mean : array of shape (K, D)
        Weighted mean of the rows; where a component has no weight, the point that moments were taken about.
    scatter : array
        Sum of weight times (x - mean)(x - mean)^T: (K, D, D) for "full"; summed over components, (D, D), for "tied";
        its diagonal, (K, D), for "diag"; its trace, (K,), for "spherical".
    """

    data: Array
    n_components: int
    n_features: int
    covariance_type: str

    @classmethod
    def zeros(cls, n_components: int, n_features: int, covariance_type: str, xp: Any = np) -> Statistics:
        """Return the statistics of no rows at all; `xp` is the array module."""
        size = statistics_size(n_components, n_features, covariance_type)
        return cls(xp.zeros(size, FLOAT64), n_components, n_features, covariance_type)

    @property
    def log_likelihood(self) -> Any:
        """Sum over rows of weight times log density."""
        return self.data[0]

    @property
    def total_weight(self) -> Any:
        """Sum of the rows' weights."""
        return self.data[1]

    @property
    def weight(self) -> Array:
        """Weight of each component, (K,)."""
        return self.data[2 : 2 + self.n_components]

    @property
    def mean(self) -> Array:
        """Mean of each component, (K, D)."""
        begin = 2 + self.n_components
        end = begin + self.n_components * self.n_features
        return self.data[begin:end].reshape(self.n_components, self.n_features)

    @property
    def scatter(self) -> Array:
        """Central second moments."""
        begin = 2 + self.n_components * (1 + self.n_features)
        shape = covariance_shape(self.n_components, self.n_features, self.covariance_type)
        return self.data[begin:].reshape(shape)

    def copy(self) -> Statistics:
        """Return statistics that share no memory with these."""
        return Statistics(self.data.copy(), self.n_components, self.n_features, self.covariance_type)

    def scaled(self, factor: float) -> Statistics:
        """Return these statistics as if every row's weight were multiplied by a factor: stepwise EM forgets so."""
        result = self.copy()
        result.data *= factor
        result.mean[...] = self.mean
        return result

    def merge(self, other: Statistics) -> Statistics:
        """Add the rows of `other`, in place, and return self (Chan, Golub & LeVeque 1979).

        Raises
        ------
        TypeError
            If `other` is no Statistics.
        ValueError
            If the two do not describe the same kind of mixture.
        """
        require_instance(other, Statistics, "other")
        mine = self.n_components, self.n_features, self.covariance_type
        theirs = other.n_components, other.n_features, other.covariance_type
        if mine != theirs:
            raise ValueError(
                "Statistics can be merged if (n_components, n_features, covariance_type) agree, "
                f"but they are {mine} and {theirs}."
            )
        backend = select(self.data)
        backend.mixture.merge(self.data, other.data, *mine, backend.context())
        return self


def merge(a: Statistics, b: Statistics, *, out: Statistics | None = None) -> Statistics:
    """Statistics of the rows of `a` and of `b` together.

    Parameters
    ----------
    a, b : Statistics
    out : Statistics, optional
        Written to; may be `a` itself.

    Returns
    -------
    Statistics

    Raises
    ------
    TypeError
        If one is no Statistics.
    ValueError
        If the two do not describe the same kind of mixture.
    """
    require_instance(a, Statistics, "a")
    require_instance(b, Statistics, "b")
    require_instance(out, (Statistics, type(None)), "out")
    if out is None:
        out = a.copy()
    elif out is not a:
        out.data[...] = a.data
    return out.merge(b)
