"""Where batches come from: an array in memory, or chunks that come one after the other.

A batch does not depend on how the rows are cut into chunks: the same rows in the same order are the same fit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from gibbsite.rbm._rows import Reblocking, as_states, dense_blocks
from gibbsite.rbm._survey import Rule, Survey

Array = Any
Chunks = Callable[[], Iterator[tuple[Array, Array | None]]]


class Batch(NamedTuple):
    """Rows of one step.

    `scale` is the mean weight of its rows over the mean weight of all: heavy batches make longer steps, so that the
    steps of an epoch follow the gradient of the weighted likelihood.
    """

    v: Array
    weight: Array | None
    scale: float


class BatchSource(ABC):
    """Training rows in batches, as often as wanted.

    Attributes
    ----------
    survey : Survey
        Of the first pass.
    xp : module
        NumPy or CuPy: where the rows are.
    n_batches : int
        In an epoch.
    """

    survey: Survey
    xp: Any
    batch_size: int

    @property
    def n_batches(self) -> int:
        """Steps of an epoch."""
        return -(-self.survey.n_rows // self.batch_size)

    @property
    def state_dtype(self) -> Any:
        """Bytes where all values are 0 or 1, else the precision of the machine."""
        return np.dtype(np.uint8) if self.survey.is_binary else self.survey.dtype

    @abstractmethod
    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch; each is valid until the next one is asked for."""


class InMemory(BatchSource):
    """Rows that lie in memory, on the host or on a device; batches are views where nothing has to be moved.

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
    weight : array of shape (n_rows,) or None
    rule : Rule
    dtype : numpy.dtype
    batch_size : int or None
        None: all rows are one batch.
    shuffle : bool
    """

    def __init__(
        self, X: Array, weight: Array | None, rule: Rule, dtype: Any, batch_size: int | None, shuffle: bool
    ) -> None:
        self.survey = Survey(rule, dtype)
        self.survey.add(X, weight)
        self.survey.finish()
        self.xp = self.survey.xp
        self.batch_size = min(batch_size or self.survey.n_rows, self.survey.n_rows)
        self.seed = rule.seed
        train, _ = rule.split(len(X), 0, weight)
        if train is not None:
            train = self.xp.asarray(train)
            X, weight = X[train], None if weight is None else weight[train]
        self.X = self._as_states(X, rule.clips)
        self.weight = weight
        self._gathered = None
        if shuffle:
            self._gathered = self.xp.empty((self.batch_size, X.shape[1]), dtype=self.X.dtype)

    def epoch(self, number: int) -> Iterator[Batch]:
        n, order = len(self.X), None
        if self._gathered is not None:
            order = self.xp.asarray(np.random.default_rng([self.seed, number]).permutation(n))
        weight = self.weight if order is None or self.weight is None else self.weight[order]
        starts = range(0, n, self.batch_size)
        for start, scale in zip(starts, self._scales(weight), strict=True):
            rows = slice(start, start + self.batch_size)
            v = self.X[rows]
            if order is not None and self._gathered is not None:
                v = self._gathered[: len(v)]
                self.xp.take(self.X, order[rows], axis=0, out=v)
            yield Batch(v, None if weight is None else weight[rows], scale)

    def _as_states(self, X: Array, clip: bool) -> Array:
        states = as_states(X, self.state_dtype, clip)
        if states is None:
            states = self.xp.empty(X.shape, dtype=self.state_dtype)
            for start, block in dense_blocks(X, self.state_dtype, clip):
                states[start : start + len(block)] = block
        return states

    def _scales(self, weight: Array | None) -> list[float]:
        """All of an epoch at once: a device is asked for numbers once an epoch and not once a step."""
        starts = np.arange(0, len(self.X), self.batch_size)
        if weight is None:
            return [1.0] * len(starts)
        rows = np.diff(np.append(starts, len(self.X)))
        running = self.xp.cumsum(weight, dtype=np.float64)[self.xp.asarray(starts + rows - 1)]
        sums = np.diff(np.asarray(running.tolist()), prepend=0.0)
        relative: list[float] = (sums / rows / (self.survey.total_weight / self.survey.n_rows)).tolist()
        return relative


class Streamed(BatchSource):
    """Rows that come in chunks (dense or CSR); at no time more than one chunk and one batch are in memory.

    Parameters
    ----------
    chunks : callable
        Returns a fresh iterator over (checked rows, checked weights or None).
    rule, dtype, batch_size
        As for `InMemory`.
    """

    def __init__(self, chunks: Chunks, rule: Rule, dtype: Any, batch_size: int | None) -> None:
        self.chunks = chunks
        self.rule = rule
        self.n_features = -1
        self.survey = Survey(rule, dtype)
        for X, weight in chunks():
            if self.n_features == -1:
                self.n_features = X.shape[1]
            if X.shape[1] != self.n_features:
                raise ValueError(
                    f"The chunk that begins at row {self.survey.n_seen} has {X.shape[1]} features, the first one has "
                    f"{self.n_features}"
                )
            self.survey.add(X, weight)
        self.survey.finish()
        self.batch_size = min(batch_size or self.survey.n_rows, self.survey.n_rows)
        self.xp = self.survey.xp

    def epoch(self, number: int) -> Iterator[Batch]:
        dtypes = (self.state_dtype, self.survey.dtype)
        batches = Reblocking(self.batch_size, self.n_features, *dtypes, self.rule.clips, self.xp)
        seen = 0
        for X, weight in self._training_chunks():
            seen += X.shape[0]
            yield from map(self._batch, batches.add(X, weight))
            del X, weight
        yield from map(self._batch, batches.rest())
        if seen != self.survey.n_rows:
            raise ValueError(
                f"The chunks gave {self.survey.n_rows} training rows in the first pass and {seen} in a later one. "
                "Pass a list, or a callable that returns a fresh iterator on each call."
            )

    def _batch(self, block: tuple[Array, Array | None]) -> Batch:
        v, weight = block
        if weight is None:
            return Batch(v, None, 1.0)
        mean = self.survey.total_weight / self.survey.n_rows
        return Batch(v, weight, float(weight.sum(dtype=np.float64)) / len(v) / mean)

    def _training_chunks(self) -> Iterator[tuple[Array, Array | None]]:
        first = 0
        for X, weight in self.chunks():
            train, _ = self.rule.split(X.shape[0], first, weight)
            first += X.shape[0]
            if train is not None:
                train = self.xp.asarray(train)
                X, weight = X[train], None if weight is None else weight[train]
            yield X, weight
            del X, weight  # before the next chunk is made
