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
        """
        check_is_fitted(self)
        check_positive("n_sweeps", n_sweeps)
        X, machine = self._open(v)
        xp = machine.xp
        check_states(X, not machine.is_gaussian, self.out_of_range)
        start = self._dense(X, machine)
        mask = self._clamp_mask(clamp, start, xp)
        states = start.copy() if machine.is_gaussian else (start > 0).astype(np.uint8)
        hidden = xp.empty((len(start), machine.n_hidden), dtype=np.uint8)
        visible = xp.empty(start.shape, dtype=machine.dtype) if probabilities else None
        place = (draw_seed(self._generator()), 0, 0)
        # grey values set the probabilities of the first hidden states; bytes cannot hold them
        grey = not machine.is_gaussian and bool((states != start).any())
        if grey:
            p = machine.hidden_probabilities(start, xp.empty(hidden.shape, dtype=machine.dtype))
            machine.backend.random.bernoulli(p.reshape(-1), hidden.reshape(-1), place[0], 0, 0, 0, machine.context)
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
        xp = np if sparse.issparse(X) else array_module(X)
        machine = self._machine(xp, X.dtype if X.dtype in FLOATS else self.components_.dtype)
        return X, machine

    def _blocks(self, X: Array, machine: Machine) -> Iterator[tuple[slice, Array]]:
        """Dense blocks of checked rows: bytes where all values are 0 or 1, else numbers."""
        binary = check_states(X, not machine.is_gaussian, self.out_of_range)
        dtype = np.dtype(np.uint8) if binary else machine.dtype
        clip = self.out_of_range == "clip" and not binary and not machine.is_gaussian
        for start, block in dense_blocks(X, dtype, clip):
            if machine.groups is not None:
                check_one_hot(block, machine.groups, start)
            yield slice(start, start + len(block)), block

    def _rowwise(
        self, X: Any, compute: Callable[[Machine, Array, Array], Any], shape: Callable[[], tuple[int, ...]]
    ) -> Array:
        """`compute(machine, rows, out)` block by block into an array of shape (n_samples, *shape())."""
        check_is_fitted(self)
        if is_dask_array(X):
            return self._lazily(X, compute, shape)
        X, machine = self._open(X)
        out = machine.xp.empty((X.shape[0], *shape()), dtype=machine.dtype)
        for rows, block in self._blocks(X, machine):
            compute(machine, block, out[rows])
        return out

    def _lazily(self, X: Any, compute: Any, shape: Callable[[], tuple[int, ...]]) -> Any:
        """The same of each row chunk of a Dask array, when it is computed."""
        X, dtype = X.rechunk({1: -1}), X.dtype if X.dtype in FLOATS else self.components_.dtype
        columns = shape()
        axes = {"chunks": (X.chunks[0], columns)} if columns else {"drop_axis": 1}
        meta = np.empty((0, *(0 for _ in columns)), dtype)
        return X.map_blocks(lambda block: self._rowwise(block, compute, shape), dtype=dtype, meta=meta, **axes)

    def _dense(self, X: Array, machine: Machine) -> Array:
        """All rows as numbers of the machine's precision."""
        v = X.toarray() if sparse.issparse(X) else X
        if self.out_of_range == "clip" and not machine.is_gaussian:
            v = machine.xp.clip(v, 0, 1)
        return v.astype(machine.dtype, copy=False)

    def _clamp_mask(self, clamp: Any, v: Array, xp: Any) -> Array | None:
        """Bytes of the shape of v: which units stay."""
        if clamp is None:
            return None
        given = xp.asarray(clamp)
        if given.dtype.kind != "b" or given.shape not in (v.shape, v.shape[1:]):
            raise ValueError(
                f"clamp should be a boolean array of shape {v.shape} or {v.shape[1:]}, got {given.dtype} of shape "
                f"{given.shape}"
            )
        mask = xp.ascontiguousarray(xp.broadcast_to(given, v.shape), dtype=np.uint8)
        if self._kind != "gaussian" and bool(((mask != 0) & (v != 0) & (v != 1)).any()):
            raise ValueError("Clamped units are binary: their values should be 0 or 1")
        offsets = self._group_offsets(v.shape[1])
        for start, stop in pairwise([] if offsets is None else offsets.tolist()):
            if bool((mask[:, start:stop] != mask[:, start : start + 1]).any()):
                raise ValueError(f"clamp should cover a group as a whole or not at all: columns {start} to {stop - 1}")
        return mask

    def _result(self, states: Array, visible: Array | None, mask: Array | None) -> Array:
        """What a user gets to see of the last sweep."""
        if visible is None:
            return states if self._kind == "gaussian" else states.view(np.bool_)
        return visible if mask is None else array_module(visible).where(mask != 0, states, visible)


def check_positive(name: str, value: Any) -> None:
    """Raise unless an argument is a positive integer."""
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} should be a positive integer, got {value!r}")
