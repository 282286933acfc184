"""Rows drawn from a mixture."""

from __future__ import annotations

from typing import Any

import pytest

import gibbsite.kernels.mixture as k
from benchmarks.beside import beside, both_precisions, on_numba
from benchmarks.mixture.contestants import fitted_peer
from benchmarks.mixture.data import problem

N = 200_000


@both_precisions
@pytest.mark.parametrize("kind", ["diag", "full"])
@pytest.mark.benchmark(group="sample, 200k x 16, K = 16")
def test_sample(benchmark: Any, kind: str, dtype: Any) -> None:
    """The peer draws in float64 whatever the parameters are, and leaves its rows sorted by component."""
    case = problem(kind, 10_000, 16, 16, dtype)
    peer = fitted_peer(case)

    def ours() -> Any:
        return k.sample(N, case.weights, case.means, case.covariances, kind, seed=1)

    beside(benchmark, ours, {"scikit-learn": lambda: peer.sample(N), "numba": on_numba(ours)})
