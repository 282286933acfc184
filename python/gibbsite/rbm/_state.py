"""What the parts of a machine's estimator know of each other: its parameters, attributes and inner methods, by type."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state

from gibbsite._persistence import to_host
from gibbsite.mixture._arrays import is_device_array
from gibbsite.rbm._machine import Machine

Array = Any


class MachineState(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Declarations, and the machine that the fitted attributes describe; see `BernoulliRBM` for their meaning."""

    n_components: int
    learning_rate: float | Callable[[float], float]
    batch_size: int
    n_iter: int
    verbose: int
    random_state: int | np.random.RandomState | None
    method: str
    k: int
    n_chains: int | None
    n_temperatures: int
    centered: bool
    momentum: float
    weight_decay: float
    l1_decay: float
    sparsity_target: float | None
    sparsity_cost: float
    schedule: str
    bias_init: str
    shuffle: bool
    validation_fraction: float | None
    n_iter_no_change: int
    tol: float
    callback: Callable[[Any], object] | None
    checkpoint: str | os.PathLike[str] | None
    dtype: str | None
    threads: int | None

    components_: Array
    intercept_visible_: Array
    intercept_hidden_: Array
    h_samples_: Array
    data_mean_: Array
    n_samples_seen_: float
    history_: dict[str, list[float]]
    n_iter_: int
    n_features_in_: int
    feature_names_in_: Array

    # only `GaussianRBM` has these
    variances_: Array | None = None
    learn_variance: bool = False

    # only `BernoulliRBM` has these
    visible: str = "gaussian"
    groups: Any = None
    out_of_range: str = "raise"

    _parameter_constraints: ClassVar[dict[str, list[Any]]]

    @property
    def _kind(self) -> str:
        """Of the visible units: "bernoulli", "categorical" or "gaussian"."""
        return self.visible

    @property
    def _n_features_out(self) -> int:
        return int(self.components_.shape[0])

    def _group_offsets(self, n_features: int) -> np.ndarray | None:
        """Offsets of the groups of categorical units."""
        from gibbsite.rbm._validation import check_groups

        return check_groups(self.groups, n_features) if self._kind == "categorical" else None

    def _machine(self, xp: Any, dtype: Any) -> Machine:
        """The fitted machine, where and in the precision in which it is wanted."""

        def there(array: Array) -> Array:
            array = to_host(array) if xp is np and is_device_array(array) else array
            return xp.ascontiguousarray(xp.asarray(array), dtype=dtype)

        offsets = self._group_offsets(self.components_.shape[1])
        return Machine(
            there(self.components_),
            there(self.intercept_visible_),
            there(self.intercept_hidden_),
            log_variance=None if self.variances_ is None else xp.log(there(self.variances_)),
            groups=None if offsets is None else xp.asarray(offsets),
            threads=self.threads,
        )

    def _generator(self) -> np.random.RandomState:
        """Random numbers that go on from call to call, as scikit-learn's machine has them."""
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        generator: np.random.RandomState = self.random_state_
        return generator


def draw_seed(random_state: np.random.RandomState) -> int:
    """A seed for the kernels."""
    return int(random_state.randint(2**63 - 1, dtype=np.int64))
