"""Where rows come from. A fit sees its data only through a `RowSource`: passes that yield merged statistics.

The sources are an array in memory (on the host or on a device), chunks that come one after the other (a memory map,
a list, anything that can be iterated again), and a Dask array (`gibbsite.mixture._dask`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from gibbsite.kernels import mixture as kernels
from gibbsite.kernels.mixture import Statistics
from gibbsite.mixture._arrays import array_module

Array = Any


class RowSource(ABC):
    """Rows of data, and a weight for each, for as many passes as an algorithm needs.

    Attributes
    ----------
    n_rows, n_features : int
    dtype : numpy.dtype
        float32 or float64: of the rows, the parameters and the results.
    xp : module
        NumPy or CuPy: where the rows are when the kernels see them.
    threads : int or None
    """

    n_rows: int
    n_features: int
    dtype: Any
    xp: Any
    threads: int | None = None

    @abstractmethod
    def em_step(
        self, offsets: Array | None, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> Statistics:
        """One pass of E step and accumulation. The result is overwritten by the next pass."""

    @abstractmethod
    def log_likelihood(
        self, offsets: Array, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> tuple[float, float]:
        """Weighted sum of the log densities of the rows, and the total weight."""

    @abstractmethod
    def initial_rows(self, n_components: int) -> tuple[Array, Array | None]:
        """Rows in memory, with weights, on which the initialisation works: all of them, or an even subsample."""

    def moments(self, covariance_type: str) -> Statistics:
        """Weight, mean and central second moments of all rows: a pass with one component that takes every row."""
        rows, _ = self.initial_rows(1)
        # the factor only has to keep the density from overflowing: its value cancels in the responsibilities
        small = self.xp.asarray(1e-9, dtype=self.dtype)
        factor = small * self.xp.ones((1, self.n_features), dtype=self.dtype)
        if covariance_type == "full":
            factor = small * self.xp.eye(self.n_features, dtype=self.dtype)[None]
        anchor = self.xp.ascontiguousarray(rows[:1])
        return self.em_step(None, anchor, factor, covariance_type).copy()


class ArraySource(RowSource):
    """Rows that lie in memory: one kernel call a pass.

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
        Checked, C-contiguous, float32 or float64.
    sample_weight : array of shape (n_rows,) or None
    threads : int or None
    """

    def __init__(self, X: Array, sample_weight: Array | None, threads: int | None) -> None:
        self.X = X
        self.sample_weight = sample_weight
        self.n_rows, self.n_features = X.shape
        self.dtype = X.dtype
        self.xp = array_module(X)
        self.threads = threads
        self._buffers: dict[tuple[int, str], Statistics] = {}

    def em_step(
        self, offsets: Array | None, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> Statistics:
        key = (len(means), covariance_type)
        statistics = kernels.em_step(
            self.X,
            offsets,
            means,
            precisions_cholesky,
            covariance_type,
            sample_weight=self.sample_weight,
            out=self._buffers.get(key),
            threads=self.threads,
        )
        self._buffers[key] = statistics
        return statistics

    def log_likelihood(
        self, offsets: Array, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> tuple[float, float]:
        density = kernels.log_density(
            self.X, offsets, means, precisions_cholesky, covariance_type, threads=self.threads
        )
        return weighted_sum(density, self.sample_weight)

    def initial_rows(self, n_components: int) -> tuple[Array, Array | None]:
        return self.X, self.sample_weight


def weighted_sum(density: Array, sample_weight: Array | None) -> tuple[float, float]:
    """Sum of w log p and of w, accumulated in float64; rows of weight zero do not count, whatever their density."""
    if sample_weight is None:
        return float(density.sum(dtype="float64")), float(len(density))
    counted = sample_weight > 0
    products = density[counted].astype("float64") * sample_weight[counted]
    return float(products.sum()), float(sample_weight.sum(dtype="float64"))
