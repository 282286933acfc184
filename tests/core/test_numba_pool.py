"""The thread pool of the Numba back end."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from gibbsite._backends._numba import pool


def test_every_chunk_runs_once():
    for n_chunks in (0, 1, 2, 7, 100):
        seen = []
        pool.run(seen.append, n_chunks, 4)
        assert sorted(seen) == list(range(n_chunks))


def test_an_exception_in_a_chunk_reaches_the_caller():
    def chunk(i):
        if i == 5:
            raise ZeroDivisionError("chunk 5")

    for threads in (1, 4):
        with pytest.raises(ZeroDivisionError, match="chunk 5"):
            pool.run(chunk, 50, threads)
    test_every_chunk_runs_once()


def test_calls_from_several_threads_at_once():
    totals = []

    def caller(n):
        seen = []
        pool.run(seen.append, n, 3)
        totals.append(len(seen) == n)

    callers = [threading.Thread(target=caller, args=(100 + i,)) for i in range(8)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert totals == [True] * 8


def test_a_call_within_a_chunk():
    seen = []
    pool.run(lambda i: pool.run(seen.append, 3, 3), 4, 3)
    assert len(seen) == 12


def _child(queue):
    seen = []
    pool.run(seen.append, 10, 3)
    queue.put(len(seen))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_its_own_pool():
    pool.run(lambda i: None, 10, 3)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_child, args=(queue,))
    child.start()
    assert queue.get(timeout=30) == 10
    child.join()


def test_interrupted_between_chunks():
    code = """
import signal, time
from gibbsite._backends._numba import pool
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
print("started", flush=True)
try:
    pool.run(lambda i: time.sleep(0.02), 100_000, 2)
except KeyboardInterrupt:
    seen = []
    pool.run(seen.append, 20, 2)
    print("interrupted", len(seen), flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "started\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert output == "interrupted 20\n"


def test_chunks_cover_the_range():
    for n, n_chunks, multiple in [(0, 3, 1), (10, 3, 1), (1000, 7, 128), (5, 100, 1), (257, 2, 256)]:
        cut = pool.even_chunks(n, n_chunks, multiple)
        covered = np.zeros(n, int)
        for i in range(n_chunks + 1):
            begin, end = cut(i)
            covered[begin:end] += 1
            assert begin == n or begin % multiple == 0
        assert (covered == 1).all()
