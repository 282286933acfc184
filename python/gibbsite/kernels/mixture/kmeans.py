"""k-means: greedy k-means++ and Lloyd's iterations.

Random numbers are taken from a numpy.random.RandomState in the order in which scikit-learn's
KMeans(n_init=1, init="k-means++", algorithm="lloyd") takes them, so that both find the same clusters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from gibbsite._backends.selection import Backend
from gibbsite._scalars import as_integer
from gibbsite.kernels._validation import FLOAT64, INT64, Array, as_output, as_parameter
from gibbsite.kernels.mixture._arguments import as_points, weighted_rows


def kmeans_step(
    X: Array,
    centers: Array,
    *,
    sample_weight: Array | None = None,
    labels_out: Array | None = None,
    sums_out: Array | None = None,
    threads: int | None = None,
) -> tuple[Array, Array, Array, Any]:
    """Assign every row to its nearest centre, and average the rows of each.

    Parameters
    ----------
    X : array of shape (N, D)
    centers : array of shape (K, D)
    sample_weight : array of shape (N,), optional
    labels_out : int64 array of shape (N,), optional
    sums_out : float64 array of shape (1 + K + K D,), optional
        What the other results are views of.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    labels : int64 array of shape (N,)
        Of equally near centres, the first.
    means : float64 array of shape (K, D)
        The old centre where a cluster has no weight.
    weight : float64 array of shape (K,)
    inertia : float64 scalar
        Weighted sum of squared distances to the given centres.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    backend, X, weight = weighted_rows(X, sample_weight)
    xp = backend.xp
    centers = as_points(centers, X, xp, "centers")
    k, d = centers.shape
    labels = as_output(labels_out, (len(X),), INT64, xp, "labels_out")
    sums = as_output(sums_out, (1 + k + k * d,), FLOAT64, xp, "sums_out")
    backend.mixture.kmeans_step(X, weight, centers, labels, sums, backend.context(threads))
    return labels, sums[1 + k :].reshape(k, d), sums[1 : 1 + k], sums[0]


def candidate_distances(
    X: Array,
    candidates: Array,
    *,
    closest: Array | None = None,
    sample_weight: Array | None = None,
    out: Array | None = None,
    potentials_out: Array | None = None,
    threads: int | None = None,
) -> tuple[Array, Array]:
    """Squared distance of every row to the nearest centre, if a candidate joined the centres.

    Parameters
    ----------
    X : array of shape (N, D)
    candidates : array of shape (C, D)
    closest : array of shape (N,), optional
        Squared distance to the nearest centre so far.
    sample_weight : array of shape (N,), optional
    out : array of shape (C, N), optional
    potentials_out : float64 array of shape (C,), optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    distances : array of shape (C, N), of X's dtype
    potentials : float64 array of shape (C,)
        Weighted sums of the distances.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    backend, X, weight = weighted_rows(X, sample_weight)
    xp = backend.xp
    candidates = as_points(candidates, X, xp, "candidates")
    n, c = len(X), len(candidates)
    closest = None if closest is None else as_parameter(closest, (n,), X.dtype, xp, "closest")
    distances = as_output(out, (c, n), X.dtype, xp)
    potentials = as_output(potentials_out, (c,), FLOAT64, xp, "potentials_out")
    context = backend.context(threads)
    backend.mixture.candidate_distances(X, candidates, closest, weight, distances, potentials, context)
    return distances, potentials


def _first_center(n: int, sample_weight: Array | None, random_state: np.random.RandomState, xp: Any) -> int:
    """One draw in proportion to the weights: what `random_state.choice(n, p=...)` takes and gives."""
    u = random_state.random_sample()
    if sample_weight is None:
        return min(int(u * n), n - 1)
    cumulative = xp.cumsum(sample_weight, dtype=np.float64)
    return min(int(xp.searchsorted(cumulative, u * cumulative[-1:], side="right")[0]), n - 1)


def kmeans_plusplus(
    X: Array,
    n_clusters: int,
    *,
    random_state: np.random.RandomState | int | None,
    sample_weight: Array | None = None,
    threads: int | None = None,
) -> tuple[Array, np.ndarray]:
    """Greedy k-means++ (Arthur & Vassilvitskii 2007): the best of 2 + log K candidates becomes each next centre.

    Parameters
    ----------
    X : array of shape (N, D)
    n_clusters : int
    random_state : numpy.random.RandomState, int or None
        An int seeds a new one; None is NumPy's global one.
    sample_weight : array of shape (N,), optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    centers : array of shape (K, D), of X's dtype
    indices : int64 NumPy array of shape (K,)
        Their rows in X.

    Raises
    ------
    TypeError
        If `n_clusters` is no integer.
    ValueError
        If there is no cluster, there are fewer rows than clusters, or `random_state` is none.
    """
    n_clusters = as_integer(n_clusters, "n_clusters", 1)
    state: Any = check_random_state(random_state)
    backend, X, weight = weighted_rows(X, sample_weight)
    xp = backend.xp
    n = len(X)
    if n < n_clusters:
        raise ValueError(f"n_samples={n} should be >= n_clusters={n_clusters}.")
    n_trials = 2 + int(np.log(n_clusters))
    indices = np.empty(n_clusters, np.int64)
    indices[0] = _first_center(n, weight, state, xp)
    distances, potentials = candidate_distances(
        X, X[int(indices[0])][np.newaxis], sample_weight=weight, threads=threads
    )
    closest, potential = distances[0], potentials[:1]
    # The chosen row of one array is read while the other is written.
    buffers = [xp.empty((n_trials, n), X.dtype) for _ in range(min(2, n_clusters - 1))]
    cumulative = xp.empty(n, np.float64)
    for c in range(1, n_clusters):
        thresholds = xp.asarray(state.uniform(size=n_trials)) * potential
        xp.cumsum(closest if weight is None else closest * weight, dtype=np.float64, out=cumulative)
        candidates = xp.minimum(xp.searchsorted(cumulative, thresholds), n - 1)
        distances, potentials = candidate_distances(
            X, X[candidates], closest=closest, sample_weight=weight, out=buffers[c % 2 - 1], threads=threads
        )
        best = int(potentials.argmin())
        closest, potential = distances[best], potentials[best : best + 1]
        indices[c] = int(candidates[best])
    return X[xp.asarray(indices)], indices


def _total_variance(X: Array, labels: Array, sums: Array, backend: Backend, context: int) -> float:
    """Sum over features of the variance, by Lloyd's step with one centre: first the mean, then the inertia about it."""
    n, d = X.shape
    center = backend.xp.ascontiguousarray(X[:1])
    for _ in range(2):
        backend.mixture.kmeans_step(X, None, center, labels, sums, context)
        center = sums[2:].reshape(1, d).astype(X.dtype)
    return float(sums[0] / n)


