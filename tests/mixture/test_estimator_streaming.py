"""Chunks and memory maps: the same fit as in memory, and never more than one chunk at a time."""

import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gibbsite import BayesianGaussianMixture, GaussianMixture
from gibbsite.mixture import _chunks
from gibbsite.mixture._subsample import EvenSubsample, subsample_limit, subsample_stride

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]
FITTED = ["weights_", "means_", "covariances_", "precisions_cholesky_"]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module", name="X")
def overlapping_clusters():
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.normal(m, s, (1000, 3)) for m, s in ((-2, 1), (0, 0.7), (2, 1.3))])
    return X[rng.permutation(len(X))]


def assert_same_fit(a, b, rtol=1e-10):
    for name in FITTED:
        assert_allclose(getattr(a, name), getattr(b, name), rtol=rtol, atol=1e-12, err_msg=name)
    assert_allclose(a.lower_bounds_, b.lower_bounds_, rtol=0.1 * rtol)
    assert a.n_iter_ == b.n_iter_


class Chunks:
    """An iterable of chunks that is neither a list nor an array."""

    def __init__(self, X, size):
        self.X, self.size = X, size

    def __iter__(self):
        return (self.X[i : i + self.size] for i in range(0, len(self.X), self.size))


FORMS = {
    "list": lambda X: [X[:1700], X[1700:1700], X[1700:1701], X[1701:]],
    "tuple": lambda X: (X[:10], X[10:]),
    "iterable": lambda X: Chunks(X, 999),
    "callable": lambda X: lambda: iter([X[:1500], X[1500:]]),
    "generator function": lambda X: lambda: (X[i : i + 700] for i in range(0, len(X), 700)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_chunks_fit_as_one_array(X, estimator, covariance_type, form):
    parameters = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0, "max_iter": 6, "tol": 0}
    whole = estimator(**parameters).fit(X)
    chunked = estimator(**parameters).fit(FORMS[form](X))
    assert_same_fit(whole, chunked)
    assert chunked.n_features_in_ == 3
    assert chunked.score(FORMS[form](X)) == pytest.approx(whole.score(X), rel=1e-10)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_weights_come_in_step(X, covariance_type):
    weight = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    weight[:300] = 0.0  # a whole chunk without weight
    parameters = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0, "max_iter": 6, "tol": 0}
    cuts = [300, 1100, 2999]
    whole = GaussianMixture(**parameters).fit(X, sample_weight=weight)
    chunked = GaussianMixture(**parameters).fit(np.split(X, cuts), sample_weight=np.split(weight, cuts))
    assert_same_fit(whole, chunked)
    lazily = GaussianMixture(**parameters).fit(
        lambda: iter(np.split(X, cuts)), sample_weight=lambda: iter(np.split(weight, cuts))
    )
    assert_same_fit(whole, lazily)
    total = chunked.score(np.split(X, cuts), sample_weight=np.split(weight, cuts))
    assert total == pytest.approx(whole.score(X, sample_weight=weight), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, ">f8"])
def test_large_maps_are_read_in_windows(X, dtype, tmp_path, monkeypatch):
    data = np.round(X * 100).astype(dtype)
    mapped = np.memmap(tmp_path / "x", dtype=dtype, mode="w+", shape=data.shape)
    mapped[:] = data
    mapped.flush()
    mapped = np.memmap(tmp_path / "x", dtype=dtype, mode="r", shape=data.shape)
    parameters = {"n_components": 3, "random_state": 0, "max_iter": 6, "tol": 0}
    whole = GaussianMixture(**parameters).fit(data)
    calls = []
    monkeypatch.setattr(_chunks, "WINDOW_BYTES", 10_000)
    original = _chunks.release_pages
    monkeypatch.setattr("gibbsite.mixture._open.release_pages", lambda X: lambda: (calls.append(1), original(X)()))
    windowed = GaussianMixture(**parameters).fit(mapped)
    assert len(calls) > 10
    assert_same_fit(whole, windowed, rtol=1e-9 if whole.means_.dtype == np.float64 else 1e-4)
    assert windowed.score(mapped) == pytest.approx(whole.score(data), rel=1e-6)


