"""What each component says of every row: the arrays of N x K that a fit never makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.mixture._gaussian_mixture import _estimate_log_gaussian_prob

import gibbsite.kernels.mixture as k
from benchmarks.beside import beside, both_precisions, on_numba
from benchmarks.mixture.contestants import fitted_peer
from benchmarks.mixture.data import problem

of_sizes = pytest.mark.parametrize(
    ("kind", "n", "d", "n_components"), [("diag", 500_000, 16, 16), ("full", 100_000, 32, 16)]
)
in_group = pytest.mark.benchmark(group="densities of rows under every component")


@both_precisions
@of_sizes
@in_group
def test_log_prob(benchmark: Any, kind: str, n: int, d: int, n_components: int, dtype: Any) -> None:
    case = problem(kind, n, d, n_components, dtype)
    model = case.means, case.precisions_cholesky, kind
    out = np.empty((n, n_components), dtype)

    def ours() -> Any:
        return k.log_prob(case.X, *model, out=out)

    peers = {"scikit-learn": lambda: _estimate_log_gaussian_prob(case.X, *model), "numba": on_numba(ours)}
    beside(benchmark, ours, peers)


@both_precisions
@of_sizes
@in_group
def test_responsibilities(benchmark: Any, kind: str, n: int, d: int, n_components: int, dtype: Any) -> None:
    case = problem(kind, n, d, n_components, dtype)
    model = np.log(case.weights), case.means, case.precisions_cholesky, kind
    out, log_density, peer = np.empty((n, n_components), dtype), np.empty(n, dtype), fitted_peer(case)

    def ours() -> Any:
        return k.responsibilities(case.X, *model, out=out, log_density_out=log_density)

    def theirs() -> Any:
        _, log_responsibilities = peer._estimate_log_prob_resp(case.X)
        return np.exp(log_responsibilities, out=log_responsibilities)

    beside(benchmark, ours, {"scikit-learn": theirs, "numba": on_numba(ours)})
