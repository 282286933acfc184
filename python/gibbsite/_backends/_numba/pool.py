"""Threads for compiled functions that release the GIL.

Numba's own `prange` is not used: its only layer that is always present may not be entered by two threads at once, and
libgomp, the other common one, hangs a forked child. Work comes as numbered chunks; how many depends on the data's shape
alone, so results do not depend on the number of threads. Between two chunks Python runs, and Ctrl-C is seen.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock

_lock = Lock()
_executor: ThreadPoolExecutor | None = None
_executor_size = 0
_default: int | None = None


def _forget_after_fork() -> None:
    global _executor, _lock
    _lock = Lock()
    _executor = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


def _cgroup_limit() -> int:
    """Return the processors that the container may use, rounded up; a great many where nothing limits them."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return sys.maxsize


def _detect() -> int:
    for name in ("GIBBSITE_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "").split(",")[0].strip()
        if text.isdigit() and int(text) > 0:
            return int(text)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(cores, _cgroup_limit()))


def get_threads() -> int:
    """Return the number of threads that `threads=0` stands for."""
    global _default
    if _default is None:
        _default = _detect()
    return _default


def set_threads(n: int) -> None:
    """Set the number of threads that `threads=0` stands for; 0 goes back to the machine's default."""
    global _default
    _default = n if n > 0 else _detect()


def _submit(work: Callable[[], None], helpers: int) -> list[Future[None]]:
    global _executor, _executor_size
    with _lock:
        if _executor is None or _executor_size < helpers:
            if _executor is not None:
                _executor.shutdown(wait=False)
            _executor = ThreadPoolExecutor(helpers, thread_name_prefix="gibbsite")
            _executor_size = helpers
        try:
            return [_executor.submit(work) for _ in range(helpers)]
        except RuntimeError:  # the interpreter is shutting down: no new threads
            return []


def run(chunk: Callable[[int], None], n_chunks: int, threads: int = 0) -> None:
    """Call `chunk(i)` for every i < n_chunks, on the caller's thread and up to `threads - 1` others."""
    helpers = min(threads or get_threads(), n_chunks) - 1
    if helpers < 1:
        for i in range(n_chunks):
            chunk(i)
        return
    numbers = itertools.count()
    stop = Event()

    def work() -> None:
        try:
            while not stop.is_set():
                i = next(numbers)
                if i >= n_chunks:
                    return
                chunk(i)
        except BaseException:
            stop.set()
            raise

    futures = _submit(work, helpers)
    try:
        work()
    finally:
        # Helpers that have not started (the pool may serve another caller) have nothing left to do.
        started = [future for future in futures if not future.cancel()]
        for future in started:
            future.exception()
    for future in started:
        future.result()


def even_chunks(n: int, n_chunks: int, multiple: int = 1) -> Callable[[int], tuple[int, int]]:
    """Return i -> (begin, end), which cuts range(n) into about `n_chunks` runs of a multiple of `multiple`."""
    size = -(-n // max(1, n_chunks))
    size = -(-size // multiple) * multiple
    return lambda i: (min(i * size, n), min((i + 1) * size, n))
