"""What every target has: a dimension, names for its coordinates, and the form that the kernels take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gibbsite.kernels.mcmc._target import PackedTarget

Names = Sequence[str] | Mapping[str, int | Sequence[int]]


class Target:
    """A log density on the real vectors of `dim` coordinates.

    Parameters
    ----------
    dim : int
    names : mapping of str to shape, or sequence of str, optional
        Variables in their order in the vector: ``{"theta": 8, "mu": (), "corr": (3, 3)}``, whose sizes add up to
        `dim`, or one name a coordinate. Default: one vector "x".

    Attributes
    ----------
    dim : int
    variables : dict of str to tuple of int
        Shape of each variable.
    names : list of str
        Name of each coordinate, ``theta[0]`` and so on.
    """

    default_names: Names | None = None

    def __init__(self, dim: int, names: Names | None = None) -> None:
        self.dim = check_dim(dim)
        self.variables = check_names(names if names is not None else self._default_names(), self.dim)
        self._packed: dict[np.dtype[Any], PackedTarget] = {}

    def _default_names(self) -> Names:
        return {"x": (self.dim,)}

    @property
    def names(self) -> list[str]:
        """Name of each coordinate."""
        return coordinate_names(self.variables)

    def packed(self, dtype: Any = np.float64) -> PackedTarget:
        """Return the five arguments that a kernel takes, made once for each precision.

        Raises
        ------
        ValueError
            If the density cannot be sampled in this precision.
        """
        dtype = np.dtype(dtype)
        if dtype not in self._packed:
            if dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
                raise ValueError(f"dtype must be float32 or float64, got {dtype}.")
            self._packed[dtype] = self._pack(dtype)
        return self._packed[dtype]

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        raise NotImplementedError(f"{type(self).__name__} has no form that the kernels take")

    def log_density(self, q: Any, *, threads: int | None = None) -> NDArray[np.float64]:
        """Log density of each point.

        Parameters
        ----------
        q : array-like of shape (n, dim)
        threads : int, optional
            Default: `gibbsite.get_threads()`.

        Returns
        -------
        array of shape (n,)
            Minus infinity also where the density gives NaN or plus infinity, as the samplers take it.
        """
        from gibbsite.kernels import mcmc

        return np.asarray(mcmc.log_density(q, self, threads=threads).logp)

    def gradient(self, q: Any, *, threads: int | None = None) -> NDArray[Any]:
        """Gradient of the log density at each point, as `log_density`.

        Returns
        -------
        array of shape (n, dim)
        """
        from gibbsite.kernels import mcmc

        return np.asarray(mcmc.log_density(q, self, gradient=True, threads=threads).grad)

    def value_at(self, q: NDArray[Any]) -> float | None:
        """What a density of the user's own returns at one point, be it NaN or infinity; None of a native one."""
        return None

    def explain(self, q: NDArray[Any]) -> BaseException | None:
        """What went wrong at a point where the density stopped the run, if it can tell."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(dim={self.dim})"


def packed_numbers(kind: int, sizes: Sequence[int], parts: Sequence[Any], dtype: np.dtype[Any]) -> PackedTarget:
    """Lay numbers out for a native density: sizes filled up with zeros, data flat."""
    padded = np.zeros(4, np.int64)
    padded[: len(sizes)] = sizes
    data = np.concatenate([np.asarray(part, np.float64).ravel() for part in parts]).astype(dtype)
    for array in (padded, data):
        array.flags.writeable = False
    return PackedTarget(kind, padded, data)


def check_dim(dim: Any, least: int = 1) -> int:
    """Return `dim` as an int.

    Raises
    ------
    TypeError, ValueError
        If it is no integer, or below `least`.
    """
    if isinstance(dim, bool) or not isinstance(dim, (int, np.integer)):
        raise TypeError(f"dim must be an integer, got {dim!r}.")
    if dim < least:
        raise ValueError(f"dim must be at least {least}, got {dim}.")
    return int(dim)


def check_names(names: Names, dim: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each variable.

    Raises
    ------
    TypeError, ValueError
        If a name is no string or is there twice, or the sizes do not add up to `dim`.
    """
    if isinstance(names, str):
        raise TypeError(f"names must be a list of strings or a mapping of names to shapes, got {names!r}.")
    pairs = list(names.items()) if isinstance(names, Mapping) else [(name, ()) for name in names]
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in pairs:
        if not isinstance(name, str):
            raise TypeError(f"names must be strings, got {name!r}.")
        if name in shapes:
            raise ValueError(f"names must differ, but {name!r} is there twice.")
        shapes[name] = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)
    total = sum(math.prod(shape) for shape in shapes.values())
    if total != dim:
        raise ValueError(f"names describe {total} coordinates, but the density has {dim}.")
    return shapes


def coordinate_names(variables: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Name every coordinate of some variables: ``mu``, ``theta[0]``, ``corr[0, 1]``."""
    return [
        name + (f"[{', '.join(map(str, index))}]" if shape else "")
        for name, shape in variables.items()
        for index in product(*map(range, shape))
    ]
