"""The E and M steps of expectation maximisation."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends.selection import select
from gibbsite._scalars import as_integer
from gibbsite.kernels._validation import FLOAT32, FLOAT64, INT64, Array, as_floating, as_output, as_parameter
from gibbsite.kernels.mixture._arguments import as_points, covariance_shape, gaussians, require_instance, weighted_rows
from gibbsite.kernels.mixture.statistics import Statistics, statistics_size

_INT32 = np.dtype(np.int32)


def _statistics_for(
    out: Statistics | None, n_components: int, n_features: int, covariance_type: str, xp: Any
) -> Statistics:
    size = statistics_size(n_components, n_features, covariance_type)
    if out is None:
        return Statistics(xp.empty(size, FLOAT64), n_components, n_features, covariance_type)
    require_instance(out, Statistics, "out")
    if (out.n_components, out.n_features, out.covariance_type) != (n_components, n_features, covariance_type):
        raise ValueError(
            f"out should have n_components={n_components}, n_features={n_features}, "
            f"covariance_type={covariance_type!r}, but got {out.n_components}, {out.n_features}, "
            f"{out.covariance_type!r}."
        )
    as_output(out.data, (size,), FLOAT64, xp, "out.data")
    return out


def em_step(
    X: Array,
    log_weights: Array | None,
    means: Array,
    precisions_cholesky: Array,
    covariance_type: str = "full",
    *,
    sample_weight: Array | None = None,
    out: Statistics | None = None,
    threads: int | None = None,
) -> Statistics:
    """One pass over the rows: log densities, responsibilities and their statistics, with no (N, K) array.

    Moments are taken about the given means and corrected by the means' move, so that float32 data far from the origin
    keeps its variance. Sums over rows are float64 and do not depend on the number of threads.

    Parameters
    ----------
    X : array of shape (N, D)
        A row with NaN makes the log likelihood, and what it touches, NaN.
    log_weights : array of shape (K,) or None
    means : array of shape (K, D)
    precisions_cholesky : array
        See the module.
    covariance_type : {"full", "tied", "diag", "spherical"}
    sample_weight : array of shape (N,), optional
    out : Statistics, optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    Statistics

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    backend, X, weight = weighted_rows(X, sample_weight)
    model = gaussians(X, log_weights, means, precisions_cholesky, covariance_type, backend.xp)
    n_components, n_features = model[1].shape
    result = _statistics_for(out, n_components, n_features, covariance_type, backend.xp)
    backend.mixture.em_step(X, weight, *model, covariance_type, result.data, backend.context(threads))
    return result


def statistics(
    X: Array,
    *,
    responsibilities: Array | None = None,
    labels: Array | None = None,
    n_components: int | None = None,
    center: Array | None = None,
    covariance_type: str = "full",
    sample_weight: Array | None = None,
    out: Statistics | None = None,
    threads: int | None = None,
) -> Statistics:
    """Statistics from given responsibilities, or from labels.

    Parameters
    ----------
    X : array of shape (N, D)
    responsibilities : array of shape (N, K)
    labels : int array of shape (N,)
        In [0, K); exactly one of the two must be given.
    n_components : int, optional
        K; needed with labels unless there is a `center`. With responsibilities it is their number of columns.
    center : array of shape (K, D), optional
        Points near each component's rows, about which moments are taken. Default: the first row.
    covariance_type : {"full", "tied", "diag", "spherical"}
    sample_weight : array of shape (N,), optional
    out : Statistics, optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    Statistics
        Its log_likelihood is 0.

    Raises
    ------
    TypeError
        If labels or `n_components` are no integers.
    ValueError
        If a shape does not fit, a label is out of range, there is no component, or not exactly one of responsibilities
        and labels is given.
    """
    if (responsibilities is None) == (labels is None):
        raise ValueError("Exactly one of responsibilities and labels must be given.")
    backend, X, weight = weighted_rows(X, sample_weight)
    xp = backend.xp
    n_rows, n_features = X.shape
    center = None if center is None else as_points(center, X, xp, "center")
    if responsibilities is not None:
        responsibilities = _checked_responsibilities(responsibilities, n_components, X, xp)
        n_components = responsibilities.shape[1]
    elif n_components is None:
        if center is None:
            raise ValueError("n_components must be given with labels.")
        n_components = len(center)
    n_components = as_integer(n_components, "n_components", 1)
    if labels is not None:
        labels = _checked_labels(labels, n_rows, n_components, xp)
    if center is None:
        center = xp.zeros((n_components, n_features), X.dtype)
        center[...] = X[0] if n_rows else 0
    center = as_parameter(center, (n_components, n_features), X.dtype, xp, "center")
    result = _statistics_for(out, n_components, n_features, covariance_type, xp)
    context = backend.context(threads)
    backend.mixture.statistics(X, weight, responsibilities, labels, center, covariance_type, result.data, context)
    return result


