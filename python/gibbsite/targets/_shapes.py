"""Densities that samplers are tried on."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.targets._base import Names, Target, check_dim, packed_numbers
from gibbsite.targets._checks import as_numbers, as_positive


class Funnel(Target):
    """Neal's funnel: v ~ N(0, scale), the others N(0, exp(v / 2)) (Neal 2003, Annals of Statistics 31).

    A step size that suits the mouth is far too long for the neck: divergences show it.

    Parameters
    ----------
    dim : int
        At least 2.
    scale : float, default=3.0
    names : mapping or sequence, optional
        See `Target`; default: "v" and a vector "x".
    """

    def __init__(self, dim: int, scale: float = 3.0, *, names: Names | None = None) -> None:
        super().__init__(check_dim(dim, 2), names)
        self.scale = as_positive(scale, "scale")

    def _default_names(self) -> Names:
        return {"v": (), "x": (self.dim - 1,)}

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        return packed_numbers(6, [], [self.scale], dtype)


class Rosenbrock(Target):
    """Rosenbrock's valley, exp(-sum_i (b (q_(i+1) - q_i^2)^2 + (a - q_i)^2) / temperature), not normalised.

    Parameters
    ----------
    dim : int
        At least 2.
    a, b : float, default=1.0 and 100.0
    temperature : float, default=1.0
        The valley widens with it.
    names : mapping or sequence, optional
        See `Target`.
    """

    def __init__(
        self, dim: int, a: float = 1.0, b: float = 100.0, temperature: float = 1.0, *, names: Names | None = None
    ) -> None:
        super().__init__(check_dim(dim, 2), names)
        self.a = float(as_numbers(a, "a", (0,)))
        self.b = as_positive(b, "b")
        self.temperature = as_positive(temperature, "temperature")

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        return packed_numbers(7, [], [self.a, self.b, self.temperature], dtype)
