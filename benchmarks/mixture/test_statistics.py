"""The statistics of given responsibilities, and what is made of statistics: their sum and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky, _estimate_gaussian_parameters

import gibbsite.kernels.mixture as k
from benchmarks.beside import beside, both_precisions, hundred, on_numba
from benchmarks.mixture.data import problem

REG_COVAR = 1e-6


@both_precisions
@pytest.mark.parametrize(("kind", "n", "d", "n_components"), [("diag", 500_000, 16, 16), ("full", 100_000, 32, 16)])
@pytest.mark.benchmark(group="statistics of given responsibilities")
def test_statistics(benchmark: Any, kind: str, n: int, d: int, n_components: int, dtype: Any) -> None:
    """The peer's weights, means and covariances are the same sums, divided."""
    case = problem(kind, n, d, n_components, dtype)
    given, _ = k.responsibilities(case.X, np.log(case.weights), case.means, case.precisions_cholesky, kind)
    out = k.Statistics.zeros(n_components, d, kind)

    def ours() -> Any:
        return k.statistics(case.X, responsibilities=given, center=case.means, covariance_type=kind, out=out)

    def theirs() -> Any:
        return _estimate_gaussian_parameters(case.X, given, REG_COVAR, kind)

    beside(benchmark, ours, {"scikit-learn": theirs, "numba": on_numba(ours)})


def statistics(kind: str, d: int, n_components: int) -> k.Statistics:
    case = problem(kind, 50_000, d, n_components, np.float64)
    return k.em_step(case.X, np.log(case.weights), case.means, case.precisions_cholesky, kind)


def parameters(weight: Any, means: Any, scatter: Any, kind: str) -> Any:
    """The M step in NumPy, with scikit-learn's factorisation."""
    weight = weight + 10 * np.finfo(weight.dtype).eps
    covariances = scatter / (weight[:, None] if kind == "diag" else weight[:, None, None])
    if kind == "diag":
        covariances += REG_COVAR
    else:
        covariances.reshape(len(covariances), -1)[:, :: means.shape[1] + 1] += REG_COVAR
    return weight / weight.sum(), means, covariances, _compute_precision_cholesky(covariances, kind)


@both_precisions
@pytest.mark.parametrize(("kind", "d", "n_components"), [("diag", 64, 256), ("full", 32, 16), ("full", 128, 8)])
@pytest.mark.benchmark(group="100 calls of m_step")
def test_m_step(benchmark: Any, kind: str, d: int, n_components: int, dtype: Any) -> None:
    """Ours computes in float64 and rounds once; the peer takes the statistics in the precision of the parameters."""
    given = statistics(kind, d, n_components)
    parts = [part.astype(dtype) for part in (given.weight, given.mean, given.scatter)]
    out = k.m_step(given, reg_covar=REG_COVAR, dtype=dtype)

    def ours() -> Any:
        return k.m_step(given, reg_covar=REG_COVAR, out=out)

    peers = {"scikit-learn": hundred(lambda: parameters(*parts, kind)), "numba": hundred(on_numba(ours))}
    beside(benchmark, hundred(ours), peers)


def merge(into: k.Statistics, other: k.Statistics) -> None:
    """Chan, Golub & LeVeque 1979 on whole arrays."""
    total = into.weight + other.weight
    share = other.weight / total
    move = other.mean - into.mean
    pull = (into.weight * share)[:, None] * move
    into.scatter[...] += other.scatter
    into.scatter[...] += pull * move if into.covariance_type == "diag" else pull[:, :, None] * move[:, None, :]
    into.mean[...] += share[:, None] * move
    into.weight[...] = total
    into.data[:2] += other.data[:2]


@pytest.mark.parametrize(("kind", "d", "n_components"), [("diag", 64, 256), ("full", 32, 16), ("full", 128, 8)])
@pytest.mark.benchmark(group="100 calls of merge")
def test_merge(benchmark: Any, kind: str, d: int, n_components: int) -> None:
    """Statistics are float64 whatever the data are."""
    other = statistics(kind, d, n_components)
    mine, theirs = other.copy(), other.copy()

    def ours() -> Any:
        return mine.merge(other)

    peers = {"numpy": hundred(lambda: merge(theirs, other)), "numba": hundred(on_numba(ours))}
    beside(benchmark, hundred(ours), peers)
