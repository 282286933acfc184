"""Dask arrays: a pass is a map over the row chunks and a tree of merges on the scheduler; only statistics travel.

Where a worker dies, its tasks run again elsewhere. The tree's shape depends on the number of chunks alone, so that
the result does not depend on who computed what.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

from gibbsite.kernels import mixture as kernels
from gibbsite.kernels._validation import check_finite
from gibbsite.kernels.mixture import Statistics
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._sources import RowSource, weighted_sum
from gibbsite.mixture._subsample import subsample_stride
from gibbsite.mixture._validation import (
    check_chunk,
    check_enough_rows,
    check_weights,
    is_one_weight,
    n_positive,
)

Array = Any

_RETRIES = 3


def is_dask_array(X: Any) -> bool:
    """Whether X is a Dask array; Dask is not imported to find out."""
    module = sys.modules.get("dask.array")
    return module is not None and isinstance(X, module.Array)


class DaskSource(RowSource):
    """Chunks of rows of a Dask array.

    Parameters
    ----------
    X : dask.array.Array of shape (n_rows, n_features)
        Chunked along the rows; columns are brought into one chunk.
    sample_weight : array or dask array of shape (n_rows,) or None
    n_components : int
    threads : int or None
        Threads of each task; default one, since Dask runs tasks side by side.
    dtype : numpy.dtype, optional
        Default that of X.
    """

    def __init__(self, X: Any, sample_weight: Any, n_components: int, threads: int | None, dtype: Any = None) -> None:
        check_table(X)
        own = X.dtype if X.dtype in (np.float32, np.float64) else np.float64
        self.dtype = np.dtype(own if dtype is None else dtype)
        self.n_features = X.shape[1]
        self.threads = 1 if threads is None else threads
        self._blocks = _delayed_blocks(X, sample_weight)
        self._survey(n_components)

    def em_step(
        self, offsets: Array | None, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> Statistics:
        from dask.delayed import delayed

        model = delayed((offsets, means, precisions_cholesky, covariance_type, self.threads), traverse=False)
        parts = [delayed(_em_chunk)(X, w, self.dtype, model) for X, w in self._blocks]
        while len(parts) > 1:
            pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
            parts = [delayed(kernels.merge)(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        result: Statistics = _compute(parts)[0]
        return result

    def log_likelihood(
        self, offsets: Array, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> tuple[float, float]:
        from dask.delayed import delayed

        model = delayed((offsets, means, precisions_cholesky, covariance_type, self.threads), traverse=False)
        sums = _compute([delayed(_density_chunk)(X, w, self.dtype, model) for X, w in self._blocks])
        return sum(value for value, _ in sums), sum(weight for _, weight in sums)

    def initial_rows(self, n_components: int) -> tuple[Array, Array | None]:
        return self._rows

    def _survey(self, n_components: int) -> None:
        """Count the rows, check the values and fetch the even subsample: two maps over the chunks.

        Values are checked in the second, which knows the number of each chunk's first row.
        """
        from dask.delayed import delayed

        starts = np.cumsum([0, *_compute([delayed(_count_chunk)(X, self.dtype) for X, _ in self._blocks])])
        self.n_rows = int(starts[-1])
        stride = subsample_stride(self.n_rows, n_components)
        tasks = [
            delayed(_pick_chunk)(X, w, self.dtype, int(start), stride)
            for (X, w), start in zip(self._blocks, starts[:-1], strict=True)
        ]
        parts = _compute(tasks)
        self.xp = array_module(parts[0][0])
        weights = None if parts[0][1] is None else self.xp.concatenate([w for _, w, _ in parts])
        if weights is not None and not bool((weights > 0).any()):
            raise ValueError("Sample weights must contain at least one non-zero number.")
        self._rows = self.xp.concatenate([x for x, _, _ in parts]), weights
        check_enough_rows(self.n_rows, n_components, sum(positive for _, _, positive in parts))


def check_table(X: Any) -> None:
    """Raise ValueError unless a Dask array is a table of real numbers."""
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D array instead")
    if X.dtype.kind not in "fiub":
        raise ValueError(f"Expected a Dask array of numbers, got dtype {X.dtype}")


def map_rows(X: Any, kernel: Any, arguments: tuple[Any, ...], n_columns: int | None, dtype: Any) -> Any:
    """`kernel(chunk, *arguments)` of each row chunk as a lazy Dask array of shape (n_rows,) or (n_rows, n_columns)."""
    X = X.rechunk({1: -1})
    axes = {"drop_axis": 1} if n_columns is None else {"chunks": (X.chunks[0], (n_columns,))}
    meta = np.empty((0,) if n_columns is None else (0, n_columns), dtype)
    return X.map_blocks(_row_chunk, kernel, arguments, dtype=dtype, meta=meta, **axes)


def _delayed_blocks(X: Any, sample_weight: Any) -> list[tuple[Any, Any]]:
    da: Any = importlib.import_module("dask.array")

    X = X.rechunk({1: -1})
    blocks = X.to_delayed().ravel()
    if sample_weight is None or is_one_weight(sample_weight):
        return [(block, sample_weight) for block in blocks]
    weights = da.asarray(sample_weight)
    if weights.shape != X.shape[:1]:
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {X.shape[:1]}!")
    weights = weights.rechunk((X.chunks[0],))
    return list(zip(blocks, weights.to_delayed().ravel(), strict=True))


def _compute(tasks: list[Any]) -> list[Any]:
    dask: Any = importlib.import_module("dask")

    # schedulers on threads or processes of this machine ignore `retries`
    return list(dask.compute(*tasks, retries=_RETRIES))


def _checked(X: Array, sample_weight: Array | None, dtype: Any) -> tuple[Array, Array | None]:
    X = check_chunk(X, dtype)
    return X, check_weights(sample_weight, X, allow_all_zero=True)


def _em_chunk(X: Array, sample_weight: Array | None, dtype: Any, model: tuple[Any, ...]) -> Statistics:
    X, weights = _checked(X, sample_weight, dtype)
    return kernels.em_step(X, *model[:4], sample_weight=weights, threads=model[4])


def _density_chunk(X: Array, sample_weight: Array | None, dtype: Any, model: tuple[Any, ...]) -> tuple[float, float]:
    X, weights = _checked(X, sample_weight, dtype)
    return weighted_sum(kernels.log_density(X, *model[:4], threads=model[4]), weights)


def _count_chunk(X: Array, dtype: Any) -> int:
    return len(check_chunk(X, dtype))


def _pick_chunk(
    X: Array, sample_weight: Array | None, dtype: Any, start: int, stride: int
) -> tuple[Array, Array | None, int]:
    """Rows of the subsample and their weights, and how many rows of the chunk have weight."""
    X = check_chunk(X, dtype)
    check_finite(X, first_row=start)
    weights = check_weights(sample_weight, X, allow_all_zero=True, first_row=start)
    rows = slice(-start % stride, None, stride)
    return X[rows].copy(), None if weights is None else weights[rows].copy(), n_positive(weights, len(X))


def _row_chunk(X: Array, kernel: Any, arguments: tuple[Any, ...], block_info: Any = None) -> Array:
    X = check_chunk(X)
    check_finite(X, first_row=_first_row(block_info))
    result = kernel(X, *arguments)
    return result[0] if isinstance(result, tuple) else result


def _first_row(block_info: Any) -> int:
    """Number of a chunk's first row as `map_blocks` knows it; 0 where the sizes of the chunks are unknown."""
    start = block_info[0]["array-location"][0][0] if block_info else 0
    return 0 if start != start else int(start)
