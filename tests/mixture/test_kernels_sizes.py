"""The sizes that full covariances must reach: many features, and many components."""

import numpy as np
import pytest

from gibbsite.kernels import mixture as k
from tests import oracles
from tests.parity.problems import gaussians, rows


@pytest.mark.slow
@pytest.mark.parametrize(("n_rows", "n_features", "n_components"), [(700, 512, 3), (3000, 9, 4096)])
def test_large_full_covariances(host, rng, n_rows, n_features, n_components):
    model = gaussians(rng, n_components, n_features, "full", np.float64)
    X = rows(rng, n_rows, model, np.float64)
    statistics = k.em_step(X, model.offsets, model.means, model.precisions_cholesky, "full")
    expected = oracles.em_step(X, model)
    np.testing.assert_allclose(statistics.log_likelihood, expected[0], rtol=1e-10)
    scale = np.abs(expected[2:]).max()
    np.testing.assert_allclose(statistics.data, expected, rtol=1e-8, atol=1e-9 * scale)

    # 512 features need more rows than that for a covariance of their own: the ridge makes it one
    parameters = k.m_step(statistics, reg_covar=1e-2)
    assert set(np.unique(parameters.status)) <= {0, 1}
    for c in np.flatnonzero(parameters.status == 0)[:5]:
        factor, covariance = parameters.precisions_cholesky[c], parameters.covariances[c]
        np.testing.assert_allclose(factor.T @ covariance @ factor, np.eye(n_features), atol=1e-8)
