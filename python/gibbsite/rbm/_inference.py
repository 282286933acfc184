"""What a fitted machine says about rows, and the rows that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._dask import is_dask_array
from gibbsite.rbm._machine import Machine
from gibbsite.rbm._rows import dense_blocks
from gibbsite.rbm._state import MachineState, draw_seed
from gibbsite.rbm._validation import FLOATS, check_one_hot, check_rows, check_states

Array = Any


class Inference(MachineState):
    """Methods of a fitted machine that read its parameters and change nothing but the random state."""

    def transform(self, X: Any) -> Array:
        """Probability of each hidden unit given each row, p(h = 1 | v).

        Parameters
        ----------
        X : array-like, CSR matrix or device array of shape (n_samples, n_features)

        Returns
        -------
        h : array of shape (n_samples, n_components)
            Where X is; of X's precision where X is float32 or float64, else of the machine's.
        """
        return self._rowwise(X, lambda machine, v, out: machine.hidden_probabilities(v, out), self._n_hidden)

    def reconstruct(self, X: Any) -> Array:
        """Mean-field reconstruction of each row: the visible probabilities (Gaussian: means) given p(h = 1 | v).

        Parameters
        ----------
        X : array-like, CSR matrix or device array of shape (n_samples, n_features)

        Returns
        -------
        v : array of shape (n_samples, n_features)
        """

        def mean_field(machine: Machine, v: Array, out: Array) -> None:
            hidden = machine.xp.empty((len(v), machine.n_hidden), dtype=machine.dtype)
            machine.visible_probabilities(machine.hidden_probabilities(v, hidden), out)

        return self._rowwise(X, mean_field, lambda: self.components_.shape[1:])

    def free_energy(self, X: Any) -> Array:
        """Free energy of each row, F(v) = -log sum_h exp(-E(v, h)).

        Parameters
        ----------
        X : array-like, CSR matrix or device array of shape (n_samples, n_features)

        Returns
        -------
        free_energy : array of shape (n_samples,)
            In nats; log p(v) = -F(v) - log Z.
        """
        return self._rowwise(X, lambda machine, v, out: machine.free_energy(v, out), lambda: ())

    def gibbs(self, v: Any, n_sweeps: int = 1, *, clamp: Any = None, probabilities: bool = False) -> Array:
        """Alternate draws of the hidden and the visible units, started at given rows.

        Parameters
        ----------
        v : array-like, CSR matrix or device array of shape (n_samples, n_features)
            Visible states to start from, one chain a row.
        n_sweeps : int, default=1
            Draws of h given v and then of v given h.
        clamp : array-like of bool, of the shape of `v` or of (n_features,), optional
            Units that keep the value they came with: the others are drawn given these (inpainting).
        probabilities : bool, default=False
            Return the probabilities (Gaussian: means) from which the last states were drawn instead; clamped units
            keep their value.

        Returns
        -------
        v_new : array of shape (n_samples, n_features)
            bool; numbers for Gaussian units and for probabilities.

        Raises
        ------
        ValueError
            Clamped binary units that are neither 0 nor 1; a bad shape of `clamp`; `n_sweeps` below 1.

        Notes
        -----
        A unit that is not clamped may start from any value that it can take; NaN is none. Of a CSR matrix a block of
        rows is dense at a time.
        """
        check_is_fitted(self)
        check_positive("n_sweeps", n_sweeps)
        X, machine = self._open(v)
        clamp = None if clamp is None else self._check_clamp(clamp, X.shape, machine.xp)
        binary = self._check_start(X, machine, clamp)
        blocks = self._start_blocks(X, machine, binary)
        # grey values set the probabilities of the first hidden states; bytes cannot hold them
        grey = not binary and not machine.is_gaussian and self._is_grey(blocks(), clamp)
        out = machine.xp.empty(X.shape, dtype=machine.dtype if probabilities or machine.is_gaussian else np.bool_)
        seed = draw_seed(self._generator())
        for start, block in blocks():
            rows = slice(start, start + len(block))
            mask = None if clamp is None else _mask(clamp, block.shape, rows, machine.xp)
            out[rows] = self._swept(machine, block, n_sweeps, (seed, 0, start), grey, mask, probabilities)
        return out

    def _swept(
        self,
        machine: Machine,
        start: Array,
        n_sweeps: int,
        place: tuple[int, int, int],
        grey: bool,
        mask: Array | None,
        probabilities: bool,
    ) -> Array:
        """What a user gets to see of chains that start from dense rows."""
        xp = machine.xp
        states = start.copy() if machine.is_gaussian else (start > 0).view(np.uint8)
        hidden = xp.empty((len(start), machine.n_hidden), dtype=np.uint8)
        visible = xp.empty(start.shape, dtype=machine.dtype) if probabilities else None
        if grey:
            p = machine.hidden_probabilities(start, xp.empty(hidden.shape, dtype=machine.dtype)).reshape(-1)
            seed, first = place[0], place[2] * machine.n_hidden
            machine.backend.random.bernoulli(p, hidden.reshape(-1), seed, 0, 0, first, machine.context)
        machine.gibbs(states, hidden, n_sweeps, place, from_hidden=grey, visible=visible, clamp=mask)
        return self._result(states, visible, mask)

    def sample(self, n_samples: int = 1, n_sweeps: int = 1000, *, probabilities: bool = False) -> Array:
        """Draw rows from the machine, by chains that go on from those of the fit.

        Parameters
        ----------
        n_samples : int, default=1
            Chains; beyond `n_chains`, several start from the same states.
        n_sweeps : int, default=1000
            How far each chain runs; the rows are draws from the model as far as the chains mix in so many.
        probabilities : bool, default=False
            Return the probabilities (Gaussian: means) from which the last states were drawn instead.

        Returns
        -------
        v : array of shape (n_samples, n_features)
            bool; numbers for Gaussian units and for probabilities. Where the machine was fitted.

        Notes
        -----
        With an integer `random_state` every call draws the same rows.
        """
        check_is_fitted(self)
        check_positive("n_samples", n_samples)
        check_positive("n_sweeps", n_sweeps)
        xp = array_module(self.components_)
        machine = self._machine(xp, self.components_.dtype)
        first = getattr(self, "h_samples_", xp.zeros((1, machine.n_hidden)))
        hidden = xp.ascontiguousarray(first[xp.arange(n_samples) % len(first)], dtype=np.uint8)
        shape = (n_samples, machine.n_visible)
        states = xp.zeros(shape, dtype=machine.state_dtype)
        visible = xp.empty(shape, dtype=machine.dtype) if probabilities else None
        seed = draw_seed(check_random_state(self.random_state))
        machine.gibbs(states, hidden, n_sweeps, (seed, 0, 0), from_hidden=True, visible=visible)
        return self._result(states, visible, None)

    def plot_filters(self, **options: Any) -> Any:
        """Draw the weights of the hidden units as images; see `gibbsite.plotting.plot_filters`.

        Returns
        -------
        matplotlib Axes
        """
        from gibbsite.plotting import plot_filters

        check_is_fitted(self)
        return plot_filters(self, **options)

    def plot_samples(self, n_samples: int = 64, n_sweeps: int = 1000, **options: Any) -> Any:
        """Draw rows that the machine makes as images; see `sample` and `gibbsite.plotting.plot_samples`.

        Returns
        -------
        matplotlib Axes
        """
        from gibbsite.plotting import plot_samples

        return plot_samples(self.sample(n_samples, n_sweeps, probabilities=True), **options)

    def _n_hidden(self) -> tuple[int]:
        return (self._n_features_out,)

    def _open(self, X: Any) -> tuple[Array, Machine]:
        """Checked rows, and the machine where they are and in their precision."""
        X = check_rows(self, X, reset=False)
        return X, self._machine_for(X)

    def _machine_for(self, X: Array) -> Machine:
        xp = np if sparse.issparse(X) else array_module(X)
        return self._machine(xp, X.dtype if X.dtype in FLOATS else self.components_.dtype)

    def _blocks(self, X: Array, machine: Machine, first_row: int = 0) -> Iterator[tuple[slice, Array]]:
        """Dense blocks of checked rows: bytes where all values are 0 or 1, else numbers.

        `first_row` is the number of X's first row in the data that it is a part of, for the messages.
        """
        binary = check_states(X, not machine.is_gaussian, self.out_of_range, first_row)
        dtype = np.dtype(np.uint8) if binary else machine.dtype
        for start, block in dense_blocks(X, dtype, self._clips(machine) and not binary):
            if machine.groups is not None:
                check_one_hot(block, machine.groups, first_row + start)
            yield slice(start, start + len(block)), block

    def _clips(self, machine: Machine) -> bool:
        """Whether values are moved into [0, 1]."""
        return self.out_of_range == "clip" and not machine.is_gaussian

    def _rowwise(
        self,
        X: Any,
        compute: Callable[[Machine, Array, Array], Any],
        shape: Callable[[], tuple[int, ...]],
        first_row: int = 0,
    ) -> Array:
        """`compute(machine, rows, out)` block by block into an array of shape (n_samples, *shape())."""
        check_is_fitted(self)
        if is_dask_array(X):
            return self._lazily(X, compute, shape)
        X, machine = self._open(X)
        out = machine.xp.empty((X.shape[0], *shape()), dtype=machine.dtype)
        for rows, block in self._blocks(X, machine, first_row):
            compute(machine, block, out[rows])
        return out

    def _lazily(self, X: Any, compute: Any, shape: Callable[[], tuple[int, ...]]) -> Any:
        """The same of each row chunk of a Dask array, when it is computed."""
        X, dtype = X.rechunk({1: -1}), X.dtype if X.dtype in FLOATS else self.components_.dtype
        columns = shape()
        axes = {"chunks": (X.chunks[0], columns)} if columns else {"drop_axis": 1}
        meta = np.empty((0, *(0 for _ in columns)), dtype)

        def one(block: Array, block_info: Any) -> Array:
            first_row = block_info[0]["array-location"][0][0]
            # the rows before it may be unknown to Dask, too
            return self._rowwise(block, compute, shape, int(first_row) if np.isfinite(first_row) else 0)

        return X.map_blocks(one, dtype=dtype, meta=meta, **axes)

    def _start_blocks(self, X: Array, machine: Machine, binary: bool) -> Callable[[], Iterator[tuple[int, Array]]]:
        """Dense rows for chains to start from: what is dense already as a whole, of a CSR matrix a block at a time."""
        dtype, n_rows = np.dtype(np.uint8) if binary else machine.dtype, None if sparse.issparse(X) else len(X)
        return lambda: dense_blocks(X, dtype, self._clips(machine) and not binary, n_rows)

    def _check_start(self, X: Array, machine: Machine, clamp: Array | None) -> bool:
        """Whether every value is 0 or 1; where there are bad ones, and some may be any, the message says so."""
        try:
            return check_states(X, not machine.is_gaussian, self.out_of_range)
        except ValueError as error:
            if clamp is None:
                raise
            values = "number" if machine.is_gaussian else "value in [0, 1]"
            raise ValueError(
                f"{error}\nUnits that are not clamped are drawn anew: there any {values} will do."
            ) from None

    def _is_grey(self, blocks: Iterator[tuple[int, Array]], clamp: Array | None) -> bool:
        """Whether there are values that are neither 0 nor 1; those of clamped units are an error."""
        found = False
        for start, block in blocks:
            grey = (block != 0) & (block != 1)
            found = found or bool(grey.any())
            wrong = None if clamp is None else grey & (clamp if clamp.ndim == 1 else clamp[start : start + len(block)])
            if wrong is not None and bool(wrong.any()):
                row, column = divmod(int(wrong.argmax()), block.shape[1])
                raise ValueError(
                    "Clamped units are binary: their values should be 0 or 1, but X has "
                    f"{float(block[row, column]):.6g} at row {start + row}, column {column}."
                )
        return found

    def _check_clamp(self, clamp: Any, shape: tuple[int, int], xp: Any) -> Array:
        """Which units stay, of the shape of all rows or of one."""
        given = xp.asarray(clamp)
        if given.dtype.kind != "b" or given.shape not in (shape, shape[1:]):
            raise ValueError(
                f"clamp should be a boolean array of shape {shape} or {shape[1:]}, got {given.dtype} of shape "
                f"{given.shape}"
            )
        offsets = self._group_offsets(shape[1])
        for start, stop in pairwise([] if offsets is None else offsets.tolist()):
            if bool((given[..., start:stop] != given[..., start : start + 1]).any()):
                raise ValueError(f"clamp should cover a group as a whole or not at all: columns {start} to {stop - 1}")
        return given

    def _result(self, states: Array, visible: Array | None, mask: Array | None) -> Array:
        """What a user gets to see of the last sweep."""
        if visible is None:
            return states if self._kind == "gaussian" else states.view(np.bool_)
        return visible if mask is None else array_module(visible).where(mask != 0, states, visible)


def _mask(clamp: Array, shape: tuple[int, int], rows: slice, xp: Any) -> Array:
    """Bytes of the shape of some rows: which of their units stay."""
    return xp.ascontiguousarray(xp.broadcast_to(clamp if clamp.ndim == 1 else clamp[rows], shape), dtype=np.uint8)


def check_positive(name: str, value: Any) -> None:
    """Raise unless an argument is a positive integer."""
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} should be a positive integer, got {value!r}")
