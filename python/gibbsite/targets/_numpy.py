"""Densities as NumPy functions of a whole batch of points."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.targets._base import Names, Target
from gibbsite.targets._cfunc import CTYPE

Floats = NDArray[np.float64]


class UsageError(ValueError):
    """The functions are not what `from_numpy` needs; nothing that a point could cause."""


class BatchedTarget(Target):
    """A density that is a NumPy function of a batch; see `from_numpy`."""

    def __init__(
        self,
        function: Callable[..., Any],
        dim: int,
        gradient: Callable[[Floats], Any] | bool | None,
        names: Names | None,
    ) -> None:
        super().__init__(dim, names)
        self._function = function
        self._gradient = gradient
        self._error: BaseException | None = None
        self._callback = CTYPE(self._call_one)

    @property
    def has_gradient(self) -> bool:
        """Whether the density brings its gradient."""
        return self._gradient is not None and self._gradient is not False

    def values(self, q: Floats) -> Floats:
        """Log densities of a batch, checked.

        Raises
        ------
        ValueError
            If the function returns another shape.
        """
        found = self._function(q)
        return self._checked(found[0] if self._gradient is True else found, (len(q),), "log density")

    def values_and_gradients(self, q: Floats) -> tuple[Floats, Floats]:
        """Log densities and gradients of a batch, checked.

        Raises
        ------
        ValueError
            If a function returns another shape, or there is no gradient.
        """
        if not self.has_gradient:
            raise UsageError(
                "This sampler needs the gradient of the density: pass gradient= to from_numpy, "
                "or sample with RandomWalk."
            )
        if callable(self._gradient):
            value, gradient = self._function(q), self._gradient(q)
        else:
            value, gradient = self._function(q)
        value = self._checked(value, (len(q),), "log density")
        return value, self._checked(gradient, q.shape, "gradient")

    def _checked(self, found: Any, shape: tuple[int, ...], what: str) -> Floats:
        array = np.asarray(found, dtype=np.float64)
        if array.shape != shape:
            raise UsageError(
                f"For a batch of shape {(shape[0], self.dim)} the {what} should have the shape {shape}, "
                f"but the function returned {array.shape}."
            )
        return array

    def value_at(self, q: NDArray[Any]) -> float | None:
        """Return the log density at one point."""
        return float(self.values(np.asarray(q)[np.newaxis])[0])

    def explain(self, q: NDArray[Any]) -> BaseException | None:
        """Return the exception that stopped a kernel."""
        error, self._error = self._error, None
        return error

    def _call_one(self, dim: int, q: Any, grad: Any, logp: Any, data: Any) -> int:
        """What a kernel calls for one chain; Python's errors wait here until the kernel has returned."""
        try:
            point = np.ctypeslib.as_array(q, (1, dim)).copy()
            if self.has_gradient:
                value, gradient = self.values_and_gradients(point)
                np.ctypeslib.as_array(grad, (dim,))[:] = gradient[0]
            else:
                value = self.values(point)
                np.ctypeslib.as_array(grad, (dim,))[:] = np.nan
            logp[0] = value[0]
        except BaseException as error:
            self._error = self._error or error
            return -1
        return 0

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        if dtype != np.float64:
            raise ValueError("A density of your own is computed in float64: sample with dtype=float64.")
        address = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
        return PackedTarget(0, np.zeros(4, np.int64), np.zeros(0), address)


def from_numpy(
    function: Callable[..., Any],
    dim: int,
    gradient: Callable[[Floats], Any] | bool | None = None,
    *,
    names: Names | None = None,
) -> BatchedTarget:
    """Sample from a NumPy function of a batch of points.

    `RandomWalk` and `HMC` move all chains together and call it once a step with all of them. `NUTS`, whose chains go
    different ways, calls it with one point at a time, which is slow: `density` is the better way there.

    Parameters
    ----------
    function : callable
        ``function(q) -> logp``, from (n, dim) to (n,), both float64. It must not write to q.
    dim : int
        Number of coordinates.
    gradient : callable or True, optional
        ``gradient(q) -> grad`` of shape (n, dim); or True where `function` returns ``(logp, grad)``. Without one only
        `RandomWalk` can be used.
    names : mapping or sequence, optional
        See `Target`.

    Returns
    -------
    BatchedTarget

    Examples
    --------
    >>> from gibbsite import targets
    >>> target = targets.from_numpy(lambda q: -0.5 * (q * q).sum(axis=1), dim=10)
    >>> target.dim
    10
    """
    if not callable(function):
        raise TypeError(f"from_numpy takes a function of a batch of points, got {type(function).__name__}.")
    if gradient is not None and not isinstance(gradient, bool) and not callable(gradient):
        raise TypeError(f"gradient must be a function, True or None, got {type(gradient).__name__}.")
    return BatchedTarget(function, dim, gradient, names)
