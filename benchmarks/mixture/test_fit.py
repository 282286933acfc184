"""A whole fit with the default initialisation; both sides start from the same random state."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.mixture import BayesianGaussianMixture as PeerBayesianMixture
from sklearn.mixture import GaussianMixture as PeerMixture

from benchmarks.beside import beside, both_precisions
from benchmarks.mixture.data import problem
from gibbsite import BayesianGaussianMixture, GaussianMixture


def fit(estimator: Any, X: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(X)


ITERATIONS = 20


@pytest.mark.parametrize("data", ["digits, full, K = 10", "200k x 16, diag, K = 16"])
@pytest.mark.benchmark(group="fit")
def test_fit(benchmark: Any, data: str) -> None:
    if data.startswith("digits"):
        X, k, kind = load_digits().data, 10, "full"
    else:
        X, k, kind = problem("diag", 200_000, 16, 16, np.float64).X, 16, "diag"
    settings = {"n_components": k, "covariance_type": kind, "random_state": 0}
    beside(
        benchmark,
        lambda: fit(GaussianMixture(**settings), X),
        {"scikit-learn": lambda: fit(PeerMixture(**settings), X)},
        goal={"scikit-learn": 5},
        log_likelihood=fit(GaussianMixture(**settings), X).lower_bound_,
        peer_log_likelihood=fit(PeerMixture(**settings), X).lower_bound_,
    )


@both_precisions
@pytest.mark.parametrize("data", ["digits, full, K = 10", "50k x 16, diag, K = 16"])
@pytest.mark.benchmark(group=f"fit by variational Bayes, {ITERATIONS} iterations")
def test_variational_fit(benchmark: Any, data: str, dtype: Any) -> None:
    if data.startswith("digits"):
        X, k, kind = load_digits().data.astype(dtype), 10, "full"
    else:
        X, k, kind = problem("diag", 50_000, 16, 16, dtype).X, 16, "diag"
    # no tolerance: neither side stops before the other
    settings = {"n_components": k, "covariance_type": kind, "random_state": 0, "max_iter": ITERATIONS, "tol": 0.0}
    beside(
        benchmark,
        lambda: fit(BayesianGaussianMixture(**settings), X),
        {"scikit-learn": lambda: fit(PeerBayesianMixture(**settings), X)},
    )
