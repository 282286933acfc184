"""Every contestant gets the same threads: all pools in the process are set to one number for the whole run."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

import gibbsite

THREADS = int(os.environ.get("GIBBSITE_BENCH_THREADS", str(gibbsite.get_threads())))


def torch() -> Any | None:
    """PyTorch where it is installed, with the same number of threads."""
    if importlib.util.find_spec("torch") is None:
        return None
    module = importlib.import_module("torch")
    module.set_num_threads(THREADS)
    return module


@pytest.fixture(autouse=True, scope="session")
def same_threads() -> Iterator[int]:
    gibbsite.set_threads(THREADS)
    with threadpool_limits(THREADS):
        yield THREADS


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    machine_info["threads"] = THREADS
    machine_info["isa"] = isa()


def isa() -> str:
    try:
        compiled: Any = importlib.import_module("gibbsite._cpp")
        return str(compiled.core.isa())
    except (ImportError, AttributeError):
        return "numba"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line a benchmark: our median, and how many times as long each peer takes."""
    session = getattr(terminalreporter.config, "_benchmarksession", None)
    rows = [b for b in getattr(session, "benchmarks", []) if b.extra_info.get("peers")]
    if not rows:
        return
    terminalreporter.section("times as long as gibbsite")
    for row in rows:
        ours = row.stats.median
        ratios = ", ".join(f"{name} {peer / ours:.1f}x" for name, peer in row.extra_info["peers"].items())
        terminalreporter.write_line(f"{row.name:60s} {ours * 1e3:10.3f} ms   {ratios}")
