"""Random problems for the parity tests."""

from __future__ import annotations

import numpy as np

from tests import oracles

# (rows, features, components): none, one, and one off the blocks of all kernels in each place.
SHAPES = [
    (0, 3, 2),
    (1, 1, 1),
    (2, 2, 5),
    (31, 1, 3),
    (33, 7, 2),
    (63, 8, 4),
    (65, 9, 3),
    (127, 3, 17),
    (129, 17, 3),
    (255, 2, 33),
    (257, 33, 2),
    (511, 4, 1),
    (513, 5, 7),
    (1023, 16, 2),
    (1025, 15, 3),
    (40, 70, 2),
    (70, 130, 2),
]
IDS = [f"{n}x{d}-{k}" for n, d, k in SHAPES]

TOLERANCE = {np.float64: 2e-11, np.float32: 2e-4}


def gaussians(rng, n_components, n_features, covariance_type, dtype, offset=0.0):
    """A mixture whose components overlap a little and whose covariances are well conditioned."""
    means = offset + 2 * rng.normal(size=(n_components, n_features))
    root = rng.normal(size=(n_components, n_features, n_features + 3))
    covariances = root @ root.transpose(0, 2, 1) / n_features + 0.3 * np.eye(n_features)
    precisions = np.stack([np.linalg.inv(np.linalg.cholesky(c)).T for c in covariances])
    precisions = np.triu(precisions)
    diagonal = np.diagonal(precisions, axis1=1, axis2=2)
    chosen = {"full": precisions, "tied": precisions[0], "diag": diagonal, "spherical": diagonal[:, 0]}
    return oracles.Gaussians(
        np.log(rng.dirichlet(np.full(n_components, 2.0))).astype(dtype),
        means.astype(dtype),
        np.ascontiguousarray(chosen[covariance_type], dtype=dtype),
        covariance_type,
    )


def rows(rng, n_rows, model, dtype):
    """Rows near the means."""
    k, d = model.shape
    labels = rng.integers(0, k, n_rows)
    return (model.means[labels] + rng.normal(size=(n_rows, d))).astype(dtype)


def arguments(model):
    """How back ends take a mixture."""
    return model.offsets, model.means, model.precisions_cholesky, model.covariance_type


def weights_for(rng, n_rows, dtype):
    """Row weights of which about a tenth are zero."""
    weights = rng.random(n_rows) * (rng.random(n_rows) > 0.1)
    return weights.astype(dtype)
