"""Data and settings that break lesser machines, and what is said about them."""

import os
import signal
import threading
import warnings

import numpy as np
import pytest
from scipy import sparse

from gibbsite import BernoulliRBM, GaussianRBM
from gibbsite.rbm import DivergenceWarning
from tests.rbm.machines import digits, fitted, one_thread  # noqa: F401 (a fixture)

FORMS = {"dense": lambda X: X, "csr": sparse.csr_matrix, "chunks": lambda X: [X[:10], X[10:]]}


@pytest.fixture(name="X")
def binary_digits():
    return digits()[:60]


@pytest.mark.parametrize("form", FORMS)
def test_values_outside_are_named(X, form):
    X[17, 2], X[30, 5] = 1.5, -2.0
    message = r"X has 2 values outside \[0, 1\], the first at row 17, column 2: 1.5\. The units are binary"
    if form == "chunks":
        message = r"outside \[0, 1\], the first at row 17, column 2: 1.5"
    with pytest.raises(ValueError, match=message):
        BernoulliRBM(3).fit(FORMS[form](X))
    X[30, 5] = 0
    with pytest.raises(ValueError, match=r"X has 1 value outside \[0, 1\], at row 17, column 2: 1.5"):
        BernoulliRBM(3).fit(FORMS[form](X))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_pixels_from_0_to_255_are_refused(X, dtype):
    with pytest.raises(ValueError, match=r"values outside \[0, 1\], the first at row 0, column 3: 255"):
        BernoulliRBM(3).fit((X * 255).astype(dtype))


def test_values_outside_are_refused_everywhere(X):
    model = BernoulliRBM(3, n_iter=1).fit(X)
    for call in ("transform", "score_samples", "free_energy", "gibbs", "reconstruct", "log_likelihood", "partial_fit"):
        with pytest.raises(ValueError, match=r"outside \[0, 1\]"):
            getattr(model, call)(X - 0.5)