def _relocate_empty(
    X: Array, weight: Array | None, centers: Array, labels: Array, totals: np.ndarray, means: np.ndarray, xp: Any
) -> None:
    """Move clusters without weight to the rows farthest from their centres, in scikit-learn's order; in place.

    totals (K,) and means (K, D) are host arrays.
    """
    empty = np.flatnonzero(totals == 0)
    distances = ((X - centers[labels]) ** 2).sum(axis=1)
    if float(distances.max()) == 0:
        return  # fewer distinct rows than clusters: nowhere to go
    farthest = xp.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
    sums = means * totals[:, np.newaxis]
    for new, row in zip(empty, farthest.tolist(), strict=True):
        mass = 1.0 if weight is None else float(weight[row])
        x = np.asarray(X[row].tolist(), dtype=np.float64)
        old = int(labels[row])
        sums[old] -= x * mass
        sums[new] = x * mass
        totals[new] = mass
        totals[old] -= mass
    filled = totals > 0
    means[filled] = sums[filled] / totals[filled, np.newaxis]


def kmeans(
    X: Array,
    n_clusters: int,
    *,
    random_state: np.random.RandomState | int | None,
    sample_weight: Array | None = None,
    max_iter: int = 300,
    tol: float = 1e-4,
    threads: int | None = None,
) -> tuple[Array, Array, float, int]:
    """Cluster by k-means: greedy k-means++, then Lloyd's iterations.

    Parameters
    ----------
    X, n_clusters, random_state, sample_weight, threads
        As in `kmeans_plusplus`.
    max_iter : int
    tol : float
        Stop when the centres' squared move is below tol times the mean variance of a feature.

    Returns
    -------
    centers : array of shape (K, D), of X's dtype
    labels : int64 array of shape (N,)
    inertia : float
        Weighted sum of squared distances to the nearest centre.
    n_iter : int

    Raises
    ------
    TypeError
        If `n_clusters` or `max_iter` is no integer.
    ValueError
        If there is no cluster, there are fewer rows than clusters, or `random_state` is none.
    """
    n_clusters, max_iter = as_integer(n_clusters, "n_clusters", 1), as_integer(max_iter, "max_iter", 0)
    backend, X, weight = weighted_rows(X, sample_weight)
    xp = backend.xp
    context = backend.context(threads)
    n, d = X.shape
    centers, _ = kmeans_plusplus(X, n_clusters, random_state=random_state, sample_weight=weight, threads=threads)
    labels, before = xp.empty(n, np.int64), xp.empty(n, np.int64)
    threshold = tol * _total_variance(X, labels, xp.empty(2 + d), backend, context) / d if tol else 0.0
    sums = xp.empty(1 + n_clusters * (1 + d))
    settled = False
    iteration = 0
    for iteration in range(1, max_iter + 1):
        backend.mixture.kmeans_step(X, weight, centers, labels, sums, context)
        moved = _new_centers(X, weight, centers, labels, sums, xp)
        shift = float(((moved - centers) ** 2).sum())
        centers = moved
        settled = iteration > 1 and bool((labels == before).all())
        if settled or shift <= threshold:
            break
        labels, before = before, labels
    if not settled:  # the labels are those of the centres before the last move
        backend.mixture.kmeans_step(X, weight, centers, labels, sums, context)
    return centers, labels, float(sums[0]), iteration


def _new_centers(X: Array, weight: Array | None, centers: Array, labels: Array, sums: Array, xp: Any) -> Array:
    """Centres in X's dtype from the sums of one step, with empty clusters moved."""
    k, d = centers.shape
    if bool((sums[1 : 1 + k] > 0).all()):
        return sums[1 + k :].reshape(k, d).astype(X.dtype)
    totals = np.asarray(sums[1 : 1 + k].tolist())
    means = np.asarray(sums[1 + k :].tolist()).reshape(k, d)
    _relocate_empty(X, weight, centers, labels, totals, means, xp)
    return xp.asarray(means, dtype=X.dtype)
