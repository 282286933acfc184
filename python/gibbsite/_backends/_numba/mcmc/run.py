"""Chains spread over threads, in calls so short that Ctrl-C is seen."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np

from gibbsite._backends._numba import pool

_SLICE = 0.025  # seconds that a call should take
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
    status: np.ndarray,
    threads: int,
) -> None:
    """Call kernel(*arguments, begin, end, first, last, fault) until all chains have made all steps.

    Chains begin ... end - 1 make the steps first ... last - 1. How many at once depends on the time that they take;
    results do not depend on it. A kernel that finds a fatal density leaves [code, chain, draw, 0] in fault: then all
    stop.
    """
    status[:] = 0
    cut = pool.even_chunks(n_chains, min(n_chains, _MOST_TASKS))
    n_tasks = -(-n_chains // cut(0)[1]) if n_chains else 0
    faults = np.zeros((n_tasks, 4), np.int64)
    stop = Event()

    def task(i: int) -> None:
        done, at_once = 0, 1
        while done < n_steps and not stop.is_set():
            last = min(done + at_once, n_steps)
            start = perf_counter()
            kernel(*arguments, *cut(i), done, last, faults[i])
            elapsed = perf_counter() - start
            if faults[i, 0]:
                stop.set()
            at_once = max(1, 2 * at_once if elapsed < _SLICE else at_once // 2 if elapsed > 2 * _SLICE else at_once)
            done = last

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
