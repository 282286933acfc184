"""Chains spread over threads, in calls so short that Ctrl-C is seen."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np

from gibbsite._backends._numba import pool

_SLICE = 0.025  # seconds that a call should take
_FEWEST = 100_000  # nanoseconds that a task should take at least
_MOST_TASKS = 64


def optional3(array: np.ndarray | None, dtype: Any) -> np.ndarray:
    """Return an output of three dimensions; an empty one for None (compiled code tells by the length)."""
    return np.empty((0, 0, 0), dtype) if array is None else array


def optional2(array: np.ndarray | None) -> np.ndarray:
    """Return a float64 output of two dimensions; an empty one for None."""
    return np.empty((0, 0)) if array is None else array


def run_chains(
    kernel: Callable[..., None],
    arguments: tuple[Any, ...],
    n_chains: int,
    n_steps: int,
    cost: int,
    status: np.ndarray,
    threads: int,
) -> None:
    """Call kernel(*arguments, begin, end, first, last, fault) until all chains have made all steps.

    Chains begin ... end - 1 make the steps first ... last - 1. How many at once depends on the time that they take, at
    first on `cost`, nanoseconds that a step of a chain may take (0 where nobody knows); results do not depend on it. A
    kernel that finds a fatal density leaves [code, chain, draw, 0] in fault: then all stop.
    """
    status[:] = 0
    worth = n_chains * n_steps * cost // _FEWEST if cost else n_chains
    cut = pool.even_chunks(n_chains, min(n_chains, _MOST_TASKS, max(1, worth)))
    n_tasks = -(-n_chains // cut(0)[1]) if n_chains else 0
    faults = np.zeros((n_tasks, 4), np.int64)
    stop = Event()

    def task(i: int) -> None:
        begin, end = cut(i)
        width, at_once = max(1, int(_SLICE * 1e9 / 4) // cost) if cost else 1, 1
        done, elapsed = 0, 0.0
        while done < n_steps:
            last, chain = min(done + at_once, n_steps), begin
            while chain < end:
                if stop.is_set():
                    return
                next_chain = min(chain + width, end)
                start = perf_counter()
                kernel(*arguments, chain, next_chain, done, last, faults[i])
                elapsed = perf_counter() - start
                if faults[i, 0]:
                    stop.set()
                    return
                chain = next_chain
                if elapsed > 2 * _SLICE:
                    width = max(1, width // 2)
                elif elapsed < _SLICE / 2 and next_chain < end:
                    width *= 2
            done = last
            if elapsed < _SLICE / 2 and width >= end - begin:
                at_once *= 2
            elif elapsed > 2 * _SLICE:
                at_once = max(1, at_once // 2)

    def guarded(i: int) -> None:
        try:
            task(i)
        except BaseException:
            stop.set()  # the others end their call and return
            raise

    try:
        pool.run(guarded, n_tasks, threads)
    finally:
        stop.set()
    found = np.flatnonzero(faults[:, 0])
    if len(found):
        status[:] = faults[found[0]]
