"""Dask arrays on a local cluster: the fit of one process, also when a worker dies."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gibbsite import BayesianGaussianMixture, GaussianMixture

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]
FITTED = ["weights_", "means_", "covariances_", "precisions_cholesky_"]

# Dask's processes leave warnings of their own (sockets, forks); what is tested here is checked by value
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module", name="X")
def overlapping_clusters():
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal(m, s, (1000, 3)) for m, s in ((-2, 1), (0, 0.7), (2, 1.3))])
    return X[rng.permutation(len(X))]


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def assert_same_fit(a, b):
    for name in FITTED:
        assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-10, atol=1e-10, err_msg=name)
    assert_allclose(a.lower_bounds_, b.lower_bounds_, rtol=1e-10)
    assert a.n_iter_ == b.n_iter_


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_equals_one_process(X, client, estimator, covariance_type):
    parameters = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0, "max_iter": 6, "tol": 0}
    weight = np.random.default_rng(0).uniform(0, 2, len(X))
    whole = estimator(**parameters).fit(X, sample_weight=weight)
    chunked = da.from_array(X, chunks=(700, 2))
    spread = estimator(**parameters).fit(chunked, sample_weight=da.from_array(weight, chunks=450))
    assert_same_fit(whole, spread)
    assert spread.n_features_in_ == 3
    assert spread.score(chunked) == pytest.approx(whole.score(X), rel=1e-10)


def slow_identity(block):
    time.sleep(0.15)
    return block


def living_workers(client):
    """Process of each worker, once there are two again and the scheduler has taken note of the dead one."""
    deadline = time.monotonic() + 300
    while True:
        client.wait_for_workers(2, timeout=300)
        try:
            return set(client.run(os.getpid).values())
        except OSError:  # the dead one was still on the list
            assert time.monotonic() < deadline
            time.sleep(0.5)


def test_survives_a_killed_worker(X, client):
    """The worker is killed while it computes a pass; the passes before and after it count all the same."""
    pid = min(living_workers(client))
    killed = threading.Event()

    def kill_in_third_pass(news):
        if news.iteration == 3 and not killed.is_set():
            killed.set()
            threading.Timer(0.1, os.kill, (pid, signal.SIGKILL)).start()

    parameters = {"n_components": 3, "random_state": 0, "max_iter": 6, "tol": 0}
    whole = GaussianMixture(**parameters).fit(X)
    slow = da.from_array(X, chunks=(300, 3)).map_blocks(slow_identity)
    spread = GaussianMixture(**parameters, callback=kill_in_third_pass).fit(slow)
    assert killed.is_set()
    assert_same_fit(whole, spread)
    assert pid not in living_workers(client)


def test_a_bad_value_in_a_row_method_is_named_by_its_row(X):
    model = GaussianMixture(3, random_state=0).fit(X)
    bad = X.copy()
    bad[1207, 1] = np.nan
    lazy = model.predict(da.from_array(bad, chunks=(500, 2)))
    with pytest.raises(ValueError, match="X has 1 NaN value, at row 1207, column 1"):
        lazy.compute(scheduler="sync")
    some = da.from_array(X, chunks=(1000, 3))
    some = some[some[:, 0] > 0]  # chunks of unknown sizes
    np.testing.assert_array_equal(model.predict(some).compute(scheduler="sync"), model.predict(X[X[:, 0] > 0]))


@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_more_rows_than_the_subsample_fit_alike_from_one_start(estimator):
    import dask

    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(m, 1.0, (10_000, 2)) for m in (-1.5, 1.5)])[rng.permutation(20_000)]
    whole, spread = (estimator(n_components=2, random_state=0, max_iter=1).fit(X) for _ in range(2))
    for model in (whole, spread):
        model.set_params(warm_start=True, max_iter=6, tol=0)
    with dask.config.set(scheduler="threads"):
        spread.fit(da.from_array(X, chunks=(3000, 2)))
    assert_same_fit(whole.fit(X), spread)


@pytest.mark.parametrize(
    ("bad", "message"),
    [(np.nan, "sample_weight has 1 NaN value, at row 1207"), (-1.0, "Negative values .* first at row 1207")],
)
def test_a_bad_weight_is_named_by_its_row(X, bad, message):
    weight = np.ones(len(X))
    weight[1207] = bad
    with pytest.raises(ValueError, match=message):
        GaussianMixture(3).fit(da.from_array(X, chunks=(500, 3)), sample_weight=weight)


def test_a_number_is_the_weight_of_every_row(X):
    parameters = {"n_components": 3, "random_state": 0, "max_iter": 3, "tol": 0}
    chunked = da.from_array(X, chunks=(1000, 3))
    assert_same_fit(
        GaussianMixture(**parameters).fit(chunked, sample_weight=2.0),
        GaussianMixture(**parameters).fit(X, sample_weight=2.0),
    )


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score_samples"])
def test_a_wrong_width_is_found_at_the_call(X, method):
    model = GaussianMixture(3, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3 features as input"):
        getattr(model, method)(da.from_array(X[:, :2], chunks=(500, 2)))
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        getattr(model, method)(da.from_array(X[:, 0], chunks=500))


@pytest.mark.parametrize("scheduler", ["threads", "sync"])
def test_other_schedulers(X, scheduler):
    import dask

    parameters = {"n_components": 3, "random_state": 0, "max_iter": 4, "tol": 0}
    with dask.config.set(scheduler=scheduler):
        spread = GaussianMixture(**parameters).fit(da.from_array(X.astype(np.float32), chunks=(1000, 3)))
    whole = GaussianMixture(**parameters).fit(X.astype(np.float32))
    assert spread.means_.dtype == np.float32
    assert_allclose(spread.means_, whole.means_, rtol=1e-5)


def test_row_methods_are_lazy(X):
    model = GaussianMixture(3, random_state=0).fit(X)
    chunked = da.from_array(X, chunks=(700, 2))
    for method in ("predict", "score_samples", "predict_proba"):
        lazy = getattr(model, method)(chunked)
        expected = getattr(model, method)(X)
        assert isinstance(lazy, da.Array)
        assert lazy.shape == expected.shape
        assert lazy.dtype == expected.dtype
        assert_allclose(lazy.compute(scheduler="sync"), expected, rtol=1e-12)
    assert (model.fit_predict(chunked).compute(scheduler="sync") == model.predict(X)).all()


def test_unknown_chunk_sizes(X):
    chunked = da.from_array(X, chunks=(1000, 3))
    some = chunked[chunked[:, 0] > 0]
    parameters = {"n_components": 2, "random_state": 0, "max_iter": 4, "tol": 0}
    spread = GaussianMixture(**parameters).fit(some)
    assert_same_fit(GaussianMixture(**parameters).fit(X[X[:, 0] > 0]), spread)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda X: da.from_array(np.where(X[1207, 1] == X, np.nan, X), chunks=(500, 3)), "row 1207, column 1"),
        (lambda X: da.from_array(X[:, 0], chunks=500), "Expected 2D array, got 1D array"),
        (lambda X: da.from_array(X[:2], chunks=(1, 3)), "n_components = 3, n_samples = 2"),
        (lambda X: da.from_array(X, chunks=(500, 3)).astype(complex), "complex"),
    ],
)
def test_bad_dask_arrays_are_named(X, data, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(3).fit(data(X))


def test_weights_of_another_length(X):
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(7,\), expected \(3000,\)"):
        GaussianMixture(3).fit(da.from_array(X, chunks=(500, 3)), sample_weight=np.ones(7))


def test_dask_is_not_imported_for_other_arrays():
    import subprocess
    import sys

    code = (
        "import sys, numpy as np; from gibbsite import GaussianMixture;"
        "GaussianMixture(1).fit(np.eye(3)); assert not any(m.split('.')[0] == 'dask' for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
