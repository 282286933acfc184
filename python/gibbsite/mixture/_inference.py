"""What a fitted mixture says about rows: labels, probabilities, densities, criteria; and rows drawn from it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from gibbsite._scalars import as_integer
from gibbsite.kernels import mixture as kernels
from gibbsite.mixture._algebra import n_parameters
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._dask import check_table, is_dask_array, map_rows
from gibbsite.mixture._open import check_n_features, open_source
from gibbsite.mixture._state import MixtureState
from gibbsite.mixture._validation import check_fitted, check_rows

Array = Any

# rows whose responsibilities are held at a time where a criterion needs them
_BLOCK_ROWS = 1 << 14


class MonteCarloEstimate(NamedTuple):
    """An average over draws and its standard error."""

    value: float
    standard_error: float


class Inference(MixtureState):
    """Methods of a fitted mixture that read its parameters and change nothing."""

    def predict(self, X: Any) -> Array:
        """Most probable component of each row.

        Parameters
        ----------
        X : array-like, device array or Dask array of shape (n_samples, n_features)

        Returns
        -------
        labels : int64 array of shape (n_samples,)
            Where X is; lazy for a Dask array.
        """
        return self._rowwise(kernels.predict, X, False, np.int64)

    def predict_proba(self, X: Any) -> Array:
        """Responsibility of each component for each row.

        Parameters
        ----------
        X : array-like, device array or Dask array of shape (n_samples, n_features)

        Returns
        -------
        responsibilities : array of shape (n_samples, n_components)
            Of X's precision; rows sum to one.
        """
        return self._rowwise(kernels.responsibilities, X, True, None)

    def score_samples(self, X: Any) -> Array:
        """Log density of each row.

        Parameters
        ----------
        X : array-like, device array or Dask array of shape (n_samples, n_features)

        Returns
        -------
        log_density : array of shape (n_samples,)
            In nats, of X's precision.
        """
        return self._rowwise(kernels.log_density, X, False, None)

    def score(self, X: Any, y: None = None, sample_weight: Any = None) -> float:
        """Mean log density of the rows.

        Parameters
        ----------
        X : whatever `fit` takes
        y : ignored
        sample_weight : array-like of shape (n_samples,) or a number, optional

        Returns
        -------
        float
            In nats a row.
        """
        total, weight = self._log_likelihood(X, sample_weight)
        return total / weight

    def aic(self, X: Any) -> float:
        """Akaike's information criterion of the model on X; the lower the better."""
        total, _ = self._log_likelihood(X)
        return -2.0 * total + 2.0 * self._n_parameters()

    def bic(self, X: Any) -> float:
        """Bayesian information criterion of the model on X; the lower the better."""
        total, n_rows = self._log_likelihood(X)
        return -2.0 * total + self._n_parameters() * math.log(n_rows)

    def icl(self, X: Any) -> float:
        """Integrated completed likelihood (Biernacki, Celeux & Govaert 2000, IEEE PAMI 22, 719-725), on BIC's scale.

        BIC minus twice the sum of the log probabilities of the assigned components: it also penalises components
        that overlap. The lower the better.

        Parameters
        ----------
        X : array-like or device array of shape (n_samples, n_features)
        """
        check_fitted(self)
        X = check_rows(self, X, reset=False)
        arguments = self._arguments(array_module(X), X.dtype)
        total = assigned = 0.0
        for start in range(0, len(X), _BLOCK_ROWS):
            block = X[start : start + _BLOCK_ROWS]
            log_r, density = kernels.responsibilities(block, *arguments, logarithm=True, threads=self.threads)
            assigned += float(log_r.max(axis=1).sum(dtype=np.float64))
            total += float(density.sum(dtype=np.float64))
        return -2.0 * (total + assigned) + self._n_parameters() * math.log(len(X))

    def sample(self, n_samples: int = 1) -> tuple[Array, Array]:
        """Draw rows from the mixture.

        Parameters
        ----------
        n_samples : int, default=1

        Returns
        -------
        X : array of shape (n_samples, n_features)
            Independent rows in random order, where and in the precision in which the model was fitted.
        y : int64 array of shape (n_samples,)
            Component of each row.

        Notes
        -----
        With an integer `random_state` every call draws the same rows. They do not depend on the number of threads
        but differ from those that scikit-learn draws.
        """
        check_fitted(self)
        n_samples = as_integer(n_samples, "n_samples")
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        seed = int(check_random_state(self.random_state).randint(2**63 - 1, dtype=np.int64))
        return self._draw(n_samples, seed)

    def kl_divergence(self, other: Any, n_samples: int = 10_000, random_state: Any = None) -> MonteCarloEstimate:
        """Kullback-Leibler divergence from this mixture to another, estimated from draws of this one.

        Parameters
        ----------
        other : fitted mixture
            With `score_samples` over the same features.
        n_samples : int, default=10000
            The standard error falls as one over its root.
        random_state : int, RandomState or None

        Returns
        -------
        value, standard_error : float
            In nats.
        """
        check_fitted(self)
        if not hasattr(other, "score_samples"):
            raise TypeError(f"other must be a fitted mixture with score_samples, not {type(other).__qualname__}.")
        n_samples = as_integer(n_samples, "n_samples")
        if n_samples < 2:
            raise ValueError(f"n_samples must be at least 2 for a standard error, got {n_samples}")
        seed = int(check_random_state(random_state).randint(2**63 - 1, dtype=np.int64))
        X, _ = self._draw(n_samples, seed)
        ratio = (self.score_samples(X) - other.score_samples(X)).astype(np.float64)
        return MonteCarloEstimate(float(ratio.mean()), float(ratio.std(ddof=1)) / math.sqrt(n_samples))

    def plot(self, X: Any = None, *, ax: Any = None, **options: Any) -> Any:
        """Draw the mixture, and the data where given; see `gibbsite.plotting.plot_mixture`.

        Returns
        -------
        matplotlib Axes
        """
        from gibbsite.plotting import plot_mixture

        check_fitted(self)
        return plot_mixture(self, X, ax=ax, **options)

    def _draw(self, n_samples: int, seed: int) -> tuple[Array, Array]:
        return kernels.sample(
            n_samples,
            self.weights_,
            self.means_,
            self.covariances_,
            self.covariance_type,
            seed=seed,
            dtype=self.means_.dtype,
            threads=self.threads,
        )

    def _rowwise(self, kernel: Any, X: Any, by_component: bool, dtype: Any) -> Array:
        check_fitted(self)
        if is_dask_array(X):
            check_table(X)
            check_n_features(self, X.shape[1], False)
            n_columns = len(self.means_) if by_component else None
            floating = X.dtype if X.dtype in (np.float32, np.float64) else np.dtype(np.float64)
            arguments = self._arguments(array_module(self.means_), floating)
            return map_rows(X, kernel, arguments, n_columns, dtype or floating)
        X = check_rows(self, X, reset=False)
        result = kernel(X, *self._arguments(array_module(X), X.dtype), threads=self.threads)
        return result[0] if by_component else result

    def _arguments(self, xp: Any, dtype: Any) -> tuple[Array, Array, Array, str]:
        """Offsets, means, factors and type for the kernels, where the rows are and in their precision."""
        parts = (self._offsets(), self.means_, self.precisions_cholesky_)
        offsets, means, factor = (xp.ascontiguousarray(xp.asarray(part), dtype=dtype) for part in parts)
        return offsets, means, factor, self.covariance_type

    def _log_likelihood(self, X: Any, sample_weight: Any = None) -> tuple[float, float]:
        """Sum of w log p(x) and of w over any source of rows."""
        check_fitted(self)
        source = open_source(self, X, sample_weight, reset=False)
        return source.log_likelihood(*self._arguments(source.xp, source.dtype))

    def _n_parameters(self) -> int:
        return n_parameters(self.covariance_type, *self.means_.shape)
