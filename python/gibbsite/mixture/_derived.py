"""Mixtures that follow from a mixture: marginals and conditionals, in closed form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from gibbsite._scalars import as_integer
from gibbsite.kernels import mixture as kernels
from gibbsite.mixture._algebra import precisions_cholesky_of
from gibbsite.mixture._arrays import array_module
from gibbsite.mixture._state import MixtureState
from gibbsite.mixture._validation import check_fitted

if TYPE_CHECKING:
    from gibbsite.mixture._gaussian import GaussianMixture

Array = Any

# of a log density; beyond it components that seem to share a point may not
_ROUNDING = 1e-2


class DerivedMixtures(MixtureState):
    """Methods of a fitted mixture that return another one. A Bayesian mixture gives its posterior means."""

    def marginal(self, features: Sequence[Any]) -> GaussianMixture:
        """The mixture of some of the features, in the given order.

        Parameters
        ----------
        features : sequence of int or str
            Column numbers, or names where the model was fitted with names.

        Returns
        -------
        GaussianMixture
            Fitted, of the same covariance type.

        Raises
        ------
        TypeError
            When `features` is no sequence of integers and names; a mask is none.
        ValueError
            When there is no such feature, none at all, or one twice.
        """
        check_fitted(self)
        if isinstance(features, (str, bytes)) or not isinstance(features, Iterable):
            raise TypeError(
                f"features must be a sequence of column numbers or names, such as [0, 2]; got {features!r}."
            )
        keep = [self._column(feature) for feature in features]
        if not keep or len(set(keep)) != len(keep):
            raise ValueError(f"features must name at least one feature, and none twice; got {list(features)!r}")
        return self._derived(self.weights_, self.means_[:, keep], self._block(keep, keep), keep)

    def conditional(self, given: Mapping[Any, float]) -> GaussianMixture:
        """The mixture of the remaining features where some are known.

        Each component becomes N(m_b + C_ba C_aa^-1 (x_a - m_a), C_bb - C_ba C_aa^-1 C_ab), weighted by the density
        that it gave to x_a (Bishop 2006, eq. 2.81, 2.82).

        Parameters
        ----------
        given : mapping from int or str to float
            Known values by column number, or by name where the model was fitted with names.

        Returns
        -------
        GaussianMixture
            Fitted, of the same covariance type, over the other features in their order.

        Raises
        ------
        TypeError
            When `given` is no mapping from integers or names to numbers.
        ValueError
            When there is no such feature, a value is not finite, or it lies so far from every component that their
            densities there are too small for float64.

        Examples
        --------
        >>> import numpy as np
        >>> from gibbsite import GaussianMixture
        >>> X = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 20_000)
        >>> height = GaussianMixture(random_state=0).fit(X).conditional({0: 1.0})
        >>> float(height.means_[0, 0].round(1)), float(height.covariances_[0, 0, 0].round(1))
        (0.8, 0.4)
        """
        check_fitted(self)
        if not isinstance(given, Mapping):
            raise TypeError(f"given must be a mapping from features to values, such as {{0: 1.5}}; got {given!r}.")
        known = [self._column(feature) for feature in given]
        rest = [d for d in range(self.means_.shape[1]) if d not in known]
        if not known or len(set(known)) != len(known) or not rest:
            raise ValueError(
                "given must hold at least one feature, none twice, and leave at least one; got "
                f"{list(given)!r} of {self.means_.shape[1]} features"
            )
        xp = array_module(self.means_)
        values = np.array([[_finite(value, feature) for feature, value in given.items()]])
        marginal = self.marginal(known)
        # in float64 for its range: squares of distances overflow long before the distances do
        arguments = marginal._arguments(xp, np.dtype(np.float64))
        weights, density = kernels.responsibilities(xp.asarray(values), *arguments, threads=self.threads)
        weights = _told_apart(weights[0], float(density[0]))
        with np.errstate(over="ignore", invalid="ignore"):
            x = xp.asarray(values, dtype=self.means_.dtype)
            means, covariances = self._condition(known, rest, x, marginal.precisions_)
        if weights is None or not bool(xp.isfinite(means).all()):
            raise ValueError(
                f"given lies too far from every component for {self.means_.dtype}: nothing can be said of the other "
                f"features there; got {dict(given)!r}."
            )
        return self._derived(xp.asarray(weights, dtype=means.dtype), means, covariances, rest)

    def _condition(self, known: list[int], rest: list[int], x: Array, precisions: Array) -> tuple[Array, Array]:
        means, covariances = self.means_[:, rest], self._block(rest, rest)
        if self.covariance_type in ("diag", "spherical"):
            return means, covariances
        xp = array_module(means)
        cross = self._block(rest, known)
        gain = xp.matmul(cross, precisions)
        offset = (x - self.means_[:, known])[:, :, None]
        means = means + xp.matmul(gain, offset)[:, :, 0]
        return means, covariances - xp.matmul(gain, xp.swapaxes(cross, -1, -2))

    def _block(self, rows: list[int], columns: list[int]) -> Array:
        """Block of the covariances."""
        if self.covariance_type == "spherical":
            return self.covariances_
        if self.covariance_type == "diag":
            return self.covariances_[:, rows]
        return self.covariances_[..., rows, :][..., columns]

    def _column(self, feature: Any) -> int:
        n_features = int(self.means_.shape[1])
        if isinstance(feature, str):
            names = list(getattr(self, "feature_names_in_", []))
            if feature not in names:
                raise ValueError(f"unknown feature {feature!r}; the model was fitted with {names or 'no names'}")
            return names.index(feature)
        if isinstance(feature, (bool, np.bool_)):
            raise TypeError("a mask is no sequence of features: pass the column numbers, numpy.flatnonzero(mask).")
        column = as_integer(feature, "a feature, if it is not a name,")
        if not -n_features <= column < n_features:
            raise ValueError(f"feature {column} is out of range: the model has {n_features} features")
        return column % n_features

    def _derived(self, weights: Array, means: Array, covariances: Array, columns: list[int]) -> GaussianMixture:
        from gibbsite.mixture._gaussian import GaussianMixture

        xp = array_module(means)
        result = GaussianMixture(
            self.n_components,
            covariance_type=self.covariance_type,
            tol=self.tol,
            reg_covar=self.reg_covar,
            random_state=self.random_state,
            threads=self.threads,
        )
        covariances = xp.ascontiguousarray(covariances)
        factor = precisions_cholesky_of(covariances, self.covariance_type, xp)
        status = xp.zeros(self.n_components, dtype=np.int32)
        parameters = (weights.copy(), xp.ascontiguousarray(means), covariances.copy(), factor, status)
        result._publish(kernels.Parameters(*parameters))
        result.converged_, result.n_iter_ = self.converged_, 0
        result.lower_bound_, result.lower_bounds_ = float("nan"), []
        result.history_ = {result._objective: [], "change": [], "seconds": []}
        result.n_features_in_ = len(columns)
        if hasattr(self, "feature_names_in_"):
            result.feature_names_in_ = self.feature_names_in_[columns]
        return result


def _told_apart(weights: Array, log_density: float) -> Array | None:
    """Weights that add up to one, or None where the components' densities are lost in overflow or in rounding."""
    rounding = abs(log_density) * np.finfo(np.float64).eps
    if not np.isfinite(log_density) or (rounding > _ROUNDING and int((weights > 0.0).sum()) > 1):
        return None
    return weights / weights.sum()


def _finite(value: Any, feature: Any) -> float:
    """One known value."""
    if not (isinstance(value, Real) or getattr(value, "shape", None) == ()):
        raise TypeError(f"given must hold one number for each feature, but feature {feature!r} has {value!r}.")
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"given must hold finite values, but feature {feature!r} has {value!r}.")
    return number
