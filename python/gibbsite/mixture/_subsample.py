"""An even subsample of rows that pass by, for initialisation: every s-th row, s the smallest power of two that fits."""

from __future__ import annotations

from typing import Any

from gibbsite.mixture._arrays import array_module

Array = Any

_ROWS_PER_COMPONENT = 256
_LEAST_ROWS = 4096


def subsample_limit(n_components: int) -> int:
    """Most rows that an initialisation on streamed data works on."""
    return max(_LEAST_ROWS, _ROWS_PER_COMPONENT * n_components)


def subsample_stride(n_rows: int, n_components: int) -> int:
    """Smallest power of two s for which ceil(n_rows / s) rows are within the limit."""
    stride = 1
    while -(-n_rows // stride) > subsample_limit(n_components):
        stride *= 2
    return stride


class EvenSubsample:
    """Rows whose number is a multiple of the stride; the stride doubles whenever too many were kept.

    What is kept depends on the rows and their order only, not on how they were cut into chunks.
    """

    def __init__(self, n_components: int) -> None:
        self.limit = subsample_limit(n_components)
        self.stride = 1
        self._seen = 0
        self._kept: list[tuple[Array, Array | None]] = []

    def add(self, X: Array, sample_weight: Array | None) -> None:
        """See one more chunk; a copy is made of the rows that are kept."""
        while -(-(self._seen + len(X)) // self.stride) > self.limit:
            self.stride *= 2
            self._thin()
        first = -self._seen % self.stride
        self._keep(X[first :: self.stride], None if sample_weight is None else sample_weight[first :: self.stride])
        self._seen += len(X)

    def rows(self) -> tuple[Array, Array | None]:
        """The kept rows and their weights, contiguous."""
        if len(self._kept) > 1:
            parts, self._kept = self._kept, []
            xp = array_module(parts[0][0])
            weights = None if parts[0][1] is None else xp.concatenate([w for _, w in parts])
            self._kept = [(xp.concatenate([x for x, _ in parts]), weights)]
        return self._kept[0]

    def _keep(self, X: Array, sample_weight: Array | None) -> None:
        if len(X):
            self._kept.append((X.copy(), None if sample_weight is None else sample_weight.copy()))

    def _thin(self) -> None:
        if self._kept:
            X, weights = self.rows()
            self._kept = []
            self._keep(X[::2], None if weights is None else weights[::2])
