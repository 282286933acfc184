"""One measurement: ours and its peers in turn, round by round, so that a drift of the machine hits all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter, sleep
from typing import Any

import numpy as np
import pytest

import gibbsite

Run = Callable[[], Any]

both_precisions = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda dtype: dtype.__name__)

# Before each run: the threads of the contestant before (OpenBLAS spins for a tenth of a second) go to sleep first.
REST_SECONDS = 0.2
# Enough rounds for a median, within this many seconds for the slowest contestant.
BUDGET_SECONDS = 5.0
FEWEST_ROUNDS, MOST_ROUNDS = 5, 7


def seconds(run: Run) -> float:
    """How long one call takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def on_numba(run: Run) -> Run:
    """The same on the Numba back end."""

    def inside() -> Any:
        with gibbsite.backend("numba"):
            return run()

    return inside


def hundred(run: Run) -> Run:
    """A hundred calls, where one is too short to be timed."""
    return lambda: [run() for _ in range(100)]


def warm(run: Run) -> None:
    """Let the machine come to rest, then run once untimed: caches, threads and clock are then the contestant's own."""
    sleep(REST_SECONDS)
    run()


def beside(benchmark: Any, ours: Run, peers: dict[str, Run], **facts: Any) -> None:
    """Time `ours` through pytest-benchmark, with every peer run before each of its rounds.

    The medians of the peers go to `extra_info["peers"]`, and `facts` beside them: `work` (floating-point operations or
    bytes of one call) and `limit` (the peak they are compared with), `goal` (ratio by peer).
    """
    times: dict[str, list[float]] = {name: [] for name in peers}

    def run_peers() -> None:
        for name, run in peers.items():
            warm(run)
            times[name].append(seconds(run))
        warm(ours)

    ours()  # compiles what is compiled at the first call
    slowest = sum(seconds(run) for run in (ours, *peers.values())) if benchmark.enabled else 0.0
    rounds = max(FEWEST_ROUNDS, min(MOST_ROUNDS, int(BUDGET_SECONDS / max(slowest, 1e-9))))
    benchmark.pedantic(ours, setup=run_peers, rounds=rounds, warmup_rounds=1)
    benchmark.extra_info["peers"] = {
        name: statistics.median(values[1:]) for name, values in times.items() if values[1:]
    }
    benchmark.extra_info.update(facts)
