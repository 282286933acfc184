"""Forks, threads, workers and Ctrl-C around a fit. What could hang or die runs in a process of its own."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

from gibbsite import BayesianGaussianMixture, GaussianMixture

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def rows(seed=0, n=4000):
    return np.random.default_rng(seed).normal(size=(n, 4))


def fitted_means(seed):
    return GaussianMixture(3, random_state=0, max_iter=20).fit(rows(seed)).means_


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)], capture_output=True, text=True, **options
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_after_use():
    """Parent fits with threads, forks; child and parent fit again and agree."""
    result = run(
        """
        import os, numpy as np
        from gibbsite import GaussianMixture
        X = np.random.default_rng(0).normal(size=(20000, 8))
        fit = lambda: GaussianMixture(4, random_state=0, max_iter=10, threads=2).fit(X)
        before = fit().means_
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            same = np.array_equal(fit().means_, before)
            os.write(writer, b"same" if same else b"differs")
            os._exit(0)
        assert np.array_equal(fit().means_, before)
        os.waitpid(child, 0)
        print(os.read(reader, 100).decode())
        """,
        timeout=300,
    )
    assert result.stdout.strip() == "same", result.stderr


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib_workers(backend):
    result = run(
        f"""
        import joblib, numpy as np
        from gibbsite import GaussianMixture
        def fit(seed):
            X = np.random.default_rng(seed).normal(size=(4000, 4))
            return GaussianMixture(3, random_state=0, max_iter=20).fit(X).means_
        expected = [fit(seed) for seed in range(6)]
        got = joblib.Parallel(n_jobs=2, backend={backend!r})(joblib.delayed(fit)(seed) for seed in range(6))
        assert all(np.array_equal(a, b) for a, b in zip(expected, got))
        print("same")
        """,
        timeout=300,
    )
    assert result.stdout.strip() == "same", result.stderr


def test_threads_and_joblib_at_once():
    """Eight threads fit while joblib's threads fit as well; every result is the one of a lone fit."""
    expected = [fitted_means(seed) for seed in range(4)]
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(fitted_means, seed % 4) for seed in range(32)]
        beside = joblib.Parallel(n_jobs=2, backend="threading")(
            joblib.delayed(fitted_means)(seed % 4) for seed in range(16)
        )
        for i, future in enumerate(futures):
            np.testing.assert_array_equal(future.result(), expected[i % 4])
    for i, means in enumerate(beside):
        np.testing.assert_array_equal(means, expected[i % 4])


def test_threads_read_one_model_at_once():
    X = rows()
    model = GaussianMixture(3, random_state=0).fit(X)
    expected = model.predict_proba(X), model.precisions_.copy()
    fresh = GaussianMixture(3, random_state=0).fit(X)
    with ThreadPoolExecutor(8) as pool:
        for r in pool.map(lambda _: fresh.predict_proba(X), range(32)):
            np.testing.assert_array_equal(r, expected[0])
        for p in pool.map(lambda _: fresh.precisions_, range(16)):
            np.testing.assert_array_equal(p, expected[1])


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_ctrl_c_in_a_long_fit(estimator):
    """SIGINT a second into a fit of minutes: KeyboardInterrupt soon, the estimator unfitted and usable."""
    code = f"""
        import signal, sys, time, numpy as np
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
        from gibbsite import {estimator.__name__} as Mixture
        X = np.random.default_rng(0).normal(size=(200_000, 24))
        model = Mixture(n_components=24, tol=0, max_iter=100_000, random_state=0, init_params="random_from_data")
        Mixture(n_components=2, max_iter=1).fit(X[:1000])
        try:
            print("ready", flush=True)
            model.fit(X)
        except KeyboardInterrupt:
            caught = time.time()
        fitted = [name for name in vars(model) if name.endswith("_")]
        model.set_params(max_iter=2, n_components=2).fit(X[:2000]).predict(X[:10])
        print(caught, fitted)
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline().strip() == "ready"
        time.sleep(1.0)
        sent = time.time()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, err
    caught, fitted = out.split(" ", 1)
    assert fitted.strip() == "[]"
    assert float(caught) - sent < 30.0
