"""However the rows come, the same rows in the same order are the same fit, bit for bit."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from gibbsite import BernoulliRBM, GaussianRBM
from gibbsite.mixture import _chunks
from tests.rbm.machines import assert_same_fit, digits, one_thread  # noqa: F401 (a fixture)

OPTIONS = {"n_components": 5, "batch_size": 16, "n_iter": 3, "random_state": 0, "momentum": 0.3, "centered": True}


@pytest.fixture(scope="module", name="X")
def binary_digits():
    return digits()[:301]


class Chunks:
    """An iterable of chunks that is neither a list nor an array."""

    def __init__(self, X, size):
        self.X, self.size = X, size

    def __iter__(self):
        return (self.X[i : i + self.size] for i in range(0, len(self.X), self.size))


def dask_array(X, rows):
    return pytest.importorskip("dask.array").from_array(X, chunks=(rows, 30))


BINARY_FORMS = {
    "bool": lambda X: X.astype(bool),
    "uint8": lambda X: X.astype(np.uint8),
    "int64": lambda X: X.astype(np.int64),
    "lists": lambda X: X.astype(int).tolist(),
    "bool chunks": lambda X: [X[:100].astype(bool), X[100:].astype(bool)],
    "bool csr": lambda X: sparse.csr_matrix(X.astype(bool)),
}
FORMS = {
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "read-only": lambda X: (lambda Y: Y.setflags(write=False) or Y)(X.copy()),
    "csr": sparse.csr_matrix,
    "csr array": sparse.csr_array,
    "csc": sparse.csc_matrix,
    "csr with duplicates": lambda X: duplicated(X),
    "list": lambda X: [X[:170], X[170:170], X[170:171], X[171:]],
    "iterable": lambda X: Chunks(X, 99),
    "callable": lambda X: lambda: iter([X[:150], X[150:]]),
    "generator function": lambda X: lambda: (X[i : i + 7] for i in range(0, len(X), 7)),
    "csr chunks": lambda X: [sparse.csr_matrix(X[:100]), sparse.csr_array(X[100:])],
    "dask": lambda X: dask_array(X, 70),
}


def duplicated(X):
    """Every stored value in two halves."""
    once = sparse.coo_matrix(X)
    twice = sparse.coo_matrix(
        (np.tile(once.data / 2, 2), (np.tile(once.row, 2), np.tile(once.col, 2))), shape=X.shape
    ).tocsr()
    parts = sparse.csr_matrix((once.data / 2, (once.row, once.col)), shape=X.shape)
    data = np.repeat(parts.data, 2)
    doubled = sparse.csr_matrix((data, np.repeat(parts.indices, 2), 2 * parts.indptr), shape=X.shape)
    assert not doubled.has_canonical_format
    assert (twice != doubled).nnz == 0
    return doubled


@pytest.mark.parametrize("form", FORMS | BINARY_FORMS)
@pytest.mark.parametrize("method", ["pcd", "cd"])
def test_every_form_of_binary_data(X, method, form):
    whole = BernoulliRBM(method=method, **OPTIONS).fit(X)
    given = (FORMS | BINARY_FORMS)[form](X)
    other = BernoulliRBM(method=method, **OPTIONS).fit(given)
    assert_same_fit(whole, other)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["grey", "gaussian"])
def test_every_form_of_numbers(form, kind):
    X = np.random.default_rng(0).random((301, 7)).round(2)
    X[X < 0.3] = 0.0
    estimator = BernoulliRBM if kind == "grey" else GaussianRBM
    whole = estimator(**OPTIONS).fit(X)
    assert_same_fit(whole, estimator(**OPTIONS).fit(FORMS[form](X)))


@pytest.mark.parametrize("form", ["csr", "list", "dask"])
def test_weights_come_with_every_form(X, form):
    weight = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    weight[100:150] = 0.0
    cuts = [170, 170, 171]
    weights = np.split(weight, cuts) if form == "list" else weight
    whole = BernoulliRBM(**OPTIONS).fit(X, sample_weight=weight)
    assert_same_fit(whole, BernoulliRBM(**OPTIONS).fit(FORMS[form](X), sample_weight=weights))
    assert abs(whole.components_ - BernoulliRBM(**OPTIONS).fit(X).components_).max() > 1e-3
    positive = weight > 0
    assert_same_fit(whole, BernoulliRBM(**OPTIONS).fit(X[positive], sample_weight=weight[positive]))


@pytest.mark.parametrize("form", ["csr", "list", "dask", "bool chunks"])
def test_the_same_rows_are_held_out(X, form):
    options = {**OPTIONS, "validation_fraction": 0.25}
    whole = BernoulliRBM(**options).fit(X)
    assert_same_fit(whole, BernoulliRBM(**options).fit((FORMS | BINARY_FORMS)[form](X)))
    # a binomial number of rows, at six deviations
    assert abs(whole.n_samples_seen_ - 0.75 * len(X)) < 6 * (0.25 * 0.75 * len(X)) ** 0.5


def test_large_maps_are_read_in_windows(X, tmp_path, monkeypatch):
    X.astype(np.float32).tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", dtype=np.float32, mode="r", shape=X.shape)
    whole = BernoulliRBM(**OPTIONS).fit(X.astype(np.float32))
    small = BernoulliRBM(**OPTIONS).fit(mapped)
    assert_same_fit(whole, small)
    calls = []
    monkeypatch.setattr(_chunks, "WINDOW_BYTES", 10_000)
    monkeypatch.setattr("gibbsite.rbm._open.release_pages", lambda X: lambda: calls.append(1))
    windowed = BernoulliRBM(**OPTIONS).fit(mapped)
    assert_same_fit(whole, windowed)
    assert len(calls) == (3 + 1) * -(-len(X) // (10_000 // 256))


def test_csr_is_never_dense_as_a_whole():
    X = sparse.random(10_000, 5000, density=1e-3, format="csr", random_state=0, data_rvs=np.ones).astype(np.float32)
    model = BernoulliRBM(3, n_iter=1, batch_size=100, random_state=0)
    tracemalloc.start()
    try:
        model.fit(X)
        model.score_samples(X)
        assert model.transform(X).shape == (10_000, 3)
        assert model.free_energy(X).shape == (10_000,)
        options = {"n_chains": 10, "n_temperatures": 2, "n_reverse_chains": 1, "n_reverse_rows": None}
        assert model.log_likelihood(X, "ais", **options).method == "ais"
        assert model.gibbs(X[:2000]).dtype == bool
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # as bytes the matrix has 50 MB, as numbers 200 MB; a block of rows has 8 MB in float64
    assert peak < 45e6
    dense = X[::200].toarray()
    np.testing.assert_allclose(model.transform(X[::200]), model.transform(dense), rtol=1e-6)


@pytest.mark.parametrize("kind", ["binary", "grey", "gaussian"])
@pytest.mark.parametrize("probabilities", [False, True])
def test_chains_do_not_depend_on_the_form_of_the_rows(X, kind, probabilities, monkeypatch):
    """A CSR matrix is swept a block of rows at a time, with the draws of the whole."""
    monkeypatch.setattr("gibbsite.rbm._rows._BLOCK_ROWS", 64)
    start = X if kind != "grey" else X * np.random.default_rng(0).random(X.shape)
    estimator = GaussianRBM if kind == "gaussian" else BernoulliRBM
    model, clamp = estimator(5, n_iter=1, random_state=0).fit(X), np.arange(64) < 20
    if kind == "grey":
        start = np.where(clamp, X, start)
    for mask in (None, clamp, np.tile(clamp, (len(X), 1))):
        expected, found = (
            refreshed(model).gibbs(form(start), 3, clamp=mask, probabilities=probabilities)
            for form in (np.asarray, sparse.csr_matrix)
        )
        assert expected.dtype == found.dtype
        assert_array_equal(expected, found)
        if mask is not None:
            assert_array_equal(found[:, clamp], start[:, clamp])


def refreshed(model):
    """The same machine with fresh random numbers."""
    copy = type(model)(**model.get_params())
    vars(copy).update({name: value for name, value in vars(model).items() if name != "random_state_"})
    return copy


def test_a_sweep_of_csr_rows_needs_little_beside_its_result():
    X = sparse.random(10_000, 2000, density=1e-3, format="csr", random_state=0, data_rvs=np.ones)
    model = BernoulliRBM(3, n_iter=0, random_state=0).fit(X)
    tracemalloc.start()
    try:
        v = model.gibbs(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert v.nbytes == 20e6
    # one block of rows in float64 has 8 MB; all rows have 160 MB
    assert peak < 20e6 + 20e6


def test_rows_of_dask_chunks_are_numbered_through(X):
    model = BernoulliRBM(**OPTIONS).fit(X)
    wrong = X.copy()
    wrong[250, 3] = 7.0
    for call in ("transform", "free_energy"):
        with pytest.raises(ValueError, match="at row 250, column 3: 7"):
            getattr(model, call)(dask_array(wrong, 70)).compute()
    with pytest.raises(ValueError, match="at row 250, column 3: 7"):
        model.log_likelihood(dask_array(wrong, 70))
    wrong[250, 3] = 0.5
    with pytest.raises(ValueError, match=r"Only rows of 0 and 1 have a likelihood .* 0.5 at row 250, column 3"):
        model.log_likelihood(dask_array(wrong, 70))


@pytest.mark.parametrize("n_reverse_rows", [None, 40])
def test_the_likelihood_of_a_dask_array(X, n_reverse_rows):
    model = BernoulliRBM(**OPTIONS).fit(X)
    lazy = dask_array(X, 70)
    assert model.log_likelihood(lazy).value == pytest.approx(model.log_likelihood(X).value, rel=1e-12)
    options = {"n_chains": 20, "n_temperatures": 20, "n_reverse_rows": n_reverse_rows}
    whole, chunked = (model.log_likelihood(rows, "ais", **options) for rows in (X, lazy))
    assert whole == chunked
    del model.data_mean_  # base rates of these rows then
    whole, chunked = (model.log_likelihood(rows, "ais", **options) for rows in (X, lazy))
    assert chunked.value == pytest.approx(whole.value, rel=1e-9)
    with pytest.raises(ValueError, match="X has 3 features, but BernoulliRBM is expecting 64"):
        model.log_likelihood(lazy[:, :3])


def test_shuffling(X):
    options = {"n_components": 4, "n_iter": 2, "random_state": 0}
    shuffled = BernoulliRBM(shuffle=True, **options).fit(X)
    assert abs(shuffled.components_ - BernoulliRBM(**options).fit(X).components_).max() > 1e-3
    assert_same_fit(shuffled, BernoulliRBM(shuffle=True, **options).fit(X.astype(bool)))
    # one batch of all rows: their order plays no part but for rounding
    whole = {**options, "batch_size": 1000}
    weight = np.arange(len(X)) % 3
    a, b = (BernoulliRBM(shuffle=s, **whole).fit(X, sample_weight=weight) for s in (True, False))
    np.testing.assert_allclose(a.components_, b.components_, rtol=1e-9, atol=1e-13)
    for form in (sparse.csr_matrix(X), [X]):
        with pytest.raises(ValueError, match="shuffle=True needs rows that lie in memory as one dense array"):
            BernoulliRBM(shuffle=True, **options).fit(form)


def test_partial_fit_takes_every_form(X):
    whole = BernoulliRBM(**OPTIONS).partial_fit(X).partial_fit(X)
    for form in ("csr", "list", "dask", "bool"):
        given = (FORMS | BINARY_FORMS)[form](X)
        other = BernoulliRBM(**OPTIONS).partial_fit(given).partial_fit(given)
        assert_array_equal(whole.components_, other.components_)


@pytest.mark.parametrize("name", ["transform", "free_energy", "reconstruct", "score_samples"])
def test_rows_of_every_form_are_read(X, name):
    model = BernoulliRBM(**OPTIONS).fit(X)
    call = getattr(model, name)
    expected = call(X)
    for form in ("fortran", "strided", "csr", "csr array", "csr with duplicates"):
        assert_array_equal(call(FORMS[form](X)), expected)
    for form in ("bool", "uint8", "lists", "bool csr"):
        assert_array_equal(call(BINARY_FORMS[form](X)), expected)
    lazy = call(dask_array(X, 70))
    assert type(lazy).__module__.startswith("dask")
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    assert_array_equal(lazy.compute(), expected)


@pytest.mark.parametrize(
    ("chunks", "error", "message"),
    [
        (lambda X: iter([X]), TypeError, "can be read only once"),
        (lambda X: [X[:5], X[5:, :3]], ValueError, "chunk that begins at row 5 has 3 features, the first one has 64"),
        (lambda X: lambda: iter([]), ValueError, "Found no rows"),
        (lambda X: [X[:0], X[:0]], ValueError, "Found no rows"),
        (lambda X: [X[:5], X[5:] * 2], ValueError, "values outside .0, 1., the first at row"),
        (lambda X: Shrinking(X), ValueError, r"gave 301 training rows in the first pass and \d+ in a later one"),
    ],
)
def test_bad_chunks(X, chunks, error, message):
    with pytest.raises(error, match=message):
        BernoulliRBM(**OPTIONS).fit(chunks(X))


class Shrinking:
    """Gives fewer rows from the third time on (the first chunk is looked at once more)."""

    def __init__(self, X):
        self.X, self.times = X, 0

    def __iter__(self):
        self.times += 1
        return iter([self.X if self.times < 3 else self.X[:200]])


def test_names_and_numbers_of_features(X):
    model = BernoulliRBM(**OPTIONS).fit([X[:100], X[100:]])
    assert model.n_features_in_ == 64
    for given in (X[:, :3], sparse.csr_matrix(X[:, :3])):
        with pytest.raises(ValueError, match="X has 3 features, but BernoulliRBM is expecting 64 features"):
            model.transform(given)
    with pytest.raises(ValueError, match="X has 3 features, but BernoulliRBM is expecting 64 features"):
        model.partial_fit([X[:, :3]])
