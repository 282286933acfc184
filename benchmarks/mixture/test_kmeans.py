"""k-means: its two kernels, and a whole run from the same random state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense
from sklearn.metrics.pairwise import _euclidean_distances
from threadpoolctl import threadpool_limits

import gibbsite.kernels.mixture as k
from benchmarks.beside import Run, beside, both_precisions, on_numba
from benchmarks.conftest import THREADS
from benchmarks.mixture.data import problem

N, D, K = 500_000, 16, 16
CANDIDATES = 2 + int(np.log(K))
ITERATIONS = 20


def lloyd_iteration(X: Any, centers: Any) -> Run:
    """scikit-learn's loop over chunks of rows, its threads around a BLAS of one thread."""
    weight, in_clusters, shift = np.ones(len(X), X.dtype), np.empty(K, X.dtype), np.empty(K, X.dtype)
    labels, new = np.empty(len(X), np.int32), np.empty_like(centers)

    def run() -> None:
        with threadpool_limits(1, user_api="blas"):
            lloyd_iter_chunked_dense(X, weight, centers, new, in_clusters, labels, shift, THREADS)

    return run


@both_precisions
@pytest.mark.benchmark(group="steps of k-means, 500k x 16, K = 16")
def test_kmeans_step(benchmark: Any, dtype: Any) -> None:
    """Ours adds up the inertia too."""
    case = problem("spherical", N, D, K, dtype)
    labels, sums = np.empty(N, np.int64), np.empty(1 + K * (1 + D))

    def ours() -> Any:
        return k.kmeans_step(case.X, case.means, labels_out=labels, sums_out=sums)

    peers = {"scikit-learn": lloyd_iteration(case.X, case.means), "numba": on_numba(ours)}
    beside(benchmark, ours, peers)


@both_precisions
@pytest.mark.benchmark(group="steps of k-means, 500k x 16, K = 16")
def test_candidate_distances(benchmark: Any, dtype: Any) -> None:
    """One round of greedy k-means++; the peer's squared norms of the rows are made before."""
    X = problem("spherical", N, D, K, dtype).X
    candidates, closest, weight = X[:CANDIDATES], np.full(N, 3 * D, dtype), np.ones(N, dtype)
    norms = np.einsum("nd,nd->n", X, X)
    out, potentials = np.empty((CANDIDATES, N), dtype), np.empty(CANDIDATES)

    def ours() -> Any:
        return k.candidate_distances(X, candidates, closest=closest, out=out, potentials_out=potentials)

    def theirs() -> Any:
        distances = _euclidean_distances(candidates, X, Y_norm_squared=norms, squared=True)
        np.minimum(closest, distances, out=distances)
        return distances @ weight

    beside(benchmark, ours, {"scikit-learn": theirs, "numba": on_numba(ours)})


@both_precisions
@pytest.mark.benchmark(group=f"k-means++ and {ITERATIONS} iterations of Lloyd's, 200k x 16, K = 16")
def test_kmeans(benchmark: Any, dtype: Any) -> None:
    """On clusters that overlap, with no tolerance: neither side settles before the other."""
    X = problem("spherical", 200_000, D, K, dtype, distance=4.0).X

    def ours() -> Any:
        return k.kmeans(X, K, random_state=np.random.RandomState(0), max_iter=ITERATIONS, tol=0.0)

    def theirs() -> Any:
        return KMeans(K, n_init=1, algorithm="lloyd", random_state=0, max_iter=ITERATIONS, tol=0.0).fit(X)

    beside(benchmark, ours, {"scikit-learn": theirs, "numba": on_numba(ours)})
