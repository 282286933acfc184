"""The parameters of a machine on one back end, and its kernels as methods: arguments are already right here."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends.selection import select

Array = Any


class Machine:
    """W, b, c and what comes with them, in the order in which the kernels take them.

    Parameters
    ----------
    W : array of shape (n_hidden, n_visible), float32 or float64, C-contiguous
    b : array of shape (n_visible,)
    c : array of shape (n_hidden,)
    log_variance : array of shape (n_visible,), optional
        Makes the visible units Gaussian.
    groups : int64 array of shape (n_groups + 1,), optional
        Offsets of the groups of categorical visible units.
    threads : int, optional
    packed : bool
        Keep a second copy of W in the order in which the back end likes to read it (training: many calls, one W).

    Notes
    -----
    Arrays are used in place, never copied: `update` changes those that were passed. Whoever else changes W or
    `log_variance` calls `refresh` afterwards.
    """

    def __init__(
        self,
        W: Array,
        b: Array,
        c: Array,
        *,
        log_variance: Array | None = None,
        groups: Array | None = None,
        threads: int | None = None,
        packed: bool = False,
    ) -> None:
        self.W, self.b, self.c = W, b, c
        self.log_variance, self.groups = log_variance, groups
        self.backend = select(W)
        self.xp = self.backend.xp
        self.threads = threads
        self.n_hidden, self.n_visible = map(int, W.shape)
        self.dtype = W.dtype
        self.variance: Any = None if log_variance is None else self.xp.exp(log_variance)
        size = self.backend.rbm.panels_size(self.n_hidden, self.n_visible, W.dtype.itemsize) if packed else 0
        self.panels = self.xp.empty(size, dtype=W.dtype) if size else None
        self._pack()

    @property
    def is_gaussian(self) -> bool:
        """Whether the visible units are real numbers."""
        return self.log_variance is not None

    @property
    def state_dtype(self) -> Any:
        """Of the visible states of a chain: bytes of 0 and 1, or numbers."""
        return self.dtype if self.is_gaussian else np.dtype(np.uint8)

    @property
    def context(self) -> int:
        """Last argument of every kernel."""
        return self.backend.context(self.threads)

    def refresh(self) -> None:
        """Bring what is derived from the parameters up to date."""
        if self.variance is not None:
            self.xp.exp(self.log_variance, out=self.variance)
        self._pack()

    def _pack(self) -> None:
        if self.panels is not None:
            self.backend.rbm.pack(self.W, self.panels, self.context)

    def hidden_probabilities(self, v: Array, out: Array, betas: Array | None = None) -> Array:
        """p(h = 1 | v) into `out`, and return it."""
        self.backend.rbm.hidden_probabilities(v, self.W, self.c, self.variance, betas, out, self.panels, self.context)
        return out

    def visible_probabilities(self, h: Array, out: Array, betas: Array | None = None) -> Array:
        """p(v = 1 | h), or the mean of Gaussian units, into `out`, and return it."""
        self.backend.rbm.visible_probabilities(
            h, self.W, self.b, self.variance, self.groups, betas, out, self.panels, self.context
        )
        return out

    def gibbs(
        self,
        v: Array,
        h: Array,
        n_sweeps: int,
        place: tuple[int, int, int],
        *,
        from_hidden: bool,
        hidden: Array | None = None,
        visible: Array | None = None,
        clamp: Array | None = None,
        betas: Array | None = None,
    ) -> None:
        """Sweep the chains in place; `place` is (seed, number of the first sweep, number of the first chain)."""
        seed, sweep, chain = place
        self.backend.rbm.gibbs(
            *(v, h, hidden, visible, clamp, self.W, self.b, self.c, self.variance, self.groups, betas),
            *(n_sweeps, from_hidden, seed, sweep % 2**32, chain, self.panels, self.context),
        )

    def free_energy(self, v: Array, out: Array | None = None) -> Array:
        """F(v), up to log Z minus the log probability of v, into `out` or a new array."""
        out = self.xp.empty(len(v), dtype=self.dtype) if out is None else out
        self.backend.rbm.free_energy(v, self.W, self.b, self.c, self.variance, out, self.panels, self.context)
        return out

    def anneal(
        self,
        v: Array,
        log_weight: Array,
        base: Array,
        betas: Array,
        place: tuple[int, int, int],
        *,
        reverse: bool = False,
    ) -> None:
        """Steps of annealed importance sampling in place; see the kernel `ais_step`."""
        seed, sweep, chain = place
        self.backend.rbm.ais_step(
            *(v, log_weight, self.W, self.b, self.c, self.variance, self.groups, base, betas, reverse),
            *(seed, sweep % 2**32, chain, self.panels, self.context),
        )
