"""One EM iteration, initialisation excluded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.beside import beside, both_precisions, hundred, on_numba
from benchmarks.conftest import torch
from benchmarks.mixture.contestants import (
    gibbsite_em_step,
    gibbsite_iteration,
    scikit_learn_e_step,
    scikit_learn_iteration,
    torch_iteration,
)
from benchmarks.mixture.data import problem

# covariance type, N, D, K, least ratio to scikit-learn in float64 and float32
ROWS = [
    ("diag", 1_000_000, 1, 2, 60, 100),
    ("diag", 500_000, 16, 16, 25, 20),
    ("full", 100_000, 32, 16, 25, 30),
    ("full", 50_000, 128, 8, 12, 10),
    ("tied", 500_000, 16, 16, 20, 20),
    ("spherical", 500_000, 16, 16, 20, 20),
]


def dense_work(n: int, d: int, k: int) -> int:
    """Floating-point operations of an iteration with full covariances that skips nothing but the triangles."""
    return 2 * n * k * d * (d + 1)


@both_precisions
@pytest.mark.parametrize(("kind", "n", "d", "k", "goal64", "goal32"), ROWS)
@pytest.mark.benchmark(group="EM iteration")
def test_em_iteration(benchmark: Any, kind: str, n: int, d: int, k: int, goal64: int, goal32: int, dtype: Any) -> None:
    case = problem(kind, n, d, k, dtype)
    ours = gibbsite_iteration(case)
    peers = {"scikit-learn": scikit_learn_iteration(case), "numba": on_numba(ours)}
    goal = {"scikit-learn": goal64 if dtype is np.float64 else goal32}
    library = torch()
    if d == 1 and library is not None:
        peers["torch"] = torch_iteration(case, library)
        goal["torch"] = 15
    facts: dict[str, Any] = {"goal": goal}
    if kind == "full":
        facts.update(work=dense_work(n, d, k), limit=f"gemm {dtype.__name__}")
    beside(benchmark, ours, peers, **facts)


@pytest.mark.parametrize("distance", [1.0, 4.0])
@pytest.mark.parametrize(("kind", "n", "d", "k"), [("full", 100_000, 32, 16), ("diag", 500_000, 16, 16)])
@pytest.mark.benchmark(group="EM iteration on clusters 1 and 4 deviations apart: every row counts for most components")
def test_em_iteration_by_distance(benchmark: Any, kind: str, n: int, d: int, k: int, distance: float) -> None:
    case = problem(kind, n, d, k, np.float64, distance=distance)
    facts: dict[str, Any] = {"work": dense_work(n, d, k), "limit": "gemm float64"} if kind == "full" else {}
    beside(benchmark, gibbsite_iteration(case), {"scikit-learn": scikit_learn_iteration(case)}, **facts)


@pytest.mark.parametrize("kind", ["full", "diag"])
@pytest.mark.benchmark(group="100 calls of em_step on 1000 x 2, K = 3 (goal: under 3 ms)")
def test_em_step_of_a_thousand_rows(benchmark: Any, kind: str) -> None:
    """The fused pass; the peer's E step alone, which leaves the sums to its M step."""
    case = problem(kind, 1000, 2, 3, np.float64)
    beside(benchmark, hundred(gibbsite_em_step(case)), {"scikit-learn": hundred(scikit_learn_e_step(case))})
