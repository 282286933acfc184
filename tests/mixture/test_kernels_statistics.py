"""Laws of statistics: merging is one pass over all rows, in any order and grouping."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gibbsite.kernels import mixture as k
from tests import oracles
from tests.parity.problems import gaussians, rows


def step(X, model, **options):
    return k.em_step(X, model.offsets, model.means, model.precisions_cholesky, model.covariance_type, **options)


@pytest.fixture
def problem(rng, covariance_type):
    model = gaussians(rng, 3, 4, covariance_type, np.float64)
    return model, rows(rng, 500, model, np.float64)


def assert_same(a, b, tolerance=1e-11):
    assert (a.n_components, a.n_features, a.covariance_type) == (b.n_components, b.n_features, b.covariance_type)
    np.testing.assert_allclose(a.data, b.data, rtol=tolerance, atol=tolerance * np.abs(b.data).max())


def test_the_views(host, problem):
    model, X = problem
    s = step(X, model)
    expected = oracles.unpack(s.data, 3, 4, model.covariance_type)
    for actual, wanted in zip((s.log_likelihood, s.total_weight, s.weight, s.mean, s.scatter), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
    assert s.total_weight == 500
    assert np.shares_memory(s.scatter, s.data)


def test_parts_merge_to_the_whole(host, problem):
    model, X = problem
    whole = step(X, model)
    for cuts in ([250], [1, 2, 3], [100, 400], [0, 500]):
        parts = [step(part, model) for part in np.split(X, cuts)]
        total = k.Statistics.zeros(3, 4, model.covariance_type)
        for part in parts:
            total.merge(part)
        assert_same(total, whole)


def test_merging_is_associative_and_commutative(host, problem):
    model, X = problem
    a, b, c = (step(part, model) for part in np.split(X, [70, 300]))
    assert_same(k.merge(k.merge(a, b), c), k.merge(a, k.merge(b, c)))
    assert_same(k.merge(a, b), k.merge(b, a))


def test_merge_leaves_its_arguments_alone_unless_told(host, problem):
    model, X = problem
    a, b = step(X[:200], model), step(X[200:], model)
    before = a.data.copy(), b.data.copy()
    total = k.merge(a, b)
    np.testing.assert_array_equal(a.data, before[0])
    other = k.Statistics.zeros(3, 4, model.covariance_type)
    assert k.merge(a, b, out=other) is other
    np.testing.assert_array_equal(other.data, total.data)
    assert k.merge(a, b, out=a) is a
    np.testing.assert_array_equal(a.data, total.data)
    np.testing.assert_array_equal(b.data, before[1])


def test_statistics_that_do_not_fit():
    with pytest.raises(ValueError, match="Statistics can be merged if"):
        k.merge(k.Statistics.zeros(2, 3, "diag"), k.Statistics.zeros(3, 3, "diag"))
    with pytest.raises(ValueError, match="covariance_type must be one of"):
        k.Statistics.zeros(2, 3, "round")


def test_pickle_and_copy(problem):
    model, X = problem
    s = step(X, model)
    assert_same(pickle.loads(pickle.dumps(s)), s, 0)
    copy = s.copy()
    copy.data[:] = 0
    assert s.total_weight == 500


def test_scaled(problem):
    model, X = problem
    s = step(X, model)
    half = s.scaled(0.5)
    assert_same(half, step(X, model, sample_weight=np.full(500, 0.5)))
    np.testing.assert_array_equal(half.mean, s.mean)


def test_labels_are_responsibilities_of_zero_and_one(host, problem, rng):
    model, X = problem
    labels = rng.integers(0, 3, 500)
    kind = {"covariance_type": model.covariance_type}
    assert_same(
        k.statistics(X, labels=labels, n_components=3, **kind),
        k.statistics(X, responsibilities=np.eye(3)[labels], **kind),
    )


def test_statistics_do_not_depend_on_the_center(host, problem, rng):
    model, X = problem
    r = rng.dirichlet(np.ones(3), 500)
    kind = {"covariance_type": model.covariance_type}
    a = k.statistics(X, responsibilities=r, **kind)
    b = k.statistics(X, responsibilities=r, center=rng.normal(size=(3, 4)) * 5, **kind)
    assert_same(a, b, 1e-10)


def test_what_statistics_refuses():
    X = np.zeros((4, 2))
    for given_ in ({}, {"labels": np.zeros(4, int), "responsibilities": np.ones((4, 1))}):
        with pytest.raises(ValueError, match="Exactly one of"):
            k.statistics(X, **given_)
    with pytest.raises(ValueError, match="n_components must be given"):
        k.statistics(X, labels=np.zeros(4, int))
    for label in (-1, 2):
        with pytest.raises(ValueError, match=r"labels should be in \[0, 2\)"):
            k.statistics(X, labels=np.full(4, label), n_components=2)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["full", "tied", "diag", "spherical"]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.lists(st.integers(0, 12), min_size=1, max_size=6),
)
def test_any_partition_merges_to_the_whole(seed, covariance_type, n_components, n_features, sizes):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(sum(sizes), n_features)) * 10.0 ** rng.integers(-2, 3)
    r = rng.dirichlet(np.full(n_components, 0.3), len(X)) if len(X) else np.zeros((0, n_components))
    center = np.zeros((n_components, n_features))
    kind = {"covariance_type": covariance_type, "center": center}
    total = k.Statistics.zeros(n_components, n_features, covariance_type)
    begin = 0
    for size in sizes:
        part = slice(begin, begin + size)
        total.merge(k.statistics(X[part], responsibilities=r[part], **kind))
        begin += size
    whole = k.statistics(X, responsibilities=r, **kind)
    # A component that nothing was given to has no mean of its own.
    _, _, weight, mean, scatter = oracles.unpack(whole.data, n_components, n_features, covariance_type)
    np.testing.assert_allclose(total.weight, weight, rtol=1e-12, atol=1e-300)
    scale = np.abs(X).max(initial=0)
    np.testing.assert_allclose(total.mean[weight > 0], mean[weight > 0], rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(total.scatter, scatter, rtol=1e-9, atol=1e-9 * scale**2 * max(1, len(X)))
