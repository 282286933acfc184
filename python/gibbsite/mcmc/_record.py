"""Arrays that draws are written to, piece by piece."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._persistence import to_host


class Record:
    """Draws, log densities and what the kernel tells besides, of all chains.

    Attributes
    ----------
    done : int
        Kept draws so far.
    """

    def __init__(self, n_chains: int, n_draws: int, dim: int, n_info: int, dtype: Any) -> None:
        self.draws = np.empty((n_chains, n_draws, dim), dtype)
        self.lp = np.empty((n_chains, n_draws))
        self.info = np.empty((n_chains, n_draws, n_info))
        self.done = 0

    def buffers(self, n: int, xp: Any) -> tuple[Any, Any, Any]:
        """Arrays for the next n kept draws: the record's own where they are all of it."""
        if xp is np and n == self.draws.shape[1]:
            return self.draws, self.lp, self.info
        return tuple(xp.empty((len(a), n, *a.shape[2:]), a.dtype) for a in (self.draws, self.lp, self.info))

    def keep(self, buffers: tuple[Any, Any, Any], n: int) -> None:
        """Take in what a kernel has written to `buffers`."""
        for own, buffer in zip((self.draws, self.lp, self.info), buffers, strict=True):
            if buffer is not own:
                own[:, self.done : self.done + n] = to_host(buffer)
        self.done += n

    def finish(self) -> None:
        """Forget the rest, of a run that was interrupted."""
        if self.done < self.draws.shape[1]:
            self.draws, self.lp, self.info = (
                np.ascontiguousarray(a[:, : self.done]) for a in (self.draws, self.lp, self.info)
            )
