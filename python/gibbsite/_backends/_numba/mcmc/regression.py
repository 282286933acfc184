"""Log densities of one chain that sum over data: logistic and linear regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import part
from gibbsite._backends._numba.jit import by_precision, jit
from gibbsite._backends._numba.mcmc.vectors import add_scaled, inner
from gibbsite._backends._numba.sums import dot, total
from gibbsite._backends._numba.vecmath import exp_nonpositive, log_positive


def _log_logistic(x: Any) -> Any:
    """(softplus(-x), 1 / (1 + e^x)): the loss of a margin, and minus its slope."""
    raise NotImplementedError


def _log_logistic64(x: Any) -> Any:
    e = exp_nonpositive(-abs(x))
    u = 1.0 + e
    # log1p: the rounding of 1 + e is given back to first order. A NaN comes through the first term.
    loss = (0.0 if x >= 0.0 else -x) + (log_positive(u) + (e - (u - 1.0)) / u)
    return loss, (e if x >= 0.0 else 1.0) / u


def _log_logistic32(x: Any) -> Any:
    zero, one = np.float32(0.0), np.float32(1.0)
    e = exp_nonpositive(np.float32(-abs(x)))
    u = np.float32(one + e)
    tail = np.float32(log_positive(u) + np.float32(np.float32(e - np.float32(u - one)) / u))
    return np.float32((zero if x >= zero else np.float32(-x)) + tail), np.float32((e if x >= zero else one) / u)


by_precision(_log_logistic, _log_logistic64, _log_logistic32)


@jit
def logistic_regression(sizes: Any, data: Any, q: Any, wanted: bool, grad: Any, work: Any) -> float:
    """Data: constant, 1 / prior_scale^2, signs, features one after the other; rows are the vector lanes."""
    n, n_rows = q.shape[0], sizes[0]
    sign, X = part(data, 2), part(data, 2 + n_rows)
    margin, loss = work, part(work, n_rows)
    for i in range(n_rows):
        margin[i] = 0
    for j in range(n):
        add_scaled(part(X, j * n_rows), q[j], n_rows, margin)
    for i in range(n_rows):
        loss[i], slope = _log_logistic(margin[i] * sign[i])
        margin[i] = slope * sign[i]
    if wanted:
        for j in range(n):
            grad[j] = inner(part(X, j * n_rows), margin, n_rows) - data[1] * q[j]
    return data[0] - 0.5 * data[1] * dot(q, q, n) - total(loss, n_rows)


@jit
def linear_regression(sizes: Any, data: Any, q: Any, wanted: bool, grad: Any, work: Any) -> float:
    """Data: constant, n, rss_min, 1 / prior_scale^2, 1 / noise_scale^2, b_hat, R; q = (b, log sigma)."""
    d = sizes[0]
    n_rows, prior, noise = np.float64(data[1]), np.float64(data[3]), np.float64(data[4])
    b_hat, R = part(data, 5), part(data, 5 + d)
    log_sigma = np.float64(q[d])
    variance = np.exp(2.0 * log_sigma)
    difference, u = work, part(work, d)
    for i in range(d):
        difference[i] = q[i] - b_hat[i]
    for i in range(d):
        u[i] = inner(part(R, i * d + i), part(difference, i), d - i)
    scaled = (data[2] + dot(u, u, d)) / variance
    if wanted:
        inverse = q.dtype.type(-1.0 / variance)
        for i in range(d):
            grad[i] = -(data[3] * q[i])
        for i in range(d):
            add_scaled(part(R, i * d + i), inverse * u[i], d - i, part(grad, i))
        grad[d] = -n_rows + scaled - noise * variance + 1.0
    return data[0] + (1.0 - n_rows) * log_sigma - 0.5 * (scaled + prior * dot(q, q, d) + noise * variance)
