"""The first pass over the data: which values occur, their means, and the rows that the monitor looks at."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from gibbsite.kernels import random as draws
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._subsample import EvenSubsample
from gibbsite.rbm._rows import Reblocking, block_rows
from gibbsite.rbm._validation import check_one_hot, check_states

Array = Any

# Most training and validation rows whose free energies are followed.
MONITORED_ROWS = 500
VALIDATED_ROWS = 2000

# A word of the counter that no other draw of this module uses.
_SPLIT_STREAM = 0x53504C54


class Rule:
    """How rows are read and split; one for a whole fit.

    Parameters
    ----------
    kind : {"bernoulli", "categorical", "gaussian"}
    groups : int64 array or None
        Offsets of the groups of a categorical machine.
    out_of_range : {"raise", "clip"}
    validation_fraction : float or None
        Each row is held out with this probability.
    seed : int
        Which rows are held out depends on it and on their numbers, not on how the rows come.
    """

    def __init__(
        self, kind: str, groups: Array | None, out_of_range: str, validation_fraction: float | None, seed: int
    ) -> None:
        self.kind = kind
        self.groups = groups
        self.out_of_range = out_of_range
        self.validation_fraction = validation_fraction
        self.seed = seed

    @property
    def clips(self) -> bool:
        """Whether values are moved into [0, 1]."""
        return self.out_of_range == "clip" and self.kind != "gaussian"

    def split(self, n_rows: int, first_row: int, weight: Array | None) -> tuple[Array | None, Array | None]:
        """Masks of the training and of the validation rows among rows that follow each other; None: all, none.

        Rows of weight zero are in neither.
        """
        counts = None if weight is None or bool((weight > 0).all()) else weight > 0
        if self.validation_fraction is None:
            return counts, None
        uniforms = draws.uniform(n_rows, seed=self.seed, stream=_SPLIT_STREAM, offset=first_row)
        held = uniforms < self.validation_fraction
        if weight is not None:
            held = array_module(weight).asarray(held)
        return (~held, held) if counts is None else (~held & counts, held & counts)


class Survey:
    """Sees every row once.

    Parameters
    ----------
    rule : Rule
    dtype : numpy.dtype
        Precision to compute in.

    Attributes
    ----------
    n_rows, n_seen : int
        Training rows; all rows. Blocks of a fixed number of rows are added up, so that sums do not depend on how the
        rows come.
    total_weight : float
        Of the training rows.
    is_binary : bool
        Whether all values are 0 or 1.
    mean, variance : float64 arrays of shape (n_features,)
        Weighted, of the training rows.
    """

    def __init__(self, rule: Rule, dtype: Any) -> None:
        self.rule = rule
        self.dtype = dtype
        self.n_rows = self.n_seen = self._n_split = 0
        self.total_weight: float = 0
        self.is_binary = rule.kind != "gaussian"
        self._monitored, self._validated = Sample(MONITORED_ROWS), Sample(VALIDATED_ROWS)
        self._shift: Array | None = None
        self._blocks: Reblocking | None = None
        self.xp: Any = np

    def add(self, X: Array, weight: Array | None) -> None:
        """Check and count the next rows."""
        binary = check_states(X, self.rule.kind != "gaussian", self.rule.out_of_range, self.n_seen)
        self.is_binary = self.is_binary and binary
        self.xp = np if sparse.issparse(X) else array_module(X)
        self.n_seen += X.shape[0]
        if self._blocks is None:
            n = X.shape[1]
            self._blocks = Reblocking(block_rows(n), n, self.dtype, self.dtype, self.rule.clips, self.xp)
        for block, block_weight in self._blocks.add(X, weight):
            self._add_block(block, block_weight)

    def finish(self) -> None:
        """All rows were seen; raise where there is nothing to learn from."""
        for block, block_weight in self._blocks.rest() if self._blocks is not None else ():
            self._add_block(block, block_weight)
        self._blocks = None
        self._check_enough()

    def _add_block(self, block: Array, weight: Array | None) -> None:
        if self.rule.groups is not None:
            check_one_hot(block, self.xp.asarray(self.rule.groups), self._n_split)
        train, held = self.rule.split(len(block), self._n_split, weight)
        self._n_split += len(block)
        if held is not None:
            held = self.xp.asarray(held)
            self._validated.add(block[held], None)
        if train is not None:
            train = self.xp.asarray(train)
            block, weight = block[train], None if weight is None else weight[train]
        if len(block):
            self._monitored.add(block, None)
            self._add_moments(block, weight)
            self.n_rows += len(block)

    def _add_moments(self, block: Array, weight: Array | None) -> None:
        if self._shift is None:
            # about the mean of the first rows, so that nothing cancels
            gaussian = self.rule.kind == "gaussian"
            self._shift = block.mean(axis=0, dtype=np.float64) if gaussian else self.xp.zeros(block.shape[1])
            self._sum, self._square = self.xp.zeros_like(self._shift), self.xp.zeros_like(self._shift)
        if self.rule.kind == "gaussian":
            block = block - self._shift
            self._square += _weighted_sum(block * block, weight)
        self._sum += _weighted_sum(block, weight)
        self.total_weight += len(block) if weight is None else float(weight.sum(dtype=np.float64))

    @property
    def mean(self) -> Array:
        """Weighted mean of the training rows."""
        return self._shift + self._sum / self.total_weight

    @property
    def variance(self) -> Array:
        """Weighted variance of the training rows (Gaussian units)."""
        return self._square / self.total_weight - (self._sum / self.total_weight) ** 2

    def monitored(self) -> Array:
        """An even subsample of the training rows."""
        return self._monitored.states(self.is_binary)

    def validated(self) -> Array | None:
        """An even subsample of the validation rows; None where none are held out."""
        return None if self.rule.validation_fraction is None else self._validated.states(self.is_binary)

    def _check_enough(self) -> None:
        if self.n_seen == 0:
            raise ValueError("Found no rows: the chunks are empty, or the iterable was used up before")
        if self.total_weight == 0 and not self._validated.is_empty:
            raise ValueError(
                f"validation_fraction={self.rule.validation_fraction} holds out all of {self.n_seen} rows: pass a "
                "smaller fraction or more rows"
            )
        if self.total_weight == 0:
            raise ValueError("No row with a positive sample_weight is left to train on.")
        if self.rule.validation_fraction is not None and self._validated.is_empty:
            raise ValueError(
                f"validation_fraction={self.rule.validation_fraction} holds out none of {self.n_seen} rows: pass a "
                "larger fraction or more rows"
            )


class Sample(EvenSubsample):
    """An even subsample of at most so many rows."""

    def __init__(self, limit: int) -> None:
        super().__init__(n_components=1)
        self.limit = limit

    @property
    def is_empty(self) -> bool:
        """Whether no row was seen."""
        return not self._kept

    def states(self, is_binary: bool) -> Array:
        """The kept rows, as bytes where they are zeros and ones."""
        rows, _ = self.rows()
        return rows.astype(np.uint8) if is_binary else rows


def _weighted_sum(block: Array, weight: Array | None) -> Array:
    """Sum over the rows in float64."""
    return block.sum(axis=0, dtype=np.float64) if weight is None else weight.astype(np.float64) @ block
