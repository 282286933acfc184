"""Posterior distributions of regressions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.targets._base import Names, Target, packed_numbers
from gibbsite.targets._checks import Floats, as_numbers, as_positive, check_shape

# the kernels take rows in blocks of so many
_BLOCK = 64


class LogisticRegression(Target):
    """Coefficients of a logistic regression under a normal prior.

    The intercept, where there should be one, is a column of ones in X.

    Parameters
    ----------
    X : array-like of shape (n_samples, dim)
    y : array-like of shape (n_samples,)
        Two classes, the first of them by sorting the negative one: bool, 0 and 1, strings.
    prior_scale : float, default=1.0
        Standard deviation of each coefficient.
    names : mapping or sequence, optional
        See `Target`; default: one vector "coefficients".
    """

    def __init__(self, X: Any, y: Any, prior_scale: float = 1.0, *, names: Names | None = None) -> None:
        X = _as_rows(X)
        super().__init__(X.shape[1], names)
        self.prior_scale = as_positive(prior_scale, "prior_scale")
        y = np.asarray(y)
        check_shape(y, (len(X),), "y")
        classes = np.unique(y)
        is_binary = y.dtype.kind in "biuf" and set(classes.tolist()) <= {0, 1}
        if not is_binary and len(classes) != 2:
            raise ValueError(f"y should hold two classes, but has {len(classes)}: {_listed(classes)}.")
        self._sign = np.where(y == (1 if is_binary else classes[1]), 1.0, -1.0)
        self._X = X

    def _default_names(self) -> Names:
        return {"coefficients": (self.dim,)}

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        padding = -len(self._X) % _BLOCK
        constant = -self.dim * (0.5 * math.log(2 * math.pi) + math.log(self.prior_scale)) + padding * math.log(2)
        columns = np.pad(self._X.T, ((0, 0), (0, padding)))
        parts = [constant, self.prior_scale**-2, np.pad(self._sign, (0, padding)), columns]
        return packed_numbers(2, [len(self._X) + padding], parts, dtype)


class LinearRegression(Target):
    """Coefficients and log noise of a linear regression.

    y ~ N(X b, sigma), b ~ N(0, prior_scale), sigma ~ half-normal(noise_scale); the vector is (b, log sigma), and the
    log-Jacobian of the logarithm is in the density. The data enter through their QR decomposition: an evaluation costs
    O(dim^2), however many rows there are.

    Parameters
    ----------
    X : array-like of shape (n_samples, dim - 1)
        With a column of ones where there should be an intercept.
    y : array-like of shape (n_samples,)
    prior_scale, noise_scale : float, default=10.0
    names : mapping or sequence, optional
        See `Target`; default: a vector "coefficients" and "log_sigma".
    """

    def __init__(
        self, X: Any, y: Any, prior_scale: float = 10.0, noise_scale: float = 10.0, *, names: Names | None = None
    ) -> None:
        X = _as_rows(X)
        super().__init__(X.shape[1] + 1, names)
        self.prior_scale = as_positive(prior_scale, "prior_scale")
        self.noise_scale = as_positive(noise_scale, "noise_scale")
        y = as_numbers(y, "y", (1,))
        check_shape(y, (len(X),), "y")
        d = X.shape[1]
        self._n_samples = len(X)
        self._b_hat = np.linalg.lstsq(X, y, rcond=None)[0]
        self._R = np.zeros((d, d))
        self._R[: min(X.shape)] = np.linalg.qr(X, mode="r")
        self._rss = float(((y - X @ self._b_hat) ** 2).sum())

    def _default_names(self) -> Names:
        return {"coefficients": (self.dim - 1,), "log_sigma": ()}

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        n, d, log_2pi = self._n_samples, self.dim - 1, math.log(2 * math.pi)
        constant = (
            -0.5 * (n + d + 1) * log_2pi - d * math.log(self.prior_scale) + math.log(2) - math.log(self.noise_scale)
        )
        numbers = [constant, n, self._rss, self.prior_scale**-2, self.noise_scale**-2]
        return packed_numbers(3, [d], [numbers, self._b_hat, self._R], dtype)


def _as_rows(X: Any) -> Floats:
    rows = as_numbers(X, "X", (2,))
    if 0 in rows.shape:
        raise ValueError(f"X should have rows and columns, but got the shape {rows.shape}.")
    return rows


def _listed(values: Any) -> str:
    shown = ", ".join(str(value) for value in values[:4])
    return shown + (", ..." if len(values) > 4 else "")