def _checked_responsibilities(responsibilities: Array, n_components: int | None, X: Array, xp: Any) -> Array:
    responsibilities = as_floating(responsibilities, xp, "responsibilities")
    if n_components is None:
        n_components = responsibilities.shape[1] if responsibilities.ndim == 2 else 1
    return as_parameter(responsibilities, (len(X), n_components), X.dtype, xp, "responsibilities")


def _checked_labels(labels: Array, n_rows: int, n_components: int, xp: Any) -> Array:
    kind = xp.asarray(labels).dtype
    if n_rows and kind.kind not in "iu":  # an empty list is one of floats
        raise TypeError(f"labels must be integers, got {kind}.")
    labels = as_parameter(labels, (n_rows,), INT64, xp, "labels")
    if n_rows and (int(labels.min()) < 0 or int(labels.max()) >= n_components):
        raise ValueError(f"labels should be in [0, {n_components}).")
    return labels


class IllDefinedCovarianceError(np.linalg.LinAlgError, ValueError):
    """A covariance is not positive definite. Extrapolated EM tells by the type that it went too far."""


class Parameters(NamedTuple):
    """What an M step gives.

    Attributes
    ----------
    weights : array of shape (K,)
    means : array of shape (K, D)
    covariances, precisions_cholesky : array
        See the module.
    status : int32 array of shape (K,)
        1 where a component has starved: next to nothing is assigned to it, so it keeps its mean and has the pooled
        covariance of the others. Else 0.
    """

    weights: Array
    means: Array
    covariances: Array
    precisions_cholesky: Array
    status: Array


def m_step(
    statistics: Statistics,
    *,
    reg_covar: float = 1e-6,
    dtype: Any = None,
    out: Parameters | None = None,
    threads: int | None = None,
) -> Parameters:
    """Parameters that maximise the expected log likelihood.

    Parameters
    ----------
    statistics : Statistics
    reg_covar : float
        Added to the diagonal of covariances.
    dtype : float32 or float64, optional
        Of the parameters: computed in float64, rounded once. Default: float64.
    out : Parameters, optional
        Arrays to write to; their dtype holds.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    parameters : Parameters

    Raises
    ------
    TypeError
        If `statistics` or `out` is another kind of object.
    IllDefinedCovarianceError
        A ValueError: a component's covariance is not positive definite; it names the components.
    ValueError
        If `reg_covar` is negative.
    """
    require_instance(statistics, Statistics, "statistics")
    if not reg_covar >= 0:
        raise ValueError(f"reg_covar == {reg_covar}, must be >= 0.")
    require_instance(out, (Parameters, type(None)), "out")
    backend = select(statistics.data)
    xp = backend.xp
    k, d, covariance_type = statistics.n_components, statistics.n_features, statistics.covariance_type
    dtype = out.means.dtype if out is not None else FLOAT64 if dtype is None else np.dtype(dtype)
    if dtype != FLOAT32 and dtype != FLOAT64:
        raise ValueError(f"dtype must be float32 or float64, got {dtype}.")
    shape = covariance_shape(k, d, covariance_type)
    given = out if out is not None else Parameters(None, None, None, None, None)
    result = Parameters(
        as_output(given.weights, (k,), dtype, xp, "out.weights"),
        as_output(given.means, (k, d), dtype, xp, "out.means"),
        as_output(given.covariances, shape, dtype, xp, "out.covariances"),
        as_output(given.precisions_cholesky, shape, dtype, xp, "out.precisions_cholesky"),
        as_output(given.status, (k,), _INT32, xp, "out.status"),
    )
    backend.mixture.m_step(statistics.data, float(reg_covar), covariance_type, *result, backend.context(threads))
    _raise_if_ill_defined(result.status, dtype)
    return result


def _raise_if_ill_defined(status: Array, dtype: Any) -> None:
    failed = [k for k, value in enumerate(status.tolist()) if value == 2]
    if not failed:
        return
    advice = " The numerical accuracy can also be improved by passing float64 data instead of float32."
    raise IllDefinedCovarianceError(
        "Fitting the mixture model failed because some components have ill-defined empirical covariance "
        "(for instance caused by singleton or collapsed samples). Try to decrease the number of components, increase "
        f"reg_covar, or scale the input data.{advice if dtype == FLOAT32 else ''} "
        f"Components with an ill-defined covariance: {', '.join(map(str, failed))}."
    )
