"""The checkpoint of a fit: what identifies it, and how the steps' parameters become arrays."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import numpy as np

from gibbsite._persistence import to_host
from gibbsite.em._checkpoint import Checkpoint
from gibbsite.mixture._sources import RowSource

# parameters that neither shape the result nor the course of a fit
_INDIFFERENT = {"callback", "checkpoint", "threads", "verbose", "verbose_interval", "warm_start", "decay"}


def fit_checkpoint(estimator: Any, source: RowSource, steps: Any, random_state: np.random.RandomState) -> Checkpoint:
    """Where `estimator.fit` keeps its state; a later fit of the same data and settings goes on from there."""

    def to_tree(parameters: Any) -> Any:
        return {name: _copied(value) for name, value in parameters._asdict().items()}

    def from_tree(tree: dict[str, Any]) -> Any:
        parts = {name: _on_device(value, steps.xp) for name, value in tree.items()}
        return steps.begin(steps.parameters_class(**parts))

    def set_extra(state: dict[str, Any]) -> None:
        random_state.set_state(state)

    return Checkpoint(
        estimator.checkpoint,
        _fingerprint(estimator, source),
        to_tree=to_tree,
        from_tree=from_tree,
        get_extra=lambda: copy.deepcopy(random_state.get_state(legacy=False)),
        set_extra=set_extra,
    )


def _fingerprint(estimator: Any, source: RowSource) -> dict[str, Any]:
    settings = {
        name: _digest(value)
        for name, value in estimator.get_params(deep=False).items()
        if name not in _INDIFFERENT and not isinstance(value, np.random.RandomState)
    }
    rows, weights = source.initial_rows(estimator.n_components)
    return {
        "estimator": type(estimator).__name__,
        "n_samples": source.n_rows,
        "n_features": source.n_features,
        "dtype": np.dtype(source.dtype).name,
        "data": _digest(to_host(rows)),
        "sample_weight": _digest(None if weights is None else to_host(weights)),
        **settings,
    }


def _digest(value: Any) -> Any:
    """Plain values as they are, arrays by a hash."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    array = np.ascontiguousarray(to_host(value))
    return hashlib.blake2b(array.view(np.uint8).data, digest_size=16).hexdigest() + str(array.shape)


def _copied(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_copied(item) for item in value)
    return to_host(value).copy() if hasattr(value, "shape") and value.shape else value


def _on_device(value: Any, xp: Any) -> Any:
    return xp.asarray(value) if isinstance(value, np.ndarray) and xp is not np else value
