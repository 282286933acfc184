"""Finds the source that fits what the user passed."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite.mixture._chunks import ChunkSource, chunk_factory, is_large_map, map_factory, release_pages
from gibbsite.mixture._dask import DaskSource, is_dask_array
from gibbsite.mixture._sources import ArraySource, RowSource
from gibbsite.mixture._validation import check_enough_rows, check_rows, check_weights, is_one_weight, n_positive


def open_source(
    estimator: Any, X: Any, sample_weight: Any, *, reset: bool, min_samples: int = 1, dtype: Any = None
) -> RowSource:
    """A checked source of rows; see `BaseMixture.fit` for what X may be.

    Parameters
    ----------
    estimator : estimator
        Its `n_components` (rows needed, where `reset`) and `threads` are used; the number of features is set or
        compared.
    X, sample_weight
    reset : bool
        Whether the estimator is about to be fitted.
    min_samples : int
    dtype : numpy.dtype, optional
        Precision to compute in; default that of X where it is float32 or float64, float64 otherwise.
    """
    needed = estimator.n_components if reset else 1
    threads = estimator.threads
    factory = chunk_factory(X, sample_weight)
    source: RowSource
    if is_dask_array(X):
        source = DaskSource(X, sample_weight, needed, threads, dtype)
    elif factory is not None:
        source = ChunkSource(factory, needed, threads, dtype)
    elif is_large_map(X):
        weights = sample_weight
        if weights is not None and not is_one_weight(weights):
            weights = np.asarray(weights)
            if weights.shape != X.shape[:1]:
                raise ValueError(f"sample_weight.shape == {weights.shape}, expected {X.shape[:1]}!")
        source = ChunkSource(map_factory(X, weights), needed, threads, dtype, release_pages(X))
    else:
        X = check_rows(estimator, X, reset=reset, min_samples=min_samples, dtype=dtype)
        weights = check_weights(sample_weight, X)
        check_enough_rows(len(X), needed, n_positive(weights, len(X)))
        return ArraySource(X, weights, threads)
    check_n_features(estimator, source.n_features, reset)
    return source


def check_n_features(estimator: Any, n_features: int, reset: bool) -> None:
    """scikit-learn's bookkeeping for inputs that it does not know."""
    if reset:
        estimator.n_features_in_ = n_features
        vars(estimator).pop("feature_names_in_", None)
    elif n_features != getattr(estimator, "n_features_in_", n_features):
        raise ValueError(
            f"X has {n_features} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
