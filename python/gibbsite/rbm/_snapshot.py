"""Copies of the state of a fit between two epochs: to fall back on, to write to disk, to pick the best."""

from __future__ import annotations

from typing import Any

Array = Any


class Snapshot:
    """The arrays that a fit changes, and its counters, as they were at the end of an epoch."""

    def __init__(self, arrays: dict[str, Array], counters: dict[str, int]) -> None:
        self.arrays = {name: array.copy() for name, array in arrays.items()}
        self.counters = dict(counters)

    def retake(self, arrays: dict[str, Array], counters: dict[str, int]) -> None:
        """Overwrite with the present state, without new memory."""
        for name, array in arrays.items():
            self.arrays[name][...] = array
        self.counters = dict(counters)

    def put_back(self, arrays: dict[str, Array]) -> None:
        """Overwrite the present state."""
        for name, array in arrays.items():
            array[...] = self.arrays[name]


class Snapshots:
    """The last epoch's state; the one before it is overwritten only when a new one is asked for.

    A snapshot that an interrupt leaves half written is thus never the last one.
    """

    def __init__(self, arrays: dict[str, Array], counters: dict[str, int]) -> None:
        self.last = Snapshot(arrays, counters)
        self._spare = Snapshot(arrays, counters)

    def take(self, arrays: dict[str, Array], counters: dict[str, int]) -> None:
        """The present state is the last one from now on."""
        self._spare.retake(arrays, counters)
        self.last, self._spare = self._spare, self.last