@pytest.mark.parametrize("form", FORMS)
def test_values_outside_can_be_clipped(X, form):
    wild = X.copy()
    wild[X == 1] = 7.0
    wild[0, X[0] == 0] = -3.0
    options = {"n_components": 3, "random_state": 0, "out_of_range": "clip"}
    clipped = BernoulliRBM(**options).fit(FORMS[form](wild))
    # the same values, read as numbers and not as bytes
    np.testing.assert_allclose(clipped.components_, BernoulliRBM(**options).fit(X).components_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(clipped.transform(wild), clipped.transform(X), rtol=1e-12)
    np.testing.assert_array_equal(clipped.gibbs(wild).shape, X.shape)


@pytest.mark.parametrize("estimator", [BernoulliRBM, GaussianRBM])
@pytest.mark.parametrize("form", FORMS)
def test_missing_values_are_named(X, form, estimator):
    X[17, 2] = np.nan
    with pytest.raises(ValueError, match=r"NaN(.|\n)*1 .*value, at row 17, column 2"):
        estimator(3).fit(FORMS[form](X))
    X[20, 0] = np.nan
    with pytest.raises(ValueError, match=r"NaN(.|\n)*2 .*values, the first at row 17, column 2"):
        estimator(3).fit(FORMS["csr" if form == "csr" else "dense"](X))


def test_bad_weights_are_named(X):
    for weight, message in [
        (np.ones(3), r"sample_weight.shape == \(3,\), expected \(60,\)"),
        (-np.ones(60), "Negative values in data passed to `sample_weight`, first at row 0"),
        (np.zeros(60), "Sample weights must contain at least one non-zero number"),
        (np.full(60, np.nan), "Input sample_weight contains NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            BernoulliRBM(3).fit(X, sample_weight=weight)


def test_weights_that_are_no_numbers_or_no_chunks_are_named(X):
    with pytest.raises(ValueError, match="sample_weight should hold numbers: could not convert string to float: 'a'"):
        BernoulliRBM(3).fit(X, sample_weight=["a"] * 60)
    for weight in (np.ones(60), [1.0] * 60):
        with pytest.raises(ValueError, match="sample_weight should give one array for each chunk, got 60 numbers"):
            BernoulliRBM(3).fit([X[:30], X[30:]], sample_weight=weight)
    BernoulliRBM(3, n_iter=1).fit([X[:30], X[30:]], sample_weight=[[1.0] * 30, np.ones(30)])


def test_nothing_to_learn_from(X):
    for nothing in ([], (), None):
        with pytest.raises(ValueError, match="Found no rows: X is"):
            BernoulliRBM(3).fit(nothing)
    # almost every row is held out, which nobody's weights have to do with
    with pytest.raises(ValueError, match=r"validation_fraction=0.999999 holds out all of 4 rows: pass a smaller"):
        BernoulliRBM(3, validation_fraction=0.999999, random_state=0).fit(X[:4])


def test_parameters_that_would_play_no_part(X):
    for call in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match="groups is for visible='categorical', but visible is 'bernoulli'"):
            getattr(BernoulliRBM(3, groups=[32, 32]), call)(X)
        for estimator in (BernoulliRBM, GaussianRBM):
            with pytest.raises(ValueError, match=r"n_chains is for method='pcd' and method='pt'.* Got n_chains=7"):
                getattr(estimator(3, method="cd", n_chains=7), call)(X)


@pytest.mark.parametrize("numbers", [[0, 32, 64], [32, 64]])
def test_offsets_of_groups_are_no_sizes(X, numbers):
    with pytest.raises(ValueError, match=r"these are offsets; the sizes of the groups are \[32, 32\]"):
        BernoulliRBM(3, visible="categorical", groups=numbers).fit(X)


def test_what_a_callback_returns(X):
    model = BernoulliRBM(3, callback=lambda epoch: np.ones(3))
    with pytest.raises(ValueError, match=r"callback should return a true value to end the fit, or None, got array\("):
        model.fit(X)


def test_chunks_are_for_fitting(X):
    model = BernoulliRBM(3, n_iter=1).fit(X)
    for chunks in ([X[:30], X[30:]], lambda: iter([X]), iter([X])):
        for call in ("transform", "gibbs", "log_likelihood"):
            with pytest.raises(ValueError, match="X gives rows in chunks, which fit and partial_fit alone take"):
                getattr(model, call)(chunks)


def test_gaussian_units_have_no_pseudo_likelihood(X):
    assert not hasattr(GaussianRBM(), "score_samples")
    with pytest.raises(AttributeError, match="no score_samples, which is the pseudo-likelihood of binary units"):
        GaussianRBM().score_samples(X)


@pytest.mark.parametrize("method", ["cd", "pcd", "pt"])
@pytest.mark.parametrize("centered", [False, True])
def test_constant_data(method, centered):
    """All zeros, all ones, and single columns that never change: nothing overflows, the likelihood is high."""
    rng = np.random.default_rng(0)
    mixed = (rng.random((50, 6)) < 0.5).astype(float)
    mixed[:, 2], mixed[:, 4] = 0.0, 1.0
    for X in (np.zeros((50, 6)), np.ones((50, 6)), mixed):
        model = BernoulliRBM(4, method=method, centered=centered, random_state=0, n_iter=30).fit(X)
        assert all(np.isfinite(value).all() for value in fitted(model).values() if isinstance(value, np.ndarray))
        assert model.log_likelihood(X).value > -6 * np.log(2)
        assert model.history_["pseudo_likelihood"][-1] > -6 * np.log(2)
        constant = np.ptp(X, axis=0) == 0
        assert abs(model.reconstruct(X) - X)[:, constant].max() < 0.1


def test_constant_columns_under_gaussian_units():
    X = np.random.default_rng(0).normal(size=(60, 3))
    X[:, 1] = 7.0
    model = GaussianRBM(3, random_state=0).fit(X)
    assert np.isfinite(model.components_).all()
    assert (model.variances_ > 0).all()
    assert np.isfinite(GaussianRBM(3, random_state=0).fit(np.zeros((20, 2))).log_likelihood(np.zeros((3, 2))).value)


def test_one_row_one_column_one_unit():
    for X in (np.ones((1, 1)), np.zeros((1, 4)), np.array([[1.0], [0.0]])):
        for estimator in (BernoulliRBM, GaussianRBM):
            model = estimator(1, random_state=0).fit(X)
            assert model.transform(X).shape == (len(X), 1)
            assert np.isfinite(model.log_likelihood(X).value)


@pytest.mark.parametrize("method", ["cd", "pcd", "pt"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_is_noticed(X, method, dtype):
    """A rate that overflows in the first epoch, and one that does so later: the last finite state is kept."""
    huge = 1e39 if dtype == np.float32 else 1e308
    X = X.astype(dtype)
    with pytest.warns(DivergenceWarning, match="no longer finite in epoch 1: the first state was kept") as seen:
        model = BernoulliRBM(3, learning_rate=huge, method=method, random_state=0).fit(X)
    assert seen[0].filename == __file__
    start = BernoulliRBM(3, n_iter=0, method=method, random_state=0).fit(X)
    np.testing.assert_array_equal(model.components_, start.components_)
    assert model.n_iter_ == 0
    assert model.history_ == {}

    def later(epoch):
        return 0.1 if epoch < 2 else huge

    with pytest.warns(DivergenceWarning, match="in epoch 3: the state after epoch 2 was kept and the fit ended"):
        model = BernoulliRBM(3, learning_rate=later, method=method, random_state=0).fit(X)
    sound = BernoulliRBM(3, n_iter=2, method=method, random_state=0).fit(X)
    np.testing.assert_array_equal(model.components_, sound.components_)
    np.testing.assert_array_equal(model.h_samples_, sound.h_samples_)
    assert model.n_iter_ == 2
    assert len(model.history_["free_energy"]) == 2


def test_gaussian_units_diverge_too():
    X = np.random.default_rng(0).normal(size=(100, 4))
    with pytest.warns(DivergenceWarning):
        model = GaussianRBM(8, learning_rate=1e200, method="pcd", random_state=0).fit(X)
    assert np.isfinite(model.components_).all()
    assert np.isfinite(model.variances_).all()


def test_divergence_of_a_partial_fit(X):
    model = BernoulliRBM(3, random_state=0).partial_fit(X)
    before = model.components_.copy()
    model.learning_rate = 1e308
    with pytest.warns(DivergenceWarning, match="was not taken") as seen:
        model.partial_fit(X)
    assert seen[0].filename == __file__
    np.testing.assert_array_equal(model.components_, before)
    model.learning_rate = 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.partial_fit(X)
    assert np.isfinite(model.components_).all()


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises, though a background job inherits that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("how", ["callback", "signal"])
def test_interruption_keeps_the_last_epoch(X, how, ctrl_c):
    """Ctrl-C in the middle of an epoch; here by a generator of rows that raises, and by a signal."""
    options = {"n_components": 4, "random_state": 0, "batch_size": 10}
    seen = []

    def rows():
        for start in range(0, 60, 10):
            if len(seen) == 3 and start == 30:
                if how == "callback":
                    raise KeyboardInterrupt
                os.kill(os.getpid(), signal.SIGINT)
            yield X[start : start + 10]

    model = BernoulliRBM(n_iter=50, callback=seen.append, **options)
    with pytest.raises(KeyboardInterrupt):
        model.fit(rows)
    whole = BernoulliRBM(n_iter=3, **options).fit(X)
    np.testing.assert_array_equal(model.components_, whole.components_)
    np.testing.assert_array_equal(model.h_samples_, whole.h_samples_)
    assert model.n_iter_ == 3
    assert all(len(curve) == 3 for curve in model.history_.values())
    model.transform(X)


def test_interruption_of_long_kernels(ctrl_c):
    """A signal while the kernels run: the estimator has the weights of a whole epoch, and is usable."""
    X = (np.random.default_rng(0).random((2000, 100)) < 0.3).astype(np.float32)
    epochs = []
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))

    def note(epoch):
        epochs.append(epoch.epoch)
        if epoch.epoch == 1:  # on a busy machine the first epoch may take any time
            timer.start()

    model = BernoulliRBM(50, n_iter=10**6, random_state=0, batch_size=100, callback=note)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    timer.join()
    assert model.n_iter_ in (epochs[-1], epochs[-1] + 1)
    again = BernoulliRBM(50, n_iter=model.n_iter_, random_state=0, batch_size=100).fit(X)
    np.testing.assert_array_equal(model.components_, again.components_)


def test_a_failure_leaves_the_estimator_as_it_was(X):
    model = BernoulliRBM(4, random_state=0).fit(X)
    before = dict(vars(model))

    def fail(epoch):
        raise RuntimeError("inside")

    def interrupt_at_once():
        raise KeyboardInterrupt
        yield

    model.callback = fail
    with pytest.raises(RuntimeError, match="inside"):
        model.fit(1 - X)
    with pytest.raises(KeyboardInterrupt):
        model.fit(interrupt_at_once)
    model.callback = None
    after = vars(model)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)


def test_bad_arguments_of_sampling(X):
    model = BernoulliRBM(3, n_iter=1).fit(X)
    for call in (lambda: model.sample(0), lambda: model.sample(1, 0), lambda: model.gibbs(X, 0)):
        with pytest.raises(ValueError, match="should be a positive integer, got 0"):
            call()
    with pytest.raises(ValueError, match=r"boolean array of shape \(60, 64\) or \(64,\), got float64"):
        model.gibbs(X, clamp=np.zeros((60, 64)))
    with pytest.raises(ValueError, match=r"got bool of shape \(3,\)"):
        model.gibbs(X, clamp=np.zeros(3, dtype=bool))
    for form in (np.asarray, sparse.csr_matrix):
        with pytest.raises(ValueError, match=r"Clamped units are binary.* X has 0.5 at row 0, column 3"):
            model.gibbs(form(X / 2), clamp=np.ones(64, dtype=bool))
    grey = X.copy()
    grey[7, 5] = 0.25
    mask = np.zeros((60, 64), dtype=bool)
    mask[7, 5] = True
    with pytest.raises(ValueError, match=r"Clamped units are binary.* X has 0.25 at row 7, column 5"):
        model.gibbs(grey, clamp=mask)
    model.gibbs(grey, clamp=~mask)
    grey[7, 5] = np.nan
    with pytest.raises(ValueError, match=r"NaN(.|\n)*not clamped are drawn anew: there any value in \[0, 1\] will do"):
        model.gibbs(grey, clamp=~mask)
    with pytest.raises(ValueError, match=r"NaN(.|\n)*there any number will do"):
        GaussianRBM(3, n_iter=1).fit(X).gibbs(grey, clamp=~mask)
    with pytest.raises(ValueError, match="method should be 'auto', 'exact' or 'ais', got 'csl'"):
        model.log_likelihood(X, "csl")
    with pytest.raises(ValueError, match=r"Only rows of 0 and 1 have a likelihood .* 0.5 at row 0, column 3"):
        model.log_likelihood(X / 2)
