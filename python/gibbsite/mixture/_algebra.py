"""Small dense algebra on the parameters of K Gaussians, for NumPy and CuPy: no loop over rows, none over K.

`xp` is the array module of the arguments; shapes by covariance type are full (K, D, D), tied (D, D), diag (K, D),
spherical (K,), as in scikit-learn.
"""

from __future__ import annotations

from typing import Any

Array = Any  # numpy.ndarray or cupy.ndarray

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


def covariance_shape(covariance_type: str, n_components: int, n_features: int) -> tuple[int, ...]:
    """Shape of covariances, precisions and their factors."""
    return {
        "full": (n_components, n_features, n_features),
        "tied": (n_features, n_features),
        "diag": (n_components, n_features),
        "spherical": (n_components,),
    }[covariance_type]


def precisions_cholesky_of(covariances: Array, covariance_type: str, xp: Any) -> Array:
    """P with P P^T the precision: the inverse transpose of the Cholesky factor of each covariance.

    Raises
    ------
    numpy.linalg.LinAlgError
        When a covariance is not positive definite.
    """
    if covariance_type in ("diag", "spherical"):
        return 1.0 / xp.sqrt(covariances)
    factor = xp.linalg.cholesky(covariances)
    identity = xp.broadcast_to(xp.eye(factor.shape[-1], dtype=factor.dtype), factor.shape)
    # solve leaves rounding dust above the diagonal of a triangular inverse
    return xp.ascontiguousarray(xp.triu(xp.swapaxes(xp.linalg.solve(factor, identity), -1, -2)))


def precisions_cholesky_from_precisions(precisions: Array, covariance_type: str, xp: Any) -> Array:
    """P upper triangular with P P^T = precisions.

    NumPy's factor is lower triangular; with J the exchange of the axes, J precision J = L L^T gives P = J L J.
    """
    if covariance_type in ("diag", "spherical"):
        return xp.sqrt(precisions)
    flipped = xp.linalg.cholesky(xp.ascontiguousarray(precisions[..., ::-1, ::-1]))
    return xp.ascontiguousarray(flipped[..., ::-1, ::-1])


def precisions_from(precisions_cholesky: Array, covariance_type: str, xp: Any) -> Array:
    """P P^T, or squares where the factors are diagonal."""
    if covariance_type in ("diag", "spherical"):
        return precisions_cholesky**2
    return xp.matmul(precisions_cholesky, xp.swapaxes(precisions_cholesky, -1, -2))


def covariances_from(precisions_cholesky: Array, covariance_type: str, xp: Any) -> Array:
    """Inverse of P P^T."""
    if covariance_type in ("diag", "spherical"):
        return precisions_cholesky**-2.0
    inverse = xp.linalg.inv(precisions_cholesky)
    return xp.matmul(xp.swapaxes(inverse, -1, -2), inverse)


def full_covariances(covariances: Array, covariance_type: str, n_components: int, n_features: int, xp: Any) -> Array:
    """Covariances of any type as (K, D, D)."""
    if covariance_type == "full":
        return covariances
    if covariance_type == "tied":
        return xp.broadcast_to(covariances, (n_components, n_features, n_features))
    diagonal = covariances if covariance_type == "diag" else covariances[:, None]
    return xp.eye(n_features, dtype=covariances.dtype) * xp.broadcast_to(diagonal, (n_components, n_features))[:, None]


def variances(covariances: Array, covariance_type: str, n_components: int, n_features: int, xp: Any) -> Array:
    """The diagonals of the covariances as (K, D)."""
    if covariance_type in ("full", "tied"):
        covariances = xp.diagonal(covariances, axis1=-2, axis2=-1)
    elif covariance_type == "spherical":
        covariances = covariances[:, None]
    return xp.broadcast_to(covariances, (n_components, n_features))


def log_det_cholesky(precisions_cholesky: Array, covariance_type: str, n_features: int, xp: Any) -> Array:
    """Sum of the logarithms of the factor's diagonal, (K,) (a scalar for tied): half the log determinant."""
    if covariance_type == "spherical":
        return n_features * xp.log(precisions_cholesky)
    if covariance_type != "diag":
        precisions_cholesky = xp.diagonal(precisions_cholesky, axis1=-2, axis2=-1)
    return xp.log(precisions_cholesky).sum(axis=-1)


def n_parameters(covariance_type: str, n_components: int, n_features: int) -> int:
    """Free parameters of the mixture: weights, means and covariances."""
    triangle = n_features * (n_features + 1) // 2
    in_covariances = {
        "full": n_components * triangle,
        "tied": triangle,
        "diag": n_components * n_features,
        "spherical": n_components,
    }[covariance_type]
    return in_covariances + n_components * n_features + n_components - 1
