"""The parameters of K Gaussians as one unconstrained vector: where EM may be extrapolated.

Logarithms of the weights, means in units of the data's spread, and the Cholesky factors of the precisions with the
logarithms of their diagonals. Without the units a feature of large scale would alone decide the length of a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite.mixture._sources import RowSource

Array = Any


class Packing:
    """Maps (weights, means, precisions_cholesky) to a float64 vector and back.

    Parameters
    ----------
    source : RowSource
        Its moments give the units: mean and deviation of each feature.
    n_components : int
    covariance_type : str
    """

    def __init__(self, source: RowSource, n_components: int, covariance_type: str) -> None:
        self.xp = source.xp
        self.dtype = source.dtype
        self.covariance_type = covariance_type
        self.shape = (n_components, source.n_features)
        moments = source.moments("diag")
        deviation = self.xp.sqrt(moments.scatter[0] / moments.total_weight)
        self.total_weight = float(moments.total_weight)
        self.origin = moments.mean[0]
        self.unit = self.xp.where(deviation > 0.0, deviation, 1.0)

    def pack(self, weights: Array, means: Array, precisions_cholesky: Array) -> Array:
        """The vector, a copy."""
        parts = [
            self.xp.log(weights.astype(np.float64)),
            ((means - self.origin) / self.unit).ravel(),
            self._pack_factor(precisions_cholesky.astype(np.float64)),
        ]
        return self.xp.concatenate(parts)

    def unpack(self, vector: Array) -> tuple[Array, Array, Array]:
        """Weights (normalised), means and factors in the data's dtype."""
        n_components, n_features = self.shape
        end = n_components * (1 + n_features)
        weights = self.xp.exp(vector[:n_components] - vector[:n_components].max())
        weights /= weights.sum()
        means = vector[n_components:end].reshape(self.shape) * self.unit + self.origin
        factor = self._unpack_factor(vector[end:])
        return tuple(self.xp.ascontiguousarray(part, dtype=self.dtype) for part in (weights, means, factor))

    def _triangle(self) -> tuple[Array, Array]:
        rows, columns = self.xp.triu_indices(self.shape[1])
        return rows, columns

    def _pack_factor(self, factor: Array) -> Array:
        if self.covariance_type == "spherical":
            return self.xp.log(factor)
        if self.covariance_type == "diag":
            return self.xp.log(factor * self.unit).ravel()
        rows, columns = self._triangle()
        values = (factor * self.unit[:, None])[..., rows, columns]
        on_diagonal = rows == columns
        values[..., on_diagonal] = self.xp.log(values[..., on_diagonal])
        return values.ravel()

    def _unpack_factor(self, values: Array) -> Array:
        n_components, n_features = self.shape
        if self.covariance_type == "spherical":
            return self.xp.exp(values)
        if self.covariance_type == "diag":
            return self.xp.exp(values.reshape(self.shape)) / self.unit
        rows, columns = self._triangle()
        values = values.reshape(*(() if self.covariance_type == "tied" else (n_components,)), len(rows)).copy()
        on_diagonal = rows == columns
        values[..., on_diagonal] = self.xp.exp(values[..., on_diagonal])
        factor = self.xp.zeros((*values.shape[:-1], n_features, n_features))
        factor[..., rows, columns] = values
        return factor / self.unit[:, None]
