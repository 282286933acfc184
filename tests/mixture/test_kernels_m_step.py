"""The M step as a caller sees it, and one EM iteration against scikit-learn's."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from gibbsite.kernels import mixture as k
from tests.parity.problems import gaussians, rows


def test_an_iteration_is_scikit_learns(host, rng, covariance_type):
    """E and M step from the same parameters."""
    model = gaussians(rng, 3, 4, covariance_type, np.float64)
    X = rows(rng, 800, model, np.float64)
    s = k.em_step(X, model.offsets, model.means, model.precisions_cholesky, covariance_type)
    parameters = k.m_step(s, reg_covar=1e-6)
    peer = GaussianMixture(3, covariance_type=covariance_type)
    peer.weights_, peer.means_ = np.exp(model.offsets), model.means
    peer.precisions_cholesky_ = model.precisions_cholesky
    log_likelihood, log_responsibilities = peer._e_step(X)
    peer._m_step(X, log_responsibilities)
    assert s.log_likelihood / s.total_weight == pytest.approx(log_likelihood, rel=1e-12)
    np.testing.assert_allclose(parameters.weights, peer.weights_, rtol=1e-11)
    np.testing.assert_allclose(parameters.means, peer.means_, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(parameters.covariances, peer.covariances_, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(parameters.precisions_cholesky, peer.precisions_cholesky_, rtol=1e-9, atol=1e-11)


def test_outputs_and_dtype(host, rng, covariance_type):
    model = gaussians(rng, 2, 3, covariance_type, np.float64)
    s = k.em_step(rows(rng, 100, model, np.float64), model.offsets, *_rest(model))
    single = k.m_step(s, dtype=np.float32)
    assert all(array.dtype == np.float32 for array in single[:4])
    again = k.m_step(s, out=single)
    assert all(a is b for a, b in zip(again, single, strict=True))
    double = k.m_step(s)
    for a, b in zip(single[:4], double[:4], strict=True):
        np.testing.assert_array_equal(a, b.astype(np.float32))  # rounded once
    with pytest.raises(ValueError, match="dtype must be float32 or float64"):
        k.m_step(s, dtype=int)


def _rest(model):
    return model.means, model.precisions_cholesky, model.covariance_type


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_ill_defined_covariance_is_named(host, covariance_type, dtype):
    X = np.zeros((20, 2))
    X[10:] += np.random.default_rng(0).normal(size=(10, 2)) + 5
    labels = np.repeat([0, 1], 10)
    if covariance_type == "tied":
        X[:] = 1.0
    s = k.statistics(X, labels=labels, n_components=2, covariance_type=covariance_type)
    with pytest.raises(ValueError, match="ill-defined empirical covariance") as caught:
        k.m_step(s, reg_covar=0.0, dtype=dtype)
    named = "0, 1" if covariance_type == "tied" else "0"
    assert str(caught.value).endswith(f"covariance: {named}.")
    assert ("float64 data instead" in str(caught.value)) == (dtype == np.float32)
    assert k.m_step(s, reg_covar=1e-3, dtype=dtype).status.tolist() == [0, 0]


def test_no_rows_at_all(host, covariance_type):
    """Every component has starved; nothing is NaN."""
    s = k.em_step(np.zeros((0, 2)), None, np.ones((3, 2)), *_identity(3, 2, covariance_type))
    parameters = k.m_step(s)
    assert parameters.status.tolist() == [1, 1, 1]
    assert all(np.isfinite(array).all() for array in parameters)
    np.testing.assert_array_equal(parameters.means, np.ones((3, 2)))


def _identity(n_components, n_features, covariance_type):
    full = np.stack([np.eye(n_features)] * n_components)
    chosen = {"full": full, "tied": full[0], "diag": np.ones((n_components, n_features))}
    return chosen.get(covariance_type, np.ones(n_components)), covariance_type