def test_unwritten_changes_of_a_private_map_survive(tmp_path, monkeypatch):
    monkeypatch.setattr(_chunks, "WINDOW_BYTES", 1000)
    np.zeros((500, 2)).tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", dtype=float, mode="c", shape=(500, 2))
    mapped[:] = np.random.default_rng(0).normal(size=(500, 2))
    expected = np.array(mapped)
    GaussianMixture(2, random_state=0, max_iter=2).fit(mapped)
    np.testing.assert_array_equal(mapped, expected)


def test_slices_and_pickles_of_maps_are_maps_and_arrays(X, tmp_path, monkeypatch):
    monkeypatch.setattr(_chunks, "WINDOW_BYTES", 1000)
    X.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", dtype=X.dtype, mode="r", shape=X.shape)
    parameters = {"n_components": 3, "random_state": 0, "max_iter": 4, "tol": 0}
    expected = GaussianMixture(**parameters).fit(X[500:2500])
    for data in (mapped[500:2500], pickle.loads(pickle.dumps(mapped[500:2500])), mapped[500:2500, ::-1][:, ::-1]):
        assert_same_fit(expected, GaussianMixture(**parameters).fit(data))


@pytest.mark.parametrize("sizes", [[20_000], [1, 4096, 4096, 11_807], [5] * 4000, [4095, 1, 0, 15_904]])
def test_subsample_is_even_and_does_not_depend_on_the_cut(sizes):
    rows = np.arange(sum(sizes), dtype=float)[:, None]
    sample = EvenSubsample(3)
    begin = 0
    for size in sizes:
        sample.add(rows[begin : begin + size], rows[begin : begin + size, 0] + 0.5)
        begin += size
    kept, weight = sample.rows()
    stride = subsample_stride(len(rows), 3)
    np.testing.assert_array_equal(kept[:, 0], np.arange(0, len(rows), stride))
    np.testing.assert_array_equal(weight, kept[:, 0] + 0.5)
    assert subsample_limit(3) / 2 < len(kept) <= subsample_limit(3)


def test_streamed_initialisation_on_a_subsample_finds_the_clusters():
    rng = np.random.default_rng(0)
    centers = np.array([[-8.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    label = np.sort(rng.integers(3, size=30_000))  # the first chunks know one cluster only
    X = centers[label] + rng.normal(size=(30_000, 2))
    model = GaussianMixture(3, random_state=0).fit(np.array_split(X, 30))
    assert_allclose(model.means_[np.argsort(model.means_[:, 0])], centers[[0, 2, 1]], atol=0.1)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (lambda X: iter([X]), TypeError, "can be read only once"),
        (lambda X: (x for x in [X]), TypeError, "callable that returns a fresh iterator"),
        (lambda X: [X, X[:, :2]], ValueError, "chunk that begins at row 3000 has 2 features, the first one has 3"),
        (lambda X: [X[:0]], ValueError, "Found no rows"),
        (lambda X: [X[:1], X[1:2]], ValueError, "n_components = 3, n_samples = 2"),
        (lambda X: [X, np.where(X[7, 1] == X, np.nan, X)], ValueError, "1 NaN value, at row 3007, column 1"),
    ],
)
def test_bad_chunks_are_named(X, data, error, message):
    model = GaussianMixture(3)
    with pytest.raises(error, match=message):
        model.fit(data(X))
    assert not [name for name in vars(model) if name.endswith("_")]


@pytest.mark.parametrize(("weights", "message"), [(1, "fewer arrays"), (3, "more arrays")])
def test_weights_out_of_step_are_named(X, weights, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(3).fit([X, X], sample_weight=[np.ones(len(X))] * weights)


@pytest.mark.parametrize(
    ("data", "weight", "error", "message"),
    [
        (lambda X: [X, X], np.ones(6000), ValueError, "one array for each chunk, but it gives numbers"),
        (lambda X: [X, X], [1.0, 1.0], ValueError, "one array for each chunk, but it gives numbers"),
        (lambda X: [X], iter([np.ones(3000)]), TypeError, "sample_weight is an iterator, which can be read only once"),
        (lambda X: [X], lambda: None, TypeError, "sample_weight is a callable, .* but it returned None"),
        (lambda X: lambda: X, None, TypeError, "X is a callable, which must return a fresh iterator .* a ndarray"),
        (lambda X: lambda: None, None, TypeError, "X is a callable, .* iterator of chunks of rows, .* returned None"),
    ],
)
def test_what_gives_no_chunks_is_named(X, data, weight, error, message):
    with pytest.raises(error, match=message):
        GaussianMixture(3).fit(data(X), sample_weight=weight)


@pytest.mark.parametrize(
    ("bad", "message"),
    [(np.nan, "sample_weight has 1 NaN value, at row 2345"), (-1.0, "Negative values .* first at row 2345")],
)
def test_a_bad_weight_in_a_chunk_is_named_by_its_row(X, bad, message):
    weight = np.ones(len(X))
    weight[2345] = bad
    with pytest.raises(ValueError, match=message):
        GaussianMixture(3).fit(np.array_split(X, 3), sample_weight=np.array_split(weight, 3))


def test_one_weight_for_all_rows_of_a_map(X, tmp_path, monkeypatch):
    monkeypatch.setattr(_chunks, "WINDOW_BYTES", 10_000)
    X.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", dtype=X.dtype, mode="r", shape=X.shape)
    parameters = {"n_components": 3, "random_state": 0, "max_iter": 4, "tol": 0}
    fitted = GaussianMixture(**parameters).fit(mapped, sample_weight=2.0)
    assert_same_fit(GaussianMixture(**parameters).fit(X), fitted)


def test_more_rows_than_the_subsample_fit_alike_from_one_start():
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(m, 1.0, (10_000, 2)) for m in (-1.5, 1.5)])[rng.permutation(20_000)]
    for estimator in (GaussianMixture, BayesianGaussianMixture):
        fits = [estimator(n_components=2, random_state=0, max_iter=1).fit(X) for _ in range(2)]
        for model in fits:
            model.set_params(warm_start=True, max_iter=6, tol=0)
        assert_same_fit(fits[0].fit(X), fits[1].fit(np.array_split(X, 7)))


