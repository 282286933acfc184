"""k-means finds what scikit-learn's finds from the same random state."""

import warnings

import numpy as np
import pytest
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.cluster import kmeans_plusplus as sklearn_kmeans_plusplus
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from gibbsite.kernels import mixture as k


def _digits():
    return datasets.load_digits().data


# Real data with repeated measurements has rows at exactly the same distance from two centres; projections have not.
DATASETS = {
    "iris": (lambda: PCA(4).fit_transform(datasets.load_iris().data), 3),
    "wine": (lambda: datasets.load_wine().data, 3),
    "breast cancer": (lambda: datasets.load_breast_cancer().data, 2),
    "diabetes": (lambda: datasets.load_diabetes().data[:, [0, 2, 3, 4, 5]], 6),
    "digits in 2-D": (lambda: PCA(2).fit_transform(_digits()), 10),
    "digits in 16-D": (lambda: PCA(16).fit_transform(_digits()), 10),
    "digits in 40-D": (lambda: PCA(40).fit_transform(_digits()), 25),
    "moons": (lambda: datasets.make_moons(1000, noise=0.1, random_state=0)[0], 7),
    "circles": (lambda: datasets.make_circles(1000, noise=0.1, random_state=0)[0], 5),
    "swiss roll": (lambda: datasets.make_swiss_roll(1500, random_state=0)[0], 12),
    "blobs": (lambda: datasets.make_blobs(3000, 5, centers=8, random_state=1)[0], 8),
    "wide blobs": (lambda: datasets.make_blobs(3000, 16, centers=16, cluster_std=5, random_state=2)[0], 16),
    "one column": (lambda: np.random.default_rng(0).normal(size=(2000, 1)), 4),
    "far from the origin": (lambda: 1e4 + np.random.default_rng(1).normal(size=(2000, 3)), 5),
}


@pytest.fixture(params=DATASETS)
def dataset(request):
    make, n_clusters = DATASETS[request.param]
    return np.ascontiguousarray(make()), n_clusters


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_as_scikit_learn(host, dataset, seed, weighted):
    X, n_clusters = dataset
    weight = np.random.default_rng(seed).random(len(X)) if weighted else None
    peer = KMeans(n_clusters, n_init=1, random_state=seed).fit(X, sample_weight=weight)
    state = np.random.RandomState(seed)
    centers, labels, inertia, n_iter = k.kmeans(X, n_clusters, random_state=state, sample_weight=weight)
    np.testing.assert_array_equal(labels, peer.labels_)
    np.testing.assert_allclose(centers, peer.cluster_centers_, rtol=1e-9, atol=1e-9 * np.abs(X).max())
    assert inertia == pytest.approx(peer.inertia_, rel=1e-9)
    assert n_iter == peer.n_iter_
    # The random state has advanced as far as scikit-learn's does.
    theirs = np.random.RandomState(seed)
    KMeans(n_clusters, n_init=1, random_state=theirs).fit(X, sample_weight=weight)
    assert state.uniform() == theirs.uniform()


@pytest.mark.parametrize("weighted", [False, True])
def test_plusplus_picks_scikit_learns_rows(host, dataset, weighted):
    X, n_clusters = dataset
    weight = np.random.default_rng(3).random(len(X)) if weighted else None
    centred = X - X.mean(axis=0)
    _, expected = sklearn_kmeans_plusplus(centred, n_clusters, sample_weight=weight, random_state=7)
    state = np.random.RandomState(7)
    centers, indices = k.kmeans_plusplus(X, n_clusters, random_state=state, sample_weight=weight)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(centers, X[indices])


def test_float32(host):
    X = datasets.make_blobs(2000, 4, centers=5, random_state=3)[0].astype(np.float32)
    peer = KMeans(5, n_init=1, random_state=0).fit(X)
    centers, labels, inertia, _ = k.kmeans(X, 5, random_state=np.random.RandomState(0))
    assert centers.dtype == np.float32
    np.testing.assert_array_equal(labels, peer.labels_)
    assert inertia == pytest.approx(peer.inertia_, rel=1e-5)


def test_empty_clusters_move_as_in_scikit_learn(host):
    """Centres so far away that nothing is theirs: relocated to the farthest rows, in scikit-learn's order."""
    from gibbsite.kernels.mixture.kmeans import _new_centers

    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 3))
    weight = rng.random(300)
    start = np.concatenate([X[:3], [[1e3, 0, 0], [0, 1e3, 0]]])
    for sample_weight in (None, weight):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one iteration does not converge
            peer = KMeans(5, init=start, n_init=1, max_iter=1, tol=0).fit(X, sample_weight=sample_weight)
        labels, _, _, _ = k.kmeans_step(X, start, sample_weight=sample_weight, sums_out=(sums := np.empty(21)))
        moved = _new_centers(X, sample_weight, start, labels, sums, np)
        np.testing.assert_allclose(moved, peer.cluster_centers_, rtol=1e-9, atol=1e-12)


def test_fewer_distinct_rows_than_clusters(host):
    X = np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0)
    centers, labels, inertia, _ = k.kmeans(X, 4, random_state=np.random.RandomState(0))
    assert inertia == 0
    assert len(set(labels.tolist())) == 2
    assert np.isfinite(centers).all()


def test_one_cluster_is_the_mean(host, rng):
    X = rng.normal(size=(100, 2))
    weight = rng.random(100)
    centers, labels, _, _ = k.kmeans(X, 1, random_state=np.random.RandomState(0), sample_weight=weight)
    # rows are of size one: a mean near zero has their rounding
    np.testing.assert_allclose(centers[0], np.average(X, axis=0, weights=weight), rtol=1e-12, atol=1e-14)
    assert not labels.any()


def test_as_many_clusters_as_rows(host, rng):
    X = rng.normal(size=(6, 2))
    _, labels, inertia, _ = k.kmeans(X, 6, random_state=np.random.RandomState(0))
    assert sorted(labels.tolist()) == list(range(6))
    assert inertia == 0


def test_too_few_rows(host):
    with pytest.raises(ValueError, match="n_samples=3 should be >= n_clusters=4"):
        k.kmeans(np.zeros((3, 2)), 4, random_state=np.random.RandomState(0))


def test_max_iter_and_tol(host, rng):
    X = rng.normal(size=(500, 2))
    for max_iter in (1, 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            peer = KMeans(6, n_init=1, random_state=0, max_iter=max_iter).fit(X)
        _, labels, _, n_iter = k.kmeans(X, 6, random_state=np.random.RandomState(0), max_iter=max_iter)
        assert n_iter == peer.n_iter_ == max_iter
        np.testing.assert_array_equal(labels, peer.labels_)
    peer = KMeans(6, n_init=1, random_state=0, tol=0).fit(X)
    assert k.kmeans(X, 6, random_state=np.random.RandomState(0), tol=0)[3] == peer.n_iter_
