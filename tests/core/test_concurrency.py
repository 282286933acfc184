"""Kernels called from several threads at once, and in a forked child."""

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.parity.problems import arguments, gaussians, rows


@pytest.fixture
def work(host, rng):
    """A call that gives the statistics of one EM step on two threads."""
    model = gaussians(rng, 8, 6, "full", np.float64)
    X = rows(rng, 40_000, model, np.float64)

    def call():
        stats = np.empty(2 + 8 * (1 + 6 + 36))
        host.mixture.em_step(X, None, *arguments(model), stats, 2)
        return stats

    return call


def test_several_callers_at_once(work):
    expected = work()
    with ThreadPoolExecutor(4) as executor:
        for stats in executor.map(lambda _: work(), range(12)):
            np.testing.assert_array_equal(stats, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child(work):
    expected = work()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=lambda: queue.put(work()))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=60), expected)
    child.join()
