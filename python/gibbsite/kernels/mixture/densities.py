"""What a mixture says of each row."""

from __future__ import annotations

from gibbsite._backends.selection import Backend, select
from gibbsite.kernels._validation import INT64, Array, as_output, as_rows
from gibbsite.kernels.mixture._arguments import gaussians

_Model = tuple[Array | None, Array, Array]


def _rows_and_model(
    X: Array, log_weights: Array | None, means: Array, precisions_cholesky: Array, covariance_type: str
) -> tuple[Backend, Array, _Model]:
    backend = select(X)
    X = as_rows(X, backend.xp)
    return backend, X, gaussians(X, log_weights, means, precisions_cholesky, covariance_type, backend.xp)


def log_prob(
    X: Array,
    means: Array,
    precisions_cholesky: Array,
    covariance_type: str = "full",
    *,
    log_weights: Array | None = None,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Log density of every row under every component.

    Parameters
    ----------
    X : array of shape (N, D)
    means : array of shape (K, D)
    precisions_cholesky : array
        See the module.
    covariance_type : {"full", "tied", "diag", "spherical"}
    log_weights : array of shape (K,), optional
        Added to each component's column.
    out : array of shape (N, K), optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    array of shape (N, K), of X's dtype

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    backend, X, model = _rows_and_model(X, log_weights, means, precisions_cholesky, covariance_type)
    result = as_output(out, (len(X), len(model[1])), X.dtype, backend.xp)
    backend.mixture.log_prob(X, *model, covariance_type, result, backend.context(threads))
    return result


def responsibilities(
    X: Array,
    log_weights: Array | None,
    means: Array,
    precisions_cholesky: Array,
    covariance_type: str = "full",
    *,
    logarithm: bool = False,
    out: Array | None = None,
    log_density_out: Array | None = None,
    threads: int | None = None,
) -> tuple[Array, Array]:
    """Probability of every component given the row, and the row's log density.

    Parameters
    ----------
    X, means, precisions_cholesky, covariance_type, threads
        As in `log_prob`.
    log_weights : array of shape (K,) or None
    logarithm : bool
        Return the logarithms of the responsibilities.
    out : array of shape (N, K), optional
    log_density_out : array of shape (N,), optional

    Returns
    -------
    responsibilities : array of shape (N, K), of X's dtype
    log_density : array of shape (N,), of X's dtype

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    backend, X, model = _rows_and_model(X, log_weights, means, precisions_cholesky, covariance_type)
    result = as_output(out, (len(X), len(model[1])), X.dtype, backend.xp)
    density = as_output(log_density_out, (len(X),), X.dtype, backend.xp, "log_density_out")
    context = backend.context(threads)
    backend.mixture.responsibilities(X, *model, covariance_type, bool(logarithm), result, density, context)
    return result, density


def log_density(
    X: Array,
    log_weights: Array | None,
    means: Array,
    precisions_cholesky: Array,
    covariance_type: str = "full",
    *,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Log density of every row under the mixture; no (N, K) array is made.

    Parameters
    ----------
    X, log_weights, means, precisions_cholesky, covariance_type, threads
        As in `responsibilities`.
    out : array of shape (N,), optional

    Returns
    -------
    array of shape (N,), of X's dtype

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    backend, X, model = _rows_and_model(X, log_weights, means, precisions_cholesky, covariance_type)
    result = as_output(out, (len(X),), X.dtype, backend.xp)
    backend.mixture.log_density(X, *model, covariance_type, result, backend.context(threads))
    return result


def predict(
    X: Array,
    log_weights: Array | None,
    means: Array,
    precisions_cholesky: Array,
    covariance_type: str = "full",
    *,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Most likely component of every row.

    Parameters
    ----------
    X, log_weights, means, precisions_cholesky, covariance_type, threads
        As in `responsibilities`.
    out : int64 array of shape (N,), optional

    Returns
    -------
    int64 array of shape (N,)

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    backend, X, model = _rows_and_model(X, log_weights, means, precisions_cholesky, covariance_type)
    result = as_output(out, (len(X),), INT64, backend.xp)
    backend.mixture.predict(X, *model, covariance_type, result, backend.context(threads))
    return result
