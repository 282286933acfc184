"""What a fitted mixture says of rows."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.mixture import GaussianMixture as PeerMixture

from benchmarks.beside import beside, both_precisions
from benchmarks.mixture.data import Problem, problem
from gibbsite import GaussianMixture


def fitted(estimator: Any, case: Problem) -> Any:
    """An estimator fitted by one iteration from the row's own parameters."""
    k, precisions = len(case.weights), case.precisions_cholesky
    estimator.set_params(
        n_components=k,
        covariance_type=case.covariance_type,
        weights_init=case.weights,
        means_init=case.means,
        precisions_init=precisions,
        max_iter=1,
        tol=0.0,
        init_params="random_from_data",
    )
    with pytest.warns(UserWarning, match="converge"):
        return estimator.fit(case.X[:20_000])


@both_precisions
@pytest.mark.parametrize("method", ["score_samples", "predict"])
@pytest.mark.parametrize(("kind", "n", "d", "k"), [("diag", 500_000, 16, 16), ("full", 100_000, 32, 16)])
@pytest.mark.benchmark(group="inference")
def test_inference(benchmark: Any, kind: str, n: int, d: int, k: int, method: str, dtype: Any) -> None:
    case = problem(kind, n, d, k, dtype)
    ours, peer = fitted(GaussianMixture(), case), fitted(PeerMixture(), case)
    beside(
        benchmark,
        lambda: getattr(ours, method)(case.X),
        {"scikit-learn": lambda: getattr(peer, method)(case.X)},
        goal={"scikit-learn": 8},
    )