def test_the_first_chunk_decides_the_precision(X):
    for first, later in ((np.float32, np.float64), (np.float64, np.float32)):
        model = GaussianMixture(3, random_state=0, max_iter=2).fit([X[:1000].astype(first), X[1000:].astype(later)])
        assert model.means_.dtype == first


def test_an_iterable_that_runs_dry_is_found_out(X):
    once = iter([X, X])
    with pytest.raises(ValueError, match="gave 6000 rows in the first pass and 0 in a later one"):
        GaussianMixture(3).fit(lambda: once)


def test_wrong_number_of_features_at_score(X):
    model = GaussianMixture(3, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3"):
        model.score([X[:, :2]])


MEMORY = """
import sys, numpy as np
from gibbsite import GaussianMixture

N, D, K, CHUNKS = 10_000_000, 16, 64, 10
kind, path = sys.argv[1:]

def one(i):
    # in place: no copy of a chunk
    chunk = np.empty((N // CHUNKS, D), np.float32)
    rng = np.random.Generator(np.random.SFC64(i))
    rng.standard_normal(out=chunk, dtype=np.float32)
    chunk[:, 0] += 4 * (np.arange(len(chunk), dtype=np.uint8) % 8)
    return chunk

def chunks():
    for i in range(CHUNKS):
        yield one(i)

def peak():
    fields = dict(line.split(":") for line in open("/proc/self/status") if ":" in line)
    return 1024 * int(fields["VmHWM"].split()[0]), 1024 * int(fields["VmRSS"].split()[0])

X = chunks if kind == "chunks" else np.memmap(path, np.float32, "r", shape=(N, D))
limit = one(0).nbytes if kind == "chunks" else 1 << 26
model = GaussianMixture(K, covariance_type="diag", max_iter=1, random_state=0, reg_covar=1e-3)
model.fit([one(0)[:70_000], one(1)[:5000]])  # compiled, threads started, libraries loaded
model.score([one(0)[:70_000]])
open("/proc/self/clear_refs", "w").write("5")
before = peak()[1]
model.fit(X)
model.score(X)
print((peak()[0] - before) / limit)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["chunks", "memmap"])
def test_ten_million_rows_need_one_chunk_of_memory(tmp_path, kind):
    """10^7 x 16 float32 rows, K = 64: the peak stays below 1.3 chunks (a memory map's window is 64 MiB)."""
    path = tmp_path / "x"
    if kind == "memmap":
        rng = np.random.Generator(np.random.SFC64(0))
        with open(path, "wb") as file:
            for _ in range(10):
                rng.standard_normal((1_000_000, 16), dtype=np.float32).tofile(file)
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(MEMORY), kind, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 1.3
